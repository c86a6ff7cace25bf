package signal_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// The model says what devices must be told, in the plainest way there is: one
// list of sessions, one of calls, no hubs, no bus, and nothing at the same
// time. It shares no code with the hub.
type model struct {
	now      time.Time
	begin    time.Time // hubs look after sessions at whole seconds from here
	friends  map[[2]int]bool
	sessions []mSession
	calls    []mCall // that are not over
	glared   map[id.Call]bool
	missed   []int // notices of each person
	untimed  bool  // how long a call ran is not looked at
}

// mSession is one session of a device.
type mSession struct {
	who, device int
	on, gone    bool
	deaf        bool            // it vanished: it hears nothing until it comes back
	lost        time.Time       // since when it has no connection
	due         map[string]int  // frames that it must be told, in any order
	sees        map[id.Call]int // calls of its person on other devices, and which has them
}

// mCall is a call that rings or runs.
type mCall struct {
	id            id.Call
	caller        int   // a session
	from, to      int   // people
	legs          []int // ringing: sessions that were offered the call; running: the one that has it
	busy          []int // of legs
	running, rang bool
	since         time.Time
	callerAway    time.Time // zero where it is there
	calleeAway    time.Time // of a running call
	early         mEarly
	told          [2]bool // the caller, the callee: has measured
}

// mEarly is the connection that is made while it rings.
type mEarly struct {
	asked, taken bool
	with         int    // a session, once there is one
	warm         [2]int // frames that passed, of the caller and of the other
}

// act is what one session does; frames carry a reference.
type act struct {
	kind    wire.Kind
	session int
	call    id.Call
	ref     string
	to      int // ring: a person
	busy    bool
	passed  string // what the other leg is to see of a frame that passes
	drop    bool   // no frame: the connection is lost
	early   bool   // ring, ringing, answer: over a connection that is made while it rings
}

func (m *model) clone() *model {
	n := *m
	n.friends, n.glared, n.missed = maps.Clone(m.friends), maps.Clone(m.glared), slices.Clone(m.missed)
	n.sessions, n.calls = slices.Clone(m.sessions), slices.Clone(m.calls)
	for i := range n.sessions {
		n.sessions[i].due = maps.Clone(n.sessions[i].due)
		n.sessions[i].sees = maps.Clone(n.sessions[i].sees)
	}
	for i := range n.calls {
		n.calls[i].legs, n.calls[i].busy = slices.Clone(n.calls[i].legs), slices.Clone(n.calls[i].busy)
	}
	return &n
}

// tell notes what a session must be told.
func (m *model) tell(session int, what ...any) {
	if !m.sessions[session].gone {
		m.sessions[session].due[line(what...)]++
	}
}

// line writes down a frame to be told, or one that was.
func line(what ...any) string {
	return strings.TrimSuffix(fmt.Sprintln(what...), "\n")
}

func (m *model) find(c id.Call) *mCall {
	i := slices.IndexFunc(m.calls, func(x mCall) bool { return x.id == c })
	if i < 0 {
		return nil
	}
	return &m.calls[i]
}

func (m *model) reach(a, b int) bool { return m.friends[[2]int{a, b}] && m.friends[[2]int{b, a}] }

// finish ends a call.
func (m *model) finish(c *mCall, reason wire.Reason, missed bool) {
	ran := m.ran(c)
	m.tell(c.caller, c.id, wire.KindEnded, reason, ran)
	for _, l := range c.legs {
		m.tell(l, c.id, wire.KindEnded, reason, ran)
	}
	if missed && !c.running {
		m.missed[c.to]++
	}
	m.noMore(c)
	gone := c.id
	m.calls = slices.DeleteFunc(m.calls, func(x mCall) bool { return x.id == gone })
}

// do is one action of a session.
func (m *model) do(a act) {
	switch {
	case a.drop:
		m.drop(a.session)
		return
	case a.kind == wire.KindRing:
		m.ring(a)
		return
	}
	c := m.find(a.call)
	if a.kind == wire.KindTake {
		m.take(c, a)
		return
	}
	if c == nil || a.session != c.caller && !slices.Contains(c.legs, a.session) {
		m.refuse(a, fault.CallGone)
		return
	}
	switch string(a.kind) {
	case string(wire.KindRelay):
		m.tell(a.session, c.id, wire.KindServers)
	case string(wire.KindHangup):
		m.accept(a)
		m.hangup(c, a.session)
	case string(wire.KindRinging), string(wire.KindAnswer), string(wire.KindDecline):
		m.callees(c, a)
	case string(wire.KindWarm):
		m.warm(c, a)
	case string(wire.KindMeasured):
		m.measured(c, a)
	default:
		other := c.caller
		if other == a.session && c.running {
			other = c.legs[0]
		}
		if !c.running {
			m.refuse(a, fault.OutOfTurn)
			return
		}
		m.tell(other, c.id, a.kind, a.passed)
	}
}

