package conformance

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/relay"
)

// Other addresses of the loopback network: peers of their own.
var (
	loopback4b = netip.MustParseAddr("127.0.0.2")
	loopback4c = netip.MustParseAddr("127.0.0.3")
	forbidden  = netip.MustParseAddr("10.1.2.3") // private: refused by default
)

// A permission is for an address; ports do not count.
func TestRFC8656_9_PermissionIsByAddress(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		one, two := newPeer(t, loopback4), newPeer(t, loopback4)
		c.permit(at(loopback4, 9))
		one.send(c.relayed, "one")
		c.wantData(one.addr, "one")
		two.send(c.relayed, "two")
		c.wantData(two.addr, "two")
		c.send(two.addr, "back")
		two.expect(c.relayed, "back")
	})
}

// Without a permission nothing gets in.
func TestRFC8656_9_NoPermissionNoEntry(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		known, stranger := newPeer(t, loopback4), newPeer(t, loopback4b)
		c.permit(known.addr)
		stranger.send(c.relayed, "no")
		known.send(c.relayed, "yes")
		c.wantData(known.addr, "yes")
		c.quiet()
	})
}

// Permissions of one allocation are none of another, of the same user too.
func TestRFC8656_9_PermissionsAreOfOneAllocation(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c, other := s.allocated(t, "udp", "a"), s.allocated(t, "udp", "a")
	p, mark := newPeer(t, loopback4), newPeer(t, loopback4b)
	c.permit(p.addr)
	other.permit(mark.addr)
	p.send(other.relayed, "no")
	mark.send(other.relayed, "yes")
	other.wantData(mark.addr, "yes")
	other.send(p.addr, "no")
	c.send(p.addr, "yes")
	p.expect(c.relayed, "yes")
}

func TestRFC8656_10_2_SeveralPeers(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		peers := []*peer{newPeer(t, loopback4), newPeer(t, loopback4b), newPeer(t, loopback4c)}
		c.permit(peers[0].addr, peers[1].addr, peers[2].addr, peers[0].addr)
		for _, p := range peers {
			p.send(c.relayed, "from "+p.addr.String())
			c.wantData(p.addr, "from "+p.addr.String())
			c.send(p.addr, "to "+p.addr.String())
			p.expect(c.relayed, "to "+p.addr.String())
		}
	})
}

// Ports mean nothing in CreatePermission, not even 0.
func TestRFC8656_10_2_PortIsIgnored(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.allocated(t, "udp", "a")
	p := newPeer(t, loopback4)
	c.permit(at(loopback4, 0))
	c.send(p.addr, "yes")
	p.expect(c.relayed, "yes")
}

// One that may not be, and none is installed, wherever it stands.
func TestRFC8656_10_2_AllOrNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t, both)
	good, good2 := at(loopback4, 9), at(loopback4b, 9)
	bad6, bad := at(loopback6, 9), at(forbidden, 9)
	malformed := func(p packet) packet { return p.add(attrPeer, 0, 1, 0) }
	for name, v := range map[string]struct {
		p    packet
		code int
	}{
		"forbidden, last":       {request(createPermission).peers(good, good2, bad), 403},
		"forbidden, in between": {request(createPermission).peers(good, bad, good2), 403},
		"forbidden, first":      {request(createPermission).peers(bad, good, good2), 403},
		"other family, last":    {request(createPermission).peers(good, good2, bad6), 443},
		"malformed, last":       {malformed(request(createPermission).peers(good, good2)), 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.allocated(t, "udp", "a"+strings.ReplaceAll(strings.ReplaceAll(name, ",", ""), " ", ""))
			p, mark := newPeer(t, loopback4), newPeer(t, loopback4c)
			c.want(v.code, v.p)
			c.send(p.addr, "no")
			p.send(c.relayed, "no")
			c.permit(mark.addr)
			mark.send(c.relayed, "yes")
			c.wantData(mark.addr, "yes")
			c.permit(p.addr)
			c.send(p.addr, "yes")
			p.expect(c.relayed, "yes")
		})
	}
}

