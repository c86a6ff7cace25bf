package conformance

import (
	"net"
	"net/netip"
	"testing"

	"github.com/ringfence/ringfence/internal/testenv"
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
	low := testenv.FreePorts(t, 4)
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

// The answer to a retransmission says the same, all of it.
func TestRFC8656_5_RetransmissionIsAnsweredAlike(t *testing.T) {
	t.Parallel()
	s := newServer(t, both)
	for name, v := range map[string]struct {
		p    packet
		kind int
	}{
		"token":             {request(allocate).transport(17).add(attrEvenPort, 0x80), attrToken},
		"additional family": {request(allocate).transport(17).add(attrAdditionalFamily, 2, 0, 0, 0), attrAddressError},
		"lifetime":          {request(allocate).transport(17).lifetime(900), attrLifetime},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.login(t, "udp", "a")
			p := c.sign(v.p)
			one, ok := c.ask(p).find(v.kind)
			two, _ := c.ask(p).find(v.kind)
			if !ok || string(one) != string(two) {
				t.Errorf("got %x, then %x", one, two)
			}
		})
	}
}

// Another user's request is no retransmission, whatever its transaction id.
func TestRFC8656_5_RetransmissionOfAnotherUser(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.login(t, "udp", "a")
	p := request(allocate).transport(17)
	c.mustAllocate(p)
	c.want(0, request(refresh))
	c.cred = s.credential(t, "b")
	if m := c.want(437, p); m.has(attrRelayed) {
		t.Error("another user was told the relayed address")
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

// Peers by TCP are another RFC's (6062), and off unless a setting says on:
// until then that transport is not supported.
func TestRFC8656_7_2_TCPPeersAreOff442(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		s.login(t, network, "a").want(442, request(allocate).transport(6))
	})
}

// A server that can't keep packets whole takes DONT-FRAGMENT for an attribute
// that it does not know. The standard leaves the choice, but asks that Send
// indications be treated alike: TestRFC8656_11_2_SendWithDontFragment.
func TestRFC8656_7_2_DontFragment(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		m := c.do(request(allocate).transport(17).add(attrDontFragment))
		if code, _ := m.code(); code == 0 {
			c.wantAllocated(m)
			return
		}
		c.wantUnknown(m, attrDontFragment)
		c.mustAllocate(request(allocate).transport(17))
	})
}

// What may not stand together.
func TestRFC8656_7_2_Contradictions400(t *testing.T) {
	t.Parallel()
	s := newServer(t, both)
	token := []byte("8 bytes.")
	base := request(allocate).transport(17)
	for name, p := range map[string]packet{
		"token and even port":               base.add(attrToken, token...).add(attrEvenPort, 0),
		"token and even port with the next": base.add(attrToken, token...).add(attrEvenPort, 0x80),
		"token and family":                  base.add(attrToken, token...).family(1),
		"token and additional family":       base.add(attrToken, token...).add(attrAdditionalFamily, 2, 0, 0, 0),
		"family and additional family":      base.family(1).add(attrAdditionalFamily, 2, 0, 0, 0),
		"reservation and additional family": base.add(attrEvenPort, 0x80).add(attrAdditionalFamily, 2, 0, 0, 0),
		"additional family IPv4":            base.add(attrAdditionalFamily, 1, 0, 0, 0),
		"token of seven bytes":              base.add(attrToken, token[:7]...),
		"even port of no byte":              base.add(attrEvenPort),
		"family of one byte":                base.add(attrFamily, 1),
		"lifetime of two bytes":             base.add(attrLifetime, 1, 2),
		"token and unknown family":          base.add(attrToken, token...).family(9),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.login(t, "udp", "a")
			c.want(400, p)
		})
	}
}

