package signal_test

import (
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
	"github.com/ringfence/ringfence/store"
)

func TestCallFromRingToHangup(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := a.ring(b.addr.Account)
		var calling wire.Calling
		body(t, a.want(wire.KindCalling), &calling)
		in := b.want(wire.KindIncoming)
		var incoming wire.Incoming
		body(t, in, &incoming)
		if in.From != a.addr || in.Call != c || incoming.Media != wire.MediaVideo || incoming.Sealed != "b2ZmZXI" {
			t.Errorf("incoming %+v %+v", in.Head, incoming)
		}
		if len(calling.Servers) != 1 || len(incoming.Servers) != 1 || calling.Servers[0].Username == incoming.Servers[0].Username {
			t.Errorf("each leg needs servers of its own: %v, %v", calling.Servers, incoming.Servers)
		}
		b.ringing(c)
		a.want(wire.KindProgress)
		b.answer(c)
		var answered wire.Answered
		body(t, b.want(wire.KindAnswered), &answered)
		if answered.Peer != a.addr || answered.Sealed != "" {
			t.Errorf("to the callee: %+v", answered)
		}
		b.want(wire.KindOK)
		body(t, a.want(wire.KindAnswered), &answered)
		if answered.Peer != b.addr || answered.Sealed != "YW5zd2Vy" {
			t.Errorf("to the caller: %+v", answered)
		}
		<-time.After(61 * time.Second)
		a.hangup(c)
		for _, d := range []*dev{a, b} {
			if e := d.wantEnded(wire.ReasonHangup); e.Within != 61 {
				t.Errorf("ran %d s, want 61", e.Within)
			}
		}
		a.want(wire.KindOK)
		if !r.relay.isRevoked(c) {
			t.Error("credentials live on")
		}
		r.noCalls()
		if n := r.graph.missedBy(b.addr.Account); n != 0 {
			t.Errorf("%d missed calls noted", n)
		}
	})
}

func TestBodiesPassUntouched(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		for _, kind := range []wire.Kind{wire.KindDescription, wire.KindCandidate, wire.KindMedia} {
			// Not JSON, not even whole bytes' worth of it: nobody may look.
			opaque := []byte("_-_-bm90IGpzb24")
			ref := a.send(wire.Head{Kind: kind, Call: c, Body: opaque}, nil)
			f := b.want(kind)
			if string(f.Body) != string(opaque) || f.From != a.addr || f.ID != ref || f.Call != c {
				t.Errorf("%s came as %s", kind, f.raw)
			}
			b.send(wire.Head{Kind: kind, Call: c, Body: opaque}, nil)
			if f := a.want(kind); f.From != b.addr || string(f.Body) != string(opaque) {
				t.Errorf("%s came back as %s", kind, f.raw)
			}
		}
	})
}

func TestAnsweredElsewhere(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b1 := r.pair()
		b2, b3 := r.on(0, b1.addr.Account), r.on(1, b1.addr.Account)
		c := a.ring(b1.addr.Account)
		a.want(wire.KindCalling)
		for _, d := range []*dev{b1, b2, b3} {
			d.want(wire.KindIncoming)
			d.ringing(c)
		}
		a.want(wire.KindProgress)
		b2.answer(c)
		b2.want(wire.KindAnswered)
		b2.want(wire.KindOK)
		b1.wantEnded(wire.ReasonElsewhere)
		b3.wantEnded(wire.ReasonElsewhere)
		a.want(wire.KindAnswered)
		a.silent()
		if len(r.relay.legs) != 2 {
			t.Errorf("%d legs revoked, want 2", len(r.relay.legs))
		}
		b1.answer(c) // too late
		b1.wantError(fault.CallGone)
		b1.send(wire.Head{Kind: wire.KindDescription, Call: c, Body: []byte("AAAA")}, nil)
		b1.wantError(fault.CallGone)
		b2.silent()
	})
}

func TestEndsBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		do     func(r *rig, c id.Call, a, b1, b2 *dev)
		reason wire.Reason
		missed int
	}{
		{"declined", func(_ *rig, c id.Call, _, b1, _ *dev) { b1.decline(c, false) }, wire.ReasonDeclined, 0},
		{"callee hangs up", func(_ *rig, c id.Call, _, b1, _ *dev) { b1.hangup(c) }, wire.ReasonDeclined, 0},
		{"cancelled", func(_ *rig, c id.Call, a, _, _ *dev) { a.hangup(c) }, wire.ReasonCancelled, 1},
		{"busy on both", func(_ *rig, c id.Call, _, b1, b2 *dev) { b1.decline(c, true); b2.decline(c, true) }, wire.ReasonBusy, 1},
		{"nobody answers", func(*rig, id.Call, *dev, *dev, *dev) { <-time.After(45 * time.Second) }, wire.ReasonTimeout, 1},
		{"caller gone for good", func(_ *rig, _ id.Call, a, _, _ *dev) { a.drop(); <-time.After(22 * time.Second) }, wire.ReasonLost, 1},
		{"friendship ends", func(r *rig, _ id.Call, a, b1, _ *dev) {
			r.graph.set(b1.addr.Account, a.addr.Account, store.EdgeNone)
			r.hubs[1].FriendsChanged(b1.addr.Account, a.addr.Account)
		}, wire.ReasonReach, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, 2, func(t *testing.T, r *rig) {
				a, b1 := r.pair()
				b2 := r.on(0, b1.addr.Account)
				c := r.rings(a, b1)
				b2.want(wire.KindIncoming)
				tt.do(r, c, a, b1, b2)
				for _, d := range []*dev{a, b1, b2} {
					all := d.all()
					if tt.reason == wire.ReasonLost && d == a {
						continue // has no connection
					}
					if e := d.ends(all, tt.reason); e.Within != 0 {
						t.Errorf("ran %d s, want none", e.Within)
					}
				}
				r.wantOver(c, b1, tt.missed)
			})
		})
	}
}

