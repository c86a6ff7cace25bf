package signal_test

import (
	"testing"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// ringEarly rings and says whether the caller would connect while it rings.
func (d *dev) ringEarly(to id.Account, early bool) id.Call {
	c := id.NewCall()
	d.send(wire.Head{Kind: wire.KindRing, Call: c, To: wire.Address{Account: to}}, wire.Ring{Media: wire.MediaVideo, Sealed: "b2ZmZXI", Early: early})
	d.want(wire.KindCalling)
	return c
}

func (d *dev) ready(c id.Call) { d.ok(wire.KindRinging, c, wire.Ringing{Early: true}) }

// chosen is ready, and the first.
func (d *dev) chosen(c id.Call) {
	d.send(wire.Head{Kind: wire.KindRinging, Call: c}, wire.Ringing{Early: true})
	d.want(wire.KindEarly)
	d.want(wire.KindOK)
}

func (d *dev) warm(c id.Call) {
	d.send(wire.Head{Kind: wire.KindWarm, Call: c, Body: []byte("d2FybQ")}, nil)
}

func (d *dev) incoming() wire.Incoming {
	var in wire.Incoming
	body(d.r.t, d.want(wire.KindIncoming), &in)
	return in
}

func (g *graph) hide(a id.Account, hidden bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hidden = map[id.Account]bool{a: hidden}
}

// The first device that is ready connects; every other only rings, and none of
// their frames reaches anybody.
func TestFirstReadyDeviceConnectsWhileItRings(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		other := r.on(0, b.addr.Account)
		c := a.ringEarly(b.addr.Account, true)
		if !b.incoming().Early || !other.incoming().Early {
			t.Error("the callee's devices do not know that the caller would connect")
		}
		a.warm(c) // to nobody yet
		a.wantError(fault.OutOfTurn)
		b.ringing(c)
		a.want(wire.KindProgress)
		b.chosen(c)
		a.want(wire.KindEarly)
		other.ready(c)

		a.warm(c)
		if f := b.want(wire.KindWarm); string(f.Body) != "d2FybQ" || f.From.Account != a.addr.Account {
			t.Errorf("to the callee: %s", f.raw)
		}
		b.warm(c)
		if f := a.want(wire.KindWarm); string(f.Body) != "d2FybQ" || !f.From.Device.IsZero() {
			t.Errorf("to the caller: %s", f.raw)
		}
		other.warm(c)
		other.wantError(fault.OutOfTurn)
		for _, d := range []*dev{a, b} { // and still nothing else
			for _, kind := range []wire.Kind{wire.KindDescription, wire.KindCandidate, wire.KindMedia} {
				d.send(wire.Head{Kind: kind, Call: c, Body: []byte("YQ")}, nil)
				d.wantError(fault.OutOfTurn)
			}
		}
		a.silent()
		other.silent()

		b.send(wire.Head{Kind: wire.KindAnswer, Call: c}, wire.Answer{Media: wire.MediaAudio, Early: true})
		for _, d := range []*dev{a, b} {
			var ans wire.Answered
			if body(t, d.want(wire.KindAnswered), &ans); !ans.Early {
				t.Errorf("answered: %+v", ans)
			}
		}
		other.wantEnded(wire.ReasonElsewhere)
		a.warm(c)
		a.wantError(fault.OutOfTurn)
	})
}

// Whoever answers elsewhere, or another way, gets the call the way it always was.
func TestAnsweredElsewhereThanConnected(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		other := r.on(0, b.addr.Account)
		c := a.ringEarly(b.addr.Account, true)
		b.incoming()
		other.incoming()
		b.chosen(c)
		a.want(wire.KindProgress)
		a.want(wire.KindEarly)
		other.ready(c)
		other.send(wire.Head{Kind: wire.KindAnswer, Call: c}, wire.Answer{Media: wire.MediaAudio, Early: true})
		other.wantError(fault.OutOfTurn)
		other.answer(c)
		var ans wire.Answered
		if body(t, a.want(wire.KindAnswered), &ans); ans.Early || ans.Sealed == "" {
			t.Errorf("answered: %+v", ans)
		}
		b.wantEnded(wire.ReasonElsewhere)
	})
}

// A device whose session is lost after the connection was made still answers
// over it: the connection is the device's.
func TestEarlyOutlivesASession(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := a.ringEarly(b.addr.Account, true)
		b.incoming()
		b.chosen(c)
		a.want(wire.KindProgress)
		a.want(wire.KindEarly)
		b.drop()
		b.connect(wire.Hello{Min: 1, Max: 1})
		b.incoming()
		b.send(wire.Head{Kind: wire.KindAnswer, Call: c}, wire.Answer{Media: wire.MediaAudio, Early: true})
		for _, d := range []*dev{a, b} {
			var ans wire.Answered
			if body(t, d.want(wire.KindAnswered), &ans); !ans.Early {
				t.Errorf("answered: %+v", ans)
			}
		}
	})
}

// Both have to want it, and the caller has to be one who may know that the
// callee is there.
func TestNoEarlyConnectionUnasked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ caller, callee, hidden bool }{
		"the caller does not": {callee: true},
		"the callee does not": {caller: true},
		"presence is hidden":  {caller: true, callee: true, hidden: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, 1, func(t *testing.T, r *rig) {
				a, b := r.pair()
				r.graph.hide(b.addr.Account, tt.hidden)
				c := a.ringEarly(b.addr.Account, tt.caller)
				if in := b.incoming(); in.Early != tt.caller {
					t.Errorf("incoming: %+v", in)
				}
				b.ok(wire.KindRinging, c, wire.Ringing{Early: tt.callee})
				a.want(wire.KindProgress)
				for _, d := range []*dev{a, b} {
					if len(d.all()[wire.KindEarly]) > 0 {
						t.Error("may connect")
					}
					d.warm(c)
					d.wantError(fault.OutOfTurn)
				}
			})
		})
	}
}
