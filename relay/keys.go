package relay

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// maxOldKeys bounds how many keys before the current one still open the door.
const maxOldKeys = 8

var (
	errKeyID   = errors.New("a relay key id has 1 to 16 of a-z and 0-9")
	errNoKey   = errors.New("no relay key")
	errOldKeys = errors.New("too many old relay keys")
	errKeyTwin = errors.New("two relay keys with one id")
)

// Key is a secret and the id by which credentials name it.
type Key struct {
	ID     string // 1 to 16 of a-z and 0-9; not secret
	Secret Secret
}

// Keys holds the current key, which signs, and older ones, which only verify.
// It is safe for concurrent use; minters and servers that share it see a
// rotation at once.
type Keys struct{ set atomic.Pointer[[]Key] }

// NewKeys returns keys of which current signs.
func NewKeys(current Key, old ...Key) (*Keys, error) {
	k := new(Keys)
	if err := k.Replace(current, old...); err != nil {
		return nil, err
	}
	return k, nil
}

// Replace makes current the signing key and old the ones that still verify.
// Credentials of any other key are refused from now on, at every request.
func (k *Keys) Replace(current Key, old ...Key) error {
	if len(old) > maxOldKeys {
		return errOldKeys
	}
	set := append([]Key{current}, old...)
	for i, key := range set {
		if !isTag(key.ID, maxKeyID, isLowerAlnum) {
			return fmt.Errorf("relay key %d: %w", i, errKeyID)
		}
		if len(key.Secret.bytes()) < minSecret {
			return fmt.Errorf("relay key %d: %w", i, errShortSecret)
		}
		twin := func(other Key) bool { return other.ID == key.ID }
		if slices.ContainsFunc(set[:i], twin) {
			return fmt.Errorf("relay key %d: %w", i, errKeyTwin)
		}
	}
	k.set.Store(&set)
	return nil
}

func (k *Keys) current() (Key, error) {
	set := k.set.Load()
	if set == nil {
		return Key{}, errNoKey
	}
	return (*set)[0], nil
}

func (k *Keys) find(id string) (Key, bool) {
	set := k.set.Load()
	if set == nil {
		return Key{}, false
	}
	for _, key := range *set {
		if key.ID == id {
			return key, true
		}
	}
	return Key{}, false
}

// Derived are the keys that one secret stands for. Each is of no use to guess
// another, nor the secret.
type Derived struct {
	Call   Key    // signs call-scoped credentials; its id names the secret
	Nonce  Secret // signs nonces
	Revoke Secret // as text: opens the way to revoke
}

// DeriveKeys makes keys out of one secret, by HKDF-SHA256 (RFC 5869) with a
// label for each, so that a secret that other software mints TURN REST
// credentials with can stand in one file for all that a relay needs. It is the
// same for every relay with that secret. Whoever knows the secret knows all of
// them: where several parties have a secret each, these come from the
// operator's own. The secret must have [MinRESTSecret] bytes.
func DeriveKeys(secret Secret) (Derived, error) {
	if len(secret.bytes()) < MinRESTSecret {
		return Derived{}, errShortREST
	}
	var faults []error
	key := func(label string, n int) []byte {
		b, err := hkdf.Key(sha256.New, secret.bytes(), nil, "ringfence relay "+label+" v1", n)
		faults = append(faults, err)
		return b
	}
	d := Derived{
		Call:   Key{ID: hex.EncodeToString(key("call key id", maxKeyID/2)), Secret: secretOf(key("call key", sha256.Size))},
		Nonce:  secretOf(key("nonce key", sha256.Size)),
		Revoke: secretOf([]byte(base64.RawURLEncoding.EncodeToString(key("revoke key", sha256.Size)))),
	}
	return d, errors.Join(faults...)
}
