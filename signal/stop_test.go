package signal_test

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// end stops one hub.
func (r *rig) end(hub int) {
	r.ends[hub]()
	r.rest()
}

// again connects a device with a new session, on some hub.
func (d *dev) again(hub int) {
	d.hub, d.seq = hub, 0
	d.connect(wire.Hello{Min: 1, Max: 1, Resume: d.welcome.Resume})
}

// wantDismissed reads what a device is told whose hub stops: to come back, and
// nothing of its calls.
func (d *dev) wantDismissed() {
	d.r.t.Helper()
	all := d.all()
	if len(all[wire.KindBye]) != 1 || len(all[wire.KindEnded])+len(all[wire.KindError]) > 0 {
		d.r.t.Errorf("got %v, want a bye, and nothing of a call", all)
	}
	d.wantClosed(wire.CloseRestart)
}

// A hub that stops tells everybody to come back, and leaves the calls that run
// to their devices: nothing of them is revoked.
func TestStopSaysByeAndLeavesCallsToTheirDevices(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		r.stop()
		for _, d := range []*dev{a, b} {
			d.wantDismissed()
		}
		if r.relay.isRevoked(c) {
			t.Error("the credentials of a call that runs are revoked")
		}
		for i, h := range r.hubs {
			if h.Ready() {
				t.Errorf("hub %d still says it is ready", i)
			}
			if s := h.Stats(); s.Sessions+s.Accounts+s.Ringing+s.Running != 0 {
				t.Errorf("hub %d keeps %+v", i, s)
			}
		}
	})
}

// A call that rings ends with its hub: both sides are told, the callee has a
// notice, and its credentials are worth nothing.
func TestStopEndsWhatRings(t *testing.T) {
	t.Parallel()
	for _, hubs := range []int{1, 2} {
		inBubble(t, hubs, func(t *testing.T, r *rig) {
			a, b := r.pair()
			c := r.rings(a, b)
			r.end(0)
			for _, d := range []*dev{a, b} {
				d.ends(d.all(), wire.ReasonStopped)
			}
			if !r.relay.isRevoked(c) {
				t.Error("credentials live on")
			}
			if n := r.graph.missedBy(b.addr.Account); n != 1 {
				t.Errorf("%d notices, want one", n)
			}
		})
	}
}

// The program stops and starts again: the two devices bring their call back,
// and it can do all that it could.
func TestACallOutlivesTheStopOfItsHub(t *testing.T) {
	t.Parallel()
	for _, callerFirst := range []bool{true, false} {
		inBubble(t, 1, func(_ *testing.T, r *rig) {
			a, b := r.pair()
			c := r.running(a, b)
			r.end(0)
			a.wantDismissed()
			b.wantDismissed()
			r.begin(r.pipe)
			r.graph.hub = r.hubs[1]
			if callerFirst {
				r.comesBack(c, a, b, a, 1)
			} else {
				r.comesBack(c, b, a, a, 1)
			}
		})
	}
}

// comesBack lets two devices come to a hub and ask for their call, one after
// the other, and holds it to what a call can do.
func (r *rig) comesBack(c id.Call, first, second, caller *dev, hub int) {
	r.t.Helper()
	first.again(hub)
	first.rejoin(c, second, first == caller)
	first.want(wire.KindOK)
	second.again(hub)
	second.rejoin(c, first, second == caller)
	second.wantBack(first)
	first.want(wire.KindAnswered)
	r.goesOn(c, first, second)
}

// goesOn: what a call that runs can do it can do now, to the end.
func (r *rig) goesOn(c id.Call, a, b *dev) {
	r.t.Helper()
	for _, pair := range [][2]*dev{{a, b}, {b, a}} {
		pair[0].send(wire.Head{Kind: wire.KindRelay, Call: c}, wire.Relay{})
		pair[0].want(wire.KindServers)
		pair[0].send(wire.Head{Kind: wire.KindDescription, Call: c, Body: []byte("AAAA")}, nil)
		pair[1].want(wire.KindDescription)
	}
	if r.relay.isRevoked(c) {
		r.t.Error("credentials of a call that runs are revoked")
	}
	a.hangup(c)
	a.all()
	b.wantEnded(wire.ReasonHangup)
	if !r.relay.isRevoked(c) {
		r.t.Error("credentials live on after the call")
	}
	r.noCalls()
}

