package signal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
	"github.com/ringfence/ringfence/store"
)

// outcome is all that the one who rings can see.
type outcome struct {
	frames []string
	reads  int
}

// ringInVain rings somebody who cannot be reached.
func ringInVain(t *testing.T, r *rig, prepare func(r *rig, a, b id.Account), exists bool) (o outcome) {
	t.Helper()
	a, b := id.NewAccount(), id.NewAccount()
	prepare(r, a, b)
	d := r.on(0, a)
	var callee *dev
	if exists {
		callee = r.on(0, b)
	}
	d.all()
	r.graph.reads = 0
	ref := id.NewFrame()
	d.send(wire.Head{Kind: wire.KindRing, ID: ref, Call: id.NewCall(), To: wire.Address{Account: b}}, wire.Ring{Media: wire.MediaAudio})
	<-time.After(10 * time.Second) // nothing may follow later either
	for f, ok := d.next(); ok; f, ok = d.next() {
		var e wire.Error
		if body(t, f, &e); e.Ref != ref {
			t.Errorf("answer to another frame: %s", f.raw)
		}
		e.Ref = id.Frame{}
		o.frames = append(o.frames, strings.Replace(f.raw, string(f.Body), string(wire.EncodeBody(e)), 1))
	}
	o.reads = r.graph.reads
	if callee != nil {
		callee.silent()
	}
	if n := r.graph.missedBy(b); n != 0 {
		t.Errorf("%d missed calls noted", n)
	}
	return o
}

// Stranger, pending, removed, blocked and no such account are one and the same
// to the one who rings: every byte, and the reads it takes.
func TestUnreachableIsOneAnswer(t *testing.T) {
	t.Parallel()
	ring := func(t *testing.T, prepare func(r *rig, a, b id.Account), exists bool) (o outcome) {
		t.Helper()
		inBubble(t, 1, func(t *testing.T, r *rig) { o = ringInVain(t, r, prepare, exists) })
		return o
	}
	want := ring(t, func(*rig, id.Account, id.Account) {}, false) // no such account
	if len(want.frames) != 1 || want.reads != 2 {
		t.Fatalf("no such account: %+v", want)
	}
	for name, prepare := range map[string]func(r *rig, a, b id.Account){
		"stranger":                    func(*rig, id.Account, id.Account) {},
		"pending, or removed by them": func(r *rig, a, b id.Account) { r.graph.set(a, b, store.EdgeFriend) },
		"only they think so":          func(r *rig, a, b id.Account) { r.graph.set(b, a, store.EdgeFriend) },
		"blocked by them": func(r *rig, a, b id.Account) {
			r.graph.set(a, b, store.EdgeFriend)
			r.graph.set(b, a, store.EdgeBlocked)
		},
		"blocked by me": func(r *rig, a, b id.Account) {
			r.graph.set(a, b, store.EdgeBlocked)
			r.graph.set(b, a, store.EdgeFriend)
		},
	} {
		got := ring(t, prepare, true)
		if strings.Join(got.frames, "\n") != strings.Join(want.frames, "\n") || got.reads != want.reads {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestFriendshipEndedInMidCall(t *testing.T) {
	t.Parallel()
	for _, state := range []store.EdgeState{store.EdgeNone, store.EdgeBlocked} {
		for _, byCallee := range []bool{true, false} {
			inBubble(t, 2, func(t *testing.T, r *rig) { endFriendship(t, r, state, byCallee) })
		}
	}
}

func endFriendship(t *testing.T, r *rig, state store.EdgeState, byCallee bool) {
	t.Helper()
	a, b := r.pair()
	c := r.running(a, b)
	actor, other, hub := a, b, 0
	if byCallee {
		actor, other, hub = b, a, 1
	}
	a.all()
	b.all()
	r.graph.set(actor.addr.Account, other.addr.Account, state)
	start := time.Now()
	r.hubs[hub].FriendsChanged(actor.addr.Account, other.addr.Account)
	for _, d := range []*dev{actor, other} {
		all := d.all()
		d.ends(all, wire.ReasonReach)
		if n := len(all[wire.KindPresence]); n != 1 {
			t.Errorf("%d presence frames, want one that says gone", n)
		}
		if n := len(all[wire.KindChanged]); (n == 1) != (d == actor) {
			t.Errorf("%d changed frames; only who did it is told", n)
		}
	}
	if !r.relay.isRevoked(c) {
		t.Error("credentials live on")
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("took %v", d)
	}
	a.send(wire.Head{Kind: wire.KindRelay, Call: c}, wire.Relay{})
	a.wantError(fault.CallGone)
}

// A change of which no message arrived still ends the call, only later.
func TestLostNewsOfAnEndedFriendship(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		r.graph.set(a.addr.Account, b.addr.Account, store.EdgeNone)
		a.send(wire.Head{Kind: wire.KindRelay, Call: c}, wire.Relay{})
		a.wantError(fault.Unreachable) // no new credentials at once
		<-time.After(31 * time.Second)
		a.wantEnded(wire.ReasonReach)
		b.wantEnded(wire.ReasonReach)
		if !r.relay.isRevoked(c) {
			t.Error("credentials live on")
		}
	})
}

// A friendship that ends between the question whether one may ring and the
// ring leaves no call behind.
func TestBlockedWhileRinging(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(_ *testing.T, r *rig) {
		a, b := r.pair()
		r.graph.after = func() {
			r.graph.set(b.addr.Account, a.addr.Account, store.EdgeBlocked)
			r.hubs[0].FriendsChanged(b.addr.Account, a.addr.Account)
			<-time.After(time.Second) // the hubs have looked, and found no call
		}
		a.ring(b.addr.Account)
		<-time.After(2 * time.Second)
		b.silent()
		a.wantError(fault.Unreachable)
		a.silent()
		r.noCalls()
	})
}

