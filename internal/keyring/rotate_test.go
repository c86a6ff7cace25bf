package keyring

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

func TestRenewedKeysSealAndOldOnesOpen(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	k := p.openKeys(t)
	a, b := id.NewAccount(), id.NewAccount()
	if err := k.CreateAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	key, plain := []byte("row"), []byte("said before")
	old := map[id.Account][]byte{}
	for _, scope := range []id.Account{{}, a} {
		old[scope] = sealRow(t, k, scope, key, plain)
	}
	gen, next := k.Generation(), k.next
	below, err := k.Renew(t.Context())
	if err != nil || below != next || !k.Rotating() || k.Generation() != gen+2 {
		t.Fatalf("renew: below %d, generation %d, %v, want %d and %d", below, k.Generation(), err, next, gen+2)
	}
	// Asked again it makes none, and one who comes now has one key.
	if err := k.CreateAccount(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	fresh := sealRow(t, k, b, key, plain)
	if again, err := k.Renew(t.Context()); again != below || err != nil || k.Generation() != gen+3 {
		t.Errorf("renew once more: below %d, generation %d, %v", again, k.Generation(), err)
	}
	if out, changed, err := k.Reseal(store.TableFriends, key, fresh); changed || err != nil || !bytes.Equal(out, fresh) {
		t.Errorf("reseal of what is new: changed %t, %v", changed, err)
	}
	for scope, sealed := range old {
		out, changed, err := k.Reseal(store.TableFriends, key, sealed)
		if err != nil || !changed {
			t.Fatalf("reseal: changed %t, %v", changed, err)
		}
		if got, err := k.Open(scope, store.TableFriends, key, out); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("what was sealed again: %q, %v", got, err)
		}
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if k = p.openKeys(t); !k.Rotating() {
		t.Error("the file does not say that a rotation was begun")
	}
}

func TestRetiredKeysOpenNothing(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	k := p.openKeys(t)
	key, plain := []byte("row"), []byte("said before")
	old := sealRow(t, k, id.Account{}, key, plain)
	_, err := k.Renew(t.Context())
	if err := errors.Join(err, k.Retire(t.Context(), 1<<31)); err != nil { // a number far too high
		t.Fatal(err)
	}
	if got, err := k.Open(id.Account{}, store.TableFriends, key, sealRow(t, k, id.Account{}, key, plain)); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("after retiring: %q, %v", got, err)
	}
	if got, err := k.Open(id.Account{}, store.TableFriends, key, old); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("by a retired key: %q, %v, want %v", got, err, store.ErrNotFound)
	}
	if _, _, err := k.Reseal(store.TableFriends, key, old); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("reseal by a retired key: %v, want %v", err, store.ErrNotFound)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if k = p.openKeys(t); k.Rotating() || len(k.keys) != 1 {
		t.Errorf("%d keys in the file after retiring, want 1", len(k.keys))
	}
}

func sealRow(t *testing.T, k *Keyring, scope id.Account, key, plain []byte) []byte {
	t.Helper()
	sealed, err := k.Seal(scope, store.TableFriends, key, plain)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// TestRetiredKeysAreWiped keeps the old key file open: nothing of it is left.
func TestRetiredKeysAreWiped(t *testing.T) {
	t.Parallel()
	k := newPlace(t).openKeys(t)
	if _, err := k.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	old, err := os.Open(k.file.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = old.Close() })
	if err := k.Retire(t.Context(), k.firstCurrent()); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, headerSize+3*entrySize)
	if _, err := old.ReadAt(b, 0); err != nil || !bytes.Equal(b, make([]byte, len(b))) {
		t.Errorf("the old key file still holds something: %v", err)
	}
}

func TestResealRefusesWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	k := Ephemeral()
	good := sealRow(t, k, id.Account{}, []byte("row"), []byte("text"))
	if _, err := k.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(b []byte) []byte{
		"short":       func(b []byte) []byte { return b[:Overhead-1] },
		"format":      func(b []byte) []byte { b[0]++; return b },
		"never a key": func(b []byte) []byte { b[1] = 0xff; return b },
		"key 0":       func(b []byte) []byte { clear(b[1:5]); return b },
		"a bit":       func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
	} {
		if _, _, err := k.Reseal(store.TableFriends, []byte("row"), change(bytes.Clone(good))); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v, want %v", name, err, ErrDamaged)
		}
	}
}
