package relay

import (
	"context"
	crand "crypto/rand"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/pion/turn/v5"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

const (
	// connectTime is how long a peer may take to accept a connection: RFC 6062
	// section 5.2 asks for 30 seconds at least.
	connectTime = 30 * time.Second

	// bindTime is how long a connection with a peer waits for its client: RFC
	// 6062 sections 5.2 and 5.3.
	bindTime = 30 * time.Second

	// peerConnections is how many connections with peers an allocation has at
	// most, those among them that are only being made.
	peerConnections = 16
)

var errNotHere = errors.New("towards peers by TCP, packets have no way")

// tcpPeers is the side towards peers of an allocation by TCP (RFC 6062): a
// port that listens, and connections that come to it or leave from it. pion
// knows the allocation and its permissions alone. Connections are ours: pion
// would dial on the goroutine that reads the client's requests, and lose what
// comes right behind a ConnectionBind.
//
// It is the conn of its socket, which no packet passes.
type tcpPeers struct {
	socket  *socket // set before accept
	ln      *net.TCPListener
	control *stream // the client's connection that made the allocation
	known   *peerLinks
	crowd   *crowd
	ctx     context.Context //nolint:containedctx // bounds what is being connected; ended by Close
	cancel  context.CancelFunc
	working sync.WaitGroup // one for each connection being made

	mu     sync.Mutex // guards following
	closed bool
	byPeer map[netip.AddrPort]*peerLink // by the address that the client knows
}

// peerLink is a connection with a peer: "peer data connection" in RFC 6062.
type peerLink struct {
	owner *tcpPeers
	peer  netip.AddrPort
	id    uint32
	done  chan struct{} // closed by close

	conn  *net.TCPConn // guarded by owner.mu until bound, like the next two; nil: not yet
	timer *time.Timer  // until bound
	bound bool
}

// peerLinks finds connections with peers by their CONNECTION-ID, whoever's
// they are.
type peerLinks struct {
	mu   sync.Mutex // guards following
	byID map[uint32]*peerLink
}

func newPeerLinks() *peerLinks { return &peerLinks{byID: make(map[uint32]*peerLink)} }

// add gives c its number.
func (k *peerLinks) add(c *peerLink) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for c.id == 0 || k.byID[c.id] != nil {
		c.id = rand.Uint32() //nolint:gosec // names a connection, which opens to its owner only
	}
	k.byID[c.id] = c
}

func (k *peerLinks) remove(id uint32) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.byID, id)
}

func (k *peerLinks) get(id uint32) *peerLink {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.byID[id]
}

// listenTCPPeers opens a port that nobody else has, and only then lets
// connections leave from it as well.
func listenTCPPeers(ctx context.Context, at netip.AddrPort) (*net.TCPListener, error) {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(ctx, family("tcp", at.Addr()), at.String())
	if err != nil {
		return nil, err
	}
	l, ok := ln.(*net.TCPListener)
	if !ok {
		_ = ln.Close()
		return nil, errNotPacketNet
	}
	raw, err := l.SyscallConn()
	if err == nil {
		err = shareListener(raw)
	}
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// AllocateListener opens the port of an allocation by TCP that [front] has let
// through.
func (g *generator) AllocateListener(c turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	i := g.server.front.intentOf(c.UserID)
	if i == nil || i.control == nil {
		return nil, nil, errNobody
	}
	bind, shown, err := g.server.place(c.Network, g.heard)
	if err != nil {
		return nil, nil, err
	}
	s, err := g.openTCP(bind, shown, i)
	if err != nil {
		g.server.counters.refuse(reasonOf(err))
		return nil, nil, err
	}
	return tcpSide{s}, net.TCPAddrFromAddrPort(s.shown), nil
}

func (g *generator) openTCP(bind, shown netip.Addr, i *intent) (*socket, error) {
	for range portTries {
		at := netip.AddrPortFrom(bind, g.port(false))
		t, err := g.newTCPPeers(at, i.control)
		if err != nil {
			continue
		}
		s, err := g.enter(t, at, shown, i)
		if !errors.Is(err, errAddrTaken) {
			return s, err
		}
	}
	return nil, errNoPort
}

func (g *generator) newTCPPeers(at netip.AddrPort, control *stream) (*tcpPeers, error) {
	ctx, cancel := context.WithCancel(context.Background()) //nolint:forbidigo // pion passes none, and Close ends this one
	ln, err := listenTCPPeers(ctx, at)
	if err != nil {
		cancel()
		return nil, err
	}
	return &tcpPeers{
		ln: ln, control: control, known: g.server.peerLinks, crowd: g.server.crowd,
		ctx: ctx, cancel: cancel, byPeer: make(map[netip.AddrPort]*peerLink),
	}, nil
}

// AllocateConn refuses: pion is never asked to connect.
func (g *generator) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) {
	g.server.counters.refuse(RefusedTransport)
	return nil, errNobody
}

// tcpSide is a socket by TCP as pion has it: a listener to which nobody ever
// comes. Why its reader may have to end is told at [pionSide].
type tcpSide struct{ *socket }

// Accept fails when the allocation has ended, and only where pion has to hear
// of it.
func (p tcpSide) Accept() (net.Conn, error) {
	<-p.tcp.ctx.Done()
	if p.released.Load() {
		runtime.Goexit()
	}
	return nil, net.ErrClosed
}

// Close is pion's: it has deleted the allocation.
func (p tcpSide) Close() error {
	p.released.Store(true)
	return p.socket.Close()
}

// Addr is the relayed address.
func (p tcpSide) Addr() net.Addr { return net.TCPAddrFromAddrPort(p.shown) }