func TestRFC8656_10_2_Refusals(t *testing.T) {
	t.Parallel()
	s := newServer(t, both)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		for name, v := range map[string]struct {
			p    packet
			code int
		}{
			"no peer":             {request(createPermission), 400},
			"peer of no byte":     {request(createPermission).add(attrPeer), 400},
			"peer of four bytes":  {request(createPermission).add(attrPeer, 0, 1, 0, 0), 400},
			"peer of no family":   {request(createPermission).add(attrPeer, 0, 0, 0, 0, 1, 2, 3, 4), 400},
			"peer of family 3":    {request(createPermission).add(attrPeer, 0, 3, 0, 0, 1, 2, 3, 4), 400},
			"IPv4 of 16 bytes":    {request(createPermission).add(attrPeer, append([]byte{0, 1, 0, 0}, make([]byte, 16)...)...), 400},
			"IPv6 of four bytes":  {request(createPermission).add(attrPeer, 0, 2, 0, 0, 1, 2, 3, 4), 400},
			"a forbidden peer":    {request(createPermission).peers(at(forbidden, 9)), 403},
			"another family":      {request(createPermission).peers(at(loopback6, 9)), 443},
			"this network":        {request(createPermission).peers(at(netip.IPv4Unspecified(), 9)), 403},
			"broadcast":           {request(createPermission).peers(at(netip.MustParseAddr("255.255.255.255"), 9)), 403},
			"multicast":           {request(createPermission).peers(at(netip.MustParseAddr("224.0.0.1"), 9)), 403},
			"metadata of a cloud": {request(createPermission).peers(at(netip.MustParseAddr("169.254.169.254"), 80)), 403},
		} {
			t.Run(name, func(t *testing.T) {
				c.t = t
				c.want(v.code, v.p)
			})
		}
	})
}

// An IPv4 peer of an IPv6 allocation is of another family, in its IPv6 form
// (RFC 4291 section 2.5.5.2) it is refused.
func TestRFC8656_10_2_PeersOfAnIPv6Allocation(t *testing.T) {
	t.Parallel()
	s := newServer(t, both)
	transports(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		c.mustAllocate(request(allocate).transport(17).family(2))
		c.want(443, request(createPermission).peers(at(loopback4, 9)))
		c.want(443, request(channelBind).channel(0x4000).peers(at(loopback4, 9)))
		mapped := at(netip.MustParseAddr("::ffff:127.0.0.1"), 4000)
		for _, req := range []packet{request(createPermission), request(channelBind).channel(0x4000)} {
			if code, err := c.do(req.peers(mapped)).code(); err != nil || code != 403 && code != 443 {
				t.Errorf("an IPv4-mapped peer: got %d (%v), want 403 or 443", code, err)
			}
		}
		p := newPeer(t, loopback6)
		c.permit(p.addr)
		c.send(p.addr, "to IPv6")
		p.expect(c.relayed, "to IPv6")
		p.send(c.relayed, "from IPv6")
		c.wantData(p.addr, "from IPv6")
		c.bind(0x4000, p.addr)
		p.send(c.relayed, "by channel")
		c.wantChannel(0x4000, "by channel")
	})
}

// More permissions than the server has room for: 508, and those that are
// there stay and can be refreshed.
func TestRFC8656_10_2_Capacity508(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(c *relay.Config) { c.Limits.Permissions = 2 })
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		p := newPeer(t, loopback4)
		c.want(508, request(createPermission).peers(at(loopback4, 9), at(loopback4b, 9), at(loopback4c, 9)))
		c.send(p.addr, "no")
		c.permit(at(loopback4, 9), at(loopback4b, 9))
		c.want(508, request(createPermission).peers(at(loopback4c, 9)))
		c.want(508, request(channelBind).channel(0x4000).peers(at(loopback4c, 9)))
		c.permit(at(loopback4b, 9))
		c.send(p.addr, "yes")
		p.expect(c.relayed, "yes")
	})
}

func TestRFC8656_11_2_Send(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		p := newPeer(t, loopback4)
		c.permit(p.addr)
		for _, data := range []string{"x", "xy", "xyz", "xyzw", strings.Repeat("long", 300)} {
			c.send(p.addr, data)
			p.expect(c.relayed, data)
		}
		c.write(indication(sendMethod).add(attrData, 'o', 'k').peers(p.addr)) // the other way round
		p.expect(c.relayed, "ok")
	})
}