// measured counts once a leg, whatever the other one did.
func (m *model) measured(c *mCall, a act) {
	leg := 0
	if a.session != c.caller {
		leg = 1
	}
	if !c.running || c.told[leg] {
		m.refuse(a, fault.OutOfTurn)
		return
	}
	c.told[leg] = true
	m.accept(a)
}

func (m *model) accept(a act)                     { m.tell(a.session, wire.KindOK, a.ref) }
func (m *model) refuse(a act, code fault.Code)    { m.tell(a.session, wire.KindError, code, a.ref) }
func (m *model) away(session int, c id.Call)      { m.tell(session, c, wire.KindAway, true) }
func (m *model) backAgain(session int, c id.Call) { m.tell(session, c, wire.KindAway, false) }

func (m *model) hangup(c *mCall, by int) {
	switch {
	case c.running:
		m.finish(c, wire.ReasonHangup, false)
	case by == c.caller:
		m.finish(c, wire.ReasonCancelled, c.rang)
	default:
		m.finish(c, wire.ReasonDeclined, false)
	}
}

// callees is what only the callee may send.
func (m *model) callees(c *mCall, a act) {
	again := a.kind == wire.KindAnswer && c.running
	if a.session == c.caller || c.running && !again {
		m.refuse(a, fault.OutOfTurn)
		return
	}
	if a.kind == wire.KindAnswer && !c.running && a.early && !m.mayAnswerEarly(c, a.session) {
		m.refuse(a, fault.OutOfTurn)
		return
	}
	m.accept(a)
	switch {
	case again:
	case a.kind == wire.KindRinging:
		if !c.rang {
			m.tell(c.caller, c.id, wire.KindProgress)
		}
		c.rang = true
		if a.early && c.early.asked && c.early.with < 0 {
			c.early.with = a.session
			m.tell(a.session, c.id, wire.KindEarly)
			m.tell(c.caller, c.id, wire.KindEarly)
		}
	case a.kind == wire.KindAnswer:
		c.early.taken = a.early
		m.answer(c, a.session)
	case !a.busy:
		m.finish(c, wire.ReasonDeclined, false)
	default:
		if !slices.Contains(c.busy, a.session) {
			c.busy = append(c.busy, a.session)
		}
		m.allBusy(c)
	}
}

func (m *model) allBusy(c *mCall) {
	if len(c.legs) > 0 && len(c.busy) == len(c.legs) {
		m.finish(c, wire.ReasonBusy, true)
	}
}

func (m *model) answer(c *mCall, by int) {
	m.answered(c.caller, by, c)
	m.answered(by, c.caller, c)
	for _, l := range c.legs {
		if l != by {
			m.tell(l, c.id, wire.KindEnded, wire.ReasonElsewhere, 0)
		}
	}
	if !c.callerAway.IsZero() {
		m.away(by, c.id)
	}
	c.running, c.legs, c.busy, c.since = true, []int{by}, nil, m.now
	m.toOthers(c, c.from)
	m.toOthers(c, c.to)
}

func (m *model) answered(who, peer int, c *mCall) {
	m.tell(who, c.id, wire.KindAnswered, m.sessions[peer].device, c.early.taken)
}

// mayAnswerEarly: the device that was chosen, be it on another session by now.
func (m *model) mayAnswerEarly(c *mCall, by int) bool {
	return c.early.with >= 0 && m.sessions[c.early.with].device == m.sessions[by].device
}

// warm passes between the two that were chosen, while it rings.
func (m *model) warm(c *mCall, a act) {
	side, to := 0, c.early.with
	if a.session != c.caller {
		side, to = 1, c.caller
	}
	switch {
	case c.running, !slices.Contains(c.legs, c.early.with), side == 1 && a.session != c.early.with:
		m.refuse(a, fault.OutOfTurn)
	case c.early.warm[side] == wire.MaxWarm:
		m.refuse(a, fault.TooMany)
	default:
		c.early.warm[side]++
		m.tell(to, c.id, a.kind, a.passed)
	}
}

func (m *model) ring(a act) {
	from := m.sessions[a.session].who
	if c := m.find(a.call); c != nil { // once more
		switch {
		case a.session != c.caller:
			m.refuse(a, fault.CallGone)
		case c.running:
			m.refuse(a, fault.OutOfTurn)
		default:
			m.tell(a.session, c.id, wire.KindCalling)
		}
		return
	}
	if !m.reach(from, a.to) {
		m.refuse(a, fault.Unreachable)
		return
	}
	c := mCall{id: a.call, caller: a.session, from: from, to: a.to, since: m.now, early: mEarly{asked: a.early, with: -1}}
	m.tell(a.session, c.id, wire.KindCalling)
	var loses bool
	var ends []id.Call
	for _, x := range m.calls {
		switch {
		case x.running || x.from != c.to || x.to != c.from:
		case x.id.Less(c.id):
			loses = true
		default:
			ends = append(ends, x.id)
		}
	}
	for _, x := range ends {
		m.glared[x] = true
		m.finish(m.find(x), wire.ReasonGlare, false)
	}
	m.calls = append(m.calls, c)
	mine := &m.calls[len(m.calls)-1]
	if loses {
		m.glared[c.id] = true
		m.finish(mine, wire.ReasonGlare, false)
		return
	}
	for i, s := range m.sessions {
		if s.who == a.to && !s.gone {
			mine.legs = append(mine.legs, i)
			m.tell(i, c.id, wire.KindIncoming)
		}
	}
}

