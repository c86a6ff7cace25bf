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
	endSlow                   // the client does not read; the session waits for it
	endBehind                 // more waits than is kept
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
	kinds      map[wire.Kind]*kindCount // never written to
	rings      map[outcome]*histogram   // neither
	measured   measures
	reconnects [reconnects]atomic.Uint64
	errors     atomic.Uint64
	failed     atomic.Uint64
	resumed    atomic.Uint64
	calls      atomic.Uint64
	drops      [drops]atomic.Uint64
	endings    [endings]atomic.Uint64
	answered   atomic.Uint64
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
	Sessions   int // with and without a connection
	Detached   int // of them without
	Accounts   int
	Ringing    int // calls that belong to this hub
	Running    int
	Calls      uint64 // begun
	Answered   uint64 // of them answered
	Resumed    uint64 // sessions that came back
	Errors     uint64 // error frames sent
	Failed     uint64 // frames and notices that failed by a fault of this side, the store's mostly
	FramesIn   map[wire.Kind]uint64
	FramesOut  map[wire.Kind]uint64
	Rings      map[string]Durations // from the ring to its end, by how that came
	Connects   Durations            // from the ring to the connection, as clients told that agree
	Ways       map[wire.Way]uint64  // of the same calls
	Reconnects map[string]uint64    // resumed, fresh, other_hub
	Drops      map[string]uint64    // bus, malformed, presence, rate, gone
	Endings    map[string]uint64    // why sessions ended
}

// Stats returns the figures of this moment.
func (h *Hub) Stats() Stats {
	c := &h.counters
	s := Stats{
		Calls: c.calls.Load(), Answered: c.answered.Load(), Resumed: c.resumed.Load(), Errors: c.errors.Load(), Failed: c.failed.Load(),
		FramesIn: map[wire.Kind]uint64{}, FramesOut: map[wire.Kind]uint64{}, Rings: map[string]Durations{},
		Drops: map[string]uint64{}, Endings: map[string]uint64{}, Reconnects: map[string]uint64{},
	}
	for _, k := range wire.Kinds() {
		if n := c.kinds[k.Kind]; k.Sender == wire.FromClient {
			s.FramesIn[k.Kind] = n.in.Load()
		}
		if n := c.kinds[k.Kind]; k.Sender == wire.FromHub || k.Passes {
			s.FramesOut[k.Kind] = n.out.Load()
		}
	}
	s.Connects, s.Ways = c.measured.took.read(), c.measured.readWays()
	for how, n := range c.rings {
		s.Rings[string(how)] = n.read()
	}
	for i, name := range [reconnects]string{reconnectResumed: "resumed", reconnectFresh: "fresh", reconnectOtherHub: "other_hub"} {
		s.Reconnects[name] = c.reconnects[i].Load()
	}
	for i, name := range [drops]string{
		dropBus: "bus", dropMalformed: "malformed", dropPresence: "presence", dropRate: "rate", dropGone: "gone",
	} {
		s.Drops[name] = c.drops[i].Load()
	}
	for i, name := range [endings]string{
		endLeft: "left", endLost: "lost", endSlow: "slow", endBehind: "behind", endSilent: "silent", endReplaced: "replaced",
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
