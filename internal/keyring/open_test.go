package keyring

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/store"
)

const good = "crisp-lantern-84-orbit-velvet-quarry-mango-thistle"

func TestWrongPassphraseIsNotDamage(t *testing.T) {
	t.Parallel()
	o := quick(t)
	o.Passphrase = Secret(good)
	mustClose(t, mustOpen(t, o))
	if _, err := os.Stat(filepath.Join(o.Dir, passphraseName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a passphrase file beside a passphrase of one's own: %v", err)
	}
	mustClose(t, mustOpen(t, o))
	o.Passphrase = Secret(good + "!")
	if _, err := Open(t.Context(), o); !errors.Is(err, ErrPassphrase) || errors.Is(err, ErrDamaged) {
		t.Errorf("Open with another passphrase = %v, want %v", err, ErrPassphrase)
	}
	o.Passphrase = nil
	if _, err := Open(t.Context(), o); !errors.Is(err, ErrMissing) {
		t.Errorf("Open without the passphrase = %v, want %v", err, ErrMissing)
	}
	if _, err := os.Stat(filepath.Join(o.Dir, passphraseName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a passphrase was made for keys that are there: %v", err)
	}
}

func TestPassphraseSpelledInTwoWays(t *testing.T) {
	t.Parallel()
	o := quick(t)
	o.Passphrase = Secret(good + "\u00e9") // one character
	mustClose(t, mustOpen(t, o))
	o.Passphrase = Secret(good + "e\u0301") // a letter and an accent
	mustOpen(t, o)
}

// TestEveryByteCounts changes each byte of a key file in turn: none may pass
// for a wrong passphrase, and none may go unnoticed.
func TestEveryByteCounts(t *testing.T) {
	t.Parallel()
	o := quick(t)
	k := mustOpen(t, o)
	mustCreate(t, k)
	mustCreate(t, k)
	gen := k.Generation()
	mustClose(t, k)
	whole, err := os.ReadFile(keyFile(o))
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		b := bytes.Clone(whole)
		b[n] ^= 0x40
		k, err := loadBytes(t, o, b)
		switch {
		case err == nil && n >= len(whole)-entrySize: // as if torn: the generation tells
			if k.Generation() >= gen {
				t.Errorf("byte %d changed and nothing noticed", n)
			}
		case !errors.Is(err, ErrDamaged) || errors.Is(err, ErrPassphrase):
			t.Errorf("byte %d changed: %v, want %v", n, err, ErrDamaged)
		}
	}
}

// loadBytes opens a key file from memory.
func loadBytes(t *testing.T, o Options, b []byte) (*Keyring, error) {
	t.Helper()
	m, err := decode(b)
	if err != nil {
		return nil, err
	}
	if err := o.allows(m.header.iterations); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	p, err := readPassphrase(filepath.Join(o.Dir, passphraseName))
	if err != nil {
		return nil, err
	}
	s, err := m.header.unlock(p)
	if err != nil {
		return nil, err
	}
	k := empty()
	k.file = &file{}
	return k, k.file.load(k, m, s)
}

// patch changes a header as somebody who can compute its checksum would.
func patch(b []byte, at int, value []byte) []byte {
	b = bytes.Clone(b)
	copy(b[at:], value)
	sum := sha256.Sum256(b[:headerBody])
	copy(b[headerBody:], sum[:sumSize])
	return b
}

func TestForgedHeader(t *testing.T) {
	t.Parallel()
	o := quick(t)
	mustClose(t, mustOpen(t, o))
	whole, err := os.ReadFile(keyFile(o))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		at    int
		value []byte
		want  error
	}{
		"another version":     {8, []byte{2}, store.ErrVersion},
		"another derivation":  {9, []byte{9}, store.ErrVersion},
		"other iterations":    {10, []byte{0, 0, 0, 2}, ErrPassphrase},
		"no iterations":       {10, []byte{0, 0, 0, 0}, ErrDamaged},
		"endless iterations":  {10, []byte{255, 255, 255, 255}, ErrDamaged}, // derived, it would take minutes
		"another salt":        {14, []byte{1, 2, 3}, ErrPassphrase},
		"another generation":  {62, binary.BigEndian.AppendUint64(nil, 100), ErrDamaged},
		"another next key id": {70, binary.BigEndian.AppendUint32(nil, 100), ErrDamaged},
	} {
		if _, err := loadBytes(t, o, patch(whole, c.at, c.value)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestIterationsAreBounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		iterations uint32
		ok         bool
	}{{1, false}, {MinIterations - 1, false}, {MinIterations, true}, {DefaultIterations, true}, {MaxIterations, true}, {MaxIterations + 1, false}} {
		if err := (Options{}).allows(c.iterations); (err == nil) != c.ok {
			t.Errorf("%d iterations: %v", c.iterations, err)
		}
	}
	// A file with few iterations is refused by a program without the tests' leave.
	o := quick(t)
	mustClose(t, mustOpen(t, o))
	o.minIterations = 0
	if _, err := Open(t.Context(), o); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "1 iterations") {
		t.Errorf("Open of keys with one iteration = %v", err)
	}
	o = quick(t)
	o.minIterations = 0
	if _, err := Open(t.Context(), o); err == nil {
		t.Error("new keys with one iteration = nil, want an error")
	}
}

