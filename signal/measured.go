package signal

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/signal/wire"
)

// This file is about what clients tell whose people have agreed to it: how long
// a call took to connect, and which way it goes. Sums are all that stays.

// evMeasured is what a client told; count is to add it up.
type (
	evMeasured struct {
		from lineID
		what wire.Measured
	}
	count struct{ what wire.Measured }
)

func (evMeasured) event() {}
func (count) effect()     {}

func checkMeasured(m wire.Measured) error {
	switch {
	case m.Tenths < 0:
		return fault.Field("tenths", "minimum", 0, "That is no duration.")
	case m.Tenths > wire.MaxConnectTenths:
		return fault.Field("tenths", "maximum", wire.MaxConnectTenths, "No call takes that long to connect.")
	case !slices.Contains(wire.Ways(), m.Way):
		return fault.Field("way", "one_of", 0, "There is no such way.")
	}
	return nil
}

// measured takes it from either leg of a call that runs, once. What the other
// leg has told changes nothing of the answer: it would say whether its person
// has agreed.
func (c call) measured(e evMeasured) (call, []effect, error) {
	l := c.find(e.from)
	if e.from == c.caller.line {
		l = &c.caller
	}
	switch {
	case l == nil:
		return c, nil, errCallGone
	case c.phase != running, l.told:
		return c, nil, errOutOfTurn
	}
	l.told = true
	if c.known { // a call is one call
		return c, nil, nil
	}
	c.known = true
	return c, []effect{count{e.what}}, nil
}

// measures are sums; the two have nothing that joins them.
type measures struct {
	took histogram
	ways map[wire.Way]*atomic.Uint64 // never written to
}

func newWays() map[wire.Way]*atomic.Uint64 {
	m := map[wire.Way]*atomic.Uint64{}
	for _, w := range wire.Ways() {
		m[w] = new(atomic.Uint64)
	}
	return m
}

func (m *measures) take(what wire.Measured) {
	m.took.observe(time.Duration(what.Tenths) * time.Second / 10)
	m.ways[what.Way].Add(1)
}

func (m *measures) readWays() map[wire.Way]uint64 {
	out := map[wire.Way]uint64{}
	for w, n := range m.ways {
		out[w] = n.Load()
	}
	return out
}
