package keyring

import (
	"cmp"
	"maps"
	"slices"
)

// ring is what a key file holds.
type ring struct {
	root [keySize]byte
	data []*key // by id: of an account with several the newest comes last
	next uint32
}

// all returns every key.
func (k *Keyring) all() ring {
	k.mu.RLock()
	defer k.mu.RUnlock()
	byID := func(a, b *key) int { return cmp.Compare(a.id, b.id) }
	return ring{k.root, slices.SortedFunc(maps.Values(k.keys), byID), k.next}
}

// without returns the ring without the keys that go.
func (r ring) without(goes func(*key) bool) ring {
	r.data = slices.DeleteFunc(slices.Clone(r.data), goes)
	return r
}
