package relay

import (
	"errors"
	"maps"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

// udpConn is the part of *net.UDPConn that packets pass through.
type udpConn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
	LocalAddr() net.Addr
	SetDeadline(t time.Time) error
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
	Close() error
}

// peerSlots is how many peers' addresses a socket keeps ready.
const peerSlots = 8

// maxReadErrors in a row end an allocation.
const maxReadErrors = 16

// socket is an allocation's side towards the peers: a net.PacketConn that
// knows whom it serves. pion gives the addresses that the
// client asked for and takes those that the client shall see; in between,
// guard decides about each packet.
type socket struct {
	conn         udpConn
	tcp          *tcpPeers // conn, where that is no packets'; else nil
	fast         passer    // conn, where packets go past pion; else nil
	who          Principal
	local, shown netip.AddrPort
	shownAddr    *net.UDPAddr
	guard        *guard
	table        *table
	counters     *counters
	clock        *atomic.Int64 // coarse seconds
	used         atomic.Int64  // clock at the last packet that passed
	peers        addrCache     // of the one reader
	read         wiped         // of the one reader
	client       client        // guarded by table.mu
	from         netip.Prefix  // of client; guarded by table.mu
	gate         *gate
	id           string           // whom pion takes for the user
	txid         [wire.IDLen]byte // of the request that made it
	second       bool             // what its answer said besides, see intent
	issued       []byte

	// permitted is never written once it is here: each change is a new one.
	permitted atomic.Pointer[map[netip.Addr]struct{}]

	released  atomic.Bool // pion has closed it
	closeOnce sync.Once
	readOnce  sync.Once

	mu       sync.Mutex // guards following, and changes of permitted
	channels map[uint16]netip.AddrPort
}

// ReadFrom returns the next packet from a permitted peer. It fails only when
// the socket is closed: an error here makes pion delete the allocation.
func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	for failed := 0; ; {
		s.read.wipe()
		n, from, err := s.conn.ReadFromUDPAddrPort(b)
		s.read.note(b, n)
		if err != nil {
			// One error is about an earlier packet; many are the socket's end.
			if failed++; failed < maxReadErrors && !errors.Is(err, net.ErrClosed) {
				continue
			}
			s.readOnce.Do(s.table.readers.Done)
			_ = s.Close()
			return 0, nil, err
		}
		failed = 0
		if n == len(b) {
			s.counters.refuse(RefusedOversize) // cut, most likely
			continue
		}
		peer, refusal := s.guard.fromPeer(&s.who, plain(from))
		if refusal == "" && !s.permits(peer.Addr()) {
			refusal = RefusedPeer
		}
		if refusal == "" {
			refusal = s.gate.fromPeer(n)
		}
		if refusal != "" {
			s.refuse(refusal)
			continue
		}
		s.counters.peers.in(n)
		s.used.Store(s.clock.Load())
		return n, s.peers.get(peer), nil
	}
}

// WriteTo sends b to a permitted peer. A refused packet is dropped and
// counted, as RFC 8656 section 11.2 has it for what may not be relayed. Either
// way b is cleared: nobody looks at it again.
func (s *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	peer, ok := addrPort(to)
	if !ok {
		return 0, net.InvalidAddrError("not a UDP address")
	}
	return s.send(b, peer, false)
}

// send is WriteTo. A packet that has to stay whole is lost where it can't.
func (s *socket) send(b []byte, peer netip.AddrPort, whole bool) (int, error) {
	defer clear(b)
	if s.tcp != nil {
		s.refuse(RefusedTransport)
		return len(b), nil
	}
	other, dst, refusal := s.guard.reach(&s.who, peer)
	if refusal == "" && !s.permits(peer.Addr()) {
		refusal = RefusedPeer // a channel outlives its permission: RFC 8656 section 12.6
	}
	if refusal == "" {
		refusal = s.gate.toPeer(len(b))
	}
	if refusal != "" {
		s.refuse(refusal)
		return len(b), nil
	}
	if in := takerOf(other); in != nil {
		s.give(b, in)
		return len(b), nil
	}
	n, err := s.write(b, dst, whole)
	if err == nil {
		s.counters.peers.out(n)
		s.used.Store(s.clock.Load())
	}
	return n, err
}

