package conformance

import (
	"net"
	"testing"
	"time"
)

// Who has no allocation is told so, signed, so that he can start afresh at
// once and nobody can make him.
func TestRFC8656_5_NoAllocation437(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		for name, p := range signedRequests() {
			if decodeMethod(p) == allocate {
				continue
			}
			t.Run(name, func(t *testing.T) {
				s.login(t, network, "a").want(437, p)
			})
		}
		s.login(t, network, "a").want(437, request(refresh).lifetime(0))
	})
}

// What is no request gets no answer.
func TestRFC8656_5_NoAllocationSilence(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.dial(t, network, "a")
		c.silent(indication(sendMethod).peers(at(loopback4, 4000)).add(attrData, 1, 2, 3))
		c.channel(0x4000, "data")
		c.quiet()
	})
}

// Another user's requests on an allocation are refused and change nothing.
func TestRFC8656_5_WrongCredentials441(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		p := newPeer(t, loopback4)
		mine := c.cred
		for name, req := range signedRequests() {
			if decodeMethod(req) == allocate {
				continue
			}
			t.Run(name, func(t *testing.T) {
				c.t, c.cred = t, s.credential(t, "b")
				c.want(441, req)
			})
		}
		c.t = t
		c.want(441, request(refresh).lifetime(0))
		c.want(441, request(createPermission).peers(p.addr))
		c.cred = mine
		c.send(p.addr, "no")
		c.permit(p.addr)
		c.send(p.addr, "yes")
		p.expect(c.relayed, "yes")
	})
}

// A renewed credential of the same leg of the same call is the same user to
// us, although its name is another: calls outlive credentials.
func TestRFC8656_5_RenewedCredentialIsTheSameUser(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.allocated(t, "udp", "a")
	old := c.cred.Username
	if c.cred = s.credentialAt(t, "a", 3*time.Second); c.cred.Username == old {
		t.Fatal("the renewed credential has the old name")
	}
	c.want(0, request(refresh))
	c.want(0, request(createPermission).peers(at(loopback4, 9)))
	c.want(0, request(refresh).lifetime(0))
}

func TestRFC8656_8_2_RefreshLifetime(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		c.wantLifetime(c.want(0, request(refresh)), 600)
		for asked, want := range lifetimes {
			c.wantLifetime(c.want(0, request(refresh).lifetime(asked)), want)
		}
	})
}

// A lifetime of zero deletes: what belonged to the allocation is gone, and
// the 5-tuple is free.
func TestRFC8656_8_2_RefreshToZero(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		p := newPeer(t, loopback4)
		c.bind(0x4000, p.addr)
		old := c.relayed
		c.wantLifetime(c.want(0, request(refresh).lifetime(0)), 0)
		c.want(437, request(refresh))
		c.want(437, request(refresh).lifetime(0)) // a retransmission reads this as done
		c.send(p.addr, "no")
		c.channel(0x4000, "no")
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(old))
		if err != nil {
			t.Errorf("the relayed address is still taken: %v", err)
		} else {
			_ = conn.Close()
		}
		c.mustAllocate(request(allocate).transport(17))
		c.send(p.addr, "no")
		c.channel(0x4000, "no")
		c.bind(0x4000, newPeer(t, loopback4).addr) // the new one has no channels
		c.permit(p.addr)
		c.send(p.addr, "yes")
		p.expect(c.relayed, "yes")
	})
}

// The 5-tuple is free at once, and what is made on it then stays: nothing of
// the allocation before may end it.
func TestRFC8656_8_2_FiveTupleIsFreeAtOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		for range 50 {
			c.want(0, request(refresh).lifetime(0))
			c.mustAllocate(request(allocate).transport(17))
		}
		c.want(0, request(refresh))
	})
}

func TestRFC8656_8_2_RefreshFamily(t *testing.T) {
	t.Parallel()
	s := newServer(t, both)
	transports(t, func(t *testing.T, network string) {
		for family := byte(1); family <= 2; family++ {
			c := s.login(t, network, "a")
			c.mustAllocate(request(allocate).transport(17).family(family))
			c.want(0, request(refresh).family(family))
			c.want(443, request(refresh).family(3-family))
			c.want(443, request(refresh).family(3-family).lifetime(0))
			c.want(0, request(refresh)) // none was deleted
			c.want(0, request(refresh).family(family).lifetime(0))
		}
	})
}

// A LIFETIME that is none: 400, our choice over taking it for the default.
func TestRFC8656_8_2_RefreshMalformedLifetime400(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.allocated(t, "udp", "a")
	c.want(400, request(refresh).add(attrLifetime))
	c.want(400, request(refresh).add(attrLifetime, 0, 0))
	c.want(400, request(refresh).add(attrLifetime, 0, 0, 0, 0, 0))
	c.want(0, request(refresh))
}

// Allocations of one user have nothing to do with each other.
func TestRFC8656_6_AllocationsOfOneUser(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	one, two := s.allocated(t, "udp", "a"), s.allocated(t, "udp", "a")
	if one.relayed == two.relayed {
		t.Fatalf("both got %v", one.relayed)
	}
	one.want(0, request(refresh).lifetime(0))
	two.want(0, request(refresh))
}

// A stream's allocation ends with the stream, our choice: nobody could be
// reached by it, or take it up again.
func TestRFC8656_3_1_AllocationEndsWithItsStream(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.allocated(t, "tcp", "a")
	_ = c.conn.Close()
	eventually(t, "the allocation ends", func() bool { return s.Stats().AllocationsLive == 0 })
}
