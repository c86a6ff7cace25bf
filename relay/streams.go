package relay

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// loginTime is how long a connection may stay without an allocation.
	loginTime = 10 * time.Second

	// stuckTime is how long a client may not read before its connection ends.
	stuckTime = 5 * time.Second
)

var errNotTURN = errors.New("not a TURN stream")

// streams is a TCP listener as pion sees it. A failed Accept never ends it:
// pion would not come back. It knows its connections, because pion's Close
// neither ends them nor waits for them.
type streams struct {
	ln       net.Listener
	counters *counters
	limit    int // of all of the server's
	perNet   int

	closeOnce sync.Once
	closing   chan struct{}
	acceptOne sync.Once
	done      chan struct{} // closed when the acceptor has been told of the end
	open      sync.WaitGroup

	mu    sync.Mutex // guards following
	conns map[*stream]struct{}
	byNet map[netip.Prefix]int       // how many of conns
	bySrc map[netip.AddrPort]*stream // the newest, where a client was faster than its FIN
}

func newStreams(ln net.Listener, c *counters, l Limits) *streams {
	return &streams{
		ln: ln, counters: c, limit: l.Connections, perNet: l.PerNetwork,
		closing: make(chan struct{}), done: make(chan struct{}),
		conns: make(map[*stream]struct{}), byNet: make(map[netip.Prefix]int), bySrc: make(map[netip.AddrPort]*stream),
	}
}

// Accept returns the next connection. It fails only after Close.
func (l *streams) Accept() (net.Conn, error) {
	for pause := firstPause; ; {
		conn, err := l.ln.Accept()
		if err == nil {
			pause = firstPause
			if s := l.admit(conn); s != nil {
				return s, nil
			}
			continue
		}
		if !l.survive(err, &pause) {
			l.acceptOne.Do(func() { close(l.done) })
			return nil, net.ErrClosed
		}
	}
}

func (l *streams) survive(err error, pause *time.Duration) bool {
	select {
	case <-l.closing:
		return false
	default:
	}
	l.counters.tcp.errors.Add(1)
	return !errors.Is(err, net.ErrClosed) && wait(pause, l.closing)
}

// admit wraps conn, or closes it where there is no room.
func (l *streams) admit(conn net.Conn) *stream {
	src, _, ok := addrPort(conn.RemoteAddr())
	if !ok {
		_ = conn.Close()
		return nil
	}
	s := &stream{Conn: conn, src: src, listener: l}
	if !l.add(s) {
		_ = conn.Close()
		return nil
	}
	_ = conn.SetReadDeadline(time.Now().Add(loginTime))
	return s
}

func (l *streams) add(s *stream) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.closing:
		return false
	default:
	}
	from := network(s.src.Addr())
	if l.counters.tcp.connections.Load() >= int64(l.limit) || l.byNet[from] >= l.perNet {
		l.counters.refuse(RefusedConnections)
		return false
	}
	l.counters.tcp.connections.Add(1)
	l.open.Add(1)
	l.conns[s] = struct{}{}
	l.byNet[from]++
	l.bySrc[s.src] = s
	return true
}

func (l *streams) remove(s *stream) {
	l.mu.Lock()
	delete(l.conns, s)
	from := network(s.src.Addr())
	if l.byNet[from]--; l.byNet[from] <= 0 {
		delete(l.byNet, from)
	}
	if l.bySrc[s.src] == s {
		delete(l.bySrc, s.src)
	}
	l.mu.Unlock()
	l.counters.tcp.connections.Add(-1)
	l.open.Done()
}

// allocated tells the connection from src whether it has an allocation. One
// without has to get one soon, or goes.
func (l *streams) allocated(src netip.AddrPort, yes bool) {
	l.mu.Lock()
	s := l.bySrc[src]
	l.mu.Unlock()
	if s == nil {
		return
	}
	var until time.Time
	if !yes {
		until = time.Now().Add(loginTime)
	}
	_ = s.SetReadDeadline(until)
}

// Close ends the acceptor and every connection. It may be called more than
// once.
func (l *streams) Close() error {
	l.closeOnce.Do(func() {
		l.mu.Lock()
		close(l.closing) // under the lock: add sees it or is seen
		doomed := make([]*stream, 0, len(l.conns))
		for s := range l.conns {
			doomed = append(doomed, s)
		}
		l.mu.Unlock()
		_ = l.ln.Close()
		for _, s := range doomed {
			_ = s.Conn.Close() // pion's reader fails, and calls s.Close
		}
	})
	return nil
}

// Addr is a concrete address.
func (l *streams) Addr() net.Addr { return l.ln.Addr() }

// stream is a client's connection. pion closes it when its reader has ended.
type stream struct {
	net.Conn
	src      netip.AddrPort
	listener *streams
	frames   framer // of the one reader
	once     sync.Once
}

// Read counts, and ends a stream that is no TURN.
func (s *stream) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if n == 0 {
		return n, err
	}
	began, ok := s.frames.feed(b[:n])
	c := &s.listener.counters.tcp
	c.packetsIn.Add(uint64(began)) //nolint:gosec // a count is not negative
	c.bytesIn.Add(uint64(n))       //nolint:gosec // a length is not negative
	if !ok {
		s.listener.counters.refuse(RefusedMalformed)
		return 0, errNotTURN
	}
	return n, err
}

// Write sends one message. A client that does not read loses its connection:
// half a message can't be taken back.
func (s *stream) Write(b []byte) (int, error) {
	_ = s.SetWriteDeadline(time.Now().Add(stuckTime))
	n, err := s.Conn.Write(b)
	if err != nil {
		_ = s.Conn.Close()
		return n, err
	}
	s.listener.counters.tcp.out(n)
	return n, nil
}

// Close is pion's: nobody reads any more.
func (s *stream) Close() error {
	err := s.Conn.Close()
	s.once.Do(func() { s.listener.remove(s) })
	return err
}