// give puts a packet that may pass where another allocation of this relay
// finds it.
func (s *socket) give(b []byte, in taker) {
	if !in.take(s.local, b) {
		s.refuse(RefusedBusy)
		return
	}
	s.counters.memory.Add(1)
	s.counters.peers.out(len(b))
	s.used.Store(s.clock.Load())
}

// takerOf returns where a packet for another allocation can be put without a
// socket in between; nil where it has to take the way of all others.
func takerOf(other *socket) taker {
	if other == nil {
		return nil
	}
	in, _ := other.conn.(taker)
	return in
}

// refuse counts a packet that does not pass. An allocation that has nothing
// left to spend ends.
func (s *socket) refuse(r Refusal) {
	s.counters.refuse(r)
	if r == RefusedBudget {
		_ = s.Close() // always nil
	}
}

func (s *socket) write(b []byte, to netip.AddrPort, whole bool) (int, error) {
	if c, ok := s.conn.(wholeWriter); ok && whole {
		return c.writeWhole(b, to)
	}
	return s.conn.WriteToUDPAddrPort(b, to)
}

// Close ends the allocation: pion deletes it as soon as its read fails. It
// returns nil always, because pion stops closing others at the first error.
func (s *socket) Close() error {
	s.end()
	return nil
}

// end is Close, and reports whether there was anything to end.
func (s *socket) end() (first bool) {
	s.closeOnce.Do(func() {
		first = true
		s.table.remove(s)
		_ = s.conn.Close()
	})
	return first
}

// pionSide is a socket as pion has it. When pion closes one, its reader would
// delete the allocation of the 5-tuple once more, and by then that may be the
// next one: a client may ask for another at once, from where it is. So that
// reader ends here, with nothing left to do.
type pionSide struct{ *socket }

// ReadFrom fails only where pion has to hear of it.
func (p pionSide) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := p.socket.ReadFrom(b)
	if err != nil && p.released.Load() {
		runtime.Goexit()
	}
	return n, from, err
}

// Close is pion's: it has deleted the allocation.
func (p pionSide) Close() error {
	p.released.Store(true)
	return p.socket.Close()
}

// LocalAddr is the relayed address, as the client sees it.
func (s *socket) LocalAddr() net.Addr { return s.shownAddr }

// SetDeadline passes on.
func (s *socket) SetDeadline(t time.Time) error { return s.conn.SetDeadline(t) }

// SetReadDeadline passes on.
func (s *socket) SetReadDeadline(t time.Time) error { return s.conn.SetReadDeadline(t) }

// SetWriteDeadline passes on.
func (s *socket) SetWriteDeadline(t time.Time) error { return s.conn.SetWriteDeadline(t) }

func (s *socket) family() byte { return familyOf(s.local.Addr()) }

// permits reports whether the client has asked for peer, and lately.
func (s *socket) permits(peer netip.Addr) bool {
	_, ok := (*s.permitted.Load())[peer]
	return ok
}

// mayPermit reports whether peers fit into the allocation's permissions. Those
// that are there already always do: that is a refresh.
func (s *socket) mayPermit(limit int, peers ...netip.Addr) bool {
	have := *s.permitted.Load()
	more := make(map[netip.Addr]struct{}, len(peers))
	for _, p := range peers {
		if _, ok := have[p]; !ok {
			more[p] = struct{}{}
		}
	}
	return len(have)+len(more) <= limit || len(more) == 0
}

func (s *socket) permit(peer netip.Addr, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := maps.Clone(*s.permitted.Load())
	if on {
		next[peer] = struct{}{}
	} else {
		delete(next, peer)
	}
	s.permitted.Store(&next)
}

// mayBind reports whether number and peer fit together, which they do unless
// one of them is bound to another, and whether there is room for them.
func (s *socket) mayBind(number uint16, peer netip.AddrPort, limit int) (fits, room bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, bound := s.channels[number]
	if bound {
		return at == peer, true
	}
	for _, at := range s.channels {
		if at == peer {
			return false, true
		}
	}
	return true, len(s.channels) < limit
}

// channelPeer returns whom a channel leads to.
func (s *socket) channelPeer(number uint16) (netip.AddrPort, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	peer, ok := s.channels[number]
	return peer, ok
}

func (s *socket) channel(number uint16, peer netip.AddrPort, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if on {
		s.channels[number] = peer
	} else {
		delete(s.channels, number)
	}
	switch {
	case s.fast == nil:
	case on:
		s.fast.bind(number, peer)
	default:
		s.fast.unbind(number)
	}
}
