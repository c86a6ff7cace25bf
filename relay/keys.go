package relay

import (
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
