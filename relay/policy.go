package relay

import (
	"net/netip"
	"slices"
)

// PeerPolicy says which peers a relay may talk to. The zero value permits what
// is globally routable and nothing else. A machine's own addresses are not its
// business: see [Config.AllowOwnAddresses].
type PeerPolicy struct {
	Allow []netip.Prefix // permitted although not globally routable
	Deny  []netip.Prefix // refused whatever else says yes
}

// Permits reports whether peer may be relayed to. An IPv4-mapped address is
// judged as the IPv4 address that it is.
func (p PeerPolicy) Permits(peer netip.Addr) bool {
	peer = peer.Unmap().WithZone("")
	switch {
	case !peer.IsValid(), p.denies(peer):
		return false
	case contains(p.Allow, peer):
		return true
	case peer.Is4():
		return routable4(peer.As4())
	}
	return routable6(peer.As16())
}

func (p PeerPolicy) denies(peer netip.Addr) bool { return contains(p.Deny, peer) }

// contains knows IPv4 networks in IPv6 clothes as well: a rule that can never
// match would look like one that holds.
func contains(in []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(in, func(p netip.Prefix) bool {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		return p.Contains(a)
	})
}

// routable4 follows the IANA IPv4 Special-Purpose Address Registry. It runs
// for each packet, hence bytes and no prefixes.
func routable4(a [4]byte) bool {
	switch a[0] {
	case 0, 10, 127: // this network, private, loopback
		return false
	case 100: // 100.64/10, carrier-grade NAT
		return a[1]&0xc0 != 64
	case 169: // 169.254/16, link-local: cloud metadata lives here
		return a[1] != 254
	case 168: // Azure's address of the host: keys and settings of the machine, behind what looks like the internet
		return a != [4]byte{168, 63, 129, 16}
	case 172: // 172.16/12, private
		return a[1]&0xf0 != 16
	case 192:
		return routable192(a)
	case 198: // 198.18/15 benchmarks, 198.51.100/24 documentation
		return a[1]&0xfe != 18 && (a[1] != 51 || a[2] != 100)
	case 203: // 203.0.113/24, documentation
		return a[1] != 0 || a[2] != 113
	}
	return a[0] < 224 // multicast, reserved, broadcast
}

func routable192(a [4]byte) bool {
	switch a[1] {
	case 168: // private
		return false
	case 0: // 192.0.0/24 protocol assignments, 192.0.2/24 documentation
		return a[2] != 0 && a[2] != 2
	case 88: // 192.88.99/24, 6to4 relays
		return a[2] != 99
	}
	return true
}

// routable6 permits global unicast, 2000::/3, less the parts of it that lead
// elsewhere. All else stays out: loopback, unspecified, IPv4-compatible and
// translated forms, NAT64 (64:ff9b::/96 and 64:ff9b:1::/48), discard
// (100::/64 and its dummy 100:0:0:1::/64), segments of routes (5f00::/16), unique
// local, link-local, site-local, multicast. 2001::/23 goes as a whole: what the
// registry calls reachable in it is anycast or no place, and no peer of a call.
func routable6(a [16]byte) bool {
	if a[0]&0xe0 != 0x20 {
		return false
	}
	switch {
	case a[0] == 0x20 && a[1] == 0x01 && a[2] < 0x02: // 2001::/23: Teredo, ORCHID, benchmarks
		return false
	case a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8: // documentation
		return false
	case a[0] == 0x20 && a[1] == 0x02: // 6to4: an IPv4 address inside
		return false
	case a[0] == 0x3f && a[1] == 0xff && a[2] < 0x10: // 3fff::/20, documentation
		return false
	}
	return true
}
