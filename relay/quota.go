package relay

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"
)

// What there is too much of. Each is errQuota, and each is counted apart.
var (
	errSecretFull = fmt.Errorf("%w: of one secret", errQuota)
	errPrefixFull = fmt.Errorf("%w: of one network", errQuota)
	errSpent      = fmt.Errorf("%w: budget is used up", errQuota)
)

// maxAccounts bounds how many legs with a budget are remembered. Each lived
// within the last few minutes.
const maxAccounts = 1 << 16

// account is what a leg with a budget has used, by all of its allocations. It
// outlives them for as long as its credentials could make another.
type account struct {
	bytes atomic.Int64
	live  int       // allocations; guarded by table.mu, as the next is
	idle  time.Time // when a sweep first found none
}

// quotas counts allocations by what they have in common. The owner locks.
type quotas struct {
	limits   Limits
	bySecret map[string]*share // never written after newQuotas
	byPrefix map[netip.Prefix]int
	accounts map[string]*account // by Principal.ID
}

// share is what the credentials of one secret have.
type share struct {
	limit, live int
	total       uint64
}

func newQuotas(l Limits, secrets []NamedSecret) quotas {
	q := quotas{
		limits: l, bySecret: make(map[string]*share), byPrefix: make(map[netip.Prefix]int), accounts: make(map[string]*account),
	}
	for _, s := range secrets {
		limit := s.Allocations
		or(&limit, l.PerSecret)
		q.bySecret[s.Name] = &share{limit: limit}
	}
	return q
}

// perUser is how many allocations one p may have.
func (q *quotas) perUser(p *Principal) int {
	if p.Kind == KindCall {
		return q.limits.PerLeg
	}
	return q.limits.PerUser
}

// refuses returns why p may not have one more, whatever it has itself.
func (q *quotas) refuses(p *Principal) error {
	if s := q.bySecret[p.Secret]; s != nil && s.live >= s.limit {
		return errSecretFull
	}
	if p.Budget > 0 {
		a := q.accounts[p.ID]
		switch {
		case a == nil && len(q.accounts) >= maxAccounts:
			return errCapacity
		case a != nil && a.bytes.Load() >= p.Budget:
			return errSpent
		}
	}
	return nil
}

func (q *quotas) prefixFull(from netip.Addr) bool {
	return from.IsValid() && q.byPrefix[network(from)] >= q.limits.PerPrefix
}

// take counts one more of p.
func (q *quotas) take(p *Principal, g *gate) {
	if s := q.bySecret[p.Secret]; s != nil {
		s.live++
		s.total++
	}
	if p.Budget > 0 {
		a := q.accounts[p.ID]
		if a == nil {
			a = new(account)
			q.accounts[p.ID] = a
		}
		a.live, a.idle = a.live+1, time.Time{}
		g.used = a
	}
}

// give counts one less of p, that came from a network or from none.
func (q *quotas) give(p *Principal, from netip.Prefix) {
	if s := q.bySecret[p.Secret]; s != nil {
		s.live--
	}
	if a := q.accounts[p.ID]; a != nil && p.Budget > 0 {
		a.live--
	}
	if n, ok := q.byPrefix[from]; ok && n > 1 {
		q.byPrefix[from] = n - 1
	} else {
		delete(q.byPrefix, from)
	}
}

// sweep forgets accounts that no credential can use again.
func (q *quotas) sweep(now time.Time) {
	for id, a := range q.accounts {
		switch {
		case a.live > 0:
		case a.idle.IsZero():
			a.idle = now
		case now.Sub(a.idle) >= revokedFor:
			delete(q.accounts, id)
		}
	}
}
