package relay

import (
	"crypto/rand"
	"net/netip"
	"sync"
	"time"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

const (
	// reservedFor is how long a port is held for who reserved it: RFC 8656
	// section 7.2 asks for 30 seconds at least.
	reservedFor = 35 * time.Second

	// maxReserved bounds the ports that are held, and maxReservedEach those of
	// one user.
	maxReserved     = 256
	maxReservedEach = 8
)

// reservations are ports above an even one that are held for their tokens.
type reservations struct {
	mu     sync.Mutex // guards following
	closed bool
	held   map[[tokenLen]byte]*reservation
}

type reservation struct {
	conn  udpConn
	at    netip.AddrPort
	owner string // Principal.ID
	until time.Time
}

func newReservations() *reservations {
	return &reservations{held: make(map[[tokenLen]byte]*reservation)}
}

// hold keeps conn, and returns the token for it; nil where there is no room,
// in all or for its owner. Then conn stays the caller's.
func (r *reservations) hold(conn udpConn, at netip.AddrPort, owner string, now time.Time) []byte {
	var token [tokenLen]byte
	_, _ = rand.Read(token[:]) // never fails
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.roomLocked(owner) {
		return nil
	}
	r.held[token] = &reservation{conn, at, owner, now.Add(reservedFor)}
	return token[:]
}

// room reports whether owner may reserve one more.
func (r *reservations) room(owner string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.roomLocked(owner)
}

func (r *reservations) roomLocked(owner string) bool {
	n := 0
	for _, held := range r.held {
		if held.owner == owner {
			n++
		}
	}
	return !r.closed && len(r.held) < maxReserved && n < maxReservedEach
}

// has reports whether token is held for owner.
func (r *reservations) has(token [tokenLen]byte, owner string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	held := r.held[token]
	return held != nil && held.owner == owner
}

// family is that of the port that is held.
func (r *reservations) family(token [tokenLen]byte) byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if held := r.held[token]; held != nil {
		return familyOf(held.at.Addr())
	}
	return wire.IPv4
}

// take gives the port to its owner. It is theirs once.
func (r *reservations) take(token [tokenLen]byte, owner string) (udpConn, netip.AddrPort, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	held := r.held[token]
	if held == nil || held.owner != owner {
		return nil, netip.AddrPort{}, false
	}
	delete(r.held, token)
	return held.conn, held.at, true
}

// give gives back a port that its owner was not told of.
func (r *reservations) give(token []byte) {
	if len(token) != tokenLen {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if held := r.held[[tokenLen]byte(token)]; held != nil {
		_ = held.conn.Close()
		delete(r.held, [tokenLen]byte(token))
	}
}

// sweep gives back what nobody came for.
func (r *reservations) sweep(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for token, held := range r.held {
		if now.After(held.until) {
			_ = held.conn.Close()
			delete(r.held, token)
		}
	}
}

func (r *reservations) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for token, held := range r.held {
		_ = held.conn.Close()
		delete(r.held, token)
	}
}
