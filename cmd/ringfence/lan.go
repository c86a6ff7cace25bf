package main

import (
	"context"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// machineAddrs returns the addresses of this machine.
func machineAddrs() []netip.Addr {
	nets, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var out []netip.Addr
	for _, n := range nets {
		if p, err := netip.ParsePrefix(n.String()); err == nil {
			out = append(out, p.Addr().Unmap())
		}
	}
	return out
}

// machineNames returns the names and addresses a certificate is made for.
func machineNames() ([]string, []netip.Addr) {
	var names []string
	if host, err := os.Hostname(); err == nil && host != "" {
		first, _, _ := strings.Cut(host, ".")
		names = append(names, first+".local")
	}
	return names, machineAddrs()
}

// routeAddr returns the address from which this machine would speak to the
// Internet. Connecting a UDP socket asks the routing table and sends nothing.
func routeAddr(ctx context.Context) netip.Addr {
	var d net.Dialer
	for _, far := range []string{"198.51.100.1:9", "[2001:db8::1]:9"} { // addresses for documentation
		conn, err := d.DialContext(ctx, "udp", far)
		if err != nil {
			continue
		}
		local, err := netip.ParseAddrPort(conn.LocalAddr().String())
		_ = conn.Close()
		if err == nil && !local.Addr().IsLoopback() {
			return local.Addr().Unmap().WithZone("")
		}
	}
	return netip.Addr{}
}

// lanAddr returns the address that phones in the network use: that of the
// route where ok says yes to it, else the first one that ok says yes to.
func lanAddr(ctx context.Context, ok func(netip.Addr) bool) netip.Addr {
	if a := routeAddr(ctx); a.IsValid() && ok(a) {
		return a
	}
	all := slices.DeleteFunc(machineAddrs(), func(a netip.Addr) bool {
		return a.IsLoopback() || a.IsLinkLocalUnicast() || !ok(a)
	})
	slices.SortStableFunc(all, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() }) // IPv4 is easier to type
	if len(all) == 0 {
		return netip.Addr{}
	}
	return all[0]
}
