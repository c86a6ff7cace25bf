package bolt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/store"
)

func put(key, value string) func(context.Context, store.Engine) error {
	return func(ctx context.Context, e store.Engine) error {
		return e.Update(ctx, func(rows store.RowsRW) error {
			return rows.Put(ctx, store.TableMeta, []byte(key), []byte(value))
		})
	}
}

func get(t *testing.T, e store.Engine, key string) string {
	t.Helper()
	var value []byte
	err := e.View(t.Context(), func(rows store.Rows) error {
		var err error
		value, err = rows.Get(t.Context(), store.TableMeta, []byte(key))
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	return string(value)
}

// old makes a data file of format 1 and returns its path.
func old(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ringfence.bolt")
	e := mustOpen(t, Options{Path: path, format: 1})
	if err := put("k", "one")(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustOpen(t *testing.T, o Options) *Engine {
	t.Helper()
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func noon() time.Time { return time.Date(2030, 1, 2, 12, 0, 0, 0, time.UTC) }

func TestMigrationWorksOnACopyAndKeepsIt(t *testing.T) {
	t.Parallel()
	path := old(t)
	steps := []store.Migration{
		{From: 2, Name: "second", Run: put("l", "three")},
		{From: 1, Name: "first", Run: put("k", "two")},
	}
	e := mustOpen(t, Options{Path: path, Migrations: steps, Now: noon, format: 3})
	if k, l := get(t, e, "k"), get(t, e, "l"); k != "two" || l != "three" {
		t.Errorf("after the migration k = %q, l = %q", k, l)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	// Opening again migrates nothing.
	e = mustOpen(t, Options{Path: path, format: 3})
	if got := get(t, e, "k"); got != "two" {
		t.Errorf("after a second open k = %q", got)
	}
	wantFiles(t, path, "ringfence.bolt", "ringfence-v1-20300102T120000Z.bolt.bak")
	// The copy is the data as it was.
	backup := mustOpen(t, Options{Path: filepath.Join(filepath.Dir(path), "ringfence-v1-20300102T120000Z.bolt.bak"), format: 1})
	if got := get(t, backup, "k"); got != "one" {
		t.Errorf("in the copy k = %q, want one", got)
	}
	// An older program refuses the new data.
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Path: path, format: 1}); !errors.Is(err, store.ErrVersion) {
		t.Errorf("Open by an older program = %v, want %v", err, store.ErrVersion)
	}
}

func wantFiles(t *testing.T, path string, want ...string) {
	t.Helper()
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, f := range files {
		got[f.Name()] = true
	}
	for _, name := range want {
		if !got[name] {
			t.Errorf("%s is missing", name)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s is left over", name)
	}
}

func TestFailedMigrationChangesNothing(t *testing.T) {
	t.Parallel()
	path := old(t)
	errMine := errors.New("mine")
	steps := []store.Migration{
		{From: 1, Name: "works", Run: put("k", "two")},
		{From: 2, Name: "fails", Run: func(context.Context, store.Engine) error { return errMine }},
	}
	_, err := Open(t.Context(), Options{Path: path, Migrations: steps, Now: noon, format: 3})
	if !errors.Is(err, errMine) || !strings.Contains(err.Error(), "fails") {
		t.Errorf("Open = %v, want the step's error and name", err)
	}
	wantFiles(t, path, "ringfence.bolt", "ringfence-v1-20300102T120000Z.bolt.bak")
	if got := get(t, mustOpen(t, Options{Path: path, format: 1}), "k"); got != "one" {
		t.Errorf("k = %q, want one", got)
	}
}

func TestMigrationAfterACrash(t *testing.T) {
	t.Parallel()
	path := old(t)
	for _, left := range []string{".migrating", ".migrating.part"} {
		if err := os.WriteFile(path+left, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e := mustOpen(t, Options{Path: path, Migrations: []store.Migration{{From: 1, Run: put("k", "two")}}, Now: noon, format: 2})
	if got := get(t, e, "k"); got != "two" {
		t.Errorf("k = %q, want two", got)
	}
	wantFiles(t, path, "ringfence.bolt", "ringfence-v1-20300102T120000Z.bolt.bak")
}

func TestNoWayFromAnOldFormat(t *testing.T) {
	t.Parallel()
	path := old(t)
	first := store.Migration{From: 1, Run: put("k", "two")}
	for name, steps := range map[string][]store.Migration{
		"none": nil, "a gap": {first}, "two ways": {first, first, {From: 2, Run: put("k", "three")}},
	} {
		if _, err := Open(t.Context(), Options{Path: path, Migrations: steps, format: 3}); !errors.Is(err, store.ErrVersion) {
			t.Errorf("%s: Open = %v, want %v", name, err, store.ErrVersion)
		}
	}
	wantFiles(t, path, "ringfence.bolt")
}
