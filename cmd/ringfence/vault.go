package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

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

// maxPassphrase bounds what is read of a passphrase file.
const maxPassphrase = 4 << 10

// vault is the data, opened with its keys.
type vault struct {
	keys   *keyring.Keyring
	engine *bolt.Engine
	db     *sealed.DB
}

// openVault opens data and keys, or makes both at the first start.
func openVault(ctx context.Context, c *config.Loaded) (_ *vault, err error) {
	v := &vault{}
	defer func() {
		if err != nil {
			_ = v.Close() // the first error counts
		}
	}()
	passphrase, err := readPassphrase(c.PassphraseFile)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(c.Data, dataName)
	existing, err := bolt.Exists(path)
	if err != nil {
		return nil, dataTrouble(c, err)
	}
	v.keys, err = keyring.Open(ctx, keyring.Options{
		Dir: c.Keys, DataDir: c.Data, Passphrase: passphrase, Existing: existing, Iterations: c.KeyIterations,
	})
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
			return nil, fmt.Errorf("the keys in %s are not those of the data in %s, or an older copy of them; bring back the pair that belongs together (--keys, --data): %w", c.Keys, c.Data, err)
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

func readPassphrase(path string) (keyring.Secret, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("passphrase_file: %w; name a file that this user can read", err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxPassphrase))
	if err != nil {
		return nil, fmt.Errorf("passphrase_file: %w", err)
	}
	text = bytes.TrimRight(text, "\r\n")
	if len(text) == 0 {
		return nil, fmt.Errorf("passphrase_file: %s is empty; write the passphrase into its first line", path)
	}
	return text, nil
}

// dataFolder makes the data folder for its owner alone, or checks that it is.
func dataFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data: the folder cannot be made: %w; choose another with --data", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("data: others may enter %s (mode %04o); run: chmod 700 %s", dir, mode, dir)
	}
	f, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return fmt.Errorf("data: %s is not writable for this user: %w; change its owner, or choose another folder with --data", dir, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func dataTrouble(c *config.Loaded, err error) error {
	switch {
	case errors.Is(err, bolt.ErrLocked):
		return fmt.Errorf("data: %s is open in another Ringfence; stop that one first, or choose another folder with --data", c.Data)
	case errors.Is(err, store.ErrVersion):
		return fmt.Errorf("data: %s was written by a newer version of Ringfence; install that version, or choose another folder with --data: %w", c.Data, err)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("data: %w; change the owner of %s, or choose another folder with --data", err, c.Data)
	}
	return fmt.Errorf("data: %w", err)
}

func keysTrouble(c *config.Loaded, err error) error {
	switch {
	case errors.Is(err, keyring.ErrLocked):
		return fmt.Errorf("keys: %s is open in another Ringfence; stop that one first, or choose another folder with --keys", c.Keys)
	case errors.Is(err, keyring.ErrPassphrase):
		return fmt.Errorf("keys: the passphrase does not open %s; name the file with the right one with --passphrase-file", c.Keys)
	case errors.Is(err, keyring.ErrMissing):
		return fmt.Errorf("keys: %s holds no keys, or no passphrase, for the data in %s; without them it cannot be read: bring the key folder back from its backup, or choose an empty data folder with --data: %w", c.Keys, c.Data, err)
	case errors.Is(err, store.ErrVersion):
		return fmt.Errorf("keys: %s was written by a newer version of Ringfence; install that version: %w", c.Keys, err)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("keys: %w; change the owner of %s, or choose another folder with --keys", err, c.Keys)
	}
	return fmt.Errorf("keys: %w", err)
}
