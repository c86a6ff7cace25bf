package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/bolt"
	"github.com/ringfence/ringfence/store/sealed"
)

// The names below the data folder.
const (
	dataName   = "ringfence.bolt"
	socketName = "admin.sock"
)

// vault is the data, opened with its keys.
type vault struct {
	keys   *keyring.Keyring
	engine *bolt.Engine
	db     *sealed.DB
}

// openVault opens data and keys, or makes both at the first start.
func openVault(ctx context.Context, p *process, c *config.Loaded) (_ *vault, err error) {
	v := &vault{}
	defer func() {
		if err != nil {
			_ = v.Close() // the first error counts
		}
	}()
	if err := fitDataFolder(c.Data); err != nil { // before keys are made for it
		return nil, err
	}
	path := filepath.Join(c.Data, dataName)
	existing, err := bolt.Exists(path)
	if err != nil {
		return nil, dataTrouble(c, err)
	}
	o := keyring.Options{Dir: c.Keys, DataDir: c.Data, Existing: existing, Iterations: c.KeyIterations}
	first, err := keyring.Fit(o)
	if err != nil {
		return nil, keysTrouble(c, err)
	}
	if first {
		if err := p.sayFinal(ctx, c); err != nil {
			return nil, err
		}
	}
	if o.Passphrase, err = p.findPassphrase(ctx, c, first); err != nil {
		return nil, err
	}
	v.keys, err = keyring.Open(ctx, o)
	if err != nil {
		return nil, keysTrouble(c, err)
	}
	if err := dataFolder(c.Data); err != nil {
		return nil, err
	}
	v.engine, err = bolt.Open(ctx, bolt.Options{Path: path, Migrations: sealed.Migrations(v.keys), Now: now})
	if err != nil {
		return nil, dataTrouble(c, err)
	}
	v.db = sealed.New(v.engine, v.keys)
	if err := v.db.Check(ctx); err != nil {
		if errors.Is(err, sealed.ErrKeys) {
			return nil, fmt.Errorf("the keys in %s are not those of the data in %s, or an older copy of them; bring back the pair that belongs together (--keys, --data)", c.Keys, c.Data)
		}
		return nil, dataTrouble(c, err)
	}
	return v, nil
}

// Close closes data, then keys.
func (v *vault) Close() error {
	var errs []error
	if v.engine != nil {
		errs = append(errs, v.engine.Close())
	}
	if v.keys != nil {
		errs = append(errs, v.keys.Close())
	}
	return errors.Join(errs...)
}

// fitDataFolder checks the data folder, or the one that it would be made in,
// and leaves nothing behind.
func fitDataFolder(dir string) error {
	at := filepath.Clean(dir)
	info, err := os.Stat(at)
	for missing := at; errors.Is(err, os.ErrNotExist) && filepath.Dir(at) != at; missing = at {
		if _, err := os.Lstat(missing); err == nil {
			return fmt.Errorf("data: %s is a link to nothing; choose another folder with --data", missing)
		}
		at = filepath.Dir(at)
		info, err = os.Stat(at)
	}
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("data: %s lies below a file; name a folder with --data", dir)
	case err != nil:
		return fmt.Errorf("data: %w; choose another folder with --data", err)
	case !info.IsDir():
		return fmt.Errorf("data: %s is a file; name a folder with --data", at)
	}
	if mode := info.Mode().Perm(); at == filepath.Clean(dir) && mode&0o077 != 0 {
		return fmt.Errorf("data: others may enter %s (mode %04o); run: chmod 700 %s", dir, mode, dir)
	}
	f, err := os.CreateTemp(at, ".writable-*")
	if err != nil {
		return fmt.Errorf("data: %s is not writable for this user: %w; change its owner, or choose another folder with --data", at, reason(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// reason leaves out what a path error says besides its reason.
func reason(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}

// dataFolder makes the data folder for its owner alone, or checks that it is.
func dataFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data: the folder cannot be made: %w; choose another with --data", err)
	}
	return fitDataFolder(dir)
}

func dataTrouble(c *config.Loaded, err error) error {
	switch {
	case errors.Is(err, bolt.ErrLocked):
		return fmt.Errorf("data: %s is open in another Ringfence; stop that one first, or choose another folder with --data", c.Data)
	case errors.Is(err, store.ErrVersion):
		return fmt.Errorf("data: %s was written by a newer version of Ringfence; install that version, or choose another folder with --data", c.Data)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("data: %w; change the owner of %s, or choose another folder with --data", err, c.Data)
	}
	return fmt.Errorf("data: %w", err)
}

func keysTrouble(c *config.Loaded, err error) error {
	switch {
	case errors.Is(err, keyring.ErrLocked):
		return fmt.Errorf("keys: %s is open in another Ringfence; stop that one first, or choose another folder with --keys", c.Keys)
	case errors.Is(err, keyring.ErrLowered):
		return fmt.Errorf("keys: the passphrase does not open %s, whose file says fewer rounds than key_iterations: either it is not the right one, or somebody lowered them; bring the key folder back from its backup, or name the file with the right passphrase with --passphrase-file", c.Keys)
	case errors.Is(err, keyring.ErrPassphrase):
		return fmt.Errorf("keys: the passphrase does not open %s; name the file with the right one with --passphrase-file", c.Keys)
	case errors.Is(err, keyring.ErrWeak):
		return fmt.Errorf("keys: %w; ringfence serve --passphrase-file - proposes some", err)
	case errors.Is(err, keyring.ErrDamaged):
		return fmt.Errorf("keys: %w; bring the key folder %s back from its backup. The passphrase has nothing to do with it", err, c.Keys)
	case errors.Is(err, keyring.ErrMissing):
		return fmt.Errorf("keys: %w; bring the key folder back that belongs to the data in %s, from its backup, or choose an empty data folder with --data", err, c.Data)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("keys: %s is a file, or lies below one; name a folder with --keys", c.Keys)
	case errors.Is(err, store.ErrVersion):
		return fmt.Errorf("keys: %s was written by a newer version of Ringfence; install that version", c.Keys)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("keys: %w; change the owner of %s, or choose another folder with --keys", err, c.Keys)
	}
	return fmt.Errorf("keys: %w", err)
}
