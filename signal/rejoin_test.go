package signal_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
	"github.com/ringfence/ringfence/store"
)

func (d *dev) rejoin(c id.Call, peer *dev, caller bool) {
	d.send(wire.Head{Kind: wire.KindRejoin, Call: c}, wire.Rejoin{Media: wire.MediaVideo, Peer: peer.addr, Caller: caller})
}

// wantBack reads the answered frame of a call that is back.
func (d *dev) wantBack(peer *dev) {
	d.r.t.Helper()
	all := d.all()
	if len(all[wire.KindOK]) != 1 || len(all[wire.KindAnswered]) != 1 || len(all[wire.KindError])+len(all[wire.KindEnded]) > 0 {
		d.r.t.Fatalf("got %v, want an ok and an answered", all)
	}
	var a wire.Answered
	if body(d.r.t, all[wire.KindAnswered][0], &a); a.Peer != peer.addr || a.Media != wire.MediaVideo {
		d.r.t.Errorf("answered %+v", a)
	}
}

// A hub that knows nothing of a call takes it up again when both of its
// devices ask, whoever comes first, and on one hub as on two.
func TestBothAskForTheirCallBack(t *testing.T) {
	t.Parallel()
	for _, hubs := range []int{1, 2} {
		for _, callerFirst := range []bool{true, false} {
			inBubble(t, hubs, func(t *testing.T, r *rig) { comeBack(t, r, callerFirst) })
		}
	}
}

func comeBack(t *testing.T, r *rig, callerFirst bool) {
	t.Helper()
	a, b := r.pair()
	c := id.NewCall()
	first, second := a, b
	if !callerFirst {
		first, second = b, a
	}
	first.rejoin(c, second, callerFirst)
	first.want(wire.KindOK)
	<-time.After(15 * time.Second)
	first.silent()
	second.silent() // nobody who did not ask hears of it
	second.rejoin(c, first, !callerFirst)
	second.wantBack(first)
	first.want(wire.KindAnswered)
	for _, d := range []*dev{a, b} {
		d.send(wire.Head{Kind: wire.KindRelay, Call: c}, wire.Relay{})
		var s wire.Servers
		if body(t, d.want(wire.KindServers), &s); len(s.Servers) != 1 {
			t.Errorf("servers %+v", s)
		}
	}
	a.send(wire.Head{Kind: wire.KindMedia, Call: c, Body: []byte("AAAA")}, nil)
	b.want(wire.KindMedia)
	b.send(wire.Head{Kind: wire.KindMedia, Call: c, Body: []byte("AAAA")}, nil)
	a.want(wire.KindMedia)
	<-time.After(60 * time.Second)
	if s := r.hubs[0].Stats(); s.Running != 1 || s.Calls != 0 {
		t.Errorf("%d running and %d begun calls, want one that was begun elsewhere", s.Running, s.Calls)
	}
	first.rejoin(c, second, callerFirst) // once more
	first.want(wire.KindOK)
	second.silent()
	b.hangup(c)
	a.wantEnded(wire.ReasonHangup)
	r.noCalls()
}

// Who waits in vain is told after as long as a lost leg is waited for.
func TestACallThatOnlyOneAsksForIsLost(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := id.NewCall()
		a.rejoin(c, b, true)
		a.want(wire.KindOK)
		a.send(wire.Head{Kind: wire.KindMedia, Call: c, Body: []byte("AAAA")}, nil)
		a.wantError(fault.OutOfTurn)
		<-time.After(20 * time.Second)
		a.wantEnded(wire.ReasonLost)
		b.rejoin(c, a, false) // a moment too late
		if all := b.all(); len(all[wire.KindEnded]) != 1 {
			t.Errorf("got %v, want ended", all)
		}
		b.all()
		<-time.After(10 * time.Second)
		b.rejoin(c, a, false)
		b.want(wire.KindOK)
		<-time.After(30 * time.Second)
		b.silent()
		a.rejoin(c, b, true) // the callee's wish has passed
		a.want(wire.KindOK)
		a.silent()
		<-time.After(20 * time.Second)
		a.wantEnded(wire.ReasonLost)
		if !r.relay.isRevoked(c) {
			t.Error("credentials live on")
		}
		r.noCalls()
	})
}

