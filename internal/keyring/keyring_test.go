package keyring

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// quick returns options whose derivation takes no time.
func quick(t *testing.T) Options {
	t.Helper()
	dir := t.TempDir()
	return Options{Dir: filepath.Join(dir, "keys"), DataDir: filepath.Join(dir, "data"), Iterations: 1, minIterations: 1}
}

func mustOpen(t *testing.T, o Options) *Keyring {
	t.Helper()
	k, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	return k
}

func mustClose(t *testing.T, k *Keyring) {
	t.Helper()
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
}

func mustCreate(t *testing.T, k *Keyring) id.Account {
	t.Helper()
	a := id.NewAccount()
	if err := k.CreateAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	return a
}

func mustSeal(t *testing.T, k *Keyring, a id.Account) []byte {
	t.Helper()
	b, err := k.Seal(a, store.TableAccounts, []byte("row"), []byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func opens(k *Keyring, a id.Account, sealed []byte) error {
	plain, err := k.Open(a, store.TableAccounts, []byte("row"), sealed)
	if err == nil && string(plain) != "plain" {
		return errors.New("opened to something else")
	}
	return err
}

func keyFile(o Options) string { return filepath.Join(o.Dir, keysName) }

func TestKeysSurviveARestart(t *testing.T) {
	t.Parallel()
	o := quick(t)
	k := mustOpen(t, o)
	people := []id.Account{{}, mustCreate(t, k), mustCreate(t, k)}
	var sealed [][]byte
	for _, a := range people {
		sealed = append(sealed, mustSeal(t, k, a))
	}
	index, turn, gen := k.Index("handle", []byte("anna.4821")), k.TURNKey(), k.Generation()
	if err := k.CreateAccount(t.Context(), people[1]); err != nil || k.Generation() != gen {
		t.Errorf("CreateAccount again = %v, generation %d, want no change from %d", err, k.Generation(), gen)
	}
	mustClose(t, k)
	o.Existing = true
	k = mustOpen(t, o)
	for n, a := range people {
		if err := opens(k, a, sealed[n]); err != nil {
			t.Errorf("value of %d after a restart: %v", n, err)
		}
	}
	if !bytes.Equal(k.Index("handle", []byte("anna.4821")), index) || k.TURNKey() != turn || k.Generation() != gen {
		t.Error("index, derived key or generation changed with a restart")
	}
	if bytes.Equal(k.Index("phantom", []byte("anna.4821")), index) || k.SystemKey("a") == k.SystemKey("b") {
		t.Error("two purposes share a key")
	}
}

func TestRightsAreTight(t *testing.T) {
	t.Parallel()
	o := quick(t)
	mustCreate(t, mustOpen(t, o))
	for name, want := range map[string]os.FileMode{"": 0o700, keysName: 0o600, passphraseName: 0o400, lockName: 0o600} {
		info, err := os.Stat(filepath.Join(o.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %q = %04o, want %04o", name, got, want)
		}
	}
	b, err := os.ReadFile(filepath.Join(o.Dir, passphraseName))
	if err != nil || len(b) != 44 {
		t.Errorf("passphrase file of %d bytes, %v, want 256 bits as base64 and a line end", len(b), err)
	}
}

func TestDestroyedKeyIsGone(t *testing.T) {
	t.Parallel()
	o := quick(t)
	k := mustOpen(t, o)
	anna, ben := mustCreate(t, k), mustCreate(t, k)
	hers, his := mustSeal(t, k, anna), mustSeal(t, k, ben)
	oldFile, err := os.Open(keyFile(o))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = oldFile.Close() }()
	gen := k.Generation()
	if err := k.DestroyAccount(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	if err := k.DestroyAccount(t.Context(), anna); err != nil || k.Generation() != gen+1 {
		t.Errorf("DestroyAccount again = %v, generation %d, want %d", err, k.Generation(), gen+1)
	}
	check := func(when string) {
		t.Helper()
		if err := opens(k, anna, hers); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: her value = %v, want %v", when, err, store.ErrNotFound)
		}
		if _, err := k.Seal(anna, store.TableAccounts, []byte("row"), nil); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: a new value = %v, want %v", when, err, store.ErrNotFound)
		}
		if err := opens(k, ben, his); err != nil {
			t.Errorf("%s: his value: %v", when, err)
		}
	}
	check("at once")
	old, err := io.ReadAll(oldFile)
	if err != nil || bytes.ContainsFunc(old, func(r rune) bool { return r != 0 }) {
		t.Errorf("the old key file was not wiped, %v", err)
	}
	now, err := os.ReadFile(keyFile(o))
	if err != nil || bytes.Contains(now, anna.Bytes()) || !bytes.Contains(now, ben.Bytes()) {
		t.Errorf("the key file still knows the destroyed account, or %v", err)
	}
	mustClose(t, k)
	k = mustOpen(t, o)
	check("after a restart")
	if k.Generation() != gen+1 {
		t.Errorf("generation after a restart = %d, want %d", k.Generation(), gen+1)
	}
	// A new key for the same account opens nothing old, and key ids do not come again.
	if err := k.CreateAccount(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	if err := opens(k, anna, hers); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("her old value under a new key = %v, want %v", err, store.ErrNotFound)
	}
	if bytes.Equal(mustSeal(t, k, anna)[1:5], hers[1:5]) {
		t.Error("a key id was used again")
	}
}

func TestTornEndIsForgiven(t *testing.T) {
	t.Parallel()
	o := quick(t)
	k := mustOpen(t, o)
	anna := mustCreate(t, k)
	hers, gen := mustSeal(t, k, anna), k.Generation()
	mustCreate(t, k)
	mustClose(t, k)
	whole, err := os.ReadFile(keyFile(o))
	if err != nil {
		t.Fatal(err)
	}
	zeros := append(bytes.Clone(whole[:len(whole)-entrySize]), make([]byte, entrySize)...)
	ends := map[string][]byte{"zeros": zeros, "one byte": whole[:len(whole)-entrySize+1], "half": whole[:len(whole)-entrySize/2], "all but one": whole[:len(whole)-1]}
	for name, b := range ends {
		if err := os.WriteFile(keyFile(o), b, 0o600); err != nil {
			t.Fatal(err)
		}
		k := mustOpen(t, o)
		if k.Generation() != gen || opens(k, anna, hers) != nil {
			t.Errorf("%s: generation %d, want %d", name, k.Generation(), gen)
		}
		cleo := mustCreate(t, k)
		sealed := mustSeal(t, k, cleo)
		mustClose(t, k)
		k = mustOpen(t, o)
		if k.Generation() != gen+1 || opens(k, anna, hers) != nil || opens(k, cleo, sealed) != nil {
			t.Errorf("%s: not whole again after the next key", name)
		}
		mustClose(t, k)
	}
}

func TestWriteThatFailedIsMadeGood(t *testing.T) {
	t.Parallel()
	o := quick(t)
	k := mustOpen(t, o)
	_ = k.file.f.Close() // every write fails now
	a := id.NewAccount()
	if err := k.CreateAccount(t.Context(), a); err == nil {
		t.Fatal("CreateAccount with a file that cannot be written = nil")
	}
	if _, err := k.Seal(a, store.TableAccounts, []byte("row"), nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Seal with a key that is not on disk = %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := k.CreateAccount(ended, a); !errors.Is(err, context.Canceled) {
		t.Errorf("CreateAccount with an ended context = %v", err)
	}
	// The old handle cannot be closed a second time: that is said, and the
	// keys are whole all the same.
	_ = k.CreateAccount(t.Context(), a)
	if err := k.CreateAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	sealed := mustSeal(t, k, a)
	mustClose(t, k)
	if err := k.CreateAccount(t.Context(), id.NewAccount()); !errors.Is(err, errClosed) {
		t.Errorf("CreateAccount after Close = %v", err)
	}
	if err := k.DestroyAccount(t.Context(), a); !errors.Is(err, errClosed) {
		t.Errorf("DestroyAccount after Close = %v", err)
	}
	if err := opens(mustOpen(t, o), a, sealed); err != nil {
		t.Error(err)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	o := quick(t)
	k := mustOpen(t, o)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				a := id.NewAccount()
				if err := k.CreateAccount(t.Context(), a); err != nil {
					t.Error(err)
					return
				}
				if b, err := k.Seal(a, store.TableAccounts, []byte("row"), []byte("plain")); err != nil || opens(k, a, b) != nil {
					t.Errorf("seal and open = %v", err)
				}
				k.Index("handle", a.Bytes())
				if err := k.DestroyAccount(t.Context(), a); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if k.Generation() != 2+40 {
		t.Errorf("generation = %d, want 42", k.Generation())
	}
	mustClose(t, k)
	if got := mustOpen(t, o).Generation(); got != 42 {
		t.Errorf("generation after a restart = %d, want 42", got)
	}
}

func TestZeroAccountHasNoKeyOfItsOwn(t *testing.T) {
	t.Parallel()
	k := Ephemeral()
	if k.CreateAccount(t.Context(), id.Account{}) == nil || k.DestroyAccount(t.Context(), id.Account{}) == nil {
		t.Error("the system's key can be made or destroyed as an account's")
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
}
