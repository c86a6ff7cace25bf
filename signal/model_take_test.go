package signal_test

import (
	"slices"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/signal/wire"
)

// This file is what the model says of calls that move from one device of a
// person to another.

// end returns who has a person's end of a call that runs, and since when that
// session has no connection, or nil.
func (c *mCall) end(who int) (session *int, away *time.Time) {
	switch {
	case !c.running:
		return nil, nil
	case who == c.from:
		return &c.caller, &c.callerAway
	case who == c.to:
		return &c.legs[0], &c.calleeAway
	}
	return nil, nil
}

// take: a session would have the call that its person has on another device.
func (m *model) take(c *mCall, a act) {
	who := m.sessions[a.session].who
	switch {
	case c == nil:
		m.refuse(a, fault.CallGone)
		return
	case !c.running && (a.session == c.caller || slices.Contains(c.legs, a.session)):
		m.refuse(a, fault.OutOfTurn)
		return
	}
	end, away := c.end(who)
	if end == nil {
		m.refuse(a, fault.CallGone)
		return
	}
	m.accept(a)
	if *end == a.session {
		return
	}
	old, wasAway := *end, !away.IsZero()
	*end, *away, c.early.taken = a.session, time.Time{}, false
	delete(m.sessions[a.session].sees, c.id)
	other, otherAway := c.end(c.from + c.to - who)
	m.tell(old, c.id, wire.KindEnded, wire.ReasonMoved, m.ran(c))
	m.answered(a.session, *other, c)
	m.tell(*other, c.id, wire.KindAnswered, m.sessions[a.session].device, "moved")
	if wasAway {
		m.backAgain(*other, c.id)
	}
	if !otherAway.IsZero() {
		m.away(a.session, c.id)
	}
	m.toOthers(c, who)
}

// toOthers: every other session of a person is to know of the call.
func (m *model) toOthers(c *mCall, who int) {
	for i, s := range m.sessions {
		if s.who == who {
			m.see(i, c)
		}
	}
}

func (m *model) see(session int, c *mCall) {
	s := &m.sessions[session]
	end, _ := c.end(s.who)
	if end == nil || s.gone {
		return
	}
	if *end == session {
		delete(s.sees, c.id)
		return
	}
	device := m.sessions[*end].device
	if before, has := s.sees[c.id]; !has || before != device {
		s.sees[c.id] = device
		m.tell(session, c.id, wire.KindElsewhere, device)
	}
}

// noMore: the call is over, and whoever knew of it is told.
func (m *model) noMore(c *mCall) {
	for i := range m.sessions {
		if _, has := m.sessions[i].sees[c.id]; has {
			delete(m.sessions[i].sees, c.id)
			m.tell(i, c.id, wire.KindElsewhere, -1)
		}
	}
}

// ran is how many seconds the call has run.
func (m *model) ran(c *mCall) int {
	if !c.running || m.untimed {
		return 0
	}
	return int(m.now.Sub(c.since).Seconds())
}
