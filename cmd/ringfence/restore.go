package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/ringfence/ringfence/internal/backup"
	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/store/bolt"
)

type adminRestore struct {
	Data     string `arg:"" name:"data-file" help:"Backup of the data."`
	KeysFrom string `name:"keys-from" placeholder:"FILE" help:"Backup of the keys; without it the keys that lie in the key folder are used."`
	JSON     bool   `name:"json" help:"Print the outcome as JSON."`
}

// restored is what a restore says.
type restored struct {
	Data string    `json:"data"`
	Keys string    `json:"keys"`
	Made time.Time `json:"made"`
}

// stagingName is a folder in which a restore is made and checked before
// anything takes its place. One that was left behind may be removed.
const stagingName = "restoring"

// Run restores into empty folders. Everything is written beside its place and
// opened with its keys first; the data file comes to its place last, so that a
// restore which was interrupted is none.
func (a adminRestore) Run(ctx context.Context, p *process, in *config.Input) error {
	c, err := config.Load(*in)
	if err != nil {
		return err
	}
	if err := a.fit(c); err != nil {
		return err
	}
	made, err := a.restore(ctx, p, c)
	if err != nil {
		return err
	}
	if a.JSON {
		return json.NewEncoder(p.stdout).Encode(restored{c.Data, c.Keys, made.UTC()})
	}
	_, err = fmt.Fprintf(p.stdout, "The data of %s is in %s, and its keys in %s open it. Start the server as usual.\nWhat was changed after that moment is not there: people sign in again where they have signed in since, and what was erased since may be back.\n",
		made.Local().Format(time.RFC1123), c.Data, c.Keys)
	return err
}

// fit refuses folders that hold something already.
func (a adminRestore) fit(c *config.Loaded) error {
	if err := empty(c.Data, stagingName); err != nil {
		return fmt.Errorf("restore: the data folder %w; choose an empty one with --data", err)
	}
	if err := fitDataFolder(c.Data); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if a.KeysFrom == "" {
		return nil
	}
	if err := empty(c.Keys, stagingName, "lock"); err != nil {
		return fmt.Errorf("restore: the key folder %w; choose an empty one with --keys, or leave --keys-from away to use these keys", err)
	}
	if _, err := keyring.Fit(keyring.Options{Dir: c.Keys, DataDir: c.Data}); err != nil {
		return keysTrouble(c, err)
	}
	return nil
}

// empty refuses a folder that holds anything but the names in but.
func empty(dir string, but ...string) error {
	names, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	for _, n := range names {
		if !slices.Contains(but, n.Name()) {
			return fmt.Errorf("%s holds %s already", dir, n.Name())
		}
	}
	return nil
}

func (a adminRestore) restore(ctx context.Context, p *process, c *config.Loaded) (made time.Time, err error) {
	staged := *c // the same settings over the folders in which it is made
	staged.Data = filepath.Join(c.Data, stagingName)
	stages := []string{staged.Data}
	if a.KeysFrom != "" {
		staged.Keys = filepath.Join(c.Keys, stagingName)
		stages = append(stages, staged.Keys)
	}
	defer func() {
		for _, dir := range stages {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	for _, dir := range stages {
		if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(filepath.Dir(dir), 0o700), os.Mkdir(dir, 0o700)); err != nil {
			return made, fmt.Errorf("restore: %w", err)
		}
	}
	seals := map[string]backup.Seal{}
	if a.KeysFrom != "" {
		if _, seals[a.KeysFrom], err = unpackTo(a.KeysFrom, backup.Keys, filepath.Join(staged.Keys, "packed")); err != nil {
			return made, restoreTrouble(a.KeysFrom, err)
		}
		if err := openPacked(staged.Keys); err != nil {
			return made, restoreTrouble(a.KeysFrom, err)
		}
	}
	h, seal, err := unpackTo(a.Data, backup.Data, filepath.Join(staged.Data, dataName))
	if err != nil {
		return made, restoreTrouble(a.Data, err)
	}
	seals[a.Data] = seal
	if err := proveStaged(ctx, p, &staged, seals); err != nil {
		return made, err
	}
	return h.Made, a.place(c, &staged)
}

// unpackTo writes the payload of a backup to a file.
func unpackTo(path string, kind backup.Kind, to string) (h backup.Header, s backup.Seal, err error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return h, s, err
	}
	err = writeDurable(to, os.O_EXCL, func(w io.Writer) error {
		h, s, err = backup.Read(f, kind, w)
		return err
	})
	return h, s, errors.Join(err, f.Close())
}

// openPacked makes the files of the key folder from a payload.
func openPacked(dir string) error {
	path := filepath.Join(dir, "packed")
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	return errors.Join(unpackKeys(f, dir), f.Close(), os.Remove(path))
}

// proveStaged opens what was restored with its keys, looks at every page, and
// compares who signed the backups.
func proveStaged(ctx context.Context, p *process, staged *config.Loaded, seals map[string]backup.Seal) error {
	if err := bolt.Check(ctx, filepath.Join(staged.Data, dataName)); err != nil {
		return fmt.Errorf("restore: the data in the backup: %w", err)
	}
	v, err := openVault(ctx, p, staged)
	if err != nil {
		return fmt.Errorf("restore: the backup of the data and the keys do not go together, or the passphrase is another one: %w", err)
	}
	key := v.keys.SystemKey(backupKey)
	for path, s := range seals {
		if verr := s.Verify(key); verr != nil {
			err = errors.Join(err, restoreTrouble(path, verr))
		}
	}
	return errors.Join(err, v.Close())
}

// place moves everything to its place, the data last.
func (a adminRestore) place(c, staged *config.Loaded) error {
	if a.KeysFrom != "" {
		for _, name := range keptKeys {
			err := os.Rename(filepath.Join(staged.Keys, name), filepath.Join(c.Keys, name))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("restore: %w", err)
			}
		}
		if err := syncFolder(c.Keys); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
	}
	err := os.Rename(filepath.Join(staged.Data, dataName), filepath.Join(c.Data, dataName))
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return syncFolder(c.Data)
}

func restoreTrouble(path string, err error) error {
	switch {
	case errors.Is(err, backup.ErrVersion):
		return fmt.Errorf("restore: %s is %w of Ringfence; install that version", path, err)
	case errors.Is(err, backup.ErrShort), errors.Is(err, backup.ErrDamaged):
		return fmt.Errorf("restore: %s is damaged: %w; take another copy of it", path, err)
	case errors.Is(err, backup.ErrOther):
		return fmt.Errorf("restore: %s is %w; take the backups of the same server, and copies that nobody changed", path, err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return fmt.Errorf("restore: there is no room for what is in %s: %w; nothing was kept of it", path, reason(err))
	}
	return fmt.Errorf("restore: %s: %w", path, err)
}
