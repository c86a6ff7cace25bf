package relay

import (
	"net/netip"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

// forward relays what carries data, ChannelData and plain Send indications,
// from a client that came over a stream, and reports whether msg was that.
// pion would copy each several times, where nothing of ours could clear it.
func (s *Server) forward(c client, msg []byte) bool {
	if isChannel(msg[0]) {
		s.forwardChannel(c, msg)
		return true
	}
	m, err := wire.Parse(msg)
	if err != nil || m.Class() != wire.Indication || m.Method() != wire.Send {
		return false
	}
	s.forwardSend(c, m)
	return true
}

// forwardChannel is RFC 8656 section 12.6: what leads nowhere is dropped.
func (s *Server) forwardChannel(c client, msg []byte) {
	number, data, ok := wire.Channel(msg)
	sock := s.table.of(c)
	if !ok || sock == nil {
		return
	}
	if peer, bound := sock.channelPeer(number); bound {
		_, _ = sock.send(data, peer, false)
	}
}

// forwardSend is RFC 8656 section 11.2: a packet needs a permission, and what
// has to be understood and is not ends it.
func (s *Server) forwardSend(c client, m wire.Message) {
	var peer netip.AddrPort
	var data []byte
	var hasPeer, hasData, whole bool
	for at, a := range m.Attrs() {
		switch {
		case a == wire.XORPeerAddress && !hasPeer:
			p, err := m.XORAddr(m.ValueAt(at))
			if err != nil {
				return
			}
			peer, hasPeer = p, true
		case a == wire.DataAttr && !hasData:
			data, hasData = m.ValueAt(at), true
		case a == wire.DontFragment && canForbidFragments:
			whole = true
		case a.Required() && !understood(a), a == wire.DontFragment:
			s.counters.refuse(RefusedMalformed)
			return
		}
	}
	if !m.CheckFingerprint() {
		s.counters.refuse(RefusedMalformed)
		return
	}
	sock := s.table.of(c)
	if !hasPeer || !hasData || sock == nil || familyOf(peer.Addr()) != sock.family() {
		return
	}
	_, _ = sock.send(data, peer, whole && staysWhole(c, sock.local.Addr()))
}
