package signal

import (
	"sync/atomic"
	"time"

	"github.com/ringfence/ringfence/signal/wire"
)

// This file counts what has more than one number: frames by their kind, and
// how long it rang. What it counts by are closed sets.

// kindCount counts the frames of one kind.
type kindCount struct{ in, out atomic.Uint64 }

// newKinds has an entry for each kind of the protocol, and never gets more:
// what a client calls a kind makes none.
func newKinds() map[wire.Kind]*kindCount {
	m := map[wire.Kind]*kindCount{}
	for _, k := range wire.Kinds() {
		m[k.Kind] = &kindCount{}
	}
	return m
}

func (c *counters) received(k wire.Kind) {
	if n := c.kinds[k]; n != nil {
		n.in.Add(1)
	}
}

func (c *counters) sent(k wire.Kind) {
	if n := c.kinds[k]; n != nil {
		n.out.Add(1)
	}
}

// ringBounds are the upper ends of the buckets of ring times, in seconds. It
// rings for wire.RingSeconds at most. Times to the connection have the same, for
// holding one against the other.
var ringBounds = [...]float64{0.5, 1, 2, 5, 10, 15, 20, 30, wire.RingSeconds + 1}

// histogram counts durations. It keeps no duration of its own.
type histogram struct {
	counts [len(ringBounds) + 1]atomic.Uint64
	millis atomic.Int64
}

func (h *histogram) observe(d time.Duration) {
	i := 0
	for i < len(ringBounds) && d.Seconds() > ringBounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.millis.Add(d.Milliseconds())
}

// Durations are how often something took how long.
type Durations struct {
	Count   uint64
	Sum     float64            // seconds
	Buckets map[float64]uint64 // how many took at most that many seconds
}

func (h *histogram) read() Durations {
	d := Durations{Sum: float64(h.millis.Load()) / 1000, Buckets: map[float64]uint64{}}
	for i := range h.counts {
		d.Count += h.counts[i].Load()
		if i < len(ringBounds) {
			d.Buckets[ringBounds[i]] = d.Count
		}
	}
	return d
}

// outcome is how a ring ended.
type outcome string

const (
	outcomeAnswered outcome = "answered"
	outcomeOther    outcome = "other"
)

// outcomes are all there are.
func outcomes() []outcome {
	out := []outcome{outcomeAnswered, outcomeOther}
	for _, r := range []wire.Reason{
		wire.ReasonCancelled, wire.ReasonDeclined, wire.ReasonBusy, wire.ReasonTimeout, wire.ReasonOffline,
		wire.ReasonLost, wire.ReasonReach, wire.ReasonGlare, wire.ReasonStopped,
	} {
		out = append(out, outcome(r))
	}
	return out
}

func newRings() map[outcome]*histogram {
	m := map[outcome]*histogram{}
	for _, o := range outcomes() {
		m[o] = &histogram{}
	}
	return m
}

// rang counts a ring that is over, where this step ended it. A call that may
// not begin has not rung.
func (c *counters) rang(was, now *call, effects []effect, at time.Time) {
	if was.phase != ringing || now.phase == ringing || !was.begun {
		return
	}
	how := outcomeOther
	if now.phase == running {
		how = outcomeAnswered
	}
	for _, e := range effects {
		if s, ok := e.(send); ok && how == outcomeOther && s.to.line == was.caller.line {
			if b, ok := s.body.(wire.Ended); ok && c.rings[outcome(b.Reason)] != nil {
				how = outcome(b.Reason)
			}
		}
	}
	c.rings[how].observe(at.Sub(was.since))
}

// reconnect is what became of a hello that asked for a session.
type reconnect int

const (
	reconnectResumed  reconnect = iota
	reconnectFresh              // the session is over, or frames of it are lost
	reconnectOtherHub           // another hub had it, or this one before its last start
	reconnects
)

// reconnected counts a hello. One without a token comes back to nothing.
func (h *Hub) reconnected(hello *wire.Hello, resumed bool) {
	how := reconnectFresh
	switch {
	case hello.Resume == "":
		return
	case resumed:
		how = reconnectResumed
	case markOf(hello.Resume) != h.mark:
		how = reconnectOtherHub
	}
	h.counters.reconnects[how].Add(1)
}
