package signal

import (
	"maps"
	"slices"
	"sync/atomic"

	"github.com/ringfence/ringfence/signal/wire"
)

// drop is why something did not get where it was meant to go.
type drop int

const (
	dropBus       drop = iota // the bus refused a message
	dropMalformed             // a message between hubs made no sense
	dropPresence              // news of a friend that newer news replaced
	dropRate                  // a frame above the session's rate
	dropGone                  // a frame for a call that the session has no part in
	drops
)

// ended is why a session ended or lost its connection.
type ended int

const (
	endLeft      ended = iota // the client closed it
	endLost                   // the connection broke and nobody came back
	endSlow                   // the client does not read
	endSilent                 // no sign of life
	endReplaced               // resumed on another connection
	endSignedOut              // the sign-in session ended
	endProtocol               // broke the protocol
	endFlood                  // too many frames
	endTooMany                // too many sessions
	endOften                  // connects too often
	endStop                   // the hub stops
	endings
)

// counters only grow.
type counters struct {
	in, out  [2]atomic.Uint64 // acted upon or made here, passed on
	errors   atomic.Uint64
	resumed  atomic.Uint64
	calls    atomic.Uint64
	drops    [drops]atomic.Uint64
	endings  [endings]atomic.Uint64
	answered atomic.Uint64
}

const (
	acted = iota
	passed
)

func class(k wire.Kind) int {
	if k == wire.KindDescription || k == wire.KindCandidate || k == wire.KindMedia || k == wire.KindWarm {
		return passed
	}
	return acted
}

// Stats is a moment of a hub. Its labels are closed sets: never a person,
// never an address.
type Stats struct {
	Sessions  int // with and without a connection
	Detached  int // of them without
	Accounts  int
	Ringing   int // calls that belong to this hub
	Running   int
	Calls     uint64            // begun
	Answered  uint64            // of them answered
	Resumed   uint64            // sessions that came back
	Errors    uint64            // error frames sent
	FramesIn  map[string]uint64 // acted, passed
	FramesOut map[string]uint64 // acted, passed
	Drops     map[string]uint64 // bus, malformed, presence, rate, gone
	Endings   map[string]uint64 // why sessions ended
}

// Stats returns the figures of this moment.
func (h *Hub) Stats() Stats {
	c := &h.counters
	s := Stats{
		Calls: c.calls.Load(), Answered: c.answered.Load(), Resumed: c.resumed.Load(), Errors: c.errors.Load(),
		FramesIn:  map[string]uint64{"acted": c.in[acted].Load(), "passed": c.in[passed].Load()},
		FramesOut: map[string]uint64{"acted": c.out[acted].Load(), "passed": c.out[passed].Load()},
		Drops:     map[string]uint64{}, Endings: map[string]uint64{},
	}
	for i, name := range [drops]string{
		dropBus: "bus", dropMalformed: "malformed", dropPresence: "presence", dropRate: "rate", dropGone: "gone",
	} {
		s.Drops[name] = c.drops[i].Load()
	}
	for i, name := range [endings]string{
		endLeft: "left", endLost: "lost", endSlow: "slow", endSilent: "silent", endReplaced: "replaced",
		endSignedOut: "signed_out", endProtocol: "protocol", endFlood: "flood", endTooMany: "too_many", endOften: "too_often", endStop: "stop",
	} {
		s.Endings[name] = c.endings[i].Load()
	}
	h.mu.Lock()
	lines, calls := slices.Collect(maps.Values(h.lines)), slices.Collect(maps.Values(h.calls))
	s.Accounts = len(h.people)
	h.mu.Unlock()
	s.Sessions = len(lines)
	for _, l := range lines {
		if !l.connected() {
			s.Detached++
		}
	}
	for _, oc := range calls {
		switch oc.phase() {
		case ringing:
			s.Ringing++
		case running:
			s.Running++
		case returning, over:
		}
	}
	return s
}
