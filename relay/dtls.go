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

	"github.com/pion/dtls/v3"
)

const (
	// idleTime is how long a DTLS session may stay without an allocation.
	// Nothing tells the end of one that just goes.
	idleTime = 60 * time.Second

	// decryptedQueue is how many messages may wait for pion's reader.
	decryptedQueue = 64

	// freshQueue is how many sessions may wait to be begun.
	freshQueue = 64
)

// dtlsPackets is the DTLS half of a UDP listener, as pion sees it: packets
// that came encrypted, without the encryption. It is no stream: what is one
// datagram for the client is one here, padded or not.
//
// A session ends with its allocation's end, or if it gets none; and an
// allocation ends with its session.
type dtlsPackets struct {
	conn     udpConn // of the plain half, which reads it
	local    net.Addr
	at       netip.AddrPort
	options  []dtls.ServerOption
	counters *counters
	crowd    *crowd // of all of the server's, once the handshake is over
	lobby    *lobby // of all of the server's, until then
	idle     time.Duration
	ended    func(c client, carried bool) // ends the client's allocation

	closeOnce sync.Once
	closing   chan struct{}
	readOnce  sync.Once
	done      chan struct{} // closed when the reader has been told of the end
	ready     chan *datagram
	fresh     chan *session
	read      wiped          // of the one reader, like desk
	desk      *desk          // set before there is a reader
	open      sync.WaitGroup // one for each session, and one for run

	mu       sync.Mutex // guards following
	sessions map[netip.AddrPort]*session
	conns    map[*session]*dtls.Conn // of those past their handshake
}

// dtlsOptions are those of every session: DTLS 1.2, which is all that pion
// and browsers have, with ciphers that have forward secrecy and are AEADs.
func (c *Config) dtlsOptions() []dtls.ServerOption {
	return []dtls.ServerOption{
		dtls.WithGetCertificate(func(h *dtls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.Certificate(&tls.ClientHelloInfo{ServerName: h.ServerName, SupportedVersions: []uint16{tls.VersionTLS12}})
		}),
		dtls.WithCipherSuites(
			dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, dtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		),
		dtls.WithLoggerFactory(quiet{c.Log}),
	}
}

// newDTLS returns the DTLS half of p.
func (s *Server) newDTLS(p *packets) *dtlsPackets {
	at, _ := addrPort(p.local)
	return &dtlsPackets{
		conn: p.conn, local: sealed(p.local), at: at, options: s.cfg.dtlsOptions(), counters: s.counters,
		crowd: s.crowd, lobby: s.lobby, idle: idleTime, ended: s.gone,
		closing: make(chan struct{}), done: make(chan struct{}), ready: make(chan *datagram, decryptedQueue),
		fresh:    make(chan *session, freshQueue),
		sessions: make(map[netip.AddrPort]*session), conns: make(map[*session]*dtls.Conn),
	}
}

// gone ends what is left of a session. One that carried data leaves some of it
// behind until memory is gone over: its buffers are free only now.
func (s *Server) gone(c client, carried bool) {
	if carried {
		s.scour.ended.Store(true)
	}
	s.lost(c)
}

// lost ends the allocation of a client that is gone.
func (s *Server) lost(c client) {
	if sock := s.table.of(c); sock != nil {
		_ = sock.Close() // always nil
	}
}

// start serves sessions until Close. ctx bounds the handshakes.
func (d *dtlsPackets) start(ctx context.Context) {
	d.open.Add(1)
	go d.run(ctx)
}

func (d *dtlsPackets) run(ctx context.Context) {
	defer d.open.Done()
	for {
		select {
		case s := <-d.fresh:
			d.open.Add(1)
			go d.serve(ctx, s)
		case <-d.closing:
			return
		}
	}
}

// receive takes a datagram that may be DTLS. It never waits.
func (d *dtlsPackets) receive(b []byte, src netip.AddrPort) {
	d.mu.Lock()
	s := d.sessions[src]
	d.mu.Unlock()
	if s == nil {
		if !isFirstHello(b) {
			d.counters.refuse(RefusedMalformed)
			return
		}
		if s = d.begin(src); s == nil {
			d.counters.refuse(RefusedHandshake)
			return
		}
	}
	s.push(b)
}

// begin makes a session, unless there is no room. The reader of the listener
// calls it, and nobody else.
func (d *dtlsPackets) begin(src netip.AddrPort) *session {
	s := newSession(d, src)
	out, ok := d.lobby.enter(s, time.Now())
	if out != nil {
		d.counters.refuse(RefusedHandshake)
		_ = out.Close()
	}
	if !ok {
		return nil
	}
	d.mu.Lock()
	d.sessions[src] = s
	d.mu.Unlock()
	select {
	case d.fresh <- s:
		return s
	default:
		d.forget(s)
		return nil
	}
}

// forget takes s out of every list.
func (d *dtlsPackets) forget(s *session) {
	_ = s.Close()
	d.lobby.leave(s)
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, s)
	if d.sessions[s.src] == s {
		delete(d.sessions, s.src)
	}
}

