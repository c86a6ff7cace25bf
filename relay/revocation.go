package relay

import (
	"container/list"
	"time"
)

const (
	// revokedFor is how long a revocation must be remembered: until the last
	// credential minted before it has expired on every clock, and a bit more.
	revokedFor = MaxTTL + 2*clockSkew

	// maxRevoked bounds the memory of revocations.
	maxRevoked = 1 << 17
)

// Revocation names a leg of a call, or with an empty Leg the whole call.
type Revocation struct{ Call, Leg string }

// Check returns an error where r can name nothing that was ever minted.
func (r Revocation) Check() error {
	if !isTag(r.Call, maxTag, isTagByte) || r.Leg != "" && !isTag(r.Leg, maxTag, isTagByte) {
		return errTag
	}
	return nil
}

// legKey names a leg; an empty leg means the whole call.
type legKey struct{ call, leg string }

type revocation struct {
	key legKey
	at  time.Time
}

// revocations remembers which calls and legs are refused. It is bounded, and
// forgets in the safe direction: what it has no room for is covered by floor,
// an expiry at or before which no credential makes an allocation. The owner
// locks.
type revocations struct {
	max   int
	order *list.List // of revocation, oldest first
	byKey map[legKey]*list.Element
	floor time.Time
}

func newRevocations(limit int) revocations {
	return revocations{max: limit, order: list.New(), byKey: make(map[legKey]*list.Element)}
}

func (r *revocations) add(key legKey, now time.Time) {
	r.sweep(now)
	if e, ok := r.byKey[key]; ok {
		e.Value = revocation{key, now}
		r.order.MoveToBack(e)
		return
	}
	if r.order.Len() >= r.max {
		oldest := r.drop(r.order.Front())
		if covered := oldest.at.Add(MaxTTL + clockSkew); covered.After(r.floor) {
			r.floor = covered
		}
	}
	r.byKey[key] = r.order.PushBack(revocation{key, now})
}

// holds reports whether call or its leg is revoked.
func (r *revocations) holds(call, leg string) bool {
	if _, ok := r.byKey[legKey{call: call}]; ok {
		return true
	}
	_, ok := r.byKey[legKey{call, leg}]
	return ok
}

// bars reports whether a credential with this expiry may belong to a
// revocation that had to be forgotten.
func (r *revocations) bars(expires time.Time) bool { return !expires.After(r.floor) }

// sweep forgets what no credential can bring back any more.
func (r *revocations) sweep(now time.Time) {
	for e := r.order.Front(); e != nil; e = r.order.Front() {
		if v, ok := e.Value.(revocation); ok && now.Sub(v.at) < revokedFor {
			return
		}
		r.drop(e)
	}
}

func (r *revocations) drop(e *list.Element) revocation {
	v, _ := r.order.Remove(e).(revocation)
	delete(r.byKey, v.key)
	return v
}
