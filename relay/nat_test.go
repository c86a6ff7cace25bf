package relay

import (
	"errors"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// behindNAT is a relay on loopback that is known outside by an address which
// no interface here has.
func behindNAT(t testing.TB, outside string) (*rig, *atomic.Pointer[netip.Addr]) {
	t.Helper()
	var public atomic.Pointer[netip.Addr]
	a := netip.MustParseAddr(outside)
	public.Store(&a)
	return newRig(t, func(c *Config) { c.PublicIP = func() netip.Addr { return *public.Load() } }), &public
}

func TestBehindNATTwoLegsMeet(t *testing.T) {
	t.Parallel()
	r, _ := behindNAT(t, "198.51.100.7")
	a := r.allocate(t, "udp", "call1", "a")
	b := r.allocate(t, "tcp", "call1", "b")
	for _, p := range []*peer{a, b} {
		if got := p.LocalAddr().String(); !strings.HasPrefix(got, "198.51.100.7:") {
			t.Errorf("the client sees %s, want the external address", got)
		}
	}
	exchange(t, a, b) // fails too if a shows up under its internal address
	exchange(t, b, a)

	other := r.allocate(t, "udp", "call2", "c")
	if err := tryExchange(a, other, 200*time.Millisecond); !errors.Is(err, errNothing) {
		t.Errorf("between two calls: got %v, want nothing to arrive", err)
	}
	if n := r.refused(RefusedOtherCall); n != 1 {
		t.Errorf("got %d refusals for another call, want 1", n)
	}
	if _, why := r.guard.toPeer(inCall("call1"), netip.MustParseAddrPort("198.51.100.7:9")); why != RefusedOwnAddress {
		t.Errorf("an external port without allocation: got %q, want %q", why, RefusedOwnAddress)
	}
}

func TestPublicAddressMayChange(t *testing.T) {
	t.Parallel()
	r, public := behindNAT(t, "198.51.100.7")
	a := r.allocate(t, "udp", "call1", "a")
	next := netip.MustParseAddr("198.51.100.8")
	public.Store(&next)
	b := r.allocate(t, "udp", "call1", "b")
	if got := b.LocalAddr().String(); !strings.HasPrefix(got, "198.51.100.8:") {
		t.Errorf("the client sees %s, want the new external address", got)
	}
	exchange(t, a, b)
	exchange(t, b, a)
	for _, addr := range []string{"198.51.100.7:9", "198.51.100.8:9"} {
		if _, why := r.guard.toPeer(inCall("call1"), netip.MustParseAddrPort(addr)); why != RefusedOwnAddress {
			t.Errorf("%s: got %q, want %q", addr, why, RefusedOwnAddress)
		}
	}
	if stun, _ := r.ICEURLs(); !strings.HasPrefix(stun[0], "stun:198.51.100.8:") {
		t.Errorf("clients are told %s", stun[0])
	}
}

// Evaluation opens the machine, not whatever a NAT forwards elsewhere.
func TestEvaluationDoesNotOpenTheExternalAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) {
		c.AllowOwnAddresses = true
		c.PublicIP = func() netip.Addr { return netip.MustParseAddr("198.51.100.7") }
	})
	if _, why := r.guard.toPeer(inCall("call1"), netip.MustParseAddrPort("198.51.100.7:4000")); why != RefusedOwnAddress {
		t.Errorf("got %q, want %q", why, RefusedOwnAddress)
	}
}

func TestIPv6(t *testing.T) {
	t.Parallel()
	six := netip.MustParseAddrPort("[::1]:0")
	r := newRig(t, func(c *Config) { c.UDP, c.TCP = []netip.AddrPort{six}, []netip.AddrPort{six} })
	a := r.allocate(t, "udp", "call1", "a")
	b := r.allocate(t, "tcp", "call1", "b")
	if at, _ := addrPort(a.LocalAddr()); at.Addr() != six.Addr() {
		t.Errorf("got %v, want a port of ::1", a.LocalAddr())
	}
	exchange(t, a, b)
	exchange(t, b, a)
	other := r.allocate(t, "udp", "call2", "c")
	if err := tryExchange(a, other, 200*time.Millisecond); !errors.Is(err, errNothing) {
		t.Errorf("between two calls: got %v, want nothing to arrive", err)
	}
}