func TestEntriesCannotBeMoved(t *testing.T) {
	t.Parallel()
	o := quick(t)
	k := mustOpen(t, o)
	mustCreate(t, k)
	mustCreate(t, k)
	mustClose(t, k)
	whole, err := os.ReadFile(keyFile(o))
	if err != nil {
		t.Fatal(err)
	}
	e := func(n int) []byte { return whole[headerSize+n*entrySize : headerSize+(n+1)*entrySize] }
	join := func(n ...int) []byte {
		b := bytes.Clone(whole[:headerSize])
		for _, i := range n {
			b = append(b, e(i)...)
		}
		return b
	}
	if _, err := loadBytes(t, o, join(0, 1, 2, 3)); err != nil {
		t.Fatalf("the file as it was: %v", err)
	}
	for name, b := range map[string][]byte{
		"swapped": join(0, 1, 3, 2), "one left out": join(0, 2, 3), "one twice": join(0, 1, 2, 2, 3), "no keys": join(), "no system key": join(0),
	} {
		if _, err := loadBytes(t, o, b); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v, want %v", name, err, ErrDamaged)
		}
	}
}

func TestFolderMustBeApart(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	at := func(name string) string { return filepath.Join(base, name) }
	for _, dir := range []string{"data", "data/real"} {
		if err := os.MkdirAll(at(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link": "data", "deep": "data/real", "nothing": "data/none", "base": "."} {
		if err := os.Symlink(at(to), at(link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		keys, data string
		ok         bool
	}{
		{"keys", "data", true},
		{"data-keys", "data", true}, // a name that only begins alike
		{"data", "data", false},
		{"data/keys", "data", false},
		{"data/a/b", "data", false},
		{"link/keys", "data", false},
		{"deep", "data", false},
		{"data/real", "link", false},
		{"link", "deep", false},
		{"keys", "keys/data", false},
		{"new", "new/deeper/data", false},
		{"nothing", "data", false},
		{"base/data/k", "data", false},
		{"keys/../data/k", "data", false},
		{"base/keys", "data", true},
		{"", "data", false},
		{"keys", "", false},
	} {
		o := Options{Dir: at(c.keys), DataDir: at(c.data), Iterations: 1, minIterations: 1}
		if c.keys == "" {
			o.Dir = ""
		}
		if c.data == "" {
			o.DataDir = ""
		}
		k, err := Open(t.Context(), o)
		if c.ok && err == nil {
			mustClose(t, k)
			continue
		}
		if c.ok || !errors.Is(err, ErrFolder) {
			t.Errorf("keys in %q, data in %q: %v, ok %t", c.keys, c.data, err, c.ok)
		}
	}
	files, err := filepath.Glob(at("data/*"))
	if err != nil || len(files) != 1 {
		t.Errorf("refused keys left %v in the data folder, %v", files, err)
	}
}

func TestFolderMustBePrivate(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o750, 0o701, 0o770, 0o755} {
		o := quick(t)
		if err := os.Mkdir(o.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(o.Dir, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), o); !errors.Is(err, ErrFolder) || !strings.Contains(err.Error(), "chmod 700") {
			t.Errorf("key folder of mode %04o: %v", mode, err)
		}
	}
	o := quick(t)
	mustClose(t, mustOpen(t, o))
	if err := os.Chmod(filepath.Join(o.Dir, passphraseName), 0o444); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), o); !errors.Is(err, ErrFolder) {
		t.Errorf("passphrase that others may read: %v, want %v", err, ErrFolder)
	}
}

func TestSecondOpenSaysLocked(t *testing.T) {
	t.Parallel()
	o := quick(t)
	k := mustOpen(t, o)
	if _, err := Open(t.Context(), o); !errors.Is(err, ErrLocked) {
		t.Errorf("second Open = %v, want %v", err, ErrLocked)
	}
	mustClose(t, k)
	mustOpen(t, o)
}

func TestNewKeysAreRefusedWhereThereIsData(t *testing.T) {
	t.Parallel()
	o := quick(t)
	o.Existing = true
	if _, err := Open(t.Context(), o); !errors.Is(err, ErrMissing) {
		t.Errorf("Open = %v, want %v", err, ErrMissing)
	}
}

func TestStartThatEndedEarlyIsGoneOnWith(t *testing.T) {
	t.Parallel()
	o := quick(t)
	if err := os.Mkdir(o.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{passphraseName + ".new", keysName + ".new"} {
		if err := os.WriteFile(filepath.Join(o.Dir, left), []byte("half"), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(o.Dir, keysName+".new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.Dir, passphraseName), []byte("made before the keys were\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	mustClose(t, mustOpen(t, o))
	o.Passphrase = Secret("made before the keys were")
	mustOpen(t, o)
}

func TestWeakPassphraseIsRefused(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]string{
		"word": "password", "words": "correcthorse", "keyboard": "qwertzuiop1234567890", "repeated": strings.Repeat("abc", 30), "too long": strings.Repeat(good, 30),
	} {
		o := quick(t)
		o.Passphrase = Secret(p)
		if _, err := Open(t.Context(), o); !errors.Is(err, ErrWeak) {
			t.Errorf("%s: %v, want %v", name, err, ErrWeak)
		}
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	t.Parallel()
	s := Secret("hunter2")
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s)
	text, err := json.Marshal(struct{ S Secret }{s})
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %+v %#v %s %q %x", s, Options{Passphrase: s}, s, s, s, s) + log.String() + string(text)
	for _, leak := range []string{"hunter2", fmt.Sprintf("%x", "hunter2"), "104 117"} {
		if strings.Contains(all, leak) {
			t.Errorf("the secret shows in %s", all)
		}
	}
}

func FuzzKeyFile(f *testing.F) {
	h := header{iterations: 1, base: 3, next: 9}
	s := secrets{wrap: make([]byte, keySize), mac: make([]byte, keySize)}
	last := s.sign(noMAC, h.body())
	b := append(h.body(), last[:]...)
	for n := range uint32(3) {
		e, err := s.seal(entry{kind: kindData, id: n + 1}, random(), last)
		if err != nil {
			f.Fatal(err)
		}
		last = e.mac
		b = append(append(b, e.body()...), e.mac[:]...)
	}
	f.Add(b)
	f.Add(b[:len(b)-1])
	f.Add(b[:headerSize])
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decode(b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, store.ErrVersion) {
				t.Fatalf("decode = %v", err)
			}
			return
		}
		// What was understood is spelled in one way.
		again := append(m.header.body(), m.mac[:]...)
		for _, e := range m.entries {
			again = append(append(again, e.body()...), e.mac[:]...)
		}
		if !bytes.Equal(again, b[:len(b)-m.rest]) {
			t.Fatal("decoded and encoded again, the file is another")
		}
		k := empty()
		k.file = &file{}
		_ = k.file.load(k, m, s) // must not panic; the secrets are the seed's
	})
}
