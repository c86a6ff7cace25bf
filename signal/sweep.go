package signal

import (
	"context"
	"maps"
	"time"

	"github.com/ringfence/ringfence/internal/id"
)

// sweepEvery is how often each session is looked at, in place of a timer for
// each of its deadlines.
const sweepEvery = time.Second

// sweepSlots is into how many parts that time is divided. Each session has its
// own: pings to all who are due, sent at once, would hold up whoever has
// something to say, with ten thousand sessions for 15 ms of every second.
const sweepSlots = 64

// recheckEvery is how many seconds pass between two looks at whether the ends
// of each call still are friends. Changes are told at once; this is for one
// that got lost on the way.
const recheckEvery = 30

// sweepAll looks after what has no goroutine of its own, until ctx ends.
func (h *Hub) sweepAll(ctx context.Context) {
	timer := time.NewTimer(sweepEvery)
	defer timer.Stop()
	next := time.Now().Add(sweepEvery)
	slot := sweepSlots // none is left of this round
	var round [sweepSlots][]*session
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return
		case now := <-timer.C:
			if slot == sweepSlots {
				slot = 0
				h.slots(&round, now)
				h.tellLate(now)
				h.sweepMeters(now)
				if n++; n%recheckEvery == 0 {
					h.work.Go(h.recheckAll)
				}
			}
			for _, s := range round[slot] {
				s.sweep(now)
				h.askAgain(s, now)
			}
		}
		was := slot
		for slot++; slot < sweepSlots && len(round[slot]) == 0; slot++ {
			continue // nobody to wake for
		}
		next = next.Add(time.Duration(slot-was) * (sweepEvery / sweepSlots))
		if time.Since(next) > sweepEvery {
			next = time.Now() // the machine slept: what was missed is not made up for
		}
		timer.Reset(time.Until(next))
	}
}

// sweepTogether is how many sessions are looked at one after the other, without
// a rest.
const sweepTogether = 128

// slots sorts the sessions by when they are looked at. That is by their line,
// which is random and stays, so that each has the same time between two looks;
// only where there come to be more or fewer than sweepTogether does it change
// once, by less than sweepEvery.
func (h *Hub) slots(round *[sweepSlots][]*session, now time.Time) {
	for i := range round {
		clear(round[i]) // or what has ended would be kept
		round[i] = round[i][:0]
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for l, s := range h.lines {
		i := 0
		if len(h.lines) > sweepTogether {
			i = int(l.Bytes()[0] % sweepSlots)
		}
		round[i] = append(round[i], s)
	}
	maps.DeleteFunc(h.rings, func(_ id.Account, b *bucket) bool { return b.empty(now) })
}
