package signal_test

import (
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// How long it rang is counted once for each ring, by how it ended; a call that
// was given back has not rung again.
func TestRingTimes(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.rings(a, b)
		<-time.After(3 * time.Second)
		b.answer(c)
		a.want(wire.KindAnswered)
		<-time.After(20 * time.Second) // the call, not the ring
		a.hangup(c)
		a.all()
		b.all()
		c = r.rings(a, b)
		<-time.After(7 * time.Second)
		b.decline(c, false)
		a.wantEnded(wire.ReasonDeclined)
		b.all()
		r.rings(a, b)
		<-time.After(wire.RingSeconds * time.Second)
		a.wantEnded(wire.ReasonTimeout)
		c = id.NewCall()
		a.rejoin(c, b, true)
		b.rejoin(c, a, false)
		rings := r.hubs[0].Stats().Rings
		for how, want := range map[string]float64{"answered": 3, "declined": 7, "no_answer": wire.RingSeconds} {
			if d := rings[how]; d.Count != 1 || d.Sum != want || d.Buckets[1] != 0 || d.Buckets[wire.RingSeconds+1] != 1 {
				t.Errorf("%s: %+v, want one of %v s", how, d, want)
			}
		}
		if d := rings["answered"]; d.Buckets[2] != 0 || d.Buckets[5] != 1 {
			t.Errorf("three seconds stand in %v", d.Buckets)
		}
		var all uint64
		for _, d := range rings {
			all += d.Count
		}
		if all != 3 {
			t.Errorf("%d rings, want 3: %+v", all, rings)
		}
	})
}

// A client that comes back is counted by what it got; one that asks for
// nothing, and one whose token is made up, do not make more kinds of answers.
func TestReconnectsAreCounted(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a := r.on(0, id.NewAccount())
		a.drop()
		a.resume()
		a.drop()
		<-time.After(30 * time.Second) // it is over
		a.resume()
		a.drop()
		a.hub = 1
		a.resume()
		a.drop()
		a.connect(wire.Hello{Min: 1, Max: 1, Resume: "x.y.somebody"})
		for hub, want := range []map[string]uint64{
			{"resumed": 1, "fresh": 1, "other_hub": 0}, {"resumed": 0, "fresh": 0, "other_hub": 2},
		} {
			got := r.hubs[hub].Stats().Reconnects
			if len(got) != len(want) {
				t.Errorf("hub %d counts %v", hub, got)
			}
			for k, n := range want {
				if got[k] != n {
					t.Errorf("hub %d: %s is %d, want %d", hub, k, got[k], n)
				}
			}
		}
	})
}

// Frames are counted by kind, hello and welcome too; what is no kind of the
// protocol is no label.
func TestFramesAreCountedByKind(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		for range 3 {
			a.send(wire.Head{Kind: wire.KindCandidate, Call: c, Body: []byte("AAAA")}, nil)
			b.want(wire.KindCandidate)
		}
		a.raw([]byte(`{"v":1,"kind":"anna_smith"}`))
		a.want(wire.KindError)
		a.hangup(c)
		a.all()
		b.all()
		s := r.hubs[0].Stats()
		for k, want := range map[wire.Kind]uint64{
			wire.KindHello: 2, wire.KindRing: 1, wire.KindAnswer: 1, wire.KindCandidate: 3, wire.KindHangup: 1,
		} {
			if s.FramesIn[k] != want {
				t.Errorf("%d of %s came in, want %d", s.FramesIn[k], k, want)
			}
		}
		for k, want := range map[wire.Kind]uint64{
			wire.KindWelcome: 2, wire.KindIncoming: 1, wire.KindCandidate: 3, wire.KindEnded: 2, wire.KindError: 1,
		} {
			if s.FramesOut[k] != want {
				t.Errorf("%d of %s went out, want %d", s.FramesOut[k], k, want)
			}
		}
		known := map[wire.Kind]bool{}
		for _, k := range wire.Kinds() {
			known[k.Kind] = true
		}
		for k := range s.FramesIn {
			if !known[k] {
				t.Errorf("%s is no kind", k)
			}
		}
	})
}

// What fails because the store does is counted; what is refused is not.
func TestFailuresAreCounted(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		a.ring(id.NewAccount())
		a.wantError(fault.Unreachable)
		r.graph.mu.Lock()
		r.graph.failing = true
		r.graph.mu.Unlock()
		a.ring(b.addr.Account)
		a.wantError(fault.Internal)
		if n := r.hubs[0].Stats().Failed; n != 1 {
			t.Errorf("%d failures, want one", n)
		}
	})
}
