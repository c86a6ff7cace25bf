package relay

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// peerInbox is how many packets wait for pion at one allocation: about what the
// buffer of a kernel's socket holds, so that a picture that comes in one burst
// is not cut.
const peerInbox = 128

// taker is a udpConn that packets get into without a socket in between.
type taker interface {
	// take copies a packet in as if it had come from an address. It never
	// waits, and reports false where there is no room, or no reader any more.
	take(from netip.AddrPort, b []byte) bool
}

// virtuals are the relayed addresses that nothing is bound to. Each is one
// allocation's, or held by a reservation, as a bound one would be.
type virtuals struct {
	mu    sync.Mutex // guards following
	taken map[netip.AddrPort]struct{}
}

func newVirtuals() *virtuals { return &virtuals{taken: make(map[netip.AddrPort]struct{})} }

// take takes an address, unless somebody has it.
func (v *virtuals) take(at netip.AddrPort) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, taken := v.taken[at]; taken {
		return errAddrTaken
	}
	v.taken[at] = struct{}{}
	return nil
}

// give gives it back.
func (v *virtuals) give(at netip.AddrPort) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.taken, at)
}

// openVirtual takes a relayed address without a socket.
func (s *Server) openVirtual(at netip.AddrPort) (udpConn, error) {
	if err := s.virtuals.take(at); err != nil {
		return nil, err
	}
	if s.plane != nil {
		return s.plane.virtual(at, s.virtuals), nil
	}
	return &virtual{at: at, of: s.virtuals, in: newInbox(peerInbox)}, nil
}

// virtual is a udpConn without a socket: other allocations of this relay put
// packets in, and nothing gets out. There is no way from it to any network.
type virtual struct {
	at   netip.AddrPort
	of   *virtuals
	in   *inbox
	once sync.Once
}

func (v *virtual) take(from netip.AddrPort, b []byte) bool { return v.in.push(from, b) }

// ReadFromUDPAddrPort waits for what another allocation sends.
func (v *virtual) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) { return v.in.pop(b) }

// WriteToUDPAddrPort loses b, as a network does with what leads nowhere: what
// leads to an allocation has been taken by that one before.
func (v *virtual) WriteToUDPAddrPort(b []byte, _ netip.AddrPort) (int, error) { return len(b), nil }

// LocalAddr is the relayed address.
func (v *virtual) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(v.at) }

// SetDeadline is for reading: writing never waits.
func (v *virtual) SetDeadline(t time.Time) error { return v.SetReadDeadline(t) }

// SetReadDeadline is that of a socket.
func (v *virtual) SetReadDeadline(t time.Time) error {
	v.in.setReadDeadline(t)
	return nil
}

// SetWriteDeadline does nothing.
func (v *virtual) SetWriteDeadline(time.Time) error { return nil }

// Close ends the reader, and gives the address back. It may be called more
// than once.
func (v *virtual) Close() error {
	v.once.Do(func() {
		v.in.close()
		v.of.give(v.at)
	})
	return nil
}