// wantOver checks that nothing is left of a call but the notice.
func (r *rig) wantOver(c id.Call, callee *dev, missed int) {
	r.t.Helper()
	if !r.relay.isRevoked(c) {
		r.t.Error("credentials live on")
	}
	if n := r.graph.missedBy(callee.addr.Account); n != missed {
		r.t.Errorf("%d missed calls noted, want %d", n, missed)
	}
	r.noCalls()
}

func TestOneBusyDeviceDoesNotEndTheRing(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b1 := r.pair()
		b2 := r.on(0, b1.addr.Account)
		c := r.rings(a, b1)
		b2.want(wire.KindIncoming)
		b1.decline(c, true)
		b1.want(wire.KindOK)
		a.silent()
		b2.answer(c)
		b2.want(wire.KindAnswered)
	})
}

func TestOfflineFriend(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := id.NewAccount(), id.NewAccount()
		r.graph.befriend(a, b)
		d := r.on(0, a)
		d.ring(b)
		d.want(wire.KindCalling)
		<-time.After(7900 * time.Millisecond)
		d.silent()
		<-time.After(200 * time.Millisecond)
		d.wantEnded(wire.ReasonOffline)
		if n := r.graph.missedBy(b); n != 1 {
			t.Errorf("%d missed calls noted, want 1", n)
		}
		r.noCalls()
	})
}

func TestDeviceThatComesWhileItRings(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := id.NewAccount(), id.NewAccount()
		r.graph.befriend(a, b)
		d := r.on(0, a)
		c := d.ring(b)
		d.want(wire.KindCalling)
		<-time.After(5 * time.Second)
		late := r.on(1, b)
		var in wire.Incoming
		body(t, late.want(wire.KindIncoming), &in)
		if in.Seconds != wire.RingSeconds-5 {
			t.Errorf("rings for %d s more, want 40", in.Seconds)
		}
		late.ringing(c)
		d.want(wire.KindProgress)
		<-time.After(5 * time.Second) // past the limit for being offline
		late.answer(c)
		d.want(wire.KindAnswered)
	})
}

func TestCallingBackAtOnceIsNoGlare(t *testing.T) {
	t.Parallel()
	first, second := id.NewCall(), id.NewCall()
	if second.Less(first) {
		first, second = second, first
	}
	// Whichever of the two ids is lower, and would stay if it were glare.
	for _, ids := range [][2]id.Call{{first, second}, {second, first}} {
		inBubble(t, 2, func(t *testing.T, r *rig) {
			a, b := r.pair()
			a.ringAs(ids[0], b.addr.Account)
			a.want(wire.KindCalling)
			b.want(wire.KindIncoming)
			b.ringing(ids[0])
			a.want(wire.KindProgress)
			b.send(wire.Head{Kind: wire.KindDecline, Call: ids[0]}, wire.Decline{})
			a.wantEnded(wire.ReasonDeclined)
			b.ringAs(ids[1], a.addr.Account)
			a.want(wire.KindIncoming)
			a.answer(ids[1])
			a.want(wire.KindAnswered)
		})
	}
}

func TestGlareLeavesExactlyOneCall(t *testing.T) {
	t.Parallel()
	for _, hubs := range []int{1, 2} {
		inBubble(t, hubs, func(t *testing.T, r *rig) {
			a, b := r.pair()
			ca, cb := id.NewCall(), id.NewCall()
			a.ringAs(ca, b.addr.Account)
			b.ringAs(cb, a.addr.Account)
			fa, fb := a.all(), b.all()
			winner, loser, other := ca, cb, b
			losers := fb
			if cb.Less(ca) {
				winner, loser, other, losers = cb, ca, a, fa
			}
			_ = other
			if n := len(losers[wire.KindEnded]); n != 1 || losers[wire.KindEnded][0].Call != loser {
				t.Fatalf("the loser's ring was not ended: %v", losers)
			}
			var e wire.Ended
			body(t, losers[wire.KindEnded][0], &e)
			if e.Reason != wire.ReasonGlare {
				t.Errorf("ended with %s", e.Reason)
			}
			if n := len(losers[wire.KindIncoming]); n != 1 || losers[wire.KindIncoming][0].Call != winner {
				t.Fatalf("the loser does not ring: %v", losers)
			}
			other.answer(winner)
			other.want(wire.KindAnswered)
			if n := r.graph.missedBy(a.addr.Account) + r.graph.missedBy(b.addr.Account); n != 0 {
				t.Errorf("%d missed calls noted", n)
			}
			live := 0
			for _, h := range r.hubs {
				s := h.Stats()
				live += s.Ringing + s.Running
			}
			if live != 1 {
				t.Errorf("%d calls live, want 1", live)
			}
		})
	}
}
