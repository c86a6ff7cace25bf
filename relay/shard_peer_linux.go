//go:build amd64 || arm64

package relay

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringfence/ringfence/relay/internal/mmsg"
)

const (
	// twinAfter is how many packets a channel carries before it has a socket of
	// its own, and maxTwins how many channels of one allocation have one.
	twinAfter = 50
	maxTwins  = 2
)

// shardPeer is an allocation's socket towards peers. Packets of peers that have
// a channel go to the client at once; pion reads the others.
type shardPeer struct {
	plane *plane
	at    netip.AddrPort
	fd    int       // until serve makes a file of it; -1: there is none
	names *virtuals // that at is of, in a closed relay: then there is no socket; else nil
	inbox *inbox
	sock  *socket
	shard *shard
	from  *shardListener // nil: the client does not come by packets

	fdMu   sync.RWMutex // held to close; to write by all but the shard's thread
	file   *file        // its fd is guarded by shard.mu and fdMu
	closed bool         // likewise

	route atomic.Pointer[route] // nil: nothing goes past pion; changed under shard.mu
	twins int                   // guarded by shard.mu
}

// route is how packets of one client go. It is never written once it is here.
type route struct {
	listener *shardListener
	client   mmsg.Name
	key      mmsg.Key
	channels []*channel
}

// channel is one, as RFC 8656 section 12 has it.
type channel struct {
	owner   *shardPeer
	number  uint16
	peer    netip.AddrPort
	key     mmsg.Key // of peer
	verdict verdict  // of the thread

	twin  *file // connected to the peer; guarded by shard.mu
	tried bool  // that it could not be had
	sent  int

	first, tail, chained int // of a chain, of the thread; chained 0: none
}

// of returns the binding of a channel, or nil.
func (r *route) of(number uint16) *channel {
	for _, b := range r.channels {
		if b.number == number {
			return b
		}
	}
	return nil
}

// with returns the binding of a peer, or nil.
func (r *route) with(peer mmsg.Key) *channel {
	for _, b := range r.channels {
		if b.key == peer {
			return b
		}
	}
	return nil
}

// serve begins to read. Until then nobody else knows p.
func (p *shardPeer) serve(s *socket, listener udpConn) error {
	p.sock = s
	if l, ok := listener.(*shardListener); ok {
		p.shard, p.from = l.shard, l
	} else {
		p.shard = p.plane.shards[int(p.plane.next.Add(1))%len(p.plane.shards)]
	}
	p.shard.mu.Lock()
	defer p.shard.mu.Unlock()
	if p.names != nil {
		p.file = &file{fd: -1, peer: p}
		return nil
	}
	p.file = &file{fd: p.fd, peer: p, uncut: !mmsg.CanSegment(p.fd)}
	return p.shard.watch(p.file)
}

// join says who the client is. One that comes by DTLS is left to pion.
func (p *shardPeer) join(c client) {
	if p.from == nil || c.via != ViaUDP {
		return
	}
	name := mmsg.NameOf(c.src)
	p.shard.mu.Lock()
	defer p.shard.mu.Unlock()
	if p.closed || p.from.closed {
		return
	}
	p.route.Store(&route{listener: p.from, client: name, key: name.Key()})
	p.from.clients[name.Key()] = p
}

func (p *shardPeer) bind(number uint16, peer netip.AddrPort) {
	if p.from == nil {
		return
	}
	p.shard.mu.Lock()
	defer p.shard.mu.Unlock()
	old := p.route.Load()
	if old == nil || old.of(number) != nil {
		return
	}
	to := mmsg.NameOf(peer)
	b := &channel{owner: p, number: number, peer: peer, key: to.Key()}
	next := *old
	next.channels = append(slices.Clone(old.channels), b)
	p.route.Store(&next)
}

func (p *shardPeer) unbind(number uint16) {
	if p.from == nil {
		return
	}
	p.shard.mu.Lock()
	defer p.shard.mu.Unlock()
	old := p.route.Load()
	if old == nil {
		return
	}
	next := *old
	next.channels = slices.DeleteFunc(slices.Clone(old.channels), func(b *channel) bool {
		if b.number == number {
			p.untwin(b)
		}
		return b.number == number
	})
	p.route.Store(&next)
}

// take is that of [taker]. What comes so waits for pion.
func (p *shardPeer) take(from netip.AddrPort, b []byte) bool { return p.inbox.push(from, b) }

// ReadFromUDPAddrPort returns a packet that was not passed on.
func (p *shardPeer) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) { return p.inbox.pop(b) }

// WriteToUDPAddrPort sends a packet now.
func (p *shardPeer) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	name := mmsg.NameOf(to)
	p.fdMu.RLock()
	defer p.fdMu.RUnlock()
	switch {
	case p.closed:
		return 0, net.ErrClosed
	case p.names != nil:
		return len(b), nil // as [virtual] has it
	}
	if err := mmsg.SendTo(p.file.fd, b, &name); err != nil {
		return 0, err
	}
	return len(b), nil
}

// writeWhole sends a packet with the DF bit, which is a setting of the socket:
// nobody else sends meanwhile.
func (p *shardPeer) writeWhole(b []byte, to netip.AddrPort) (int, error) {
	name := mmsg.NameOf(to)
	p.shard.mu.Lock()
	defer p.shard.mu.Unlock()
	p.fdMu.Lock()
	defer p.fdMu.Unlock()
	switch {
	case p.closed:
		return 0, net.ErrClosed
	case p.names != nil:
		return len(b), nil
	}
	six := p.at.Addr().Is6()
	err := setFragments(p.file.fd, six, true)
	if err == nil {
		err = mmsg.SendTo(p.file.fd, b, &name)
	}
	if err = errors.Join(err, setFragments(p.file.fd, six, false)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Close ends it. It may be called more than once.
func (p *shardPeer) Close() error {
	defer p.inbox.close()
	if p.shard == nil { // never served
		p.fdMu.Lock()
		defer p.fdMu.Unlock()
		p.leave()
		if p.fd >= 0 {
			_ = unix.Close(p.fd)
			p.fd = -1
		}
		return nil
	}
	p.shard.mu.Lock()
	defer p.shard.mu.Unlock()
	p.fdMu.Lock()
	defer p.fdMu.Unlock()
	p.leave()
	p.shard.drop(p.file)
	r := p.route.Swap(nil)
	if r == nil {
		return nil
	}
	if p.from.clients[r.key] == p {
		delete(p.from.clients, r.key)
	}
	for _, b := range r.channels {
		p.untwin(b)
	}
	return nil
}

// leave gives the address back, where that is a name alone. fdMu is held.
func (p *shardPeer) leave() {
	if !p.closed && p.names != nil {
		p.names.give(p.at)
	}
	p.closed = true
}

// LocalAddr is where it is bound.
func (p *shardPeer) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(p.at) }

// SetDeadline is that of reads: writes never wait.
func (p *shardPeer) SetDeadline(t time.Time) error { return p.SetReadDeadline(t) }

// SetReadDeadline bounds how long a read waits.
func (p *shardPeer) SetReadDeadline(t time.Time) error {
	p.inbox.setReadDeadline(t)
	return nil
}

// SetWriteDeadline does nothing: writes never wait.
func (p *shardPeer) SetWriteDeadline(time.Time) error { return nil }
