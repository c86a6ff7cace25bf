package relay

import (
	"container/list"
	"net/netip"
	"sync"
	"time"
)

const (
	// lobbyLimit is how many handshakes of DTLS may go on at once.
	lobbyLimit = 1024

	// lobbyPerNet is how many of them may be from one /32 or /64.
	lobbyPerNet = 32

	// lobbyEvery is the pace at which new ones may begin, and lobbyBurst how
	// many may do so at once after a pause. Whoever sends from addresses that
	// are not theirs gets at most this much of our time.
	lobbyEvery = 2 * time.Millisecond
	lobbyBurst = 512

	// helloTime is how long a client may take to send the cookie back.
	helloTime = 5 * time.Second
)

// lobby is where sessions are that have not finished their handshake. A
// ClientHello may come from an address that is not its sender's, and pion
// makes a connection before it sends the cookie that finds out. So there is
// little room here, and where it gets tight those go first of whom nobody
// knows whether they are there at all.
type lobby struct {
	mu       sync.Mutex // guards following
	in       map[*session]*list.Element
	byNet    map[netip.Prefix]int
	unproven list.List // of *session, oldest first
	next     time.Time // when the next could come if all came in step
}

func newLobby() *lobby {
	return &lobby{in: make(map[*session]*list.Element), byNet: make(map[netip.Prefix]int)}
}

// enter reports whether there is room for s. If another had to make room, it
// is returned, and the caller ends it.
func (l *lobby) enter(s *session, now time.Time) (out *session, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := network(s.src.Addr())
	if l.byNet[from] >= lobbyPerNet || l.next.Sub(now) >= lobbyBurst*lobbyEvery {
		return nil, false
	}
	if len(l.in) >= lobbyLimit {
		oldest := l.unproven.Front()
		if oldest == nil {
			return nil, false
		}
		out, _ = oldest.Value.(*session)
		l.leaveLocked(out)
	}
	if l.next.Before(now) {
		l.next = now
	}
	l.next = l.next.Add(lobbyEvery)
	l.byNet[from]++
	l.in[s] = l.unproven.PushBack(s)
	return out, true
}

// prove notes that s is where it says.
func (l *lobby) prove(s *session) {
	s.proven.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.in[s]; e != nil {
		l.unproven.Remove(e)
		l.in[s] = nil
	}
}

// leave forgets s. Doing it twice is harmless.
func (l *lobby) leave(s *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leaveLocked(s)
}

func (l *lobby) leaveLocked(s *session) {
	e, in := l.in[s]
	if !in {
		return
	}
	if e != nil {
		l.unproven.Remove(e)
	}
	delete(l.in, s)
	from := network(s.src.Addr())
	if l.byNet[from]--; l.byNet[from] <= 0 {
		delete(l.byNet, from)
	}
}

// count returns how many are in.
func (l *lobby) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.in)
}