// Where no family is asked for, it is IPv4, whatever the client came by.
func TestRFC8656_7_2_DefaultFamilyIsIPv4(t *testing.T) {
	t.Parallel()
	s := newServer(t, only6)
	transports(t, func(t *testing.T, network string) {
		if c := s.allocated(t, network, "a"); !c.relayed.Addr().Is4() {
			t.Errorf("relayed address %v, want an IPv4 one", c.relayed)
		}
	})
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

// A family that the relay has no address of is not supported.
func TestRFC8656_7_2_FamilyWithoutAddress440(t *testing.T) {
	t.Parallel()
	four := newServer(t, nil)
	six := newServer(t, func(c *relay.Config) {
		only6(c)
		c.RelayIPs = nil
	})
	transports(t, func(t *testing.T, network string) {
		four.login(t, network, "a").want(440, request(allocate).transport(17).family(2))
		six.login(t, network, "a").want(440, request(allocate).transport(17).family(1))
		six.login(t, network, "a").want(440, request(allocate).transport(17))
	})
}

// Two addresses for one allocation are not served: the client gets one and is
// told which it did not get. The standard lets a server meet such a request
// in part.
func TestRFC8656_7_2_AdditionalFamilyInPart(t *testing.T) {
	t.Parallel()
	s := newServer(t, both)
	c := s.login(t, "udp", "a")
	m := c.mustAllocate(request(allocate).transport(17).add(attrAdditionalFamily, 2, 0, 0, 0))
	if !c.relayed.Addr().Is4() {
		t.Errorf("relayed address %v, want an IPv4 one", c.relayed)
	}
	v, ok := m.find(attrAddressError)
	if !ok || len(v) < 4 || v[0] != 2 || v[2]&7 != 4 || v[3] != 40 {
		t.Errorf("ADDRESS-ERROR-CODE: got %x, want IPv6 and 440", v)
	}
}

func TestRFC8656_7_2_EvenPort(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		for _, v := range []byte{0, 0x7f} { // the other bits mean nothing
			c := s.login(t, network, "a")
			m := c.mustAllocate(request(allocate).transport(17).add(attrEvenPort, v))
			if c.relayed.Port()%2 != 0 {
				t.Errorf("relayed port %d, want an even one", c.relayed.Port())
			}
			if m.has(attrToken) {
				t.Error("RESERVATION-TOKEN, though no reservation was asked for")
			}
			c.want(0, request(refresh).lifetime(0))
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

// A reservation has its own address family: a token comes without one.
func TestRFC8656_7_2_ReservationIPv6(t *testing.T) {
	t.Parallel()
	s := newServer(t, both)
	transports(t, func(t *testing.T, network string) {
		one, two := s.login(t, network, "a"), s.login(t, network, "a")
		token, _ := one.mustAllocate(request(allocate).transport(17).family(2).add(attrEvenPort, 0x80)).find(attrToken)
		two.mustAllocate(withToken(token))
		if want := at(loopback6, one.relayed.Port()+1); two.relayed != want {
			t.Errorf("the reserved address is %v, want %v", two.relayed, want)
		}
		two.want(0, request(refresh).family(2))
	})
}

// Nobody else gets the port in between: not another client, not another
// program.
func TestRFC8656_7_2_ReservedPortIsHeld(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.login(t, "udp", "a")
	c.reserve()
	held := at(c.relayed.Addr(), c.relayed.Port()+1)
	if conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(held)); err == nil {
		_ = conn.Close()
		t.Errorf("%v was free", held)
	}
}

// A token is good once.
func TestRFC8656_7_2_TokenIsUsedOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	one, two, three := s.login(t, "udp", "a"), s.login(t, "udp", "a"), s.login(t, "udp", "a")
	token := one.reserve()
	two.mustAllocate(withToken(token))
	three.want(508, withToken(token))
	two.want(0, request(refresh).lifetime(0))
	three.want(508, withToken(token))
}

// A reservation is the server's: any of its transports redeems it.
func TestRFC8656_7_2_TokenOverAnotherTransport(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	for _, over := range [][2]string{{"udp", "tcp"}, {"tcp", "udp"}} {
		one, two := s.login(t, over[0], "a"), s.login(t, over[1], "a")
		two.mustAllocate(withToken(one.reserve()))
		if want := at(one.relayed.Addr(), one.relayed.Port()+1); two.relayed != want {
			t.Errorf("%v: the reserved address is %v, want %v", over, two.relayed, want)
		}
	}
}

// The standard does not tie a token to a user. We do, so that a guessed or
// overheard one is of no use; to anybody else it is not valid.
func TestRFC8656_7_2_TokenOfAnotherUser508(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	one, thief, two := s.login(t, "udp", "a"), s.login(t, "udp", "b"), s.login(t, "udp", "a")
	token := one.reserve()
	thief.want(508, withToken(token))
	two.mustAllocate(withToken(token))
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

// No pair of ports: no reservation.
func TestRFC8656_7_2_EvenPortCannotBeHad508(t *testing.T) {
	t.Parallel()
	low := testenv.FreePorts(t, 3) // even
	s := newServer(t, func(c *relay.Config) { c.MinPort, c.MaxPort = low+1, low+2 })
	s.login(t, "udp", "a").want(508, request(allocate).transport(17).add(attrEvenPort, 0x80))
	s.login(t, "udp", "a").mustAllocate(request(allocate).transport(17).add(attrEvenPort, 0))
	s.login(t, "udp", "b").want(508, request(allocate).transport(17).add(attrEvenPort, 0))
	odd := newServer(t, func(c *relay.Config) { c.MinPort, c.MaxPort = low+1, low+1 })
	odd.login(t, "udp", "a").want(508, request(allocate).transport(17).add(attrEvenPort, 0))
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

// What no user's quota stands against, but the server can't do.
func TestRFC8656_7_2_Capacity508(t *testing.T) {
	t.Parallel()
	full := newServer(t, func(c *relay.Config) { c.Limits.Allocations = 1 })
	full.allocated(t, "udp", "a")
	full.login(t, "udp", "b").want(508, request(allocate).transport(17))
	port := testenv.FreePorts(t, 1)
	ports := newServer(t, func(c *relay.Config) { c.MinPort, c.MaxPort = port, port })
	ports.allocated(t, "udp", "a")
	ports.login(t, "udp", "b").want(508, request(allocate).transport(17))
}

// lifetimes are what is asked for and what is given. The longest is ours to
// choose, up to an hour: negative here.
var lifetimes = map[uint32]int{1: 600, 599: 600, 600: 600, 601: 601, 1800: 1800, 3600: -1, 3601: -1, 1 << 31: -1, 1<<32 - 1: -1}

func (c *client) wantLifetime(m message, want int) {
	c.t.Helper()
	got, _ := m.lifetime()
	if want >= 0 && got != uint32(want) || want < 0 && (got < 3599 || got > 3600) {
		c.t.Errorf("LIFETIME: got %d, want %d (negative: an hour)", got, want)
	}
}

// A lifetime is never shorter than the default, nor longer than the longest.
func TestRFC8656_7_2_Lifetime(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		c.wantLifetime(c.mustAllocate(request(allocate).transport(17)), 600)
		for asked, want := range lifetimes {
			c.want(0, request(refresh).lifetime(0))
			c.wantLifetime(c.mustAllocate(request(allocate).transport(17).lifetime(asked)), want)
		}
	})
}

// Only a Refresh deletes: an Allocate with 0 is one with the default.
func TestRFC8656_7_2_LifetimeOfZeroIsTheDefault(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.login(t, "udp", "a")
	c.wantLifetime(c.mustAllocate(request(allocate).transport(17).lifetime(0)), 600)
	c.want(0, request(refresh))
}
