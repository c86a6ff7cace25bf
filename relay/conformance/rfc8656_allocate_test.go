package conformance

import (
	"net"
	"net/netip"
	"testing"

	"github.com/ringfence/ringfence/relay"
)

// The success carries where the client may be met, its own address and how
// long it lasts: wantAllocated.
func TestRFC8656_7_2_Allocate(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*relay.Config){"IPv4": nil, "IPv6": only6} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, change)
			transports(t, func(t *testing.T, network string) {
				c := s.login(t, network, "a")
				m := c.mustAllocate(request(allocate).transport(17))
				if p := c.relayed.Port(); p < relay.DefaultMinPort {
					t.Errorf("relayed port %d, want one of 49152 to 65535", p)
				}
				if m.has(attrToken) || m.has(attrAddressError) {
					t.Error("the answer has what nobody asked for")
				}
			})
		})
	}
}

// Port range: ours is what the configuration says.
func TestRFC8656_7_2_PortsOfTheRange(t *testing.T) {
	t.Parallel()
	low := freePorts(t, 4)
	s := newServer(t, func(c *relay.Config) { c.MinPort, c.MaxPort = low, low+3 })
	for range 3 {
		if c := s.allocated(t, "udp", "a"); c.relayed.Port() < low || c.relayed.Port() > low+3 {
			t.Errorf("relayed port %d, want one of %d to %d", c.relayed.Port(), low, low+3)
		}
	}
}

func TestRFC8656_7_2_AllocationMismatch(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		p := newPeer(t, loopback4)
		c.permit(p.addr)
		c.want(437, request(allocate).transport(17))
		c.want(437, request(allocate).transport(99)) // the 5-tuple is looked at first
		c.want(437, request(allocate))
		c.send(p.addr, "still")
		p.expect(c.relayed, "still")
	})
}

// The same 5-tuple with another user is in use none the less.
func TestRFC8656_7_2_AllocationMismatchOfAnotherUser(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		c.cred = s.credential(t, "b")
		c.want(437, request(allocate).transport(17))
	})
}

// The transport is part of the 5-tuple.
func TestRFC8656_6_FiveTupleHasTheTransport(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	var u *client
	var conn net.Conn
	eventually(t, "a port is free for TCP as well", func() bool {
		u = s.allocated(t, "udp", "a")
		from := &net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(u.local())}
		var err error
		conn, err = from.Dial("tcp", s.addr(t, "tcp").String())
		return err == nil
	})
	t.Cleanup(func() { _ = conn.Close() })
	c := &client{t: t, conn: conn, stream: true, server: s, cred: s.credential(t, "a")}
	c.challenge()
	c.mustAllocate(request(allocate).transport(17))
	if c.relayed == u.relayed {
		t.Errorf("both got %v", c.relayed)
	}
	c.want(0, request(refresh).lifetime(0))
	u.want(0, request(refresh))
}

// A retransmitted request is not a second one: RFC 8656 section 5 and
// RFC 8489 section 6.3.1.
func TestRFC8656_5_RetransmittedAllocate(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.login(t, "udp", "a")
	p := c.sign(request(allocate).transport(17))
	c.wantAllocated(c.ask(p))
	first := c.relayed
	for range 3 {
		m := c.ask(p)
		c.wantSigned(m)
		if c.wantAllocated(m); c.relayed != first {
			t.Errorf("a retransmission got %v, the request %v", c.relayed, first)
		}
	}
	if n := s.Stats().AllocationsTotal; n != 1 {
		t.Errorf("got %d allocations, want 1", n)
	}
}

// The answer to a retransmission holds the same token.
func TestRFC8656_5_RetransmittedReservation(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.login(t, "udp", "a")
	p := c.sign(request(allocate).transport(17).add(attrEvenPort, 0x80))
	one, _ := c.ask(p).find(attrToken)
	two, _ := c.ask(p).find(attrToken)
	if len(one) != 8 || string(one) != string(two) {
		t.Errorf("RESERVATION-TOKEN: got %x, then %x", one, two)
	}
}

