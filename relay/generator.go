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
	errTCPPeers     = errors.New("no allocations towards peers by TCP")
	errForeignPort  = errors.New("port outside the range")
	errNotPacketNet = errors.New("not a packet network")
)

// generator makes the sockets towards peers for the clients of one listener.
type generator struct {
	server *Server
	heard  netip.Addr // where the listener is bound
}

// Validate has nothing to find: [Config] was checked.
func (g *generator) Validate() error { return nil }

// AllocatePacketConn binds a socket for one leg of a call. pion asks without
// a user when it only looks for a free even port; it closes that one at once.
func (g *generator) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	bind, shown, err := g.server.place(c.Network, g.heard)
	if err != nil && c.UserID == "" { // it only looks by IPv4, whatever is wanted
		bind, shown, err = g.server.place("udp6", g.heard)
	}
	if err != nil {
		return nil, nil, err
	}
	if c.UserID == "" {
		return g.probe(bind)
	}
	s, err := g.open(bind, shown, c)
	if err != nil {
		g.server.counters.refuse(reasonOf(err))
		return nil, nil, err
	}
	return s, s.shownAddr, nil
}

// open tries ports until one is free here and, behind NAT, outside.
func (g *generator) open(bind, shown netip.Addr, c turn.AllocateListenerConfig) (*socket, error) {
	who := principalOf(c.UserID) // pion passes nothing else on
	for range portTries {
		port, err := g.port(c.RequestedPort)
		if err != nil {
			return nil, err
		}
		conn, err := listenPeers(netip.AddrPortFrom(bind, port))
		if err == nil {
			s := g.server.newSocket(conn, who, netip.AddrPortFrom(bind, port), netip.AddrPortFrom(shown, port))
			if err = g.server.table.add(s); err == nil {
				return s, nil
			}
			_ = conn.Close()
		}
		switch {
		case errors.Is(err, errStopping), errors.Is(err, errRevoked), errors.Is(err, errQuota), errors.Is(err, errCapacity):
			return nil, err
		case c.RequestedPort != 0:
			return nil, fmt.Errorf("%w: %w", errNoPort, err)
		}
	}
	return nil, errNoPort
}

// port draws a port, or checks the one that a reservation asks for.
func (g *generator) port(requested int) (uint16, error) {
	low, high := int(g.server.cfg.MinPort), int(g.server.cfg.MaxPort)
	if requested == 0 {
		requested = low + rand.IntN(high-low+1) //nolint:gosec // a port is no secret
	}
	if requested < low || requested > high {
		return 0, errForeignPort
	}
	return uint16(requested), nil //nolint:gosec // within the range of uint16
}

// probe finds a port that is even and free, with its neighbour free as well.
func (g *generator) probe(bind netip.Addr) (net.PacketConn, net.Addr, error) {
	for range portTries {
		port, err := g.port(0)
		if err != nil {
			return nil, nil, err
		}
		at := netip.AddrPortFrom(bind, port&^1)
		if at.Port() < g.server.cfg.MinPort || g.server.table.at(at) != nil {
			continue
		}
		if conn, err := listenPeers(at); err == nil {
			return conn, net.UDPAddrFromAddrPort(at), nil
		}
	}
	return nil, nil, errNoPort
}

// AllocateListener refuses: peers are reached by UDP only.
func (g *generator) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	g.server.counters.refuse(RefusedTransport)
	return nil, nil, errTCPPeers
}

// AllocateConn refuses: peers are reached by UDP only.
func (g *generator) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) {
	g.server.counters.refuse(RefusedTransport)
	return nil, errTCPPeers
}

// place chooses where a socket towards peers is bound, and under which address
// others know it.
func (s *Server) place(network string, heard netip.Addr) (bind, shown netip.Addr, err error) {
	var six bool
	switch network {
	case "udp4":
	case "udp6":
		six = true
	default:
		return bind, shown, errNotPacketNet
	}
	fits := func(a netip.Addr) bool { return a.Is6() == six }
	public := s.self.now().public
	candidates := s.guard.relayIPs
	switch {
	case len(s.cfg.RelayIPs) > 0: // and nothing else
	case public.IsValid() && fits(public) && !slices.Contains(candidates, public):
		candidates = s.byRoute // the one that a NAT forwards to
	case public.IsValid() && fits(public):
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
	if public.IsValid() && fits(public) {
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
