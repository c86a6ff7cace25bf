package relay

import (
	"time"
)

// Kind is how a client proved who it is. The zero value proves nothing.
type Kind uint8

// userSeparator separates the parts of what pion calls the user id.
const userSeparator = "."

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
	Budget    int64  // bytes that may be relayed, both ways together; 0: no budget of its own

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

// A door lets in who proves to be somebody. Doors are asked in order, and the
// first that knows the user name decides.
type door interface {
	// open returns who r is from and the long-term key (RFC 8489 section
	// 9.2.2) that it is signed with. known is false where the user name is not
	// of this door; refusal is "" where it opens.
	open(r asked) (p Principal, key []byte, known bool, refusal Refusal)
}

// asked is what a request says to prove who it is from.
type asked struct {
	username, realm string

	// fits reports whether the request is signed with key. Several secrets may
	// be behind one user name, so that it takes the signature to know which.
	fits func(key []byte) bool

	// Time counts only where an allocation is made: a running one outlives its
	// credential.
	allocate bool
	now      time.Time
}
