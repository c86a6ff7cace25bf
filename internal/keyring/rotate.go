package keyring

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// A rotation is three steps, and what there is of keys says how far it is:
//
//	Renew    everybody has a second key, and what is written is sealed by it
//	Reseal   value by value; whoever walks the data begins again after a crash
//	Retire   the first keys are destroyed; nothing may be sealed by them then
//
// The root stays: what it gives (blind indexes, the keys of SystemKey) stands
// in rows' keys and outside the data.

// Renew gives the system and every account a new key, which seals from now on;
// the keys before it still open. Where a rotation was begun and not ended it
// makes none. It returns the number below which keys are to be retired.
func (k *Keyring) Renew(ctx context.Context) (below uint32, err error) {
	err = k.change(ctx, func() error {
		if below = k.firstCurrent(); below != 0 {
			return nil
		}
		now := k.all()
		if uint64(now.next)+uint64(len(now.data)) > math.MaxUint32 {
			return errors.New("rotate the keys: no key ids are left")
		}
		below = now.next
		next := now
		for _, x := range now.data {
			next.data = append(next.data, &key{id: next.next, scope: x.scope, dek: random()})
			next.next++
		}
		fresh := next.data[len(now.data):]
		if k.file != nil {
			if err := k.file.rewrite(next, k.Generation()+uint64(len(fresh)), false); err != nil {
				return fmt.Errorf("rotate the keys: %w", err)
			}
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		k.next = next.next
		for _, x := range fresh {
			k.add(x)
		}
		return nil
	})
	return below, err
}

// Rotating tells whether a rotation was begun and not ended.
func (k *Keyring) Rotating() bool { return k.firstCurrent() != 0 }

// Oldest is a number that rises whenever old keys are destroyed by a rotation:
// a copy of the keys opens what was sealed while it was the same.
func (k *Keyring) Oldest() uint32 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	oldest := k.next
	for n, x := range k.keys {
		if x.scope.IsZero() { // the system always has one
			oldest = min(oldest, n)
		}
	}
	return oldest
}

// firstCurrent returns the number below which no key seals, or zero where each
// key does. Renew gives its keys higher numbers than any before, and who
// signed up since has one of a higher number still.
func (k *Keyring) firstCurrent() uint32 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var last uint32
	for n, x := range k.keys {
		if k.current[x.scope] != x {
			last = max(last, n)
		}
	}
	if last == 0 {
		return 0
	}
	return last + 1
}

// Reseal returns a value sealed by the current key of whoever it belongs to,
// and whether it had to: where it was already, the value itself. It returns
// store.ErrNotFound where the key was destroyed.
func (k *Keyring) Reseal(table store.Table, rowKey, sealed []byte) (_ []byte, changed bool, err error) {
	if len(sealed) < Overhead || sealed[0] != sealFormat {
		return nil, false, fmt.Errorf("sealed value of %d bytes: %w", len(sealed), ErrDamaged)
	}
	n := binary.BigEndian.Uint32(sealed[1:])
	k.mu.RLock()
	x, next := k.keys[n], k.next
	var scope id.Account
	current := false
	if x != nil {
		scope, current = x.scope, k.current[x.scope] == x
	}
	k.mu.RUnlock()
	switch {
	case current:
		return sealed, false, nil
	case x == nil && n > 0 && n < next:
		return nil, false, store.ErrNotFound
	case x == nil:
		return nil, false, fmt.Errorf("value sealed by a key that never was: %w", ErrDamaged)
	}
	plain, err := k.Open(scope, table, rowKey, sealed)
	if err != nil {
		return nil, false, err
	}
	out, err := k.Seal(scope, table, rowKey, plain)
	return out, err == nil, err
}

// Retire destroys the keys below a number that Renew returned. It destroys no
// key that seals.
func (k *Keyring) Retire(ctx context.Context, below uint32) error {
	return k.change(ctx, func() error {
		rest := k.all()
		seals := map[id.Account]*key{}
		for _, x := range rest.data {
			seals[x.scope] = x // the last one stays
		}
		rest = rest.without(func(x *key) bool { return x.id < below && seals[x.scope] != x })
		if k.file != nil {
			if err := k.file.rewrite(rest, k.Generation()+1, true); err != nil {
				return fmt.Errorf("destroy the keys before a rotation: %w", err)
			}
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		clear(k.keys)
		for _, x := range rest.data {
			k.keys[x.id] = x
		}
		k.generation++
		return nil
	})
}
