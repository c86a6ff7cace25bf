package conformance

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/testenv"
	"github.com/ringfence/ringfence/relay"
)

// Lifetimes are counted in real seconds, so these tests take minutes: they run
// in make test-long, side by side.

// stopwatch waits for moments after a start. What is due at a moment is
// looked at a little before and a little after.
type stopwatch struct {
	t     *testing.T
	start time.Time
}

const slack = 8 * time.Second

func startLong(t *testing.T) stopwatch {
	t.Helper()
	testenv.OnlyLong(t)
	t.Parallel()
	return stopwatch{t, time.Now()}
}

func (w stopwatch) until(d time.Duration) {
	w.t.Helper()
	select {
	case <-time.After(time.Until(w.start.Add(d))):
	case <-w.t.Context().Done():
		w.t.Fatal("ended early")
	}
}

// wantBlocked fails unless nothing passes between c and p, by indication or
// by channel. What passes between c and mark, who is permitted, says when.
func (c *client) wantBlocked(p, mark *peer, channel uint16) {
	c.t.Helper()
	c.permit(mark.addr)
	c.send(p.addr, "blocked")
	if channel != 0 {
		c.channel(channel, "blocked")
	}
	p.send(c.relayed, "blocked")
	mark.send(c.relayed, "mark")
	c.wantData(mark.addr, "mark")
	c.quiet()
	p.send(p.addr, "mark")
	p.expect(p.addr, "mark")
}

// wantOpen fails unless indications pass both ways.
func (c *client) wantOpen(p *peer) {
	c.t.Helper()
	c.send(p.addr, "open")
	p.expect(c.relayed, "open")
	p.send(c.relayed, "open")
	c.wantData(p.addr, "open")
}

// wantChannelOpen fails unless a channel passes both ways.
func (c *client) wantChannelOpen(p *peer) {
	c.t.Helper()
	c.channel(0x4000, "open")
	p.expect(c.relayed, "open")
	p.send(c.relayed, "open")
	c.wantChannel(0x4000, "open")
}

// longLived is an allocation that outlives the test.
func longLived(t *testing.T, s *server) *client {
	t.Helper()
	c := s.login(t, "udp", "a")
	c.mustAllocate(request(allocate).transport(17).lifetime(3000))
	c.renews = true
	return c
}

// A permission lasts 300 s, and data does not refresh it.
func TestRFC8656_9_PermissionLasts300Seconds(t *testing.T) {
	w := startLong(t)
	c := longLived(t, newServer(t, nil))
	p, mark := newPeer(t, loopback4), newPeer(t, loopback4b)
	w.start = time.Now()
	c.permit(p.addr)
	for d := time.Minute; d < 5*time.Minute; d += time.Minute {
		w.until(d)
		c.wantOpen(p)
	}
	w.until(300*time.Second - slack)
	c.wantOpen(p)
	w.until(300*time.Second + slack)
	c.wantBlocked(p, mark, 0)
	c.permit(p.addr)
	c.wantOpen(p)
}

// CreatePermission begins the 300 s anew.
func TestRFC8656_9_PermissionIsRefreshed(t *testing.T) {
	w := startLong(t)
	c := longLived(t, newServer(t, nil))
	p, mark := newPeer(t, loopback4), newPeer(t, loopback4b)
	c.permit(p.addr)
	w.until(150 * time.Second)
	c.permit(p.addr)
	w.until(450*time.Second - slack)
	c.wantOpen(p)
	w.until(450*time.Second + slack)
	c.wantBlocked(p, mark, 0)
}

// A channel outlives the permission that came with it, by 300 s in which
// nothing may pass: RFC 8656 sections 9 and 12.6.
func TestRFC8656_12_6_ChannelWithoutPermission(t *testing.T) {
	w := startLong(t)
	c := longLived(t, newServer(t, nil))
	p, mark := newPeer(t, loopback4), newPeer(t, loopback4b)
	c.bind(0x4000, p.addr)
	w.until(300*time.Second - slack)
	c.wantChannelOpen(p)
	w.until(300*time.Second + slack)
	c.wantBlocked(p, mark, 0x4000)
	c.permit(p.addr)
	c.wantChannelOpen(p)
}