// Asking for a call back reaches nobody whom a ring would not reach.
func TestRejoinAsksAsRingDoes(t *testing.T) {
	t.Parallel()
	for _, state := range []store.EdgeState{store.EdgeNone, store.EdgeBlocked} {
		for _, caller := range []bool{true, false} {
			inBubble(t, 1, func(_ *testing.T, r *rig) {
				a, b := r.pair()
				r.graph.set(b.addr.Account, a.addr.Account, state)
				for _, d := range []struct{ who, other *dev }{{a, b}, {b, a}} {
					d.who.rejoin(id.NewCall(), d.other, caller)
					d.who.wantError(fault.Unreachable)
					d.other.silent()
				}
				r.noCalls()
			})
		}
	}
}

// Whoever blocks before the other is back ends what waits.
func TestBlockedWhileACallWaitsToComeBack(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := id.NewCall()
		a.rejoin(c, b, true)
		a.want(wire.KindOK)
		r.graph.set(b.addr.Account, a.addr.Account, store.EdgeBlocked)
		r.hubs[1].FriendsChanged(b.addr.Account, a.addr.Account)
		a.wantEnded(wire.ReasonReach)
		b.rejoin(c, a, false)
		b.wantError(fault.Unreachable)
		if !r.relay.isRevoked(c) {
			t.Error("credentials live on")
		}
		r.noCalls()
	})
}

// A call goes back to the two devices that had it, each of which names the
// other, and to no third.
func TestRejoinIsForTheTwoDevices(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		other := r.on(0, b.addr.Account) // another device of b
		chi := r.on(0, id.NewAccount())
		r.graph.befriend(chi.addr.Account, a.addr.Account)
		r.graph.befriend(chi.addr.Account, b.addr.Account)
		c := id.NewCall()
		for _, d := range []*dev{a, b, other, chi} {
			d.all()
		}
		b.rejoin(c, chi, false) // with somebody else
		b.want(wire.KindOK)
		other.rejoin(c, a, false)
		other.want(wire.KindOK)
		chi.rejoin(c, a, false)
		chi.want(wire.KindOK)
		a.rejoin(c, b, true)
		a.want(wire.KindOK)
		chi.rejoin(c, b, true)
		chi.wantError(fault.CallGone)
		chi.rejoin(c, b, false)
		chi.want(wire.KindOK)
		other.wantEnded(wire.ReasonLost) // it never had that call
		for _, d := range []*dev{a, b, other, chi} {
			d.silent()
		}
		b.rejoin(c, a, false)
		b.wantBack(a)
		a.want(wire.KindAnswered)
		other.rejoin(c, a, false)
		other.want(wire.KindOK)
		other.wantEnded(wire.ReasonLost)
		for _, d := range []*dev{a, other, chi} {
			d.silent()
		}
		a.hangup(c)
		b.wantEnded(wire.ReasonHangup)
		other.silent()
	})
}

// The caller hangs up before the callee is back.
func TestHangupWhileACallWaitsToComeBack(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(_ *testing.T, r *rig) {
		a, b := r.pair()
		c := id.NewCall()
		a.rejoin(c, b, true)
		a.want(wire.KindOK)
		a.hangup(c)
		a.all()
		b.silent()
		b.rejoin(c, a, false)
		if all := b.all(); len(all[wire.KindEnded]) != 1 {
			r.t.Errorf("got %v, want ended", all)
		}
		r.noCalls()
	})
}