func TestRFC8656_7_2_RequestedTransport(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	for name, v := range map[string]struct {
		p    packet
		code int
	}{
		"none":           {request(allocate), 400},
		"empty":          {request(allocate).add(attrTransport), 400},
		"one byte":       {request(allocate).add(attrTransport, 17), 400},
		"five bytes":     {request(allocate).add(attrTransport, 17, 0, 0, 0, 0), 400},
		"SCTP":           {request(allocate).transport(132), 442},
		"ICMP":           {request(allocate).transport(1), 442},
		"zero":           {request(allocate).transport(0), 442},
		"reserved bits":  {request(allocate).add(attrTransport, 17, 0xff, 0xff, 0xff), 0},
		"nothing amiss":  {request(allocate).transport(17), 0},
		"others as well": {request(allocate).add(attrSoftware, 'x').transport(17), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transports(t, func(t *testing.T, network string) {
				s.login(t, network, "a").want(v.code, v.p)
			})
		})
	}
}

func TestRFC8656_7_2_RequestedFamily(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*relay.Config){"client on IPv4": both, "client on IPv6": only6} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, change)
			transports(t, func(t *testing.T, network string) {
				for family, ip := range map[byte]netip.Addr{1: loopback4, 2: loopback6} {
					c := s.login(t, network, "a")
					c.mustAllocate(request(allocate).transport(17).family(family))
					if c.relayed.Addr() != ip {
						t.Errorf("family %d: relayed address %v, want on %v", family, c.relayed, ip)
					}
				}
				c := s.login(t, network, "a")
				c.mustAllocate(request(allocate).transport(17).add(attrFamily, 2, 0xff, 0xff, 0xff)) // reserved bits
				if c.relayed.Addr() != loopback6 {
					t.Errorf("relayed address %v, want on %v", c.relayed, loopback6)
				}
			})
		})
	}
}

func TestRFC8656_7_2_UnknownFamily440(t *testing.T) {
	t.Parallel()
	s := newServer(t, both)
	transports(t, func(t *testing.T, network string) {
		for _, f := range []byte{0, 3, 0xff} {
			s.login(t, network, "a").want(440, request(allocate).transport(17).family(f))
		}
	})
}

// reserve makes an allocation with a reservation and returns the token.
func (c *client) reserve() []byte {
	c.t.Helper()
	m := c.mustAllocate(request(allocate).transport(17).add(attrEvenPort, 0x80))
	token, _ := m.find(attrToken)
	if len(token) != 8 || c.relayed.Port()%2 != 0 {
		c.t.Fatalf("got port %d and token %x, want an even one and 8 bytes", c.relayed.Port(), token)
	}
	return token
}

func withToken(token []byte) packet { return request(allocate).transport(17).add(attrToken, token...) }

func TestRFC8656_7_2_Reservation(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		one, two := s.login(t, network, "a"), s.login(t, network, "a")
		token := one.reserve()
		m := two.mustAllocate(withToken(token))
		if want := at(one.relayed.Addr(), one.relayed.Port()+1); two.relayed != want {
			t.Errorf("the reserved address is %v, want %v", two.relayed, want)
		}
		if m.has(attrToken) {
			t.Error("a token for a token")
		}
		p := newPeer(t, loopback4)
		two.permit(p.addr)
		two.send(p.addr, "from the reserved port")
		p.expect(two.relayed, "from the reserved port")
	})
}

func TestRFC8656_7_2_UnknownToken508(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		c.want(508, withToken([]byte("8 bytes.")))
		c.want(508, withToken(make([]byte, 8)))
	})
}

// The quota counts by user, not by address. A leg of a call is one user: the
// name of a renewed credential is another, and counts with the old.
func TestRFC8656_7_2_Quota486(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(c *relay.Config) { c.Limits.PerLeg = 2 })
	transports(t, func(t *testing.T, network string) {
		leg := network
		one, two := s.allocated(t, network, leg), s.allocated(t, network, leg)
		three := s.login(t, network, leg)
		three.want(486, request(allocate).transport(17))
		s.allocated(t, network, leg+"other")
		two.want(0, request(refresh).lifetime(0))
		three.mustAllocate(request(allocate).transport(17))
		one.want(0, request(refresh))
	})
}