// A channel lasts 600 s; data does not refresh it, nor does a permission.
// Then its number and its peer are free.
func TestRFC8656_12_ChannelLasts600Seconds(t *testing.T) {
	w := startLong(t)
	c := longLived(t, newServer(t, nil))
	p, other := newPeer(t, loopback4), newPeer(t, loopback4)
	c.bind(0x4000, p.addr)
	for _, d := range []time.Duration{200 * time.Second, 400 * time.Second, 590 * time.Second} {
		w.until(d)
		c.permit(p.addr)
		c.wantChannelOpen(p)
	}
	w.until(600*time.Second + slack)
	c.channel(0x4000, "to a channel that has ended")
	c.wantOpen(p)
	c.bind(0x4000, other.addr)
	c.bind(0x4001, p.addr)
}

// The same binding again begins the 600 s anew, and those of the permission.
func TestRFC8656_12_ChannelIsRefreshed(t *testing.T) {
	w := startLong(t)
	c := longLived(t, newServer(t, nil))
	p := newPeer(t, loopback4)
	c.bind(0x4000, p.addr)
	for _, d := range []time.Duration{280 * time.Second, 560 * time.Second, 700 * time.Second} {
		w.until(d)
		c.wantChannelOpen(p)
		c.bind(0x4000, p.addr)
	}
}

// An allocation ends when its time is up: 600 s where nothing was asked for.
func TestRFC8656_6_AllocationLasts600Seconds(t *testing.T) {
	w := startLong(t)
	s := newServer(t, nil)
	p := newPeer(t, loopback4)
	c, refreshed := s.allocated(t, "udp", "a"), s.allocated(t, "udp", "b")
	c.renews, refreshed.renews = true, true
	w.until(300 * time.Second)
	refreshed.want(0, request(refresh))
	w.until(600*time.Second - slack)
	c.permit(p.addr)
	c.wantOpen(p)
	w.until(600*time.Second + slack)
	c.send(p.addr, "from an allocation that has ended")
	c.want(437, request(createPermission).peers(p.addr))
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(c.relayed))
	if err != nil {
		t.Fatalf("the relayed address is still taken: %v", err)
	}
	_ = conn.Close()
	refreshed.permit(p.addr)
	refreshed.wantOpen(p)
	w.until(900*time.Second + slack)
	refreshed.want(437, request(refresh))
}

// A reservation is held for 30 s at the least, and not for ever.
func TestRFC8656_7_2_ReservationIsHeld30Seconds(t *testing.T) {
	w := startLong(t)
	s := newServer(t, nil)
	one, late := s.login(t, "udp", "a"), s.login(t, "udp", "a")
	w.start = time.Now()
	token, lost := one.reserve(), s.login(t, "udp", "b").reserve()
	w.until(29 * time.Second)
	late.mustAllocate(withToken(token))
	w.until(10 * time.Minute)
	tooLate := s.login(t, "udp", "b")
	tooLate.want(508, withToken(lost))
}

// A nonce is good for an hour at most.
func TestRFC8656_5_NonceExpires(t *testing.T) {
	t.Parallel()
	transports(t, func(t *testing.T, network string) {
		var ahead atomic.Int64
		s := newServer(t, func(c *relay.Config) {
			c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		})
		c := s.allocated(t, network, "a")
		c.want(0, request(refresh))
		ahead.Add(int64(time.Hour))
		c.nonce = c.wantChallenge(c.ask(c.sign(request(refresh))), 438)
		c.want(0, request(refresh)) // of a credential that has long expired: it counts at Allocate alone
	})
}
