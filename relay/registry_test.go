package relay

import (
	"net/netip"
	"testing"
)

// special are the IANA IPv4 and IPv6 Special-Purpose Address Registries, and
// what else leads nowhere, or elsewhere than it seems. reachable is what the
// registry says of it; a peer in any of it is refused, unless permitted says
// otherwise.
var special = []struct {
	prefix, name         string
	reachable, permitted bool
}{
	{"0.0.0.0/8", "this network", false, false},
	{"10.0.0.0/8", "private", false, false},
	{"100.64.0.0/10", "shared by carriers", false, false},
	{"127.0.0.0/8", "loopback", false, false},
	{"169.254.0.0/16", "link-local, metadata of clouds", false, false},
	{"172.16.0.0/12", "private", false, false},
	{"192.0.0.0/24", "protocol assignments", false, false},
	{"192.0.0.0/29", "service continuity", false, false},
	{"192.0.0.8/32", "dummy", false, false},
	{"192.0.0.9/32", "port control anycast: a router nearby, no peer", true, false},
	{"192.0.0.10/32", "TURN anycast: another relay, no peer", true, false},
	{"192.0.0.170/31", "discovery of NAT64", false, false},
	{"192.0.2.0/24", "documentation", false, false},
	{"192.31.196.0/24", "AS112", true, true},
	{"192.52.193.0/24", "multicast tunnels", true, true},
	{"192.88.99.0/24", "6to4 relays, deprecated", false, false},
	{"192.88.99.2/32", "6a44 relay", false, false},
	{"192.168.0.0/16", "private", false, false},
	{"192.175.48.0/24", "AS112", true, true},
	{"198.18.0.0/15", "benchmarks", false, false},
	{"198.51.100.0/24", "documentation", false, false},
	{"203.0.113.0/24", "documentation", false, false},
	{"224.0.0.0/4", "multicast", false, false},
	{"240.0.0.0/4", "reserved", false, false},
	{"255.255.255.255/32", "broadcast", false, false},

	{"::/128", "unspecified", false, false},
	{"::1/128", "loopback", false, false},
	{"::/96", "IPv4-compatible", false, false},
	{"::ffff:0:0:0/96", "IPv4-translated", false, false},
	{"64:ff9b::/96", "NAT64: an IPv4 address inside", true, false},
	{"64:ff9b:1::/48", "NAT64 of a network of one's own", false, false},
	{"100::/64", "discard", false, false},
	{"100:0:0:1::/64", "dummy", false, false},
	{"2001::/23", "protocol assignments", false, false},
	{"2001::/32", "Teredo: an IPv4 address inside", false, false},
	{"2001:1::1/128", "port control anycast", true, false},
	{"2001:1::2/128", "TURN anycast", true, false},
	{"2001:1::3/128", "service registration anycast", true, false},
	{"2001:2::/48", "benchmarks", false, false},
	{"2001:3::/32", "multicast tunnels: no peer of a call", true, false},
	{"2001:4:112::/48", "AS112: no peer of a call", true, false},
	{"2001:10::/28", "ORCHID, deprecated", false, false},
	{"2001:20::/28", "ORCHIDv2: names, not places", true, false},
	{"2001:30::/28", "remote ids of drones: names, not places", true, false},
	{"2001:db8::/32", "documentation", false, false},
	{"2002::/16", "6to4: an IPv4 address inside", false, false},
	{"2620:4f:8000::/48", "AS112", true, true},
	{"3fff::/20", "documentation", false, false},
	{"4000::/3", "not given out", false, false},
	{"5f00::/16", "segments of routes", false, false},
	{"fc00::/7", "unique local", false, false},
	{"fe80::/10", "link-local", false, false},
	{"fec0::/10", "site-local, deprecated", false, false},
	{"ff00::/8", "multicast", false, false},
}

