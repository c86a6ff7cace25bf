package signal_test

import (
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// ringTime is how long a ring takes from one device to another, in virtual
// time: what a busy machine adds does not count.
func ringTime(from, to *dev) time.Duration {
	from.r.t.Helper()
	start := time.Now()
	c := from.ring(to.addr.Account)
	from.want(wire.KindCalling)
	for time.Since(start) < time.Minute {
		for _, f := range to.all()[wire.KindIncoming] {
			if f.Call == c {
				from.hangup(c)
				from.r.rest()
				from.all()
				return time.Since(start)
			}
		}
		<-time.After(time.Millisecond)
	}
	return time.Minute
}

// A friend who rings from two devices as often as the limits allow, and never
// takes a ring back, delays nobody else's.
func TestRingsOfOneFriendDoNotKeepOutAnother(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		x := id.NewAccount()
		r.graph.befriend(x, a.addr.Account)
		flood := []*dev{r.on(0, x), r.on(0, x)}
		quiet := ringTime(b, a)
		full := 0
		for n := range 120 { // at any moment more than 16 would ring
			d := flood[n%2]
			d.ring(a.addr.Account)
			r.rest()
			for _, f := range a.all()[wire.KindIncoming] { // or it would be over soon
				a.ringing(f.Call)
			}
			for _, f := range d.all()[wire.KindError] {
				var e wire.Error
				if body(t, f, &e); e.Code == fault.TooMany && e.Limit == wire.MaxRinging {
					full++
				}
			}
			if n%20 == 19 {
				if took := ringTime(b, a); took > 2*quiet+10*time.Millisecond {
					t.Errorf("a ring took %v in the flood and %v without", took, quiet)
				}
			}
			<-time.After(time.Second)
		}
		if full == 0 {
			t.Error("the flood met no limit: nothing was tried")
		}
	})
}

// Friends who together ring as often as a device takes calls, and more, keep
// nobody out who has no call with it; each of them gets in once more.
func TestRingsOfSomeFriendsDoNotKeepOutAnother(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		quiet := ringTime(b, a)
		got := 0
		for range 4 {
			x := id.NewAccount()
			r.graph.befriend(x, a.addr.Account)
			d := r.on(0, x)
			for range wire.MaxRings - 1 {
				d.ring(a.addr.Account)
				r.rest()
				for _, f := range a.all()[wire.KindIncoming] {
					a.ringing(f.Call)
					got++
				}
			}
		}
		if got < wire.MaxCalls || got > wire.MaxCalls+4 {
			t.Errorf("%d of the flood's calls ring, want %d and one for each who comes later", got, wire.MaxCalls)
		}
		if took := ringTime(b, a); took > 2*quiet+10*time.Millisecond {
			t.Errorf("a ring took %v in the flood and %v without", took, quiet)
		}
	})
}