// DATA may be of no byte.
func TestRFC8656_11_2_SendNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		p := newPeer(t, loopback4)
		c.permit(p.addr)
		c.send(p.addr, "")
		p.expect(c.relayed, "")
		p.send(c.relayed, "")
		c.wantData(p.addr, "")
	})
}

func TestRFC8656_11_2_SendThatIsDropped(t *testing.T) {
	t.Parallel()
	s := newServer(t, both)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		p, mark := newPeer(t, loopback4), newPeer(t, loopback4b)
		c.send(p.addr, "without a permission")
		c.permit(mark.addr)
		c.send(p.addr, "with that of another address")
		c.permit(p.addr)
		six := newPeer(t, loopback6)
		for name, b := range map[string]packet{
			"no DATA":            indication(sendMethod).peers(p.addr),
			"no peer":            indication(sendMethod).add(attrData, 'n', 'o'),
			"malformed peer":     indication(sendMethod).add(attrPeer, 0, 1, 0).add(attrData, 'n', 'o'),
			"another family":     indication(sendMethod).peers(six.addr).add(attrData, 'n', 'o'),
			"forbidden peer":     indication(sendMethod).peers(at(forbidden, 4000)).add(attrData, 'n', 'o'),
			"port 0":             indication(sendMethod).peers(at(loopback4, 0)).add(attrData, 'n', 'o'),
			"port of a service":  indication(sendMethod).peers(at(loopback4, 53)).add(attrData, 'n', 'o'),
			"no attribute":       indication(sendMethod),
			"Send as a response": newPacket(classSuccess, sendMethod).peers(p.addr).add(attrData, 'n', 'o'),
			"Data from a client": indication(dataMethod).peers(p.addr).add(attrData, 'n', 'o'),
		} {
			t.Run(name, func(t *testing.T) {
				c.t = t
				c.silent(b)
			})
		}
		c.t = t
		c.send(p.addr, "yes")
		p.expect(c.relayed, "yes")
	})
}

// Where DONT-FRAGMENT is served, a Send with it is relayed, and those after
// it without are as well. (That the bit is set can't be seen from a socket.)
func TestRFC8656_11_2_SendWithDontFragment(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		if code, _ := c.do(request(allocate).transport(17).add(attrDontFragment)).code(); code != 0 {
			c.mustAllocate(request(allocate).transport(17))
			p := newPeer(t, loopback4)
			c.permit(p.addr)
			c.write(indication(sendMethod).peers(p.addr).add(attrDontFragment).add(attrData, 'n', 'o'))
			c.send(p.addr, "yes")
			p.expect(c.relayed, "yes")
			return
		}
		p := newPeer(t, loopback4)
		c.permit(p.addr)
		c.write(indication(sendMethod).peers(p.addr).add(attrDontFragment).add(attrData, 'd', 'f'))
		first, from, err := p.next()
		if err != nil || first != "df" {
			t.Fatalf("got %q (%v), want the Send with DONT-FRAGMENT", first, err)
		}
		c.send(from, "never to this port")
		c.send(p.addr, "yes")
		p.expect(from, "yes")
	})
}

// The Data indication has the peer's address and exactly what he sent.
func TestRFC8656_11_3_DataIndication(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		p := newPeer(t, loopback4)
		c.permit(p.addr)
		for _, data := range []string{"x", "xy", "xyz", "xyzw", strings.Repeat("long", 300)} {
			p.send(c.relayed, data)
			c.wantData(p.addr, data)
		}
	})
}

// The relayed address is the source of what peers get, and what they send
// there finds its client: both ways through two allocations.
func TestRFC8656_11_BetweenTwoAllocations(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	for _, over := range [][2]string{{"udp", "udp"}, {"udp", "tcp"}, {"tcp", "udp"}, {"tcp", "tcp"}} {
		t.Run(over[0]+" to "+over[1], func(t *testing.T) {
			t.Parallel()
			a, b := s.allocated(t, over[0], "a"), s.allocated(t, over[1], "b")
			a.permit(b.relayed)
			b.permit(a.relayed)
			a.send(b.relayed, "there")
			b.wantData(a.relayed, "there")
			b.send(a.relayed, "and back")
			a.wantData(b.relayed, "and back")
		})
	}
}
