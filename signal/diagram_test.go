package signal

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// TestDiagramIsTheMachine drives a call from each phase with each event, in
// every shape that matters, and holds the ways that it goes against the
// drawing in docs/protocol.md.
func TestDiagramIsTheMachine(t *testing.T) {
	t.Parallel()
	went := map[string]bool{}
	for _, c := range shapes() {
		for name, ev := range happenings(&c) {
			next, effects, err := c.step(time.Unix(1000, 0), ev)
			if err == nil && next.phase != c.phase {
				went[phaseNames()[c.phase]+" --> "+phaseNames()[next.phase]+": "+cause(name, effects)] = true
			}
		}
	}
	for _, begins := range []string{"[*] --> ringing: ring", "[*] --> returning: rejoin", "over --> [*]: 5 s"} {
		went[begins] = true // by the table of calls
	}
	drawn := drawing(t)
	for way := range went {
		if !drawn[way] {
			t.Errorf("not drawn: %s", way)
		}
	}
	for way := range drawn {
		if !went[way] {
			t.Errorf("drawn, and never goes that way: %s", way)
		}
	}
}

func phaseNames() map[phase]string {
	return map[phase]string{ringing: "ringing", returning: "returning", running: "running", over: "over"}
}

// cause is the reason of the ended frames, or what happened where none is sent.
func cause(name string, effects []effect) string {
	for _, e := range effects {
		if s, ok := e.(send); ok {
			if b, ok := s.body.(wire.Ended); ok && b.Reason != wire.ReasonElsewhere {
				return string(b.Reason)
			}
		}
	}
	return name
}

// shapes are calls in each phase: with a connected caller and without, with no
// device, one and two, that rang and did not.
func shapes() (all []call) {
	caller := leg{addr: wire.Address{Account: id.NewAccount(), Device: id.NewDevice()}, line: id.New[line]()}
	callee := id.NewAccount()
	device := func(away bool) leg {
		return leg{addr: wire.Address{Account: callee, Device: id.NewDevice()}, line: id.New[line](), away: away}
	}
	for _, p := range []phase{ringing, returning, running} {
		for _, away := range []bool{false, true} {
			who := caller
			who.away = away
			one := call{id: id.NewCall(), media: wire.MediaVideo, phase: p, callee: callee, caller: who, since: time.Unix(900, 0), begun: true}
			for _, legs := range [][]leg{nil, {device(false)}, {device(true)}, {device(false), device(false)}} {
				c := one
				c.legs = legs
				if p == running && len(legs) != 1 || p == returning && legs != nil {
					continue
				}
				if p == returning {
					c.awaits = id.NewDevice()
				}
				all = append(all, c)
				if p == ringing && legs != nil {
					rang, _, _ := c.step(time.Unix(950, 0), evRinging{from: legs[0].line})
					all = append(all, rang)
				}
			}
		}
	}
	return all
}

// happenings are all events that there are, from each who may cause them.
func happenings(c *call) map[string]event {
	evs := map[string]event{
		"again": evRetry{c.caller.line}, "glare": evGlare{}, "another hub": evYield{}, "reach": evEnd{reason: wire.ReasonReach},
		"the hub stops": evStop{}, "another hub has it": evTaken{id.New[line]()}, "again here": evTaken{c.caller.line}, "void": evVoid{},
		"rejoin": evRejoin{
			leg:  leg{addr: wire.Address{Account: c.callee, Device: c.awaits}, line: id.New[line]()},
			peer: c.caller.addr,
		},
	}
	for n := range timers {
		evs["timer "+string(rune('0'+n))] = evTimeout{n}
	}
	from := []lineID{c.caller.line}
	for _, l := range c.legs {
		from = append(from, l.line)
	}
	for i, l := range from {
		n := string(rune('0' + i))
		maps.Copy(evs, map[string]event{
			"ringing " + n: evRinging{from: l}, "hangup " + n: evHangup{l}, "left " + n: evLeft{l}, "away " + n: evAway{from: l}, "gone " + n: evAway{from: l, forGood: true}, "back " + n: evBack{l},
			"decline " + n: evDecline{from: l}, "busy " + n: evDecline{from: l, busy: true}, "servers " + n: evServers{l}, "take " + n: evTake{leg{addr: c.caller.addr, line: l}}, "take anew " + n: evTake{leg{addr: c.caller.addr, line: id.New[line]()}},
			"measured " + n: evMeasured{from: l, what: wire.Measured{Way: wire.WayTCP}},
		})
		if i > 0 {
			evs["answer"] = evAnswer{from: l, media: wire.MediaVideo}
		}
	}
	return evs
}

// drawing reads the arrows of the page: each cause is one way.
func drawing(t *testing.T) map[string]bool {
	t.Helper()
	raw, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(raw), "stateDiagram-v2\n")
	if !ok {
		t.Fatal("docs/protocol.md has no drawing")
	}
	rest, _, _ = strings.Cut(rest, "```")
	ways := map[string]bool{}
	arrow := regexp.MustCompile(`^\s*(\S+) --> (\S+): (.+)$`)
	for l := range strings.Lines(rest) {
		if m := arrow.FindStringSubmatch(strings.TrimRight(l, "\n")); m != nil {
			for _, why := range slices.Collect(strings.SplitSeq(m[3], ", ")) {
				ways[m[1]+" --> "+m[2]+": "+why] = true
			}
		}
	}
	return ways
}
