package relay

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"

	"github.com/pion/turn/v5"
)

// portTries is how many random ports are tried before giving up.
const portTries = 128

var (
	errNoPort       = errors.New("no free port towards peers")
	errNoFamily     = errors.New("no address of that family")
	errNobody       = errors.New("nobody asked for an allocation")
	errNotPacketNet = errors.New("not a packet network")
)

// generator makes the sockets towards peers for the clients of one listener.
type generator struct {
	server *Server
	heard  netip.Addr // where the listener is bound
	by     udpConn    // the listener, where it is one of packets; else nil
}

// Validate has nothing to find: [Config] was checked.
func (g *generator) Validate() error { return nil }

// AllocatePacketConn binds the socket of an allocation that [front] has let
// through.
func (g *generator) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	bind, shown, err := g.server.place(c.Network, g.heard)
	if err != nil && c.UserID == "" { // it only looks by IPv4, whatever is wanted
		bind, shown, err = g.server.place("udp6", g.heard)
	}
	if err != nil {
		return nil, nil, err
	}
	i := g.server.front.intentOf(c.UserID)
	if i == nil {
		return nil, nil, errNobody
	}
	s, err := g.open(bind, shown, i)
	if err != nil {
		g.server.counters.refuse(reasonOf(err))
		return nil, nil, err
	}
	return pionSide{s}, s.shownAddr, nil
}

// open tries ports until one is free here and, behind NAT, outside.
func (g *generator) open(bind, shown netip.Addr, i *intent) (*socket, error) {
	if i.hasTok {
		return g.reserved(shown, i)
	}
	for range portTries {
		at := netip.AddrPortFrom(bind, g.port(i.even))
		if i.even && at.Port()%2 == 1 {
			break // the range has no even one
		}
		conn, err := g.server.openPeers(at)
		if err != nil {
			continue
		}
		if i.next {
			if i.issued = g.reserve(at, i); i.issued == nil {
				_ = conn.Close()
				continue
			}
		}
		s, err := g.enter(conn, at, shown, i)
		if err == nil {
			return s, nil
		}
		g.server.reserved.give(i.issued)
		i.issued = nil
		switch {
		case errors.Is(err, errStopping), errors.Is(err, errRevoked), errors.Is(err, errQuota), errors.Is(err, errCapacity):
			return nil, err
		}
	}
	return nil, errNoPort
}

// enter makes towards the socket of an allocation, or closes it.
func (g *generator) enter(towards udpConn, at netip.AddrPort, shown netip.Addr, i *intent) (*socket, error) {
	s := g.server.newSocket(towards, i.who, at, netip.AddrPortFrom(shown, at.Port()))
	s.id, s.txid, s.second, s.issued = i.id, i.txid, i.second, i.issued
	if s.fast != nil {
		if err := s.fast.serve(s, g.by); err != nil {
			_ = towards.Close()
			return nil, err
		}
	}
	if err := g.server.table.add(s); err != nil {
		_ = towards.Close()
		return nil, err
	}
	if s.tcp != nil {
		go s.tcp.accept()
	}
	return s, nil
}

// reserve binds the port above at and holds it for whoever asked.
func (g *generator) reserve(at netip.AddrPort, i *intent) []byte {
	above := netip.AddrPortFrom(at.Addr(), at.Port()+1)
	if above.Port() > g.server.cfg.MaxPort {
		return nil
	}
	conn, err := g.server.openPeers(above)
	if err != nil {
		return nil
	}
	token := g.server.reserved.hold(conn, above, i.who.ID, g.server.cfg.Now())
	if token == nil {
		_ = conn.Close()
	}
	return token
}

// reserved makes the allocation of a port that was held.
func (g *generator) reserved(shown netip.Addr, i *intent) (*socket, error) {
	conn, at, ok := g.server.reserved.take(i.token, i.who.ID)
	if !ok {
		return nil, errNoPort
	}
	return g.enter(conn, at, shown, i)
}

// port draws a port.
func (g *generator) port(even bool) uint16 {
	low, high := int(g.server.cfg.MinPort), int(g.server.cfg.MaxPort)
	port := low + rand.IntN(high-low+1) //nolint:gosec // a port is no secret
	if even && port%2 == 1 {
		if port--; port < low {
			port = min(port+2, high)
		}
	}
	return uint16(port) //nolint:gosec // within the range of uint16
}

// place chooses where a socket towards peers is bound, and under which address
// others know it.
func (s *Server) place(network string, heard netip.Addr) (bind, shown netip.Addr, err error) {
	var six bool
	switch network {
	case "udp4", "tcp4":
	case "udp6", "tcp6":
		six = true
	default:
		return bind, shown, errNotPacketNet
	}
	fits := func(a netip.Addr) bool { return a.Is6() == six }
	public := s.self.now().public.of(six)
	candidates := s.guard.relayIPs
	switch {
	case len(s.cfg.RelayIPs) > 0: // and nothing else
	case public.IsValid() && !slices.Contains(candidates, public):
		candidates = s.byRoute // the one that a NAT forwards to
	case public.IsValid():
		candidates = []netip.Addr{public}
	case heard.IsValid() && fits(heard):
		candidates = []netip.Addr{heard}
	default:
		candidates = s.byRoute
	}
	i := slices.IndexFunc(candidates, fits)
	if i < 0 {
		return bind, shown, errNoFamily
	}
	bind, shown = candidates[i], candidates[i]
	if public.IsValid() {
		shown = public
	}
	return bind, shown, nil
}

// listenPeers opens a socket that can't send to broadcast addresses: a public
// subnet's looks like any peer.
func listenPeers(at netip.AddrPort) (*net.UDPConn, error) {
	conn, err := net.ListenUDP(family("udp", at.Addr()), net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, err
	}
	if err := forbidBroadcast(conn); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("forbid broadcast: %w", err)
	}
	return conn, nil
}

func reasonOf(err error) Refusal {
	switch {
	case errors.Is(err, errRevoked):
		return RefusedRevoked
	case errors.Is(err, errSecretFull):
		return RefusedSecretQuota
	case errors.Is(err, errPrefixFull):
		return RefusedPrefixQuota
	case errors.Is(err, errSpent):
		return RefusedBudget
	case errors.Is(err, errQuota):
		return RefusedQuota
	}
	return RefusedCapacity
}
