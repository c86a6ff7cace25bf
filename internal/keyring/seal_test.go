package keyring

import (
	"bytes"
	"errors"
	"testing"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

func TestSealedValueOpensInItsPlaceOnly(t *testing.T) {
	t.Parallel()
	k := Ephemeral()
	anna, ben, row := mustCreate(t, k), mustCreate(t, k), []byte("row")
	sealed, err := k.Seal(anna, store.TableFriends, row, []byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	if len(sealed) != len("plain")+Overhead {
		t.Errorf("%d bytes sealed, want %d", len(sealed), len("plain")+Overhead)
	}
	if got, err := k.Open(anna, store.TableFriends, row, sealed); err != nil || string(got) != "plain" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another account": func() ([]byte, error) { return k.Open(ben, store.TableFriends, row, sealed) },
		"the system":      func() ([]byte, error) { return k.Open(id.Account{}, store.TableFriends, row, sealed) },
		"another table":   func() ([]byte, error) { return k.Open(anna, store.TableAsks, row, sealed) },
		"a table as long": func() ([]byte, error) { return k.Open(anna, store.TableDevices, row, sealed) },
		"another row":     func() ([]byte, error) { return k.Open(anna, store.TableFriends, []byte("rox"), sealed) },
		"a shifted border": func() ([]byte, error) {
			return k.Open(anna, store.TableFriends+"r", []byte("ow"), sealed)
		},
		"other keys": func() ([]byte, error) { return Ephemeral().Open(id.Account{}, store.TableFriends, row, sealed) },
	} {
		if _, err := open(); !errors.Is(err, ErrDamaged) {
			t.Errorf("opened for %s: %v, want %v", name, err, ErrDamaged)
		}
	}
	for n := range sealed {
		b := bytes.Clone(sealed)
		b[n] ^= 1
		if _, err := k.Open(anna, store.TableFriends, row, b); err == nil {
			t.Errorf("byte %d changed and nothing noticed", n)
		}
	}
	for n := range sealed {
		if _, err := k.Open(anna, store.TableFriends, row, sealed[:n]); err == nil {
			t.Errorf("cut to %d bytes and nothing noticed", n)
		}
	}
}

func TestEveryWriteIsSealedAnew(t *testing.T) {
	t.Parallel()
	k := Ephemeral()
	seen := map[string]bool{}
	for range 1000 {
		b := mustSeal(t, k, id.Account{})
		salt := string(b[5:sealHead])
		if seen[salt] {
			t.Fatal("a salt came twice: key and nonce with it")
		}
		seen[salt] = true
	}
}

func TestUnknownAccount(t *testing.T) {
	t.Parallel()
	k := Ephemeral()
	if _, err := k.Seal(id.NewAccount(), store.TableMeta, []byte("k"), nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Seal = %v, want %v", err, store.ErrNotFound)
	}
	sealed := mustSeal(t, k, mustCreate(t, k))
	if _, err := k.Open(id.NewAccount(), store.TableAccounts, []byte("row"), sealed); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Open = %v, want %v", err, store.ErrNotFound)
	}
}

func TestSealRefusesWhatItCannotBind(t *testing.T) {
	t.Parallel()
	k := Ephemeral()
	for name, c := range map[string]struct {
		table store.Table
		key   []byte
	}{
		"long table": {store.Table(make([]byte, 256)), []byte("k")},
		"long key":   {store.TableMeta, make([]byte, 1<<16)},
	} {
		if _, err := k.Seal(id.Account{}, c.table, c.key, nil); !errors.Is(err, store.ErrLimit) {
			t.Errorf("%s: %v, want %v", name, err, store.ErrLimit)
		}
	}
}

func FuzzSealedValue(f *testing.F) {
	k := Ephemeral()
	b, err := k.Seal(id.Account{}, store.TableMeta, []byte("row"), []byte("plain"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		plain, err := k.Open(id.Account{}, store.TableMeta, []byte("row"), b)
		if err == nil && string(plain) != "plain" {
			t.Fatalf("opened to %q what was never sealed", plain)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	k := Ephemeral()
	key, plain := make([]byte, 32), make([]byte, 100)
	for b.Loop() {
		if _, err := k.Seal(id.Account{}, store.TableFriends, key, plain); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	k := Ephemeral()
	key := make([]byte, 32)
	sealed, err := k.Seal(id.Account{}, store.TableFriends, key, make([]byte, 100))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := k.Open(id.Account{}, store.TableFriends, key, sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIndex(b *testing.B) {
	k := Ephemeral()
	for b.Loop() {
		k.Index("handle", []byte("anna.4821"))
	}
}

// BenchmarkLoad is the start of a program with a hundred thousand accounts,
// without the derivation from the passphrase.
func BenchmarkLoad(b *testing.B) {
	const accounts = 100_000
	k := Ephemeral()
	f := &file{}
	for range accounts {
		k.add(&key{id: k.take(), scope: id.NewAccount(), dek: random()})
	}
	s := secrets{wrap: make([]byte, keySize), mac: make([]byte, keySize)}
	f.secrets, f.header.check = s, s.check
	image, _, err := f.encode(k.all(), k.Generation()+1)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		m, err := decode(image)
		if err != nil {
			b.Fatal(err)
		}
		loaded := empty()
		loaded.file = &file{}
		if err := loaded.file.load(loaded, m, s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(image))/accounts, "B/account")
}
