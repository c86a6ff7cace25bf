package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
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

// streams is a TCP listener as pion sees it. A failed Accept or handshake
// never ends it: pion would not come back. It knows its connections, because
// pion's Close neither ends them nor waits for them.
//
// With a certificate, each connection may speak TURN or TLS: a goroutine of
// its own waits for the first byte, and for the handshake. Before that it
// counts against the limits already.
type streams struct {
	ln       net.Listener
	tls      *tls.Config // nil: plain only
	always   Via         // what each connection is, where tls does not decide
	own      bool        // its port is meant for TLS
	sealed   bool        // nothing but TLS here
	shared   bool        // others opened it: connections are past their handshake
	counters *counters
	crowd    *crowd // of all of the server's
	front    *front // set before there is a connection

	closeOnce sync.Once
	closing   chan struct{}
	acceptOne sync.Once
	done      chan struct{} // closed when the acceptor has been told of the end
	ready     chan *stream
	open      sync.WaitGroup // one for each connection, and one for run

	mu    sync.Mutex // guards following
	conns map[*stream]struct{}
	bySrc map[netip.AddrPort]*stream // the newest, where a client was faster than its FIN
}

func newStreams(ln net.Listener, c *counters, crowd *crowd, conf *tls.Config) *streams {
	return &streams{
		ln: ln, tls: conf, always: ViaTCP, counters: c, crowd: crowd, closing: make(chan struct{}), done: make(chan struct{}),
		ready: make(chan *stream), conns: make(map[*stream]struct{}), bySrc: make(map[netip.AddrPort]*stream),
	}
}

// start takes connections until Close. ctx bounds the handshakes.
func (l *streams) start(ctx context.Context) {
	l.open.Add(1)
	go l.run(ctx)
}

func (l *streams) run(ctx context.Context) {
	defer l.open.Done()
	for pause := firstPause; ; {
		conn, err := l.ln.Accept()
		if err != nil {
			if !l.survive(err, &pause) {
				return
			}
			continue
		}
		pause = firstPause
		s := l.admit(conn)
		switch {
		case s == nil:
		case l.tls == nil:
			l.settle(s, conn, l.always)
		default:
			go l.sort(ctx, s)
		}
	}
}

// Accept returns the next connection that may be TURN. It fails only after
// Close.
func (l *streams) Accept() (net.Conn, error) {
	select {
	case s := <-l.ready:
		return s, nil
	case <-l.closing:
		l.acceptOne.Do(func() { close(l.done) })
		return nil, net.ErrClosed
	}
}

func (l *streams) survive(err error, pause *time.Duration) bool {
	select {
	case <-l.closing:
		return false
	default:
	}
	l.counters.of(l.always).errors.Add(1)
	return !errors.Is(err, net.ErrClosed) && wait(pause, l.closing)
}

// admit makes conn known, or closes it where there is no room.
func (l *streams) admit(conn net.Conn) *stream {
	src, ok := addrPort(conn.RemoteAddr())
	dst, ok2 := addrPort(conn.LocalAddr())
	if !ok || !ok2 {
		_ = conn.Close()
		return nil
	}
	s := &stream{raw: conn, src: src, dst: dst, listener: l}
	if below, ok := conn.(interface{ NetConn() net.Conn }); ok {
		s.raw = below.NetConn() // closing it waits for nobody
	}
	if !l.add(s) {
		_ = conn.Close()
		return nil
	}
	_ = conn.SetReadDeadline(time.Now().Add(loginTime))
	return s
}

// sort tells TLS from plain TURN by the first byte, as coturn does.
func (l *streams) sort(ctx context.Context, s *stream) {
	p, err := peek(s.raw)
	switch {
	case err != nil:
		_ = s.Close()
	case p.first[0] != recordHandshake && l.sealed:
		l.counters.refuse(RefusedTransport)
		_ = s.Close()
	case p.first[0] != recordHandshake:
		l.settle(s, p, ViaTCP)
	default:
		sealed := handshake(ctx, p, l.tls)
		if sealed == nil {
			l.counters.refuse(RefusedHandshake)
			_ = s.Close()
			return
		}
		// Allocating takes as long as it takes: the handshake does not count.
		_ = s.raw.SetReadDeadline(time.Now().Add(loginTime))
		l.settle(s, sealed, ViaTLS)
	}
}

