package relay

import (
	"net"
	"net/netip"

	"github.com/pion/turn/v5"
)

// permission is the second time that a peer is looked at: [front] has done so
// before.
func (s *Server) permission(_ net.Addr, ip net.IP) bool {
	peer, ok := netip.AddrFromSlice(ip)
	return ok && s.guard.grants(peer) == ""
}

// events are pion's hooks. It holds locks of its own while it calls them: they
// touch nothing but our tables.
func (s *Server) events() turn.EventHandler {
	return turn.EventHandler{
		OnAllocationCreated: func(src, dst net.Addr, _, _, _ string, relayed net.Addr, _ int) {
			if at, ok := addrPort(relayed); ok {
				s.allocated(src, dst, at)
			}
		},
		OnAllocationDeleted: func(src, dst net.Addr, _, _, _ string) { s.deallocated(src, dst) },
		OnPermissionCreated: func(src, dst net.Addr, _, _, _ string, _ net.Addr, peer net.IP) {
			s.permitted(src, dst, peer, true)
		},
		OnPermissionDeleted: func(src, dst net.Addr, _, _, _ string, _ net.Addr, peer net.IP) {
			s.permitted(src, dst, peer, false)
		},
		OnChannelCreated: func(src, dst net.Addr, _, _, _ string, _, peer net.Addr, number uint16) {
			s.channel(src, dst, peer, number, true)
		},
		OnChannelDeleted: func(src, dst net.Addr, _, _, _ string, _, peer net.Addr, number uint16) {
			s.channel(src, dst, peer, number, false)
		},
	}
}

func tuple(src, dst net.Addr) client {
	from, _ := addrPort(src)
	to, _ := addrPort(dst)
	return client{viaOf(src), from, to}
}

func (s *Server) allocated(src, dst net.Addr, relayed netip.AddrPort) {
	c := tuple(src, dst)
	if err := s.table.join(c, relayed); err != nil {
		s.counters.refuse(reasonOf(err))
		if sock := s.table.at(relayed); sock != nil {
			_ = sock.Close() // always nil
		}
		return
	}
	if sock := s.table.at(relayed); sock != nil && sock.fast != nil {
		sock.fast.join(c)
	}
	s.counters.of(c.via).allocations.Add(1)
	s.tell(c, true)
}

func (s *Server) deallocated(src, dst net.Addr) {
	c := tuple(src, dst)
	s.tell(c, false)
	if c.via == ViaDTLS {
		s.scour.ended.Store(true)
	}
}

// tell lets the listener know whose connections have an allocation.
func (s *Server) tell(c client, allocated bool) {
	if c.via == ViaDTLS {
		s.tellSession(c, allocated)
		return
	}
	if c.via == ViaUDP {
		return // a connection with the same addresses is somebody else's: a NAT has ports of UDP and of TCP apart
	}
	for _, l := range s.streams {
		l.allocated(c, allocated)
	}
}

// tellSession ends an allocation whose session has gone meanwhile.
func (s *Server) tellSession(c client, allocated bool) {
	for _, p := range s.packets {
		if d := p.dtls; d != nil && d.at == c.dst && d.allocated(c, allocated) {
			return
		}
	}
	if allocated {
		s.lost(c)
	}
}

func (s *Server) permitted(src, dst net.Addr, peer net.IP, on bool) {
	if sock := s.table.of(tuple(src, dst)); sock != nil {
		if ip, ok := netip.AddrFromSlice(peer); ok {
			sock.permit(ip.Unmap(), on)
		}
	}
}

func (s *Server) channel(src, dst, peer net.Addr, number uint16, on bool) {
	at, ok := addrPort(peer)
	if sock := s.table.of(tuple(src, dst)); sock != nil && ok {
		sock.channel(number, at, on)
	}
}