// The hub that has the call still goes on with it: asking for it back where
// another hub would take it up makes no second one.
func TestRejoinWhileTheCallRuns(t *testing.T) {
	t.Parallel()
	for _, caller := range []bool{true, false} {
		inBubble(t, 2, func(t *testing.T, r *rig) {
			a, b := r.pair()
			c := r.running(a, b)
			d, other := a, b
			if !caller {
				d, other = b, a
			}
			tab := *d // a second tab takes nothing while the first one stands
			tab.hub, tab.seq = 1-d.hub, 0
			tab.connect(wire.Hello{Min: 1, Max: 1})
			tab.rejoin(c, other, caller)
			if all := tab.all(); len(all[wire.KindAnswered]) > 0 {
				t.Fatal("a leg was taken over whose connection stands")
			}
			_ = tab.conn.CloseNow()
			d.drop()
			other.want(wire.KindAway)
			d.hub, d.seq = 1-d.hub, 0
			d.connect(wire.Hello{Min: 1, Max: 1})
			d.rejoin(c, other, caller)
			<-time.After(40 * time.Second)
			all := d.all()
			if len(all[wire.KindAnswered]) != 1 || len(all[wire.KindEnded]) > 0 {
				t.Fatalf("got %v", all)
			}
			other.all()
			d.send(wire.Head{Kind: wire.KindMedia, Call: c, Body: []byte("AAAA")}, nil)
			other.want(wire.KindMedia)
			if r.relay.isRevoked(c) {
				t.Error("credentials of a call that runs are revoked")
			}
			d.hangup(c)
			other.wantEnded(wire.ReasonHangup)
			r.noCalls()
		})
	}
}

// What may wait is bounded, and so is how often one may ask.
func TestRejoinIsBounded(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		for range wire.MaxRings {
			a.rejoin(id.NewCall(), b, false)
			a.want(wire.KindOK)
		}
		a.rejoin(id.NewCall(), b, true)
		a.wantError(fault.RateLimited)
		a.ring(b.addr.Account) // it counts as a ring does
		a.wantError(fault.RateLimited)
		for _, m := range []wire.Rejoin{
			{Peer: b.addr},
			{Media: wire.MediaAudio},
			{Media: wire.MediaAudio, Peer: wire.Address{Account: b.addr.Account}},
			{Media: "smell", Peer: b.addr},
		} {
			a.send(wire.Head{Kind: wire.KindRejoin, Call: id.NewCall()}, m)
			a.wantError(fault.Invalid)
		}
		synctest.Wait()
		b.silent()
	})
}

// Each run of a hub has another name.
func TestBootNamesTheRun(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.on(0, id.NewAccount())
		if a.welcome.Boot.IsZero() || a.welcome.Boot != c.welcome.Boot || a.welcome.Boot == b.welcome.Boot {
			t.Errorf("boots %v, %v and %v", a.welcome.Boot, c.welcome.Boot, b.welcome.Boot)
		}
	})
}

// A device may be back on a new session, of the same hub or of another, before
// it is known that its old connection is lost. It gets its leg once that is,
// without asking again.
func TestBackBeforeTheLossIsKnown(t *testing.T) {
	t.Parallel()
	for _, hubs := range []int{1, 2} {
		for _, caller := range []bool{true, false} {
			inBubble(t, hubs, func(t *testing.T, r *rig) {
				a, b := r.pair()
				c := r.running(a, b)
				old, other := b, a
				if caller {
					old, other = a, b
				}
				again := &dev{r: r, addr: old.addr, token: old.token, hub: hubs - 1 - old.hub}
				again.connect(wire.Hello{Min: 1, Max: 1})
				again.rejoin(c, other, caller)
				again.want(wire.KindOK)
				<-time.After(3 * time.Second)
				again.silent()
				old.drop()
				<-time.After(2 * time.Second)
				r.rest()
				var got wire.Answered
				if body(t, again.want(wire.KindAnswered), &got); got.Peer != other.addr {
					t.Errorf("answered %+v", got)
				}
				other.want(wire.KindAway)
				other.want(wire.KindAway)
				<-time.After(60 * time.Second) // what waited on the other hub has given way
				again.silent()
				again.send(wire.Head{Kind: wire.KindMedia, Call: c, Body: []byte("AAAA")}, nil)
				other.want(wire.KindMedia)
				if r.relay.isRevoked(c) {
					t.Error("credentials of a call that runs are revoked")
				}
				again.hangup(c)
				other.wantEnded(wire.ReasonHangup)
				r.noCalls()
			})
		}
	}
}

