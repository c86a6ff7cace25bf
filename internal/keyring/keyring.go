// Package keyring owns the keys under which everything is stored: one random
// key per account beside the system's, wrapped by a passphrase in a folder of
// their own. It implements the Sealer of store/sealed. It refuses to know what
// is sealed, and lets no key out but those that SystemKey derives.
//
// Destroying an account's key makes everything sealed with it unreadable, in
// the data and in every copy of the data. Copies of the key folder keep it.
//
// Locks: writer is taken before mu. mu is never held while a file is written.
package keyring

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// Errors on which callers branch.
var (
	// ErrPassphrase says that the passphrase is not the one of these keys.
	ErrPassphrase = errors.New("wrong passphrase")
	// ErrLowered says, beside ErrPassphrase, that the key file names fewer
	// rounds than are wanted: the check value cannot tell who did that.
	ErrLowered = errors.New("parameters lowered, or of older settings")
	// ErrDamaged says that the key file, or a sealed value, is not as it was
	// written.
	ErrDamaged = errors.New("damaged")
	// ErrWeak says that a new passphrase can be guessed.
	ErrWeak = errors.New("passphrase too weak")
	// ErrFolder says that the key folder is no place to keep keys.
	ErrFolder = errors.New("unfit key folder")
	// ErrLocked says that another process uses the key folder.
	ErrLocked = errors.New("the keys are in use by another process")
	// ErrMissing says that there are no keys, or no passphrase to them.
	ErrMissing = errors.New("missing")
)

// Keyring holds the keys of a running program. It is safe for concurrent use.
type Keyring struct {
	root   [keySize]byte // what blind indexes and derived keys come from
	file   *file         // nil: nothing is kept
	writer chan struct{} // holds a token while the keys change

	mu         sync.RWMutex // guards the following
	keys       map[uint32]*key
	current    map[id.Account]*key // the key that seals, by account; zero: the system
	next       uint32
	generation uint64
	columns    map[string][]byte // index keys by name
}

// key is one data encryption key.
type key struct {
	id    uint32
	scope id.Account
	dek   [keySize]byte
	once  sync.Once
	prk   []byte // HKDF-Extract over dek, made at first use
}

// Ephemeral returns keys that are kept nowhere: for tests and demonstrations.
// What it seals cannot be opened once the program has ended.
func Ephemeral() *Keyring {
	k := empty()
	k.root, k.next = random(), 1
	k.add(&key{id: k.take(), dek: random()})
	return k
}

func empty() *Keyring {
	return &Keyring{
		writer: make(chan struct{}, 1), keys: map[uint32]*key{}, current: map[id.Account]*key{},
		columns: map[string][]byte{},
	}
}

func random() [keySize]byte { return [keySize]byte(randomBytes(keySize)) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // crypto/rand.Read never fails, it ends the program
	return b
}

// take returns the next key id. Ids are never used again.
func (k *Keyring) take() uint32 {
	n := k.next
	k.next++
	return n
}

func (k *Keyring) add(x *key) {
	k.keys[x.id] = x
	k.current[x.scope] = x
	k.generation++
}

// CreateAccount makes a key for an account. Once it has returned nil the key
// survives a power failure; call it before the account's first record is
// written. A key that is there already is no error. A key whose account never
// comes to be does no harm.
func (k *Keyring) CreateAccount(ctx context.Context, a id.Account) error {
	if a.IsZero() {
		return fmt.Errorf("create the key of an account: %w", id.ErrMalformed)
	}
	return k.change(ctx, func() error {
		if k.has(a) {
			return nil
		}
		x := &key{id: k.next, scope: a, dek: random()}
		if x.id == 0 {
			return errors.New("create the key of an account: no key id is left")
		}
		if k.file != nil {
			if err := k.file.append(k, x); err != nil {
				return fmt.Errorf("create the key of an account: %w", err)
			}
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		k.take()
		k.add(x)
		return nil
	})
}

// DestroyAccount destroys the keys of an account: what they sealed reads as
// not found from now on. Once it has returned nil the keys are gone from the
// key file. It writes the whole file anew. No key is no error.
func (k *Keyring) DestroyAccount(ctx context.Context, a id.Account) error {
	if a.IsZero() {
		return fmt.Errorf("destroy the key of an account: %w", id.ErrMalformed)
	}
	return k.change(ctx, func() error {
		if !k.has(a) {
			return nil
		}
		if k.file != nil {
			rest := k.all().without(func(x *key) bool { return x.scope == a })
			if err := k.file.rewrite(rest, k.Generation()+1, true); err != nil {
				return fmt.Errorf("destroy the key of an account: %w", err)
			}
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		for n, x := range k.keys {
			if x.scope == a {
				delete(k.keys, n)
			}
		}
		delete(k.current, a)
		k.generation++
		return nil
	})
}

// change runs fn while nothing else changes the keys.
func (k *Keyring) change(ctx context.Context, fn func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case k.writer <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-k.writer }()
	return fn()
}

func (k *Keyring) has(a id.Account) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.current[a] != nil
}

// Generation counts the changes since the keys were made, destroyed keys
// included. It never falls; a key folder with a lower one is an old copy.
func (k *Keyring) Generation() uint64 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.generation
}

// Folder runs fn with the key folder while no key is made or destroyed.
func (k *Keyring) Folder(ctx context.Context, fn func(dir string) error) error {
	return k.change(ctx, func() error {
		if k.file == nil || k.file.lock == nil {
			return errClosed
		}
		return fn(filepath.Dir(k.file.path))
	})
}

// SystemKey derives a key for one purpose. The same purpose always gives the
// same key, and no two purposes share one.
func (k *Keyring) SystemKey(purpose string) [keySize]byte {
	return [keySize]byte(derive(k.root[:], label("system-key")+purpose, keySize))
}

// TURNKey is the key of relay credentials.
func (k *Keyring) TURNKey() [keySize]byte { return k.SystemKey("turn") }

// Close lets go of the key folder. Seal and Open go on working, so that what
// still runs can end; CreateAccount and DestroyAccount do not.
func (k *Keyring) Close() error {
	if k.file == nil {
		return nil
	}
	k.writer <- struct{}{}
	defer func() { <-k.writer }()
	return k.file.close()
}

// label separates the uses of a key. It ends in a zero byte, so that no label
// is the beginning of another.
func label(use string) string { return "ringfence/v1/" + use + "\x00" }

// derive is HKDF-Expand over SHA-256.
func derive(prk []byte, info string, size int) []byte {
	out, err := hkdf.Expand(sha256.New, prk, info, size)
	if err != nil {
		panic("keyring: " + err.Error()) // only for sizes that nobody asks for
	}
	return out
}

// extract is HKDF-Extract over SHA-256.
func extract(secret []byte, salt string) []byte {
	out, err := hkdf.Extract(sha256.New, secret, []byte(salt))
	if err != nil {
		panic("keyring: " + err.Error())
	}
	return out
}

// lookup finds the key that sealed a value.
func (k *Keyring) lookup(scope id.Account, n uint32) (*key, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	x := k.keys[n]
	switch {
	case k.current[scope] == nil:
		return nil, store.ErrNotFound
	case x == nil && n > 0 && n < k.next:
		return nil, store.ErrNotFound // destroyed, and the account has a newer one
	case x == nil || x.scope != scope:
		return nil, fmt.Errorf("value sealed by a key that is not its account's: %w", ErrDamaged)
	}
	return x, nil
}
