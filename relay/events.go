package relay

import (
	"net"
	"net/netip"

	"github.com/pion/turn/v5"
)

// quota is asked before an allocation is made; no answers 486.
func (s *Server) quota(user, _ string, from net.Addr) bool {
	who := principalOf(user)
	src, _ := addrPort(from)
	if err := s.table.room(&who, src.Addr(), s.clock.Load()); err != nil {
		s.counters.refuse(reasonOf(err))
		return false
	}
	return true
}

// permission judges requests for permissions and channels of the clients that
// are heard where dst says.
func (s *Server) permission(dst func(src netip.AddrPort) netip.AddrPort) turn.PermissionHandler {
	return func(from net.Addr, ip net.IP) bool {
		peer, ok := netip.AddrFromSlice(ip)
		if !ok {
			return false
		}
		refusal := s.guard.grants(peer)
		if src, ok := addrPort(from); refusal == "" && ok {
			sock := s.table.of(client{viaOf(from), src, dst(src)})
			if sock == nil || !sock.mayPermit(peer.Unmap(), s.cfg.Limits.Permissions) {
				refusal = RefusedPermissions
			}
		}
		if refusal != "" {
			s.counters.refuse(refusal)
		}
		return refusal == ""
	}
}

// events are pion's hooks. It holds locks of its own while it calls them: they
// touch nothing but our tables.
func (s *Server) events() turn.EventHandler {
	return turn.EventHandler{
		OnAuth: func(_, _ net.Addr, _, _, _, _ string, verdict bool) {
			if !verdict {
				s.counters.refuse(RefusedCredential)
			}
		},
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
		OnChannelCreated: func(src, dst net.Addr, _, _, _ string, _, _ net.Addr, _ uint16) { s.channel(src, dst, 1) },
		OnChannelDeleted: func(src, dst net.Addr, _, _, _ string, _, _ net.Addr, _ uint16) { s.channel(src, dst, -1) },
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
	s.counters.of(c.via).allocations.Add(1)
	s.tell(c, true)
}

func (s *Server) deallocated(src, dst net.Addr) {
	s.tell(tuple(src, dst), false)
}

// tell lets the listener know whose connections have an allocation.
func (s *Server) tell(c client, allocated bool) {
	if c.via == ViaDTLS {
		s.tellSession(c, allocated)
		return
	}
	for _, l := range s.streams {
		l.allocated(c, allocated)
	}
}

// tellSession ends an allocation whose session has gone meanwhile.
func (s *Server) tellSession(c client, allocated bool) {
	for _, p := range s.packets {
		if d := p.dtls; d != nil && d.at == c.dst && !d.allocated(c, allocated) && allocated {
			s.lost(c)
		}
	}
}

func (s *Server) permitted(src, dst net.Addr, peer net.IP, on bool) {
	if sock := s.table.of(tuple(src, dst)); sock != nil {
		if ip, ok := netip.AddrFromSlice(peer); ok {
			sock.permit(ip.Unmap(), on)
		}
	}
}

// channel counts channels. pion can't be told to refuse one, and looks them
// through for each packet: an allocation with too many ends.
func (s *Server) channel(src, dst net.Addr, change int) {
	sock := s.table.of(tuple(src, dst))
	if sock != nil && sock.countChannels(change) > s.cfg.Limits.Channels {
		s.counters.refuse(RefusedPermissions)
		_ = sock.Close() // always nil
	}
}
