package relay

import (
	"net/netip"
	"testing"
)

func TestPeerPolicy(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "100.63.255.255": true, "100.128.0.1": true, "172.15.0.1": true,
		"172.32.0.1": true, "192.0.1.1": true, "192.169.0.1": true, "198.17.0.1": true, "198.20.0.1": true,
		"169.253.0.1": true, "223.255.255.255": true, "192.88.98.1": true, "203.0.112.1": true,

		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "10.255.255.255": false, "100.64.0.0": false,
		"100.127.255.255": false, "127.0.0.1": false, "127.255.255.254": false, "169.254.169.254": false,
		"172.16.0.1": false, "172.31.255.255": false, "192.0.0.1": false, "192.0.0.170": false, "192.0.2.1": false,
		"192.88.99.1": false, "192.168.0.1": false, "198.18.0.1": false, "198.19.255.255": false,
		"198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false, "239.255.255.255": false,
		"240.0.0.1": false, "255.255.255.255": false,
		"168.63.129.16": false, "168.63.129.15": true, "168.63.128.16": true, // a cloud's own, with a routable look

		"2a00:1450:4001::1": true, "2606:4700::1111": true, "2001:200::1": true, "2003::1": true, "2001:4860::1": true,

		"::": false, "::1": false, "::8.8.8.8": false, "::ffff:10.0.0.1": false, "::ffff:127.0.0.1": false,
		"::ffff:169.254.169.254": false, "::ffff:0:8.8.8.8": false, "64:ff9b::10.0.0.1": false,
		"64:ff9b::8.8.8.8": false, "64:ff9b:1::1": false, "100::1": false, "2001::1": false, "2001:0:1::1": false,
		"2001:2::1": false, "2001:20::1": false, "2001:1ff::1": false, "2001:db8::1": false,
		"2002:a00:1::1": false, "2002:808:808::1": false, "3fff::1": false, "3fff:fff::1": false, "5f00::1": false,
		"fc00::1": false, "fd00::1": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "ff02::1": false,
		"ff0e::1": false, "4000::1": false,

		"::ffff:8.8.8.8": true, // judged as what it is
	} {
		if got := (PeerPolicy{}).Permits(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: got %v, want %v", addr, got, want)
		}
	}
	if (PeerPolicy{}).Permits(netip.Addr{}) {
		t.Error("no address at all is permitted")
	}
}

func TestPeerPolicyLists(t *testing.T) {
	t.Parallel()
	p := PeerPolicy{
		Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")},
		Deny:  []netip.Prefix{netip.MustParsePrefix("10.6.0.0/16"), netip.MustParsePrefix("8.8.8.0/24"), netip.MustParsePrefix("::ffff:7.7.0.0/112")},
	}
	for addr, want := range map[string]bool{
		"10.1.0.1": true, "::ffff:10.1.0.1": true, "fd00::1": true, "9.9.9.9": true,
		"10.6.0.1": false, "7.7.7.7": false, "::ffff:7.7.7.7": false, "7.8.0.1": true, "::ffff:10.6.0.1": false, "8.8.8.8": false, "192.168.0.1": false, "fc00::1": false,
	} {
		if got := p.Permits(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: got %v, want %v", addr, got, want)
		}
	}
}

// An allowed prefix around the relay opens none of its own ports.
func TestAllowedPrefixDoesNotOpenTheRelay(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Peers.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	for _, to := range []string{"127.0.0.1:4000", "127.0.0.9:4000"} {
		if _, why := r.guard.toPeer(inCall("call1"), netip.MustParseAddrPort(to)); why != RefusedOwnAddress {
			t.Errorf("%s: got %q, want %q", to, why, RefusedOwnAddress)
		}
	}
}

// Fuzzing compares the byte tests with the registry written as prefixes.
func FuzzPeerPolicy(f *testing.F) {
	var reserved []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
		"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"224.0.0.0/3", "::/3", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "4000::/2", "8000::/1",
	} {
		p := netip.MustParsePrefix(s)
		reserved = append(reserved, p)
		f.Add(p.Addr().AsSlice())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		if got, want := (PeerPolicy{}).Permits(a), !contains(reserved, a.Unmap()); got != want {
			t.Errorf("%s: got %v, want %v", a, got, want)
		}
	})
}
