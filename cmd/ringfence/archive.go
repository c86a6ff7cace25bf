package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/ringfence/ringfence/internal/backup"
	"github.com/ringfence/ringfence/internal/localca"
)

// backupKey is the purpose of the key that signs backups.
const backupKey = "backup"

// keptKeys lists what a backup of the key folder holds: the keys, the
// passphrase where the program made it, and the authority of the local network.
var keptKeys = []string{"keyring", "passphrase", localca.FileName}

// maxKeyFile bounds a file of the key folder: ten million keys.
const maxKeyFile = 2 << 30

// archive writes backups, of a running server or of the folders themselves.
type archive interface {
	// Backup writes one backup file.
	Backup(ctx context.Context, kind backup.Kind, w io.Writer) error
}

// Backup implements archive over an open vault. It writes one consistent state
// that holds everything that was confirmed before it was called.
func (v *vault) Backup(ctx context.Context, kind backup.Kind, w io.Writer) error {
	key := v.keys.SystemKey(backupKey)
	if kind == backup.Data {
		return v.engine.Snapshot(ctx, func(size int64, copyTo func(io.Writer) error) error {
			return backup.Write(w, backup.Header{Kind: kind, Made: now(), Size: size}, key, copyTo)
		})
	}
	var packed []byte
	err := v.keys.Folder(ctx, func(dir string) (err error) {
		packed, err = packKeys(dir)
		return err
	})
	if err != nil {
		return err
	}
	h := backup.Header{Kind: kind, Made: now(), Size: int64(len(packed))}
	return backup.Write(w, h, key, func(w io.Writer) error { _, err := w.Write(packed); return err })
}

// packKeys reads the files of the key folder that are worth keeping.
func packKeys(dir string) ([]byte, error) {
	var out packed
	t := tar.NewWriter(&out)
	for _, name := range keptKeys {
		b, err := os.ReadFile(filepath.Clean(filepath.Join(dir, name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the key folder: %w", err)
		}
		err = t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(b)), Typeflag: tar.TypeReg, Format: tar.FormatPAX})
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
		if _, err := t.Write(b); err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
	}
	if err := t.Close(); err != nil { // before out is looked at: it writes the end
		return nil, fmt.Errorf("pack the key folder: %w", err)
	}
	return out, nil
}

type packed []byte

func (p *packed) Write(b []byte) (int, error) {
	*p = append(*p, b...)
	return len(b), nil
}

// unpackKeys writes the files of a backup of the keys into dir. It knows their
// names: a backup names no other place.
func unpackKeys(r io.Reader, dir string) error {
	t := tar.NewReader(r)
	var seen []string
	for {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF) && slices.Contains(seen, keptKeys[0]):
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("it holds no keys: %w", backup.ErrDamaged)
		case err != nil:
			return fmt.Errorf("%w: %w", backup.ErrDamaged, err)
		}
		at := slices.Index(keptKeys, h.Name)
		if at < 0 || slices.Contains(seen, h.Name) || h.Typeflag != tar.TypeReg || h.Size > maxKeyFile {
			return fmt.Errorf("it holds something that is no key file: %w", backup.ErrDamaged)
		}
		seen = append(seen, h.Name)
		err = writeDurable(filepath.Join(dir, keptKeys[at]), os.O_TRUNC, func(w io.Writer) error {
			_, err := io.CopyN(w, t, h.Size)
			return err
		})
		if err != nil {
			return err
		}
	}
}

// writeDurable writes a file for its owner alone and returns when it is on the
// disk. What could not be written whole is taken away again.
func writeDurable(path string, flag int, fill func(io.Writer) error) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_WRONLY|os.O_CREATE|flag, 0o600)
	if err != nil {
		return err
	}
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func syncFolder(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
