package relay

import (
	"strings"
	"time"
)

// Kind is how a client proved who it is. The zero value proves nothing.
type Kind uint8

// The kinds.
const (
	KindCall   Kind = iota + 1 // for one leg of one call, minted by [Minter]
	KindREST                   // TURN REST: an expiry and a name under a shared secret
	KindStatic                 // a user of the configuration
)

// Principal is who a request is from: what quotas are counted by, and whose
// allocations may reach each other. It holds no address and is never logged.
// It is comparable: two requests of one principal are equal in ID.
type Principal struct {
	Kind Kind

	// ID is what an allocation belongs to and the quota of a user counts by.
	// It leaves out what a renewed credential changes, such as its expiry: a
	// renewed one may keep the allocation of the old one alive.
	ID string

	Call, Leg string // KindCall only
	Secret    string // KindREST only: the name of the secret, from the configuration
	Budget    int64  // bytes that may be relayed each way; 0: no budget of its own

	// Expires is when the credential stops making allocations; zero: never.
	Expires time.Time
}

// mayReach reports whether the allocations of p and o may reach each other at
// this machine's own addresses. Those of one call may. Credentials that know
// of no call say nothing about who belongs together, so theirs all may; the
// two worlds never meet.
func (p *Principal) mayReach(o *Principal) bool {
	if p.Kind == KindCall || o.Kind == KindCall {
		return p.Kind == o.Kind && p.Call == o.Call
	}
	return true
}

// A door lets in who proves to be somebody. Doors are asked in the order of
// the configuration, and the first that knows the form of the user name
// decides.
type door interface {
	// open returns who username is and the long-term key (RFC 8489 section
	// 9.2.2) that the request must be signed with. known is false where the
	// user name is not of this door's form; refusal is "" where it opens.
	// Time counts only where allocate: a running allocation outlives its
	// credential.
	open(username, realm string, allocate bool, now time.Time) (p Principal, key []byte, known bool, refusal Refusal)
}

// callDoor opens to call-scoped credentials.
type callDoor struct{ keys *Keys }

func (d callDoor) open(username, realm string, allocate bool, now time.Time) (Principal, []byte, bool, Refusal) {
	if d.keys == nil || !strings.HasPrefix(username, version+".") {
		return Principal{}, nil, false, RefusedCredential
	}
	c, err := parseUsername(username)
	if err != nil {
		return Principal{}, nil, true, RefusedCredential
	}
	k, ok := d.keys.find(c.key)
	switch {
	case !ok:
		return Principal{}, nil, true, RefusedCredential
	case allocate && c.timely(now) != nil:
		return Principal{}, nil, true, RefusedExpired
	}
	p := Principal{Kind: KindCall, ID: c.call + userSeparator + c.leg, Call: c.call, Leg: c.leg, Expires: time.Unix(c.expires, 0)}
	return p, longTermKey(username, realm, sign(k.Secret, username)), true, ""
}
