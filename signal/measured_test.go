package signal_test

import (
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

var measured = wire.Measured{Tenths: 37, Way: wire.WayTCP}

func (d *dev) measured(c id.Call) { d.send(wire.Head{Kind: wire.KindMeasured, Call: c}, measured) }

// friend is somebody who is there and whom d knows.
func (d *dev) friend() *dev {
	x := d.r.on(0, id.NewAccount())
	d.r.graph.befriend(d.addr.Account, x.addr.Account)
	d.all()
	return x
}

// wantMeasured looks at what all hubs have counted.
func (r *rig) wantMeasured(calls uint64, seconds float64, ways map[wire.Way]uint64) {
	r.t.Helper()
	var n uint64
	var sum float64
	got := map[wire.Way]uint64{}
	for _, h := range r.hubs {
		s := h.Stats()
		n, sum = n+s.Connects.Count, sum+s.Connects.Sum
		for w, v := range s.Ways {
			got[w] += v
		}
	}
	if n != calls || sum != seconds {
		r.t.Errorf("%d calls of %v s, want %d of %v", n, sum, calls, seconds)
	}
	for _, w := range wire.Ways() {
		if got[w] != ways[w] {
			r.t.Errorf("%s: %d, want %d", w, got[w], ways[w])
		}
	}
	if len(got) != len(wire.Ways()) {
		r.t.Errorf("ways are %v", got)
	}
}

// A call is one call, told of by one leg, by both or by none, on one hub or two;
// who tells cannot know which.
func TestACallIsMeasuredOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		r.hangsUp(a, b, r.running(a, b)) // neither tells
		r.wantMeasured(0, 0, nil)
		c := r.running(a, b)
		b.ok(wire.KindMeasured, c, wire.Measured{Tenths: 21, Way: wire.WayDirect})
		a.ok(wire.KindMeasured, c, measured) // the same answer, and nothing more
		r.rest()
		if all := a.all(); len(all) > 0 {
			t.Errorf("the caller was told %v", all)
		}
		if all := b.all(); len(all) > 0 {
			t.Errorf("the callee was told %v", all)
		}
		r.wantMeasured(1, 2.1, map[wire.Way]uint64{wire.WayDirect: 1})
		a.measured(c)
		a.wantError(fault.OutOfTurn)
		b.measured(c)
		b.wantError(fault.OutOfTurn)
		r.hangsUp(a, b, c)
		a.measured(c) // crossed the end
		a.wantError(fault.CallGone)
		c = r.running(a, b)
		a.ok(wire.KindMeasured, c, measured)
		r.hangsUp(a, b, c)
		r.wantMeasured(2, 5.8, map[wire.Way]uint64{wire.WayDirect: 1, wire.WayTCP: 1})
	})
}

// Whoever has no leg in a call that runs adds nothing: strangers, other devices
// of the two, and legs of a call that only rings.
func TestOnlyLegsOfARunningCallMeasure(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		other, stranger := r.on(0, b.addr.Account), r.on(0, id.NewAccount())
		c := r.rings(a, b)
		for _, d := range []*dev{a, b} {
			d.measured(c)
			d.wantError(fault.OutOfTurn)
		}
		b.answer(c)
		a.want(wire.KindAnswered)
		other.all()
		for _, d := range []*dev{other, stranger} {
			d.measured(c)
			d.wantError(fault.CallGone)
		}
		r.wantMeasured(0, 0, nil)
		// A leg that comes back in a new session is the same leg.
		a.all()
		b.all()
		a.ok(wire.KindMeasured, c, measured)
		a.drop()
		r.rest()
		a.connect(wire.Hello{Min: 1, Max: 1})
		a.want(wire.KindAnswered)
		a.measured(c)
		a.wantError(fault.OutOfTurn)
		r.wantMeasured(1, 3.7, map[wire.Way]uint64{wire.WayTCP: 1})
	})
}

// What is out of range is refused at the door, also where the call is another
// hub's; the bounds themselves are taken.
func TestMeasuredHasBounds(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(_ *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		for _, d := range []*dev{a, b} {
			for _, bad := range []wire.Measured{
				{Tenths: -1, Way: wire.WayUDP}, {Tenths: wire.MaxConnectTenths + 1, Way: wire.WayUDP}, {Tenths: 1}, {Tenths: 1, Way: "anna"},
			} {
				d.send(wire.Head{Kind: wire.KindMeasured, Call: c}, bad)
				d.wantError(fault.Invalid)
			}
		}
		r.wantMeasured(0, 0, nil)
		a.ok(wire.KindMeasured, c, wire.Measured{Tenths: wire.MaxConnectTenths, Way: wire.WayTLS})
		r.hangsUp(a, b, c)
		c = r.running(a, b)
		b.ok(wire.KindMeasured, c, wire.Measured{Way: wire.WayRelay})
		r.wantMeasured(2, wire.MaxConnectTenths/10, map[wire.Way]uint64{wire.WayTLS: 1, wire.WayRelay: 1})
	})
}

// Every way has its count, by which calls are told apart, and no time of day.
func TestEveryWayIsCounted(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(_ *testing.T, r *rig) {
		a, b := r.pair()
		want := map[wire.Way]uint64{}
		for _, w := range wire.Ways() {
			<-time.After(time.Minute)
			c := r.running(a, b)
			a.ok(wire.KindMeasured, c, wire.Measured{Tenths: 10, Way: w})
			r.hangsUp(a, b, c)
			want[w] = 1
		}
		r.wantMeasured(uint64(len(want)), float64(len(want)), want)
	})
}

func (r *rig) hangsUp(a, b *dev, c id.Call) {
	r.t.Helper()
	a.hangup(c)
	r.rest()
	a.all()
	b.all()
}
