package relay

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// idleAfter is how long an allocation must have been silent, in seconds, to
// make room for a new one of the same leg. The pair in use is never silent
// that long: consent checks (RFC 7675) go every 5 s.
const idleAfter = 12

var (
	errStopping  = errors.New("relay is stopping")
	errRevoked   = errors.New("call or leg is revoked")
	errQuota     = errors.New("too many allocations of one leg")
	errCapacity  = errors.New("too many allocations")
	errAddrTaken = errors.New("relay address is taken")
)

// client is a client's 5-tuple, as pion tells allocations apart.
type client struct {
	via      Via
	src, dst netip.AddrPort
}

// table knows the live allocations, and what must not come back.
type table struct {
	readers    sync.WaitGroup // one for each socket that pion reads
	generation atomic.Uint64  // grows when allocations come or go

	mu      sync.RWMutex // guards following; never held while a socket is closed
	closed  bool
	drained bool                       // takes no more, see Server.Drain
	byAddr  map[netip.AddrPort]*socket // by bound and by shown address
	byUser  map[string][]*socket       // by Principal.ID
	byCall  map[string][]*socket       // of call-scoped credentials only
	clients map[client]*socket
	revoked revocations
	quotas  quotas
	live    int
	total   uint64
}

func newTable(l Limits, secrets ...NamedSecret) *table {
	return &table{
		quotas: newQuotas(l, secrets), byAddr: make(map[netip.AddrPort]*socket), byUser: make(map[string][]*socket), byCall: make(map[string][]*socket),
		clients: make(map[client]*socket), revoked: newRevocations(maxRevoked),
	}
}

// add makes s live. It is the last check before an allocation exists: a
// revocation or a stop that came after the first checks still counts.
func (t *table) add(s *socket) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed, t.drained:
		return errStopping
	case t.revoked.holds(s.who.Call, s.who.Leg):
		return errRevoked
	case t.live >= t.quotas.limits.Allocations:
		return errCapacity
	case len(t.byUser[s.who.ID]) >= t.quotas.perUser(&s.who):
		return errQuota
	case t.byAddr[s.local] != nil, t.byAddr[s.shown] != nil:
		return errAddrTaken
	}
	if err := t.quotas.refuses(&s.who); err != nil {
		return err
	}
	t.quotas.take(&s.who, s.gate)
	t.byAddr[s.local], t.byAddr[s.shown] = s, s
	t.byUser[s.who.ID] = append(t.byUser[s.who.ID], s)
	if s.who.Call != "" {
		t.byCall[s.who.Call] = append(t.byCall[s.who.Call], s)
	}
	t.live++
	t.total++
	t.generation.Add(1)
	t.readers.Add(1)
	return nil
}

// remove forgets s. Doing it twice is harmless.
func (t *table) remove(s *socket) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byAddr[s.local] != s {
		return
	}
	t.generation.Add(1)
	delete(t.byAddr, s.local)
	delete(t.byAddr, s.shown)
	drop(t.byUser, s.who.ID, s)
	drop(t.byCall, s.who.Call, s)
	if t.clients[s.client] == s {
		delete(t.clients, s.client)
	}
	t.quotas.give(&s.who, s.from)
	t.live--
}

// at returns the live allocation behind addr, bound or shown.
func (t *table) at(addr netip.AddrPort) *socket {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.byAddr[addr]
}

// join notes whose allocation the one at addr is. It returns an error where
// others from that network were faster; the allocation must not stay then.
func (t *table) join(c client, addr netip.AddrPort) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.byAddr[addr]
	if s == nil {
		return nil
	}
	if t.quotas.prefixFull(c.src.Addr()) {
		return errPrefixFull
	}
	s.client, s.from = c, network(c.src.Addr())
	t.clients[c] = s
	t.quotas.byPrefix[s.from]++
	return nil
}

// of returns the live allocation of a client.
func (t *table) of(c client) *socket {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.clients[c]
}

// room reports whether who, from an address, may have one more. One that is
// full loses its most silent allocation, if that is silent enough: a phone that
// changed its network leaves allocations behind that nobody will ever close.
func (t *table) room(who *Principal, from netip.Addr, clock int64) error {
	t.mu.RLock()
	sockets, full, drained := slices.Clone(t.byUser[who.ID]), t.live >= t.quotas.limits.Allocations, t.drained
	refused, crowded := t.quotas.refuses(who), t.quotas.prefixFull(from)
	t.mu.RUnlock()
	switch {
	case drained:
		return nil // add answers, with 508 and not 486; and nothing makes room for it
	case full:
		return errCapacity
	case refused != nil:
		return refused
	case crowded:
		return errPrefixFull
	case len(sockets) < t.quotas.perUser(who):
		return nil
	}
	oldest := slices.MinFunc(sockets, func(a, b *socket) int { return int(a.used.Load() - b.used.Load()) })
	if clock-oldest.used.Load() < idleAfter {
		return errQuota
	}
	return oldest.Close()
}

// drop takes s out of its list in m, and the list out of m with the last one.
func drop(m map[string][]*socket, key string, s *socket) {
	rest := slices.DeleteFunc(m[key], func(o *socket) bool { return o == s })
	if len(rest) > 0 {
		m[key] = rest
	} else {
		delete(m, key)
	}
}

// revoke ends legs and calls: what lives is closed, and nothing of it comes
// back. It returns how many lived.
func (t *table) revoke(batch []Revocation, now time.Time) (ended int) {
	var doomed []*socket
	t.mu.Lock()
	for _, r := range batch {
		if r.Check() != nil {
			continue
		}
		t.revoked.add(legKey{r.Call, r.Leg}, now)
		for _, s := range t.byCall[r.Call] {
			if r.Leg == "" || s.who.Leg == r.Leg {
				doomed = append(doomed, s)
			}
		}
	}
	t.mu.Unlock()
	for _, s := range doomed {
		if s.end() {
			ended++
		}
	}
	return ended
}

// refuses reports whether p is revoked. The floor of forgotten revocations
// counts only where an allocation would be made.
func (t *table) refuses(p *Principal, allocate bool) bool {
	if p.Kind != KindCall {
		return false
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.revoked.holds(p.Call, p.Leg) || allocate && t.revoked.bars(p.Expires)
}

func (t *table) sweep(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.revoked.sweep(now)
	t.quotas.sweep(now)
}

func (t *table) counts() (live int, total uint64) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.live, t.total
}

// shares returns what each secret has.
func (t *table) shares() map[string]SecretUse {
	t.mu.RLock()
	defer t.mu.RUnlock()
	out := make(map[string]SecretUse, len(t.quotas.bySecret))
	for name, s := range t.quotas.bySecret {
		out[name] = SecretUse{AllocationsLive: s.live, AllocationsTotal: s.total}
	}
	return out
}

// close ends every allocation and waits until nobody reads their sockets.
func (t *table) close() {
	t.mu.Lock()
	t.closed = true
	var all []*socket
	for _, sockets := range t.byUser {
		all = append(all, sockets...)
	}
	t.mu.Unlock()
	for _, s := range all {
		_ = s.Close() // always nil
	}
	t.readers.Wait()
}
