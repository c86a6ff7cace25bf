package httpapi

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/ratelimit"
)

// Limits says how often what may be done. They live in memory only.
type Limits struct {
	// SignIn counts failed sign-ins, by handle and by network.
	SignIn ratelimit.Rule
	// Invite counts invites that were not valid, by network.
	Invite ratelimit.Rule
	// Session counts the requests of one session.
	Session ratelimit.Rule
	// Log counts what an account appends to its device log.
	Log ratelimit.Rule
	// Network counts every request of one network.
	Network ratelimit.Rule
}

// DefaultLimits are wide enough for people and narrow for guessing.
func DefaultLimits() Limits {
	return Limits{
		SignIn: ratelimit.Rule{
			Burst: 10, Every: 30 * time.Second, Penalty: 30 * time.Second, MaxPenalty: 15 * time.Minute, Keys: 50_000,
		},
		Invite:  ratelimit.Rule{Burst: 20, Every: 15 * time.Second, Keys: 50_000},
		Session: ratelimit.Rule{Burst: 120, Every: 200 * time.Millisecond, Keys: 50_000},
		Log:     ratelimit.Rule{Burst: 40, Every: 10 * time.Second, Keys: 50_000},
		Network: ratelimit.Rule{Burst: 600, Every: 20 * time.Millisecond, Keys: 50_000},
	}
}

type limiters struct {
	blind          *ratelimit.Blinder
	signIn, invite *ratelimit.Limiter[ratelimit.Key]
	network        *ratelimit.Limiter[ratelimit.Key]
	session        *ratelimit.Limiter[id.Session]
	log            *ratelimit.Limiter[id.Account]
}

func newLimiters(l Limits, now func() time.Time) limiters {
	return limiters{
		blind:  ratelimit.NewBlinder(),
		signIn: ratelimit.New[ratelimit.Key](l.SignIn, now), invite: ratelimit.New[ratelimit.Key](l.Invite, now),
		network: ratelimit.New[ratelimit.Key](l.Network, now), session: ratelimit.New[id.Session](l.Session, now),
		log: ratelimit.New[id.Account](l.Log, now),
	}
}

// prefixKey returns the blinded network of a request.
func (a *api) prefixKey(r *http.Request) ratelimit.Key {
	var p netip.Prefix
	if a.ClientPrefix != nil {
		p = a.ClientPrefix(r)
	}
	b, _ := p.MarshalBinary() // never fails
	return a.limits.blind.Blind("network", b)
}

// handleKey returns the blinded handle of a sign-in.
func (a *api) handleKey(handle string) ratelimit.Key {
	return a.limits.blind.Blind("handle", []byte(handle))
}
