package signal_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// nonsense is a frame that is counted and answered, and nothing else.
var nonsense = []byte(`{"v":1,"kind":"sparkle","body":""}`)

// limited sends n frames and returns how many met a limit.
func (d *dev) limited(n int) (refused int, last wire.Error) {
	d.r.t.Helper()
	for range n {
		d.raw(nonsense)
		e := wire.Error{}
		body(d.r.t, d.want(wire.KindError), &e)
		if e.Code == fault.RateLimited {
			refused++
			last = e
		}
	}
	return refused, last
}

func TestFramesAreCountedPerAccount(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, other := id.NewAccount(), id.NewAccount()
		for range wire.MaxAccountBurst / wire.MaxFrameBurst {
			if n, e := r.on(0, a).limited(wire.MaxFrameBurst); n != 0 {
				t.Fatalf("%d refused: %+v", n, e)
			}
		}
		last := r.on(0, a)
		if n, e := last.limited(10); n != 10 || e.Limit != wire.MaxAccountRate || e.RetryAfter != 1 {
			t.Errorf("%d of 10 refused, %+v", n, e)
		}
		if n, e := r.on(0, other).limited(10); n != 0 {
			t.Errorf("somebody else: %d refused, %+v", n, e)
		}
		<-time.After(time.Second)
		if n, e := last.limited(wire.MaxAccountRate); n != 0 {
			t.Errorf("after the wait: %d refused, %+v", n, e)
		}
	})
}

func TestFramesAreCountedPerAddress(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		const home = "2001:db8::/64"
		for range wire.MaxAddressBurst / wire.MaxFrameBurst {
			d := r.device(id.NewAccount())
			d.from = home
			d.connect(wire.Hello{Min: 1, Max: 1})
			if n, e := d.limited(wire.MaxFrameBurst); n != 0 {
				t.Fatalf("%d refused: %+v", n, e)
			}
		}
		for from, want := range map[string]int{home: 10, "2001:db8:0:1::/64": 0} {
			d := r.device(id.NewAccount())
			d.from = from
			d.connect(wire.Hello{Min: 1, Max: 1})
			if n, e := d.limited(10); n != want || n > 0 && e.Limit != wire.MaxAddressRate {
				t.Errorf("%s: %d of 10 refused, want %d: %+v", from, n, want, e)
			}
		}
		if n := r.hubs[0].Stats().Drops["rate"]; n != 10 {
			t.Errorf("%d counted, want 10", n)
		}
	})
}

// Coming back must not give anew what was used up, and whoever comes back too
// often is told when to.
func TestConnectingIsLimited(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		d := r.on(0, id.NewAccount())
		for range wire.MaxHellos - 1 {
			d.drop()
			d.resume()
		}
		d.drop()
		d.open()
		d.send(wire.Head{Kind: wire.KindHello}, wire.Hello{Min: 1, Max: 1, Resume: d.welcome.Resume, Cursor: d.seq})
		if e := d.wantError(fault.RateLimited); e.RetryAfter != 1 {
			t.Errorf("retry after %d s, want 1", e.RetryAfter)
		}
		d.wantClosed(wire.CloseOften)
		if n := r.hubs[0].Stats().Endings["too_often"]; n != 1 {
			t.Errorf("%d counted, want 1", n)
		}
		<-time.After(time.Second)
		if d.resume(); !d.welcome.Resumed {
			t.Error("the session was lost over it")
		}
	})
}

// A client that never sends much at once, and never stops, is closed as well:
// refusing it is work, too.
func TestSteadyFloodIsClosed(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		d := r.on(0, id.NewAccount())
		for range 5000 {
			if err := d.try(nonsense); err != nil {
				break
			}
			<-time.After(time.Millisecond)
		}
		d.all()
		d.wantClosed(wire.CloseFlood)
	})
}

// The worst that an honest client does: it finds a hundred candidates, tells
// each by itself, both ways, renegotiates every other second, loses its
// connection and sends again all that it keeps.
func TestHonestClientsMeetNoLimit(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		a.from, b.from = "198.51.100.7/32", "198.51.100.7/32"
		a.drop()
		a.resume()
		b.drop()
		b.resume()
		c := r.running(a, b)
		search := func(n int) {
			for _, d := range []*dev{a, b} {
				d.send(wire.Head{Kind: wire.KindDescription, Call: c}, wire.Hangup{})
				for range n {
					d.send(wire.Head{Kind: wire.KindCandidate, Call: c}, wire.Hangup{})
				}
			}
		}
		search(100)
		for range 60 { // two minutes of a bad network
			search(60)
			<-time.After(2 * time.Second)
		}
		a.drop()
		a.resume()
		search(0)
		for range wire.ResumeFrames {
			a.send(wire.Head{Kind: wire.KindMedia, Call: c}, wire.Hangup{})
		}
		search(60)
		for _, d := range []*dev{a, b} {
			if bad := d.all()[wire.KindError]; len(bad) > 0 {
				t.Errorf("%d refused, the first: %s", len(bad), plain(bad[0]))
			}
		}
	})
}

func TestMetersAreForgotten(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		for n := range 50 {
			d := r.device(id.NewAccount())
			d.from = fmt.Sprintf("198.51.100.%d/32", n)
			d.connect(wire.Hello{Min: 1, Max: 1})
			_ = d.conn.CloseNow()
			synctest.Wait()
		}
		if n := r.hubs[0].Meters(); n != 100 {
			t.Errorf("%d are kept, want 100", n)
		}
		<-time.After(3 * time.Second)
		if n := r.hubs[0].Meters(); n != 0 {
			t.Errorf("%d are still kept, want none", n)
		}
	})
}
