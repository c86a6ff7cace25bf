package relay

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
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
	tcp      bool
	src, dst netip.AddrPort
}

// table knows the live allocations, and what must not come back.
type table struct {
	limits  Limits
	readers sync.WaitGroup // one for each socket that pion reads

	mu      sync.RWMutex // guards following; never held while a socket is closed
	closed  bool
	byAddr  map[netip.AddrPort]*socket // by bound and by shown address
	byCall  map[string][]*socket
	clients map[client]*socket
	revoked revocations
	live    int
	total   uint64
}

func newTable(l Limits) *table {
	return &table{
		limits: l, byAddr: make(map[netip.AddrPort]*socket), byCall: make(map[string][]*socket),
		clients: make(map[client]*socket), revoked: newRevocations(maxRevoked),
	}
}

// add makes s live. It is the last check before an allocation exists: a
// revocation or a stop that came after the first checks still counts.
func (t *table) add(s *socket) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return errStopping
	case t.revoked.holds(s.call, s.leg):
		return errRevoked
	case t.live >= t.limits.Allocations:
		return errCapacity
	case len(t.legLocked(s.call, s.leg)) >= t.limits.PerLeg:
		return errQuota
	case t.byAddr[s.local] != nil, t.byAddr[s.shown] != nil:
		return errAddrTaken
	}
	t.byAddr[s.local], t.byAddr[s.shown] = s, s
	t.byCall[s.call] = append(t.byCall[s.call], s)
	t.live++
	t.total++
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
	delete(t.byAddr, s.local)
	delete(t.byAddr, s.shown)
	if rest := slices.DeleteFunc(t.byCall[s.call], func(o *socket) bool { return o == s }); len(rest) > 0 {
		t.byCall[s.call] = rest
	} else {
		delete(t.byCall, s.call)
	}
	if t.clients[s.client] == s {
		delete(t.clients, s.client)
	}
	t.live--
}

// at returns the live allocation behind addr, bound or shown.
func (t *table) at(addr netip.AddrPort) *socket {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.byAddr[addr]
}

// join notes whose allocation the one at addr is.
func (t *table) join(c client, addr netip.AddrPort) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.byAddr[addr]; s != nil {
		s.client = c
		t.clients[c] = s
	}
}

// of returns the live allocation of a client.
func (t *table) of(c client) *socket {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.clients[c]
}

// room reports whether the leg may have one more. A leg that is full loses
// its most silent allocation, if that is silent enough: a phone that changed
// its network leaves allocations behind that nobody will ever close.
func (t *table) room(call, leg string, clock int64) error {
	t.mu.RLock()
	sockets, full := t.legLocked(call, leg), t.live >= t.limits.Allocations
	t.mu.RUnlock()
	if full {
		return errCapacity
	}
	if len(sockets) < t.limits.PerLeg {
		return nil
	}
	oldest := slices.MinFunc(sockets, func(a, b *socket) int { return int(a.used.Load() - b.used.Load()) })
	if clock-oldest.used.Load() < idleAfter {
		return errQuota
	}
	return oldest.Close()
}

func (t *table) legLocked(call, leg string) []*socket {
	var out []*socket
	for _, s := range t.byCall[call] {
		if s.leg == leg {
			out = append(out, s)
		}
	}
	return out
}

// revoke ends a leg of a call, or with an empty leg the whole call: what
// lives is closed, and nothing of it comes back.
func (t *table) revoke(call, leg string, now time.Time) {
	t.mu.Lock()
	t.revoked.add(legKey{call, leg}, now)
	doomed := slices.Clone(t.byCall[call])
	t.mu.Unlock()
	for _, s := range doomed {
		if leg == "" || s.leg == leg {
			_ = s.Close() // always nil
		}
	}
}

// refuses reports whether c is revoked. The floor of forgotten revocations
// counts only where an allocation would be made.
func (t *table) refuses(c claim, allocate bool) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.revoked.holds(c.call, c.leg) || allocate && t.revoked.bars(time.Unix(c.expires, 0))
}

func (t *table) sweep(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.revoked.sweep(now)
}

func (t *table) counts() (live int, total uint64) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.live, t.total
}

// close ends every allocation and waits until nobody reads their sockets.
func (t *table) close() {
	t.mu.Lock()
	t.closed = true
	var all []*socket
	for _, sockets := range t.byCall {
		all = append(all, sockets...)
	}
	t.mu.Unlock()
	for _, s := range all {
		_ = s.Close() // always nil
	}
	t.readers.Wait()
}
