package relay

import (
	"net"
	"net/netip"
	"slices"
)

// binding is an address to listen on. A loose one came from a wildcard: if it
// can't be had any more, the others will do.
type binding struct {
	netip.AddrPort
	loose bool
}

// expand turns wildcards into the machine's addresses.
func expand(in []netip.AddrPort, machine []netip.Addr) []binding {
	var out []binding
	add := func(b binding) {
		same := func(o binding) bool { return o.AddrPort == b.AddrPort }
		if b.Port() == 0 || !slices.ContainsFunc(out, same) {
			out = append(out, b)
		}
	}
	for _, ap := range in {
		if a := ap.Addr(); a.IsValid() && !a.IsUnspecified() {
			add(binding{netip.AddrPortFrom(a.Unmap(), ap.Port()), false})
			continue
		}
		for _, a := range reachable(machine, ap.Addr().Is4()) {
			add(binding{netip.AddrPortFrom(a, ap.Port()), true})
		}
	}
	return out
}

// reachable leaves out what no other machine can use, unless that is all.
func reachable(machine []netip.Addr, only4 bool) []netip.Addr {
	var out, loopback []netip.Addr
	for _, a := range machine {
		switch {
		case only4 && !a.Is4(), a.IsLinkLocalUnicast(), a.IsMulticast(), a.IsUnspecified():
		case a.IsLoopback():
			loopback = append(loopback, a)
		default:
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return loopback
	}
	return out
}

// byRoute orders addresses by how well they lead outside: first those that the
// routes to the internet leave from, then public ones, then the rest as they
// came.
func byRoute(addrs []netip.Addr) []netip.Addr {
	var sources []netip.Addr
	for _, far := range []string{"198.51.100.1:9", "[2001:db8::1]:9"} {
		if a, ok := routeSource(far); ok {
			sources = append(sources, a)
		}
	}
	rank := func(a netip.Addr) int {
		switch {
		case slices.Contains(sources, a):
			return 0
		case (PeerPolicy{}).Permits(a):
			return 1
		case a.IsLoopback():
			return 3
		}
		return 2
	}
	out := slices.Clone(addrs)
	slices.SortStableFunc(out, func(a, b netip.Addr) int { return rank(a) - rank(b) })
	return slices.Compact(out)
}

// routeSource asks the kernel which address it would send from. Connecting a
// UDP socket sends nothing.
func routeSource(far string) (netip.Addr, bool) {
	to := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(far))
	conn, err := net.DialUDP("udp", nil, to)
	if err != nil {
		return netip.Addr{}, false
	}
	defer func() { _ = conn.Close() }()
	ap, ok := addrPort(conn.LocalAddr())
	return ap.Addr(), ok
}