// The other one hangs up before the loss is known: who asks on another hub
// hears of it at once, and once.
func TestTheCallEndsBeforeTheLossIsKnown(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		again := &dev{r: r, addr: a.addr, token: a.token, hub: 1}
		again.connect(wire.Hello{Min: 1, Max: 1})
		again.rejoin(c, b, true)
		again.want(wire.KindOK)
		b.hangup(c)
		<-time.After(30 * time.Second)
		if all := again.all(); len(all[wire.KindEnded]) != 1 {
			t.Errorf("got %v, want one end", all)
		}
		r.noCalls()
	})
}

// Both are on another hub before the first one knows of either loss: the call
// is there, and the first one lets it go and leaves its credentials alone.
func TestBothAreElsewhereBeforeTheirLossIsKnown(t *testing.T) {
	t.Parallel()
	for _, callerFirst := range []bool{true, false} {
		inBubble(t, 2, func(_ *testing.T, r *rig) {
			a := r.on(0, id.NewAccount())
			b := r.on(0, id.NewAccount())
			r.graph.befriend(a.addr.Account, b.addr.Account)
			c := r.running(a, b)
			a2 := &dev{r: r, addr: a.addr, token: a.token, hub: 1}
			b2 := &dev{r: r, addr: b.addr, token: b.token, hub: 1}
			first, second := a2, b2
			if !callerFirst {
				first, second = b2, a2
			}
			for _, d := range []*dev{a2, b2} {
				d.connect(wire.Hello{Min: 1, Max: 1})
			}
			first.rejoin(c, second, callerFirst)
			first.want(wire.KindOK)
			second.rejoin(c, first, !callerFirst)
			second.wantBack(first)
			first.want(wire.KindAnswered)
			a.wantEnded(wire.ReasonElsewhere)
			b.wantEnded(wire.ReasonElsewhere)
			a.drop()
			b.drop()
			<-time.After(60 * time.Second)
			for _, d := range []*dev{a2, b2} {
				d.silent()
			}
			r.goesOn(c, a2, b2)
		})
	}
}

// A device gets a new session, loses it in the very moment in which the call
// gives it its leg, and comes once more: it has its leg within a second, not
// once the session between is given up.
func TestALegGivenToASessionThatIsGone(t *testing.T) {
	t.Parallel()
	for n := range 200 { // whether the loss or the leg is first is left to chance
		inBubble(t, 2, func(t *testing.T, r *rig) {
			a, b := r.pair()
			c := r.running(a, b)
			a.drop()
			b.want(wire.KindAway)
			gone := &dev{r: r, addr: a.addr, token: a.token, hub: n % 2}
			gone.open()
			gone.send(wire.Head{Kind: wire.KindHello}, wire.Hello{Min: 1, Max: 1})
			if n%4 < 2 {
				gone.next() // welcome
			}
			_ = gone.conn.CloseNow()
			r.rest()
			again := &dev{r: r, addr: a.addr, token: a.token, hub: 1}
			again.connect(wire.Hello{Min: 1, Max: 1})
			again.rejoin(c, b, true)
			<-time.After(2 * time.Second)
			if all := again.all(); len(all[wire.KindAnswered]) != 1 {
				t.Fatalf("got %v", all)
			}
			again.hangup(c)
			b.ends(b.all(), wire.ReasonHangup)
			r.noCalls()
		})
	}
}