// serve is the life of a session.
func (d *dtlsPackets) serve(ctx context.Context, s *session) {
	defer d.open.Done()
	defer func() { d.ended(client{ViaDTLS, s.src, d.at}, s.carried.Load()) }() // after it was forgotten: see allocated
	defer d.forget(s)
	conn, err := dtls.ServerWithOptions(s, s.addr, d.options...)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	if !d.shake(ctx, s, conn) {
		d.counters.refuse(RefusedHandshake)
		return
	}
	d.lobby.leave(s)
	if !d.crowd.enter(s.src.Addr()) {
		d.counters.refuse(RefusedConnections)
		return
	}
	defer d.crowd.leave(s.src.Addr())
	count := d.counters.of(ViaDTLS)
	count.connections.Add(1)
	defer count.connections.Add(-1)

	_ = conn.SetReadDeadline(time.Now().Add(d.idle))
	if d.keep(s, conn) {
		d.pump(s, conn)
	}
}

// shake runs the handshake. One that was not answered from where it seems to
// come from ends sooner.
func (d *dtlsPackets) shake(ctx context.Context, s *session, conn *dtls.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	hurry := time.AfterFunc(helloTime, func() {
		if !s.proven.Load() {
			_ = s.Close()
		}
	})
	defer hurry.Stop()
	return conn.HandshakeContext(ctx) == nil
}

// keep makes s known as past its handshake, unless the listener is closed.
func (d *dtlsPackets) keep(s *session, conn *dtls.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.closing:
		return false
	default:
	}
	d.conns[s] = conn
	return true
}

// pump passes on what the client sends until it goes. Records that cannot be
// decrypted do not end a session: anybody may send them.
func (d *dtlsPackets) pump(s *session, conn *dtls.Conn) {
	count := d.counters.of(ViaDTLS)
	for {
		m := takeDatagram()
		n, err := conn.Read(m.b[:])
		switch {
		case err == nil:
		case isEnd(err):
			m.drop()
			return
		default:
			count.errors.Add(1)
			m.drop()
			continue
		}
		s.settled.Store(true)
		m.n, m.from = n, s.addr
		count.in(n)
		if !plausible(m.b[:n]) {
			d.counters.refuse(RefusedMalformed)
			m.drop()
			continue
		}
		select {
		case d.ready <- m:
		case <-d.closing:
			m.drop()
			return
		}
	}
}

// isEnd reports whether nothing can be read after err.
func isEnd(err error) bool {
	var timeout net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, dtls.ErrConnClosed) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

// ReadFrom returns the next message of any client. It fails only after Close.
func (d *dtlsPackets) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		d.read.wipe()
		select {
		case m := <-d.ready:
			n, from := copy(b, m.b[:m.n]), m.from
			d.read.note(b, n)
			m.drop()
			if n = d.attend(from, b, n); n > 0 {
				return n, from, nil
			}
		case <-d.closing:
			d.readOnce.Do(func() { close(d.done) })
			return 0, nil, net.ErrClosed
		}
	}
}

// attend shows a STUN message in b to [front], and returns how long what pion
// shall see in its place is: 0 where it shall see nothing.
func (d *dtlsPackets) attend(from net.Addr, b []byte, n int) int {
	if !isSTUN(b[0]) {
		return n
	}
	src, _ := addrPort(from)
	switch what, msg := d.desk.receive(client{ViaDTLS, src, d.at}, b[:n]); what {
	case answered:
		_ = d.send(msg, from)
	case passed:
		n = copy(b, msg)
		d.read.note(b, n)
		return n
	case dropped:
	}
	return 0
}

// WriteTo sends a message to a client, and clears it, as [packets.WriteTo]
// does. What is for a client that has gone is lost.
func (d *dtlsPackets) WriteTo(b []byte, to net.Addr) (int, error) {
	out, ok := b, true
	if isAnswer(b) {
		out, ok = d.desk.answer(b)
	}
	if !ok {
		return len(b), nil
	}
	return len(b), d.send(out, to)
}

func (d *dtlsPackets) send(b []byte, to net.Addr) error {
	defer clear(b)
	conn := d.connOf(to)
	if conn == nil {
		return nil
	}
	n, err := conn.Write(b)
	if err == nil {
		d.counters.of(ViaDTLS).out(n)
	}
	return err
}

func (d *dtlsPackets) connOf(to net.Addr) *dtls.Conn {
	dst, _ := addrPort(to)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.conns[d.sessions[dst]]
}

// allocated tells the session of a client whether it has an allocation, and
// reports whether there is such a session.
func (d *dtlsPackets) allocated(c client, yes bool) bool {
	d.mu.Lock()
	session := d.sessions[c.src]
	conn := d.conns[session]
	d.mu.Unlock()
	if conn == nil {
		return false
	}
	session.carried.Store(true)
	var until time.Time
	if !yes {
		until = time.Now().Add(d.idle)
	}
	_ = conn.SetReadDeadline(until)
	return true
}

// Close ends the reader and every session. It may be called more than once.
func (d *dtlsPackets) Close() error {
	d.closeOnce.Do(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		close(d.closing)
		for _, s := range d.sessions {
			_ = s.Close() // always nil
		}
	})
	return nil
}

// LocalAddr is a concrete address, and says that it is DTLS, see [viaOf].
func (d *dtlsPackets) LocalAddr() net.Addr { return d.local }

// SetDeadline is not asked for.
func (d *dtlsPackets) SetDeadline(time.Time) error { return nil }

// SetReadDeadline is not asked for.
func (d *dtlsPackets) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline is not asked for.
func (d *dtlsPackets) SetWriteDeadline(time.Time) error { return nil }