// accept takes connections of peers until Close. A failed Accept does not end
// it.
func (t *tcpPeers) accept() {
	defer t.socket.readOnce.Do(t.socket.table.readers.Done)
	defer t.working.Wait()
	for pause := firstPause; ; {
		conn, err := t.ln.AcceptTCP()
		switch {
		case err == nil:
			pause = firstPause
			t.arrived(conn)
		case errors.Is(err, net.ErrClosed), !wait(&pause, t.ctx.Done()):
			return
		}
	}
}

// arrived is RFC 6062 section 5.3.
func (t *tcpPeers) arrived(conn *net.TCPConn) {
	s := t.socket
	from, ok := addrPort(conn.RemoteAddr())
	if !ok {
		_ = conn.Close()
		return
	}
	_, peer, refusal := s.guard.tcpPeer(&s.who, from)
	if refusal == "" && !s.permits(peer.Addr()) {
		refusal = RefusedPeer
	}
	var c *peerLink
	if refusal == "" {
		c, refusal, _ = t.reserve(peer)
	}
	if refusal != "" {
		s.counters.refuse(refusal)
		_ = conn.Close()
		return
	}
	if !c.established(conn) {
		return
	}
	var id [wire.IDLen]byte
	_, _ = crand.Read(id[:]) // never fails
	m := wire.New(nil, wire.ConnectionAttempt, wire.Indication, id).AppendXORAddr(wire.XORPeerAddress, peer).AppendUint32(wire.ConnectionID, c.id)
	if t.control.send(m) != nil {
		c.close()
	}
}

// connect is RFC 6062 section 5.2, once it is known that peer may be reached.
// It returns at once, with the code of what is wrong; if that is 0, then is
// called later with the code that came of it.
func (t *tcpPeers) connect(peer, dst netip.AddrPort, then func(id uint32, code int)) (Refusal, int) {
	c, refusal, code := t.reserve(peer)
	if code != 0 {
		return refusal, code
	}
	t.work(func() {
		ctx, cancel := context.WithTimeout(t.ctx, connectTime)
		defer cancel()
		d := net.Dialer{
			LocalAddr: net.TCPAddrFromAddrPort(t.socket.local),
			Control:   func(_, _ string, raw syscall.RawConn) error { return shareListener(raw) },
		}
		d.SetMultipathTCP(false)
		conn, err := d.DialContext(ctx, family("tcp", dst.Addr()), dst.String())
		if tcp, ok := conn.(*net.TCPConn); err == nil && ok && c.established(tcp) {
			then(c.id, 0)
			return
		}
		c.close()
		then(0, codeConnectFailed)
	})
	return "", 0
}

// work runs f on a goroutine that the end of the allocation waits for.
func (t *tcpPeers) work(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed { // else accept may be past its waiting
		t.working.Go(f)
	}
}

// reserve makes room for a connection with peer.
func (t *tcpPeers) reserve(peer netip.AddrPort) (*peerLink, Refusal, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return nil, RefusedMismatch, codeMismatch
	case t.byPeer[peer] != nil:
		return nil, RefusedRequest, codeConnectionExists
	case len(t.byPeer) >= peerConnections, !t.crowd.enter(t.control.src.Addr()):
		return nil, RefusedConnections, codeNoCapacity
	}
	c := &peerLink{owner: t, peer: peer, done: make(chan struct{})}
	t.byPeer[peer] = c
	return c, "", 0
}

// established gives c its connection, and its client the time to come for it.
// Where it ended meanwhile, conn is closed.
func (c *peerLink) established(conn *net.TCPConn) bool {
	t := c.owner
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byPeer[c.peer] != c {
		_ = conn.Close()
		return false
	}
	t.known.add(c)
	c.conn = conn
	c.timer = time.AfterFunc(bindTime, c.expire)
	t.socket.used.Store(t.socket.clock.Load())
	return true
}

// expire ends what nobody has come for.
func (c *peerLink) expire() {
	c.owner.mu.Lock()
	defer c.owner.mu.Unlock()
	if !c.bound {
		c.owner.end(c)
	}
}

// bind takes c for one client data connection. It works once.
func (c *peerLink) bind() bool {
	c.owner.mu.Lock()
	defer c.owner.mu.Unlock()
	if c.bound || c.owner.byPeer[c.peer] != c {
		return false
	}
	c.bound = true
	c.timer.Stop()
	return true
}

// close ends c. Doing it twice is harmless.
func (c *peerLink) close() {
	t := c.owner
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end(c)
}

// end is close, under the lock.
func (t *tcpPeers) end(c *peerLink) {
	if t.byPeer[c.peer] != c {
		return
	}
	delete(t.byPeer, c.peer)
	close(c.done)
	t.crowd.leave(t.control.src.Addr())
	if c.conn != nil {
		t.known.remove(c.id)
		c.timer.Stop()
		_ = c.conn.Close()
	}
}

// Close ends the port and every connection.
func (t *tcpPeers) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, c := range t.byPeer {
		t.end(c)
	}
	t.cancel()
	return t.ln.Close()
}

// ReadFromUDPAddrPort has nothing to read.
func (t *tcpPeers) ReadFromUDPAddrPort([]byte) (int, netip.AddrPort, error) {
	return 0, netip.AddrPort{}, net.ErrClosed
}

// WriteToUDPAddrPort refuses: RFC 6062 has no packets.
func (t *tcpPeers) WriteToUDPAddrPort([]byte, netip.AddrPort) (int, error) { return 0, errNotHere }

// LocalAddr is the relayed address.
func (t *tcpPeers) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(t.socket.local) }

// SetDeadline does nothing: Close ends what waits.
func (t *tcpPeers) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (t *tcpPeers) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (t *tcpPeers) SetWriteDeadline(time.Time) error { return nil }
