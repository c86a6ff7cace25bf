package signal

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// watcher follows one call from outside: by its effects alone.
type watcher struct {
	t       *testing.T
	armed   map[timer]bool
	told    map[lineID]bool // was offered the call, or has it; not told that it is over
	early   []lineID        // may connect before the answer
	missed  int
	revoked bool
	over    bool
}

func (w *watcher) see(effects []effect) {
	w.t.Helper()
	for _, e := range effects {
		if w.over {
			if r, ok := e.(revoke); !ok || r.tag == "" {
				w.t.Fatalf("%T after the end", e)
			}
		}
		switch e := e.(type) {
		case arm:
			w.armed[e.timer] = true
		case disarm:
			delete(w.armed, e.timer)
		case missed:
			w.missed++
		case revoke:
			w.revoked = w.revoked || e.tag == ""
		case forget:
			w.over, w.armed = true, map[timer]bool{}
		case send:
			w.sent(e)
		case seek:
		}
	}
}

func (w *watcher) sent(e send) {
	w.t.Helper()
	switch string(e.kind) {
	case string(wire.KindIncoming), string(wire.KindCalling):
		w.told[e.to.line] = true
	case string(wire.KindAnswered):
		w.told[e.to.line] = true // a session that took the call over
	case string(wire.KindEarly):
		if w.early = append(w.early, e.to.line); len(w.early) > 2 {
			w.t.Fatal("more than two legs may connect before the answer")
		}
	case string(wire.KindEnded):
		if !w.told[e.to.line] {
			w.t.Fatal("a leg was told twice, or of a call that it never had")
		}
		delete(w.told, e.to.line)
	}
}

// TestCallHoldsWhatItPromises throws random events at calls: whatever comes in
// whatever order, every leg hears of the end once, nothing is left behind, and
// nothing rings or waits for ever.
func TestCallHoldsWhatItPromises(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 20_000 {
		randomCall(t, rnd)
	}
}

func randomCall(t *testing.T, rnd *rand.Rand) {
	t.Helper()
	a, b := id.NewAccount(), id.NewAccount()
	devices := []wire.Address{{Account: a, Device: id.NewDevice()}, {Account: b, Device: id.NewDevice()}, {Account: b, Device: id.NewDevice()}}
	lines := []lineID{id.New[line](), id.New[line](), id.New[line](), id.New[line](), id.New[line]()}
	now := time.Unix(1e9, 0)
	c := call{id: id.NewCall(), media: wire.MediaVideo, callee: b, since: now, caller: leg{addr: devices[0], line: lines[0], tag: "0"}}
	c.early.asked = rnd.IntN(2) > 0
	back := rnd.IntN(3) == 0 // a hub before lost it
	w := &watcher{t: t, armed: map[timer]bool{}, told: map[lineID]bool{}}
	if back {
		c.phase, c.awaits = returning, devices[1].Device
		w.told[lines[0]] = true // it asked
	}
	ran := back
	do := func(ev event) {
		was := c
		next, effects, err := c.step(now, ev)
		if err != nil && len(effects) > 0 {
			t.Fatalf("%T was refused and had effects", ev)
		}
		if next.phase < c.phase {
			t.Fatalf("%T led back from %d to %d", ev, c.phase, next.phase)
		}
		c = next
		w.see(effects)
		w.asked(&c, ev)
		if l, gone := ev.(evLeft); gone { // it cannot be told any more
			delete(w.told, l.from)
		}
		ran = ran || c.phase == running
		w.check(&c, &was)
	}
	do(evStart{})
	for range 3 + rnd.IntN(25) {
		now = now.Add(time.Duration(rnd.IntN(5)) * time.Second)
		do(randomEvent(rnd, devices, lines))
	}
	for n := 0; !w.over && n < 8; n++ { // time alone brings every call but one that runs to an end
		if len(w.armed) == 0 {
			if c.phase != running {
				t.Fatal("rings for ever")
			}
			do(evHangup{from: c.caller.line})
			break
		}
		for tm := range w.armed {
			do(evTimeout{timer: tm})
			delete(w.armed, tm)
			break
		}
	}
	if len(w.told) > 0 {
		t.Fatalf("%d sessions were never told that it is over", len(w.told))
	}
	if !w.over || !w.revoked || c.phase != over {
		t.Fatalf("not over: %+v", c)
	}
	if w.missed > 1 || w.missed == 1 && ran {
		t.Fatalf("%d missed calls noted, answered %v", w.missed, ran)
	}
}

