package keyring

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/bolt"
	"github.com/ringfence/ringfence/store/sealed"
)

// place is a data folder and a key folder.
type place struct{ data, keys string }

func newPlace(t testing.TB) place {
	t.Helper()
	dir := t.TempDir()
	return place{filepath.Join(dir, "data", "ringfence.bolt"), filepath.Join(dir, "keys")}
}

func (p place) openKeys(t testing.TB) *Keyring {
	t.Helper()
	k, err := Open(t.Context(), Options{Dir: p.keys, DataDir: filepath.Dir(p.data), Iterations: 1, minIterations: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	return k
}

// open opens both; shut closes both.
func (p place) open(t testing.TB) (db *sealed.DB, keys *Keyring, shut func()) {
	t.Helper()
	keys = p.openKeys(t)
	e, err := bolt.Open(t.Context(), bolt.Options{Path: p.data})
	if err != nil {
		t.Fatal(err)
	}
	shut = func() {
		if err := errors.Join(e.Close(), keys.Close()); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(shut)
	return sealed.New(e, keys), keys, shut
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestKeysAndDataAreCompared(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	file := filepath.Join(p.keys, "keyring")
	db, _, shut := p.open(t)
	if err := db.Check(t.Context()); err != nil {
		t.Fatalf("new data and new keys: %v", err)
	}
	shut()
	copyFile(t, file, file+".yesterday")

	db, keys, shut := p.open(t)
	if err := db.Check(t.Context()); err != nil {
		t.Fatalf("the same again: %v", err)
	}
	a := id.NewAccount()
	if err := keys.CreateAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	err := db.Update(t.Context(), func(tx store.Tx) error { return tx.Accounts.PutAccount(t.Context(), store.Account{ID: a}) })
	if err != nil {
		t.Fatal(err)
	}
	shut()
	copyFile(t, file, file+".today")

	// Yesterday's keys lack the account's key. No Check ran in between: the
	// write itself left the mark.
	copyFile(t, file+".yesterday", file)
	db, _, shut = p.open(t)
	if err := db.Check(t.Context()); !errors.Is(err, sealed.ErrKeys) {
		t.Errorf("yesterday's keys: %v, want %v", err, sealed.ErrKeys)
	}
	shut()

	// Today's keys fit again; so do keys that have seen more than the data.
	copyFile(t, file+".today", file)
	db, keys, shut = p.open(t)
	if err := errors.Join(db.Check(t.Context()), keys.CreateAccount(t.Context(), id.NewAccount())); err != nil {
		t.Errorf("today's keys: %v", err)
	}
	shut()
	db, _, shut = p.open(t)
	if err := db.Check(t.Context()); err != nil {
		t.Errorf("keys with an account that never came to be: %v", err)
	}
	shut()

	// The keys of somebody else fit never.
	db, _, _ = place{p.data, newPlace(t).keys}.open(t)
	if err := db.Check(t.Context()); !errors.Is(err, sealed.ErrKeys) {
		t.Errorf("other keys: %v, want %v", err, sealed.ErrKeys)
	}
}