func TestAnswerAfterTheFriendshipEnded(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.rings(a, b)
		r.graph.set(a.addr.Account, b.addr.Account, store.EdgeNone)
		b.answer(c)
		b.wantError(fault.Unreachable)
		a.silent()
	})
}

func TestAThirdAccountCannotTouchACall(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		x := r.on(0, id.NewAccount())
		r.graph.befriend(x.addr.Account, a.addr.Account) // even a friend of one of the two
		r.graph.befriend(x.addr.Account, b.addr.Account)
		c := r.running(a, b)
		sibling := r.on(0, b.addr.Account) // and another device of the callee
		for _, d := range []*dev{x, sibling} {
			for _, send := range []func(){
				func() { d.ringAs(c, a.addr.Account) },
				func() { d.answer(c) },
				func() { d.decline(c, false) },
				func() { d.hangup(c) },
				func() { d.send(wire.Head{Kind: wire.KindRinging, Call: c}, wire.Ringing{}) },
				func() { d.send(wire.Head{Kind: wire.KindRelay, Call: c}, wire.Relay{}) },
				func() {
					d.send(wire.Head{Kind: wire.KindDescription, Call: c, To: a.addr, Body: []byte("AAAA")}, nil)
				},
			} {
				send()
				var e wire.Error
				body(t, d.want(wire.KindError), &e)
				if e.Code != fault.CallGone && e.Code != fault.Unreachable {
					t.Errorf("answered %s", e.Code)
				}
			}
		}
		a.silent()
		b.silent()
		a.send(wire.Head{Kind: wire.KindMedia, Call: c, Body: []byte("AAAA")}, nil)
		b.want(wire.KindMedia)
	})
}

// Ringing on one hub with the id of somebody else's call on another.
func TestCallIDOfAnotherHub(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		x, y := r.on(1, id.NewAccount()), r.on(1, id.NewAccount())
		r.graph.befriend(x.addr.Account, y.addr.Account)
		x.ringAs(c, y.addr.Account)
		x.hangup(c)
		a.silent()
		b.silent()
		a.send(wire.Head{Kind: wire.KindMedia, Call: c, Body: []byte("AAAA")}, nil)
		b.want(wire.KindMedia)
		a.silent()
	})
}

func TestPresenceIsForFriends(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b, x := id.NewAccount(), id.NewAccount(), id.NewAccount()
		r.graph.befriend(a, b)
		r.graph.set(x, a, store.EdgeFriend) // x thinks so, a does not
		da, dx := r.on(0, a), r.on(0, x)
		if r.hubs[0].Online(t.Context(), a, b) {
			t.Error("b is shown before it came")
		}
		db := r.on(1, b)
		news := func(d *dev) (out []wire.Presence) {
			for _, f := range d.all()[wire.KindPresence] {
				var p wire.Presence
				body(t, f, &p)
				out = append(out, p)
			}
			return out
		}
		one := func(d *dev, want wire.Presence) {
			t.Helper()
			if got := news(d); len(got) != 1 || got[0] != want {
				t.Errorf("got %v, want %v", got, want)
			}
		}
		one(da, wire.Presence{Account: b, Online: true})
		one(db, wire.Presence{Account: a, Online: true})
		if !r.hubs[0].Online(t.Context(), a, b) || !r.hubs[1].Online(t.Context(), b, a) || r.hubs[0].Online(t.Context(), x, a) {
			t.Error("Online says otherwise")
		}
		second := r.on(0, b) // b is on both hubs now
		one(second, wire.Presence{Account: a, Online: true})
		_ = db.conn.Close(1000, "")
		if got := news(da); len(got) != 0 {
			t.Errorf("b is still there on the other hub: %v", got)
		}
		second.drop()
		<-time.After(15 * time.Second)
		if got := news(da); len(got) != 0 {
			t.Errorf("b may still come back: %v", got)
		}
		<-time.After(10 * time.Second)
		one(da, wire.Presence{Account: b})
		if got := news(dx); len(got) != 0 {
			t.Errorf("a stranger was told %v", got)
		}
		// A new friendship is told to both at once.
		r.graph.befriend(a, x)
		r.hubs[1].FriendsChanged(a, x)
		one(da, wire.Presence{Account: x, Online: true})
		one(dx, wire.Presence{Account: a, Online: true})
	})
}
