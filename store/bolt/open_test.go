package bolt_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/bolt"
)

func TestRightsAreTight(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	path := filepath.Join(dir, "data.bolt")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	wantMode(t, dir, 0o700)
	wantMode(t, path, 0o600)
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 1 {
		t.Errorf("%d files in the data folder, %v, want one", len(names), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, path)
	wantMode(t, path, 0o600)
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("mode of %s = %04o, want %04o", path, got, want)
	}
}

func TestSecondOpenSaysLocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data.bolt")
	open(t, path)
	_, err := bolt.Open(t.Context(), bolt.Options{Path: path})
	if !errors.Is(err, bolt.ErrLocked) {
		t.Errorf("second Open = %v, want %v", err, bolt.ErrLocked)
	}
}

func TestOpenKeepsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	makeBolt := func(version string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			t.Helper()
			db, err := bbolt.Open(path, 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			err = db.Update(func(tx *bbolt.Tx) error {
				b, err := tx.CreateBucket([]byte("format"))
				if err == nil && version != "" {
					err = b.Put([]byte("version"), []byte(version))
				}
				return err
			})
			if err := errors.Join(err, db.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	writeFile := func(text string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			t.Helper()
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		make func(t *testing.T, path string)
		want error
	}{
		"newer format":           {makeBolt("2"), store.ErrVersion},
		"bolt file of another":   {makeBolt(""), bolt.ErrForeign},
		"format that is no word": {makeBolt("one"), bolt.ErrForeign},
		"format zero":            {makeBolt("0"), bolt.ErrForeign},
		"text file":              {writeFile(strings.Repeat("hello world\n", 4000)), bolt.ErrForeign},
		"short text file":        {writeFile("hello"), bolt.ErrForeign},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "data.bolt")
			c.make(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := bolt.Open(t.Context(), bolt.Options{Path: path}); !errors.Is(err, c.want) {
				t.Errorf("Open = %v, want %v", err, c.want)
			}
			after, err := os.ReadFile(path)
			if err != nil || string(after) != string(before) {
				t.Errorf("the file was changed, or %v", err)
			}
		})
	}
}

func TestOpenFindsAFileCutShort(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data.bolt")
	e := open(t, path)
	for range 20 {
		err := e.Update(t.Context(), func(rows store.RowsRW) error {
			return rows.Put(t.Context(), store.TableMeta, []byte("k"), make([]byte, 1<<16))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 64<<10); err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.Open(t.Context(), bolt.Options{Path: path}); !errors.Is(err, bolt.ErrDamaged) {
		t.Errorf("Open = %v, want %v", err, bolt.ErrDamaged)
	}
}

func TestOpenAfterACrashWhileMaking(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data.bolt")
	if err := os.WriteFile(path+".new", []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestOpenSaysWhyItCannot(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := bolt.Open(ended, bolt.Options{Path: filepath.Join(t.TempDir(), "x")}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open with an ended context = %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.Open(t.Context(), bolt.Options{Path: filepath.Join(file, "data.bolt")}); err == nil {
		t.Error("Open below a file = nil, want an error")
	}
	if _, err := bolt.Open(t.Context(), bolt.Options{Path: t.TempDir()}); !errors.Is(err, bolt.ErrForeign) {
		t.Errorf("Open of a folder = %v, want %v", err, bolt.ErrForeign)
	}
}