// drop: a connection is lost.
func (m *model) drop(session int) {
	s := &m.sessions[session]
	s.on, s.lost = false, m.now
	for i := range m.calls {
		c := &m.calls[i]
		switch {
		case c.caller == session:
			c.callerAway = m.now
			if c.running {
				m.away(c.legs[0], c.id)
			}
		case c.running && c.legs[0] == session:
			c.calleeAway = m.now
			m.away(c.caller, c.id)
		}
	}
}

// resume: it is back.
func (m *model) resume(session int) {
	m.sessions[session].on, m.sessions[session].deaf = true, false
	for i := range m.calls {
		c := &m.calls[i]
		switch {
		case c.caller == session:
			c.callerAway = time.Time{}
			if c.running {
				m.backAgain(c.legs[0], c.id)
			}
		case c.running && c.legs[0] == session:
			c.calleeAway = time.Time{}
			m.backAgain(c.caller, c.id)
		}
	}
}

// connect: a device has a new session.
func (m *model) connect(who, device int) int {
	n := len(m.sessions)
	m.sessions = append(m.sessions, mSession{who: who, device: device, on: true, due: map[string]int{}, sees: map[id.Call]int{}})
	for i := range m.calls {
		c := &m.calls[i]
		switch {
		case !c.running && c.to == who:
			c.legs = append(c.legs, n)
			m.tell(n, c.id, wire.KindIncoming)
		case m.sessions[c.caller].device == device && !c.callerAway.IsZero():
			m.tell(c.caller, c.id, wire.KindEnded, wire.ReasonElsewhere, 0)
			c.caller, c.callerAway = n, time.Time{}
			if !c.running {
				m.tell(n, c.id, wire.KindCalling)
				continue
			}
			m.answered(n, c.legs[0], c)
			m.backAgain(c.legs[0], c.id)
		case c.running && m.sessions[c.legs[0]].device == device && !c.calleeAway.IsZero():
			m.tell(c.legs[0], c.id, wire.KindEnded, wire.ReasonElsewhere, 0)
			c.legs[0], c.calleeAway = n, time.Time{}
			m.answered(n, c.caller, c)
			m.backAgain(c.caller, c.id)
		case c.running:
			m.see(n, c)
		}
	}
	return n
}

// leave: a session is over for good.
func (m *model) leave(session int) {
	m.sessions[session].gone, m.sessions[session].on = true, false
	for _, was := range slices.Clone(m.calls) {
		c := m.find(was.id)
		switch {
		case c.caller == session, c.running && c.legs[0] == session:
			m.finish(c, wire.ReasonLost, c.rang)
		case slices.Contains(c.legs, session):
			is := func(l int) bool { return l == session }
			c.legs, c.busy = slices.DeleteFunc(c.legs, is), slices.DeleteFunc(c.busy, is)
			m.allBusy(c)
		}
	}
}

// part: two people are no friends any more.
func (m *model) part(a, b int) {
	for _, was := range slices.Clone(m.calls) {
		if (was.from == a && was.to == b || was.from == b && was.to == a) && !m.reach(a, b) {
			m.finish(m.find(was.id), wire.ReasonReach, false)
		}
	}
}

// advance lets time pass: what is due first happens first.
func (m *model) advance(to time.Time) {
	for {
		at, what := m.next()
		if what == nil || at.After(to) {
			m.now = to
			return
		}
		m.now = at
		what()
	}
}

func (m *model) next() (first time.Time, what func()) {
	soon := func(at time.Time, fn func()) {
		if what == nil || at.Before(first) {
			first, what = at, fn
		}
	}
	const resume = wire.ResumeSeconds * time.Second
	for i := range m.calls {
		c := &m.calls[i]
		if !c.running {
			soon(c.since.Add(wire.RingSeconds*time.Second), func() { m.finish(c, wire.ReasonTimeout, true) })
		}
		if !c.running && !c.rang {
			soon(c.since.Add(wire.OfflineSeconds*time.Second), func() { m.finish(c, wire.ReasonOffline, true) })
		}
		for _, away := range []time.Time{c.callerAway, c.calleeAway} {
			if !away.IsZero() {
				soon(away.Add(resume), func() { m.finish(c, wire.ReasonLost, c.rang) })
			}
		}
	}
	for i, s := range m.sessions {
		if !s.on && !s.gone {
			ends := s.lost.Add(resume).Sub(m.begin)
			soon(m.begin.Add((ends + time.Second - 1).Truncate(time.Second)), func() { m.leave(i) })
		}
	}
	return first, what
}
