package conformance

import (
	"testing"
	"time"
)

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