// Where the hub of a call stops, and one of the two has its session on another,
// that one is told to come back as well: its client asks for the call then.
func TestWhoIsOnAnotherHubIsToldOfTheStop(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(_ *testing.T, r *rig) {
		a, b := r.pair() // the call is a's hub's
		c := r.running(a, b)
		r.end(0)
		a.wantDismissed()
		b.wantDismissed()
		r.comesBack(c, b, a, a, 1)
	})
}

// Where a hub stops that has no more of a call than a session, its hub waits
// for the device as for any that was lost.
func TestALegOfAHubThatStopsIsWaitedFor(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		r.end(1)
		b.wantDismissed()
		var away wire.Away
		if body(t, a.want(wire.KindAway), &away); !away.Away {
			t.Errorf("told %+v", away)
		}
		<-time.After(15 * time.Second)
		b.again(0)
		b.want(wire.KindAnswered)
		if body(t, a.want(wire.KindAway), &away); away.Away {
			t.Errorf("told %+v", away)
		}
		b.all()
		r.goesOn(c, a, b)
	})
}

// Who is told to come back, and does not, is waited for as long as anybody, on
// whichever hub the call is then, and the credentials end with it.
func TestWhoStaysAwayAfterTheStop(t *testing.T) {
	t.Parallel()
	for _, stops := range []int{0, 1} { // the call's hub, and the other
		inBubble(t, 2, func(t *testing.T, r *rig) {
			a, b := r.pair()
			c := r.running(a, b)
			r.end(stops)
			begin := time.Now()
			if stops == 0 {
				a.again(1)
				a.rejoin(c, b, true)
				a.want(wire.KindOK)
			} else {
				a.want(wire.KindAway)
			}
			<-time.After(20 * time.Second)
			a.wantEnded(wire.ReasonLost)
			if d := time.Since(begin); d > 20*time.Second {
				t.Errorf("told after %v", d)
			}
			if !r.relay.isRevoked(c) {
				t.Error("credentials live on")
			}
			r.noCalls()
		})
	}
}

// A device that rings comes back on another hub and rings again; its old
// session is no device of the callee any more.
func TestADeviceThatRingsComesBackAfterTheStop(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(_ *testing.T, r *rig) {
		a, b := r.pair()
		c := r.rings(a, b)
		r.end(1)
		b.wantDismissed()
		b.again(0)
		b.want(wire.KindIncoming)
		b.decline(c, true)
		a.wantEnded(wire.ReasonBusy)
		r.noCalls()
	})
}

// What a client says while its hub stops has no effect and no answer: it says
// it again, and nothing is refused that its next session would take.
func TestNothingIsRefusedBecauseOfTheStop(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		stopped := make(chan struct{})
		r.graph.afterwards(func() { // a ring was found allowed, and is not placed yet
			go func() {
				defer close(stopped)
				r.ends[0]()
			}()
			for r.hubs[0].Ready() {
				runtime.Gosched() // no time may pass: the stop waits for this very frame
			}
		})
		a.send(wire.Head{Kind: wire.KindRing, Call: id.NewCall(), To: wire.Address{Account: b.addr.Account}}, wire.Ring{Media: wire.MediaVideo})
		<-stopped
		for _, d := range []*dev{a, b} {
			d.wantDismissed()
		}
	})
}

// Who is let in and greets a hub that has begun to stop is told to come back.
func TestAHelloThatCrossesTheStopComesBack(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		d := r.device(id.NewAccount())
		d.open()
		synctest.Wait() // the connection is in, and waits for hello
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			r.stop()
		}()
		synctest.Wait()
		d.send(wire.Head{Kind: wire.KindHello}, wire.Hello{Min: 1, Max: 1})
		d.wantClosed(wire.CloseRestart)
		<-stopped
	})
}

// A hub that is about to stop lets nobody new in; who is there comes back after
// a lost connection, and can hang up.
func TestRefuseKeepsThoseThatAreThere(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		h := r.hubs[0]
		h.Refuse()
		if h.Ready() {
			t.Error("says that it is ready")
		}
		late := r.device(id.NewAccount())
		late.open()
		late.send(wire.Head{Kind: wire.KindHello}, wire.Hello{Min: 1, Max: 1})
		late.wantClosed(wire.CloseRestart)
		a.drop()
		b.want(wire.KindAway)
		a.resume()
		if !a.welcome.Resumed {
			t.Fatal("not resumed")
		}
		b.want(wire.KindAway)
		a.hangup(c)
		b.wantEnded(wire.ReasonHangup)
		h.SignedOut(r.graph.session(b.token).ID) // is still told of everything
		b.wantClosed(wire.CloseSignedOut)
	})
}