func TestPlacesRelaySockets(t *testing.T) {
	t.Parallel()
	addr := netip.MustParseAddr
	for name, c := range map[string]struct {
		relayIPs, byRoute []string
		configured        bool
		public, public6   string
		network, heard    string
		bind, shown       string
	}{
		"where heard":            {relayIPs: []string{"10.0.0.5", "10.1.0.5"}, network: "udp4", heard: "10.1.0.5", bind: "10.1.0.5", shown: "10.1.0.5"},
		"other family":           {relayIPs: []string{"10.0.0.5", "2a00::5"}, network: "udp6", heard: "10.0.0.5", bind: "2a00::5", shown: "2a00::5"},
		"behind NAT, by route":   {relayIPs: []string{"172.17.0.1", "10.0.0.5"}, byRoute: []string{"10.0.0.5", "172.17.0.1"}, public: "8.8.8.8", network: "udp4", heard: "172.17.0.1", bind: "10.0.0.5", shown: "8.8.8.8"},
		"public is here":         {relayIPs: []string{"10.0.0.5", "8.8.8.8"}, public: "8.8.8.8", network: "udp4", heard: "10.0.0.5", bind: "8.8.8.8", shown: "8.8.8.8"},
		"NAT of the other kind":  {relayIPs: []string{"10.0.0.5", "2a00::5"}, public: "8.8.8.8", network: "udp6", heard: "2a00::5", bind: "2a00::5", shown: "2a00::5"},
		"two public addresses":   {relayIPs: []string{"10.0.0.5", "fd00::5"}, public: "8.8.8.8", public6: "2a00::8", network: "udp6", heard: "10.0.0.5", bind: "fd00::5", shown: "2a00::8"},
		"the one that fits":      {relayIPs: []string{"10.0.0.5", "fd00::5"}, public: "8.8.8.8", public6: "2a00::8", network: "udp4", heard: "fd00::5", bind: "10.0.0.5", shown: "8.8.8.8"},
		"configured":             {relayIPs: []string{"10.9.0.5"}, configured: true, network: "udp4", heard: "10.0.0.5", bind: "10.9.0.5", shown: "10.9.0.5"},
		"configured, behind NAT": {relayIPs: []string{"10.9.0.5"}, configured: true, public: "8.8.8.8", network: "udp4", heard: "10.0.0.5", bind: "10.9.0.5", shown: "8.8.8.8"},
		"family missing":         {relayIPs: []string{"10.0.0.5"}, network: "udp6", heard: "10.0.0.5"},
		"no UDP":                 {relayIPs: []string{"10.0.0.5"}, network: "unix", heard: "10.0.0.5"},
	} {
		var ips, route []netip.Addr
		for _, s := range c.relayIPs {
			ips = append(ips, addr(s))
		}
		for _, s := range c.byRoute {
			route = append(route, addr(s))
		}
		if route == nil {
			route = ips
		}
		var public, public6 netip.Addr
		if c.public != "" {
			public = addr(c.public)
		}
		if c.public6 != "" {
			public6 = addr(c.public6)
		}
		s := &Server{byRoute: route, guard: &guard{relayIPs: ips}, self: &self{
			public: (&Config{PublicIP: func() netip.Addr { return public }, PublicIP6: func() netip.Addr { return public6 }}).outside, interfaces: func() ([]netip.Addr, error) { return ips, nil },
		}}
		if c.configured {
			s.cfg.RelayIPs = ips
		}
		bind, shown, err := s.place(c.network, addr(c.heard))
		if c.bind == "" {
			if err == nil {
				t.Errorf("%s: got %v, want an error", name, bind)
			}
			continue
		}
		if err != nil || bind != addr(c.bind) || shown != addr(c.shown) {
			t.Errorf("%s: got %v shown as %v, %v; want %s as %s", name, bind, shown, err, c.bind, c.shown)
		}
	}
}

func TestTellsClientsWhereToGo(t *testing.T) {
	t.Parallel()
	addrs := func(ss ...string) (out []netip.Addr) {
		for _, s := range ss {
			out = append(out, netip.MustParseAddr(s))
		}
		return out
	}
	for name, c := range map[string]struct {
		heard   []netip.Addr
		public  netip.Addr
		public6 netip.Addr
		host    string
		want    string
	}{
		"one address":        {heard: addrs("192.168.1.10"), want: "192.168.1.10:3478"},
		"best of a family":   {heard: addrs("192.168.1.10", "172.17.0.1"), want: "192.168.1.10:3478"},
		"both families":      {heard: addrs("192.168.1.10", "2a00::5"), want: "192.168.1.10:3478 [2a00::5]:3478"},
		"unique local left":  {heard: addrs("192.168.1.10", "fd00::5"), want: "192.168.1.10:3478"},
		"unique local only":  {heard: addrs("fd00::5"), want: "[fd00::5]:3478"},
		"behind NAT":         {heard: addrs("10.0.0.5", "2a00::5"), public: netip.MustParseAddr("8.8.8.8"), want: "8.8.8.8:3478 [2a00::5]:3478"},
		"behind two":         {heard: addrs("10.0.0.5", "fd00::5"), public: netip.MustParseAddr("8.8.8.8"), public6: netip.MustParseAddr("2a00::8"), want: "8.8.8.8:3478 [2a00::8]:3478"},
		"behind one of IPv6": {heard: addrs("fd00::5"), public6: netip.MustParseAddr("2a00::8"), want: "[2a00::8]:3478"},
		"by name":            {heard: addrs("10.0.0.5", "2a00::5"), host: "turn.example.org", want: "turn.example.org:3478"},
	} {
		o := outlook{cfg: &Config{Host: c.host}, public: (&Config{PublicIP: func() netip.Addr { return c.public }, PublicIP6: func() netip.Addr { return c.public6 }}).outside(), heard: c.heard}
		var bound []netip.AddrPort
		for _, a := range c.heard {
			bound = append(bound, netip.AddrPortFrom(a, 3478))
		}
		var got []string
		for _, e := range o.of(bound) {
			got = append(got, e.hostPort())
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%s: got %s, want %s", name, g, c.want)
		}
	}
	e := Endpoint{Host: "2a00::5", Port: 3478, Transport: "tcp"}
	if e.TURN() != "turn:[2a00::5]:3478?transport=tcp" || e.STUN() != "stun:[2a00::5]:3478" {
		t.Errorf("got %s and %s", e.TURN(), e.STUN())
	}
}
