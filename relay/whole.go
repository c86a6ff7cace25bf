package relay

import (
	"net"
	"net/netip"
	"sync"
)

// peerConn is the UDP socket of an allocation. Whether a packet may be
// fragmented on its way is a setting of the socket, not of the packet, so each
// one finds it as it needs it: RFC 8656 section 14 wants the DF bit where a
// client asks for it, and not where nobody did.
type peerConn struct {
	*net.UDPConn
	six bool

	mu    sync.Mutex // guards following; held while a packet is sent
	whole bool       // what the socket is set to
}

// newPeerConn takes over conn, which is bound to an address of one family.
func newPeerConn(conn *net.UDPConn, family netip.Addr) (*peerConn, error) {
	c := &peerConn{UDPConn: conn, six: family.Is6()}
	return c, forbidFragments(conn, c.six, false)
}

// WriteToUDPAddrPort sends a packet that may be fragmented.
func (c *peerConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return c.write(b, to, false)
}

// writeWhole sends a packet with the DF bit. One that does not fit into the
// link is an error, and lost.
func (c *peerConn) writeWhole(b []byte, to netip.AddrPort) (int, error) {
	return c.write(b, to, true)
}

func (c *peerConn) write(b []byte, to netip.AddrPort, whole bool) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.whole != whole {
		if err := forbidFragments(c.UDPConn, c.six, whole); err != nil {
			return 0, err
		}
		c.whole = whole
	}
	return c.UDPConn.WriteToUDPAddrPort(b, to)
}

// staysWhole reports whether DONT-FRAGMENT of a client counts. Between
// datagrams it is about IPv4 to IPv4 only, and has to be ignored elsewhere,
// though it is understood: RFC 8656 sections 13.1 to 13.3. A stream has no
// packets whose own bits could be followed, so that it counts there: section 15.
func staysWhole(c client, relayed netip.Addr) bool {
	return c.via == ViaTCP || c.via == ViaTLS || c.src.Addr().Is4() && relayed.Is4()
}
