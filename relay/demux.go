package relay

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// sessionQueue is how many datagrams may wait for a session's reader. More are
// lost, as in a kernel's buffer that is full.
const sessionQueue = 64

// isDTLS tells DTLS by its first byte from the others that share a UDP port
// (RFC 7983).
func isDTLS(first byte) bool { return 20 <= first && first <= 63 }

// Where things are in a datagram of DTLS 1.2 (RFC 6347 sections 4.1 and
// 4.2.2).
const (
	recordMajor     = 1  // 254, for 1.0 and 1.2
	recordEpoch     = 3  // two bytes; 0 until there are keys
	recordLength    = 11 // two bytes
	recordBody      = 13
	messageType     = 13 // of the first handshake message
	messageSequence = 17 // two bytes
	fragmentOffset  = 19 // three bytes
	fragmentBody    = 25

	clientHello = 1
	serverHello = 2
)

// isFirstHello reports whether b begins a session: with a ClientHello that
// answers nothing, or its first part.
func isFirstHello(b []byte) bool {
	return len(b) > fragmentBody && b[0] == recordHandshake && b[recordMajor] == 254 &&
		b[recordEpoch] == 0 && b[recordEpoch+1] == 0 && b[messageType] == clientHello &&
		b[messageSequence] == 0 && b[messageSequence+1] == 0 &&
		b[fragmentOffset] == 0 && b[fragmentOffset+1] == 0 && b[fragmentOffset+2] == 0
}

// encrypted returns b up to the first record that is not.
func encrypted(b []byte) []byte {
	for at := 0; at < len(b); {
		r := b[at:]
		if len(r) < recordBody || r[recordEpoch] == 0 && r[recordEpoch+1] == 0 {
			return b[:at]
		}
		at += recordBody + int(binary.BigEndian.Uint16(r[recordLength:]))
	}
	return b
}

// datagram is one of those that wait between two goroutines.
type datagram struct {
	from net.Addr
	n    int
	b    [inboundMTU]byte
}

var datagrams = sync.Pool{New: func() any { return new(datagram) }} //nolint:gochecknoglobals // buffers have no owner while nobody uses them

func takeDatagram() *datagram {
	d, ok := datagrams.Get().(*datagram)
	if !ok {
		return new(datagram)
	}
	return d
}

// drop wipes d and gives it back.
func (d *datagram) drop() {
	clear(d.b[:d.n])
	d.n, d.from = 0, nil
	datagrams.Put(d)
}

// session is what one client sends and gets on a UDP port by DTLS: a
// net.PacketConn for pion, below the encryption.
type session struct {
	gate *dtlsPackets
	src  netip.AddrPort
	addr net.Addr // src, as pion's TURN sees it
	in   chan *datagram

	proven  atomic.Bool // the client got the cookie that was sent to src
	settled atomic.Bool // the client has keys, and nothing in the clear is its
	carried atomic.Bool // it has had an allocation
	endOnce sync.Once
	end     chan struct{} // closed by Close
	due     past
}

func newSession(gate *dtlsPackets, src netip.AddrPort) *session {
	return &session{
		gate: gate, src: src, addr: sealed(net.UDPAddrFromAddrPort(src)),
		in: make(chan *datagram, sessionQueue), end: make(chan struct{}), due: past{over: make(chan struct{})},
	}
}

// push copies a datagram for the reader. Of a client that is past its
// handshake, what is in the clear is left out: anybody may have sent it in the
// client's name, and pion answers some of it with an alert that ends the
// session.
func (s *session) push(b []byte) {
	if s.settled.Load() {
		if b = encrypted(b); len(b) == 0 {
			s.gate.counters.refuse(RefusedMalformed)
			return
		}
	}
	d := takeDatagram()
	d.n = copy(d.b[:], b)
	select {
	case s.in <- d:
	default:
		d.drop()
	}
}

// ReadFrom returns the next datagram. The library decrypts where it lies, in
// buffers that sessions share: what is left in b may be of any of them, and
// goes before there is a wait.
func (s *session) ReadFrom(b []byte) (int, net.Addr, error) {
	clear(b)
	select {
	case d := <-s.in:
		n := copy(b, d.b[:d.n])
		d.drop()
		return n, s.addr, nil
	case <-s.due.wait():
		return 0, nil, os.ErrDeadlineExceeded
	case <-s.end:
		return 0, nil, net.ErrClosed
	}
}

// WriteTo sends a datagram to the client. A ServerHello proves the client:
// pion answers with it only to who knows the cookie.
func (s *session) WriteTo(b []byte, _ net.Addr) (int, error) {
	if !s.proven.Load() && len(b) > messageType && b[0] == recordHandshake && b[messageType] == serverHello {
		s.gate.lobby.prove(s)
	}
	return s.gate.conn.WriteToUDPAddrPort(b, s.src)
}

// Close ends the session. It may be called more than once.
func (s *session) Close() error {
	s.endOnce.Do(func() { close(s.end) })
	return nil
}

// LocalAddr is where the client was heard.
func (s *session) LocalAddr() net.Addr { return s.gate.local }

// SetDeadline is SetReadDeadline: writing never waits.
func (s *session) SetDeadline(t time.Time) error { return s.SetReadDeadline(t) }

// SetReadDeadline ends a read where t is past. pion asks for no other.
func (s *session) SetReadDeadline(t time.Time) error {
	s.due.set(!t.IsZero() && !t.After(time.Now()))
	return nil
}

// SetWriteDeadline has nothing to do: writing never waits.
func (s *session) SetWriteDeadline(time.Time) error { return nil }

// past is a deadline that is over or not.
type past struct {
	mu   sync.Mutex // guards following
	over chan struct{}
	is   bool
}

func (p *past) wait() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.over
}

func (p *past) set(is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case is && !p.is:
		close(p.over)
	case !is && p.is:
		p.over = make(chan struct{})
	}
	p.is = is
}
