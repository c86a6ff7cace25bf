package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

var errUnnamed = fmt.Errorf("%w: both the key folder and the data folder must be named", ErrFolder)

// folder makes the key folder where there is none, and refuses one that
// others may look into, or that lies in the data folder or holds it.
func folder(dir, dataDir string) (string, error) {
	if dir == "" || dataDir == "" {
		return "", errUnnamed
	}
	dir, err := resolve(dir)
	if err != nil {
		return "", err
	}
	data, err := resolve(dataDir)
	if err != nil {
		return "", err
	}
	if err := apart(dir, data); err != nil { // before anything is made
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the key folder: %w", err)
	}
	if err := apart(dir, data); err != nil { // now that both can be looked at
		return "", err
	}
	return dir, closed(dir)
}

// closed refuses a key folder that others may enter.
func closed(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("stat the key folder: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%w: others may enter %s (mode %04o); run: chmod 700 %s", ErrFolder, dir, mode, dir)
	}
	return nil
}

// resolve returns path without symbolic links; its end need not exist yet.
func resolve(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("resolve %s: %w", path, err)
	}
	rest := ""
	for at := abs; ; at = filepath.Dir(at) {
		found, err := filepath.EvalSymlinks(at)
		if err == nil {
			return filepath.Join(found, rest), nil
		}
		if !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at) {
			return "", fmt.Errorf("resolve %s: %w", path, err)
		}
		if _, err := os.Lstat(at); err == nil {
			return "", fmt.Errorf("%w: %s is a link to nothing", ErrFolder, at)
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

// apart refuses two folders one of which lies in the other. It compares the
// folders themselves, not their names: a second mount is found out too.
func apart(keys, data string) error {
	if within(keys, data) || within(data, keys) {
		return fmt.Errorf("%w: %s and the data folder %s must not lie in one another: a copy of the data must not hold its keys",
			ErrFolder, keys, data)
	}
	return nil
}

// within reports whether path is dir or below it.
func within(path, dir string) bool {
	want, err := os.Stat(dir)
	for {
		if path == dir {
			return true
		}
		if err == nil {
			if got, err := os.Stat(path); err == nil && os.SameFile(got, want) {
				return true
			}
		}
		up := filepath.Dir(path)
		if up == path {
			return false
		}
		path = up
	}
}
