package signal

import (
	"errors"
	"slices"
	"testing"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// There is one such connection in a ring, with a bounded number of frames.
func TestEarlyIsBounded(t *testing.T) {
	t.Parallel()
	a, b1, b2 := id.New[line](), id.New[line](), id.New[line]()
	c := call{caller: leg{line: a}, legs: []leg{{line: b1}, {line: b2}}, early: early{asked: true}}
	step := func(ev event) (kinds []wire.Kind) {
		next, effects, err := c.step(c.since, ev)
		if err != nil {
			t.Fatal(err)
		}
		c = next
		for _, e := range effects {
			if s, ok := e.(send); ok {
				kinds = append(kinds, s.kind)
			}
		}
		return kinds
	}
	step(evRinging{from: b1, early: true})
	for _, from := range []lineID{a, b1} {
		for range wire.MaxWarm {
			if _, err := c.towards(wire.KindWarm, from); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.towards(wire.KindWarm, from); !fault.Is(err, fault.TooMany) {
			t.Errorf("one more passed: %v", err)
		}
	}
	if slices.Contains(step(evRinging{from: b1, early: true}), wire.KindEarly) {
		t.Error("the same device, twice")
	}
	step(evLeft{from: b1})
	if slices.Contains(step(evRinging{from: b2, early: true}), wire.KindEarly) {
		t.Error("a second connection in one ring")
	}
	if _, err := c.towards(wire.KindWarm, a); !errors.Is(err, errOutOfTurn) {
		t.Errorf("to a device that has left: %v", err)
	}
}
