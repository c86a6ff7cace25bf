package conformance

import (
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/testenv"
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
