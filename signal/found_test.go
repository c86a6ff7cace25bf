package signal_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// What TestInterleavings has found, one by one.

// The only device that rang went away before the caller gave up.
func TestRungAndGoneIsMissed(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b1 := r.pair()
		b2 := r.on(0, b1.addr.Account)
		c := r.rings(a, b1)
		b2.want(wire.KindIncoming)
		_ = b1.conn.Close(1000, "")
		b2.ringing(c)
		a.silent() // it was told that a device rings
		_ = b2.conn.Close(1000, "")
		a.hangup(c)
		a.wantEnded(wire.ReasonCancelled)
		r.wantOver(c, b1, 1)
	})
}

// A caller that came back on another hub asks for its ring once more: it is
// the same call, not a second one of the same name.
func TestRingOnceMoreFromAnotherHub(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.rings(a, b)
		a.drop()
		a.hub = 1
		a.connect(wire.Hello{Min: 1, Max: 1})
		a.want(wire.KindCalling)
		a.ringAs(c, b.addr.Account)
		a.want(wire.KindCalling)
		a.silent()
		b.silent()
		if s, other := r.hubs[0].Stats(), r.hubs[1].Stats(); s.Ringing != 1 || other.Ringing != 0 {
			t.Errorf("%d and %d calls ring, want 1 and none", s.Ringing, other.Ringing)
		}
		a.hangup(c)
		b.wantEnded(wire.ReasonCancelled)
		r.noCalls()
	})
}

// Both ring each other, and one is told of the other's while it still asks
// whether it may ring at all.
func TestGlareBeforeTheCallBegins(t *testing.T) {
	t.Parallel()
	low, high := id.NewCall(), id.NewCall()
	if high.Less(low) {
		low, high = high, low
	}
	for _, ids := range [][2]id.Call{{low, high}, {high, low}} {
		inBubble(t, 2, func(t *testing.T, r *rig) {
			a, b := r.pair()
			asked := make(chan struct{})
			again := func() { <-asked }
			r.graph.afterwards(func() { r.graph.afterwards(again) }) // the second time: the call is on the table
			a.ringAs(ids[0], b.addr.Account)
			synctest.Wait()
			b.ringAs(ids[1], a.addr.Account)
			synctest.Wait()
			close(asked)
			winner, loser := a, b
			if ids[0] == high {
				winner, loser = b, a
			}
			all := loser.all()
			loser.ends(all, wire.ReasonGlare)
			if len(all[wire.KindError]) != 0 || len(all[wire.KindCalling]) != 1 || len(all[wire.KindIncoming]) != 1 {
				t.Errorf("the loser was told %v", all)
			}
			if all := winner.all(); len(all[wire.KindCalling]) != 1 || len(all[wire.KindEnded]) != len(all[wire.KindIncoming]) {
				t.Errorf("the winner was told %v", all)
			}
			if s, other := r.hubs[0].Stats(), r.hubs[1].Stats(); s.Ringing+other.Ringing != 1 {
				t.Errorf("%d calls ring, want 1", s.Ringing+other.Ringing)
			}
		})
	}
}

// Devices that vanish just after they came, between two looks of the hub at
// its sessions: some were found only after 21 seconds.
func TestVanishedIsFoundWithinTwentySeconds(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		<-time.After(time.Second / 2)
		const many = 100
		for range many {
			r.on(0, id.NewAccount()).mute()
		}
		<-time.After(wire.PingSeconds * 5 / 2 * time.Second)
		synctest.Wait()
		if n := r.hubs[0].Stats().Endings["silent"]; n != many {
			t.Errorf("%d found, want %d", n, many)
		}
	})
}