// lastOf returns the last address of p.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := range b {
		for bit := range 8 {
			if 8*i+bit >= p.Bits() {
				b[i] |= 0x80 >> bit
			}
		}
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// Each block of the registries is judged as a whole, to its first and its last
// address, and what lies beside it is none of its business.
func TestRegistriesOfSpecialAddresses(t *testing.T) {
	t.Parallel()
	refused := func(a netip.Addr) bool {
		for _, s := range special {
			if !s.permitted && netip.MustParsePrefix(s.prefix).Contains(a) {
				return true
			}
		}
		return a.Is6() && !netip.MustParsePrefix("2000::/3").Contains(a) // not given out yet
	}
	for _, s := range special {
		p := netip.MustParsePrefix(s.prefix)
		first, last := p.Masked().Addr(), lastOf(p)
		for _, a := range []netip.Addr{first, last} {
			if got := (PeerPolicy{}).Permits(a); got != s.permitted {
				t.Errorf("%s (%s), %s: permitted %v, want %v", s.prefix, s.name, a, got, s.permitted)
			}
		}
		for _, a := range []netip.Addr{first.Prev(), last.Next()} {
			if a.IsValid() && (PeerPolicy{}).Permits(a) == refused(a) {
				t.Errorf("%s, beside %s (%s): permitted %v", a, s.prefix, s.name, !refused(a))
			}
		}
		if s.permitted && !s.reachable {
			t.Errorf("%s (%s): permitted, and the registry says that it can't be reached", s.prefix, s.name)
		}
	}
}

// An IPv4 address in the clothes of IPv6 is never more than it was: mapped it
// is judged as it is, and translated or tunnelled it is refused, whichever.
func TestIPv4InsideIPv6(t *testing.T) {
	t.Parallel()
	for _, s := range special {
		p := netip.MustParsePrefix(s.prefix)
		if !p.Addr().Is4() {
			continue
		}
		for _, four := range []netip.Addr{p.Addr(), lastOf(p), netip.MustParseAddr("8.8.8.8")} {
			want := four.String() == "8.8.8.8" || s.permitted
			if got := (PeerPolicy{}).Permits(netip.AddrFrom16(four.As16())); got != want {
				t.Errorf("mapped %s: permitted %v, want %v", four, got, want)
			}
			for _, at := range []struct {
				prefix string
				offset int
			}{
				{"::", 12}, {"::ffff:0:0:0", 12}, {"64:ff9b::", 12}, {"64:ff9b:1::", 12}, {"64:ff9b:1:ffff::", 12}, {"2002::", 2}, {"2001::", 12},
			} {
				b := netip.MustParseAddr(at.prefix).As16()
				inside := four.As4()
				copy(b[at.offset:], inside[:])
				if a := netip.AddrFrom16(b); (PeerPolicy{}).Permits(a) {
					t.Errorf("%s, with %s inside, is permitted", a, four)
				}
			}
		}
	}
}

// At the relay's own addresses, inside and outside, there is nothing but live
// allocations, and those only for who belongs to them.
func TestOwnAddressesAreLiveAllocationsOnly(t *testing.T) {
	t.Parallel()
	public := netip.MustParseAddr("203.0.113.7")
	r := newRig(t, func(c *Config) { c.PublicIP = func() netip.Addr { return public } })
	r.self.now()
	live := func(who Principal, port uint16) {
		s := r.newSocket(&echoConn{}, who, loopback(port), netip.AddrPortFrom(public, port))
		if err := r.table.add(s); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close(); r.table.readers.Done() })
	}
	rest, static := Principal{Kind: KindREST, ID: "r:one:ann", Secret: "one"}, Principal{Kind: KindStatic, ID: "u:ann"}
	other := Principal{Kind: KindREST, ID: "r:two:bob", Secret: "two"}
	live(legOf("a"), 50001)
	live(rest, 50002)
	for _, c := range []struct {
		name string
		who  Principal
		port uint16
		want Refusal
	}{
		{"the call", legOf("b"), 50001, ""},
		{"another call", *inCall("call2"), 50001, RefusedOtherCall},
		{"REST into a call", rest, 50001, RefusedOtherCall},
		{"a user into a call", static, 50001, RefusedOtherCall},
		{"a call into REST", legOf("a"), 50002, RefusedOtherCall},
		{"REST", other, 50002, ""},
		{"a user to REST", static, 50002, ""},
		{"REST, nobody there", rest, 50003, RefusedOwnAddress},
		{"a call, nobody there", legOf("a"), 50003, RefusedOwnAddress},
	} {
		for _, at := range []netip.AddrPort{loopback(c.port), netip.AddrPortFrom(public, c.port)} {
			if _, why := r.guard.toPeer(&c.who, at); why != c.want {
				t.Errorf("%s, to %s: got %q, want %q", c.name, at, why, c.want)
			}
			if _, why := r.guard.fromPeer(&c.who, at); why != c.want {
				t.Errorf("%s, from %s: got %q, want %q", c.name, at, why, c.want)
			}
		}
	}
}
