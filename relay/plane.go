package relay

import (
	"net"
	"net/netip"
)

// Shards of [Config].
const (
	// ShardsOff leaves all packets to package net and pion.
	ShardsOff = -1

	// MaxShards bounds them.
	MaxShards = 64
)

// dataPlane opens sockets whose packets go past pion as soon as a channel says
// where to: docs/adr/0021. Nil where there is none; then they are of package
// net, and pion passes each packet on.
type dataPlane interface {
	// listen opens one socket for each shard.
	listen(at netip.AddrPort) ([]udpConn, error)

	// towards opens a socket towards peers.
	towards(at netip.AddrPort) (udpConn, error)

	// virtual is towards without a socket, for an address that was taken of
	// those.
	virtual(at netip.AddrPort, of *virtuals) udpConn

	start()
	close()
}

// passer is a socket towards peers that can pass packets on by itself.
type passer interface {
	// serve says whose packets these are and by which listener their client
	// comes; nil where it does not come by packets.
	serve(s *socket, listener udpConn) error

	// join says who that client is.
	join(c client)

	bind(number uint16, peer netip.AddrPort)
	unbind(number uint16)
}

// wholeWriter is a udpConn that can send packets with the DF bit.
type wholeWriter interface {
	writeWhole(b []byte, to netip.AddrPort) (int, error)
}

// listenPackets opens what hears clients at an address.
func (s *Server) listenPackets(at netip.AddrPort) ([]udpConn, error) {
	if s.plane != nil {
		return s.plane.listen(at)
	}
	conn, err := net.ListenUDP(family("udp", at.Addr()), net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(listenerBuffer) // as much as the kernel allows
	_ = conn.SetWriteBuffer(listenerBuffer)
	_ = forbidFragments(conn, at.Addr().Is6(), false) // RFC 8656 section 14: what is too long for a path is split, not lost
	return []udpConn{conn}, nil
}

// openPeers opens a socket towards peers; in a closed relay it only takes the
// address.
func (s *Server) openPeers(at netip.AddrPort) (udpConn, error) {
	if s.cfg.Closed {
		return s.openVirtual(at)
	}
	if s.plane != nil {
		return s.plane.towards(at)
	}
	conn, err := listenPeers(at)
	if err != nil {
		return nil, err
	}
	c, err := newPeerConn(conn, at.Addr())
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}