// asked notes who has the call because it asked for it back.
func (w *watcher) asked(c *call, ev event) {
	if r, ok := ev.(evRejoin); ok && c.phase == returning && c.caller.line == r.leg.line {
		w.told[r.leg.line] = true
	}
}

// check holds after every step.
func (w *watcher) check(c, was *call) {
	w.t.Helper()
	switch c.phase {
	case over:
		if !w.over || !w.revoked {
			w.t.Fatal("over, and not cleared away")
		}
	case ringing:
		if !w.armed[timerRing] {
			w.t.Fatal("rings for ever")
		}
	case returning:
		if !w.armed[timerReturn] || len(c.legs) > 0 {
			w.t.Fatal("waits for ever, or has a callee who did not ask")
		}
	case running:
		if len(c.legs) != 1 {
			w.t.Fatalf("%d legs of the callee in a running call", len(c.legs))
		}
		if c.legs[0].away != w.armed[timerCallee] {
			w.t.Fatalf("callee away %v, timer %v", c.legs[0].away, w.armed[timerCallee])
		}
		if was.phase == running && c.legs[0].line != was.legs[0].line && !was.legs[0].away {
			w.t.Fatal("a leg was taken over whose connection stands")
		}
	}
	if c.phase != over && c.caller.away != w.armed[timerCaller] {
		w.t.Fatalf("caller away %v, timer %v", c.caller.away, w.armed[timerCaller])
	}
}

func randomEvent(rnd *rand.Rand, devices []wire.Address, lines []lineID) event {
	l := lines[rnd.IntN(len(lines))]
	switch rnd.IntN(18) {
	case 16:
		n := rnd.IntN(len(lines))
		return evRejoin{leg: leg{addr: devices[n%len(devices)], line: lines[n], tag: "x"}, peer: devices[rnd.IntN(len(devices))]}
	case 17:
		return evMeasured{from: l, what: wire.Measured{Tenths: 3, Way: wire.WayUDP}}
	case 0:
		return evRetry{from: l}
	case 1, 2, 3:
		n := rnd.IntN(len(lines))
		return evHere{leg: leg{addr: devices[n%len(devices)], line: lines[n], tag: "x"}}
	case 4, 5:
		return evRinging{from: l, early: rnd.IntN(2) > 0}
	case 6, 7:
		return evAnswer{from: l, media: wire.MediaAudio, early: rnd.IntN(2) > 0}
	case 8:
		return evDecline{from: l, busy: rnd.IntN(3) > 0}
	case 9:
		if rnd.IntN(3) > 0 {
			return evServers{from: l}
		}
		return evHangup{from: l}
	case 10, 11:
		return evAway{from: l}
	case 12, 13:
		return evBack{from: l}
	case 14:
		if rnd.IntN(2) > 0 {
			return evGlare{}
		}
		return evLeft{from: l}
	default:
		return evTimeout{timer: timer(rnd.IntN(int(timers)))}
	}
}

// Only the two ends of a call that runs can pass anything, whoever asks.
func TestOnlyTheTwoEndsPass(t *testing.T) {
	t.Parallel()
	caller, callee, stranger := id.New[line](), id.New[line](), id.New[line]()
	c := call{caller: leg{line: caller}, legs: []leg{{line: callee}}}
	for _, tt := range []struct {
		phase phase
		from  lineID
		to    lineID
		err   error
	}{
		{ringing, caller, lineID{}, errOutOfTurn},
		{ringing, callee, lineID{}, errOutOfTurn},
		{ringing, stranger, lineID{}, errCallGone},
		{returning, caller, lineID{}, errOutOfTurn},
		{returning, stranger, lineID{}, errCallGone},
		{running, caller, callee, nil},
		{running, callee, caller, nil},
		{running, stranger, lineID{}, errCallGone},
		{over, caller, lineID{}, errCallGone},
	} {
		c.phase = tt.phase
		to, err := c.peer(tt.from)
		if to.line != tt.to || !errors.Is(err, tt.err) {
			t.Errorf("phase %d: to %v, %v, want %v, %v", tt.phase, to.line, err, tt.to, tt.err)
		}
	}
}