// settle hands s over to pion.
func (l *streams) settle(s *stream, conn net.Conn, via Via) {
	s.Conn, s.via, s.count, s.in, s.desk = conn, via, l.counters.of(via), newMessages(), l.front.newDesk()
	s.desk.stream = s
	s.count.connections.Add(1)
	select {
	case l.ready <- s:
	case <-l.closing:
		_ = s.Close()
	}
}

func (l *streams) add(s *stream) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.closing:
		return false
	default:
	}
	if !l.crowd.enter(s.src.Addr()) {
		l.counters.refuse(RefusedConnections)
		return false
	}
	l.open.Add(1)
	l.conns[s] = struct{}{}
	l.bySrc[s.src] = s
	return true
}

func (l *streams) remove(s *stream) {
	l.mu.Lock()
	delete(l.conns, s)
	if l.bySrc[s.src] == s {
		delete(l.bySrc, s.src)
	}
	l.mu.Unlock()
	l.crowd.leave(s.src.Addr())
	if s.count != nil {
		s.count.connections.Add(-1)
	}
	l.open.Done()
}

// allocated tells the connection of a client whether it has an allocation.
// One without has to get one soon, or goes.
func (l *streams) allocated(c client, yes bool) {
	l.mu.Lock()
	s := l.bySrc[c.src]
	l.mu.Unlock()
	if s == nil || s.dst != c.dst {
		return
	}
	var until time.Time
	if !yes {
		until = time.Now().Add(loginTime)
	}
	_ = s.raw.SetReadDeadline(until)
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
			_ = s.raw.Close() // its reader fails, and calls s.Close
		}
	})
	return nil
}

// Addr is a concrete address, but for listeners that others opened.
func (l *streams) Addr() net.Addr { return l.ln.Addr() }

// stream is a client's connection. pion closes it when its reader has ended.
// The embedded connection is what TURN is spoken over: raw, or TLS in raw.
type stream struct {
	net.Conn // set by settle, like via and count
	via      Via
	count    *transport

	raw      net.Conn
	src, dst netip.AddrPort
	listener *streams
	in       messages // of the one reader, like read
	read     wiped
	desk     *desk
	once     sync.Once
}

// Read returns the next message that is pion's to handle, and ends a stream
// that is no TURN.
func (s *stream) Read(b []byte) (int, error) {
	s.read.wipe()
	for {
		msg, err := s.in.next(s.Conn)
		if err != nil {
			if errors.Is(err, errNotTURN) {
				s.listener.counters.refuse(RefusedMalformed)
			}
			return 0, err
		}
		s.count.in(len(msg))
		c := client{s.via, s.src, s.dst}
		if s.listener.front.forward(c, msg) {
			continue
		}
		switch what, out := s.desk.receive(c, msg); what {
		case answered:
			if err := s.send(out); err != nil {
				return 0, err
			}
			if s.desk.bound != nil {
				s.carry(s.desk.bound)
				return 0, io.EOF
			}
		case passed:
			n := copy(b, out)
			s.read.note(b, n)
			return n, nil
		case dropped:
		}
	}
}

// Write sends a message of pion's.
func (s *stream) Write(b []byte) (int, error) {
	out, ok := b, true
	if isAnswer(b) {
		out, ok = s.desk.answer(b)
	}
	if !ok {
		return len(b), nil
	}
	return len(b), s.send(out)
}

// send sends one message. A client that does not read loses its connection:
// half a message can't be taken back. b is cleared, as [packets.WriteTo] does.
func (s *stream) send(b []byte) error {
	_ = s.SetWriteDeadline(time.Now().Add(stuckTime))
	n, err := s.Conn.Write(b)
	clear(b)
	if err != nil {
		_ = s.raw.Close()
		return err
	}
	s.count.out(n)
	return nil
}

// RemoteAddr says the transport as well, see [viaOf].
func (s *stream) RemoteAddr() net.Addr {
	if s.via == ViaTLS {
		return sealed(s.raw.RemoteAddr())
	}
	return s.raw.RemoteAddr()
}

// LocalAddr says the transport as well, see [viaOf].
func (s *stream) LocalAddr() net.Addr {
	if s.via == ViaTLS {
		return sealed(s.raw.LocalAddr())
	}
	return s.raw.LocalAddr()
}

// Close is pion's: nobody reads any more.
func (s *stream) Close() error {
	var err error
	if s.via == ViaTLS {
		err = s.Conn.Close() // says goodbye, for at most 5 s
	} else {
		err = s.raw.Close()
	}
	s.once.Do(func() { s.listener.remove(s) })
	return err
}
