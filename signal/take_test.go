package signal_test

import (
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// mover returns a device that would take calls over.
func (r *rig) mover(hub int, a id.Account) *dev {
	d := r.device(a)
	d.hub = hub
	d.connect(wire.Hello{Min: 1, Max: 1, Features: []string{wire.FeatureMove}})
	return d
}

func (d *dev) wantElsewhere(on, peer *dev, caller bool) {
	d.r.t.Helper()
	var e wire.Elsewhere
	body(d.r.t, d.want(wire.KindElsewhere), &e)
	if e.Over || e.Device != on.addr.Device || e.Peer != peer.addr || e.Caller != caller || e.Media != wire.MediaVideo {
		d.r.t.Errorf("elsewhere %+v", e)
	}
}

func (d *dev) wantNoMore() {
	d.r.t.Helper()
	var e wire.Elsewhere
	if body(d.r.t, d.want(wire.KindElsewhere), &e); !e.Over {
		d.r.t.Errorf("elsewhere %+v, want that it is over", e)
	}
}

func (d *dev) wantAnswered(peer *dev, moved bool) {
	d.r.t.Helper()
	var a wire.Answered
	if body(d.r.t, d.want(wire.KindAnswered), &a); a.Peer != peer.addr || a.Media != wire.MediaVideo || a.Sealed != "" || a.Early || a.Moved != moved {
		d.r.t.Errorf("answered %+v", a)
	}
}

func (d *dev) take(c id.Call) { d.send(wire.Head{Kind: wire.KindTake, Call: c}, wire.Take{}) }

// taken reads what a device is told that took a call over.
func (d *dev) taken(peer *dev) {
	d.r.t.Helper()
	d.wantAnswered(peer, false)
	d.want(wire.KindOK)
}

// Either end moves to another device of its person, on the same hub or another,
// and everything that a call can do goes on from there.
func TestCallMovesToAnotherDevice(t *testing.T) {
	t.Parallel()
	for _, hubs := range []int{1, 2} {
		for _, callers := range []bool{true, false} {
			inBubble(t, hubs, func(t *testing.T, r *rig) { moves(t, r, callers) })
		}
	}
}

func moves(t *testing.T, r *rig, callers bool) {
	t.Helper()
	a, b := r.pair()
	first, other := a, b
	if !callers {
		first, other = b, a
	}
	c := r.running(a, b)
	second := r.mover(len(r.hubs)-1-first.hub, first.addr.Account) // came later, and on the other hub
	second.wantElsewhere(first, other, callers)
	mute := r.on(0, first.addr.Account) // did not ask to be told
	second.take(c)
	second.taken(other)
	first.wantEnded(wire.ReasonMoved)
	other.wantAnswered(second, true)
	mute.silent()
	mute.take(c)
	mute.wantError(fault.CallGone) // of what it was not told of it has no part
	second.take(c)
	second.want(wire.KindOK) // once more is nothing new
	other.silent()
	first.hangup(c)
	first.wantError(fault.CallGone)
	second.send(wire.Head{Kind: wire.KindMedia, Call: c, Body: []byte("AAAA")}, nil)
	other.want(wire.KindMedia)
	other.send(wire.Head{Kind: wire.KindMedia, Call: c, Body: []byte("AAAA")}, nil)
	second.want(wire.KindMedia)
	second.send(wire.Head{Kind: wire.KindRelay, Call: c}, wire.Relay{})
	second.want(wire.KindServers)
	if n := r.relay.revokedLegs(); n != 1 {
		t.Errorf("the credentials of %d legs are revoked, want those of the old one", n)
	}
	other.hangup(c)
	second.wantEnded(wire.ReasonHangup)
	first.silent()
	r.noCalls()
}

// Who is told that a call runs on another device is told when it does no more.
func TestOthersHearOfTheEnd(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		others := []*dev{r.mover(0, b.addr.Account), r.mover(1, b.addr.Account)}
		c := a.ring(b.addr.Account)
		for _, d := range others {
			d.want(wire.KindIncoming)
		}
		b.answer(c)
		for _, d := range others {
			d.wantEnded(wire.ReasonElsewhere)
			d.wantElsewhere(b, a, false)
		}
		others[0].take(c)
		others[0].taken(a)
		others[1].wantElsewhere(others[0], a, false)
		a.hangup(c)
		others[0].wantEnded(wire.ReasonHangup)
		others[1].wantNoMore()
		others[1].take(c)
		others[1].wantError(fault.CallGone)
		<-time.After(time.Minute)
		others[1].take(c) // long after, too
		others[1].wantError(fault.CallGone)
		others[1].silent()
	})
}

// A device that took a call over and vanished is waited for like any other, and
// the one that gave it away may have it back meanwhile.
func TestWhoTookTheCallVanishes(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		first, second := r.mover(1, b.addr.Account), r.mover(0, b.addr.Account)
		_ = b.conn.Close(1000, "")
		r.rest()
		c := r.ringFor(a, first, second)
		for range 2 {
			second.take(c)
			second.taken(a)
			first.wantEnded(wire.ReasonMoved)
			first.wantElsewhere(second, a, false)
			a.wantAnswered(second, true)
			second.drop()
			a.want(wire.KindAway)
			first.take(c)
			first.taken(a)
			a.wantAnswered(first, true)
			a.want(wire.KindAway) // it is back, so to say
			second.resume()
			second.wantEnded(wire.ReasonMoved)
			second.wantElsewhere(first, a, false)
		}
		second.take(c)
		second.taken(a)
		second.drop()
		<-time.After(25 * time.Second)
		a.ends(a.all(), wire.ReasonLost)
		first.all()
		r.noCalls()
	})
}

// ringFor makes a call that one of two devices answers.
func (r *rig) ringFor(from, to, other *dev) id.Call {
	c := from.ring(to.addr.Account)
	from.want(wire.KindCalling)
	to.want(wire.KindIncoming)
	other.want(wire.KindIncoming)
	to.answer(c)
	from.want(wire.KindAnswered)
	to.want(wire.KindAnswered)
	to.want(wire.KindOK)
	other.wantEnded(wire.ReasonElsewhere)
	other.wantElsewhere(to, from, false)
	return c
}

// Taking counts like ringing: each has the other side make a connection anew.
func TestTakingIsLimited(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		second := r.mover(0, b.addr.Account)
		second.want(wire.KindElsewhere)
		for range wire.MaxRings {
			second.take(c)
		}
		if n := len(second.all()[wire.KindOK]); n != wire.MaxRings {
			t.Errorf("%d were taken, want %d", n, wire.MaxRings)
		}
		second.take(c)
		if e := second.wantError(fault.RateLimited); e.RetryAfter == 0 {
			t.Error("not told when to come back")
		}
	})
}
