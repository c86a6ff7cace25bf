package signal

import (
	"context"
	"time"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// This file moves a call that runs to another device of the same person. Every
// session that asked for it in hello is told of the calls that its person has
// on another one; the hub that has the call gives the leg away in one step, so
// that there is one holder at any moment, and the last one who asks has it.

// others tells the sessions of a leg's account, but the leg itself, that the
// call runs there, or that it does no more.
type others struct {
	leg  leg
	body wire.Elsewhere
}

func (others) effect() {}

// evTake is that a device takes its person's leg over.
type evTake struct{ leg leg }

func (evTake) event() {}

// elsewhere is what the other devices of the person at one end are told.
func (c *call) elsewhere(now time.Time, end, other leg) wire.Elsewhere {
	return wire.Elsewhere{
		Device: end.addr.Device, Peer: other.addr, Media: c.media, Caller: end.addr.Account == c.caller.addr.Account,
		Seconds: int(now.Sub(c.since).Seconds()),
	}
}

// toOthers tells the other devices of both that the call runs.
func (c *call) toOthers(now time.Time) []effect {
	return []effect{
		others{c.caller, c.elsewhere(now, c.caller, c.legs[0])},
		others{c.legs[0], c.elsewhere(now, c.legs[0], c.caller)},
	}
}

// noMore tells them that it does not, if it did.
func (c *call) noMore() (effects []effect) {
	if c.phase != running {
		return nil
	}
	for _, l := range append([]leg{c.caller}, c.legs...) {
		effects = append(effects, others{l, wire.Elsewhere{Over: true}})
	}
	return effects
}

// glimpse tells a session that came later of a call that runs.
func (c *call) glimpse(now time.Time, l leg) []effect {
	if c.phase != running {
		return nil
	}
	end, other := c.caller, c.legs[0]
	if l.addr.Account == c.callee {
		end, other = other, end
	}
	return []effect{send{l, wire.KindElsewhere, c.elsewhere(now, end, other)}}
}

// take gives a leg to another session of its account. It keeps its role and
// whether it has measured; its credentials are new, and nothing is left of a
// connection that was made while it rang.
func (c call) take(now time.Time, l leg) (call, []effect, error) {
	switch {
	case c.phase != running && (l.line == c.caller.line || c.find(l.line) != nil):
		return c, nil, errOutOfTurn
	case c.phase != running, l.addr.Account != c.caller.addr.Account && l.addr.Account != c.callee:
		return c, nil, errCallGone
	}
	end, other, wait := &c.caller, c.legs[0], timerCaller
	if l.addr.Account == c.callee {
		end, other, wait = &c.legs[0], c.caller, timerCallee
	}
	if end.line == l.line {
		return c, nil, nil // the same once more
	}
	old := *end
	l.told = old.told
	*end, c.early.taken = l, false
	effects := []effect{
		disarm{wait},
		send{old, wire.KindEnded, wire.Ended{Reason: wire.ReasonMoved, Within: int(now.Sub(c.since).Seconds())}},
		revoke{old.tag},
		send{l, wire.KindAnswered, wire.Answered{Media: c.media, Peer: other.addr}},
		send{other, wire.KindAnswered, wire.Answered{Media: c.media, Peer: l.addr, Moved: true}},
	}
	if old.away {
		effects = append(effects, send{other, wire.KindAway, wire.Away{}})
	}
	if other.away {
		effects = append(effects, send{l, wire.KindAway, wire.Away{Away: true, Seconds: wire.ResumeSeconds}})
	}
	return c, append(effects, others{l, c.elsewhere(now, l, other)}), nil
}

// takeOver takes a device that would have a call of its person. It may do so as
// often as it may ring.
func (h *Hub) takeOver(ctx context.Context, s *session, f *wire.Head, _ wire.Take) error {
	p, ok := s.mayTake(f.Call)
	switch {
	case !ok:
		return errCallGone
	case !s.room(f.Call, p.peer):
		return errTooManyCalls()
	case p.owner == h.node && h.owned(f.Call) == nil:
		return errCallGone
	}
	if err := h.mayRing(s.who.Account, time.Now()); err != nil {
		return err
	}
	if err := h.opt.Friends.CheckReach(ctx, s.who.Account, p.peer, friends.PurposeRing); err != nil {
		return err
	}
	h.toOwnerOf(s, f, p)
	return nil
}

// tellOthers tells every session of an account but one. Those of this hub are
// told on the spot, like a leg, so that all that they hear of the call keeps its
// order.
func (h *Hub) tellOthers(c *call, e others) {
	m := message{
		op: opOthers, kind: wire.KindElsewhere, call: c.id, to: e.leg.addr.Account, line: e.leg.line, node: h.node,
		other: otherID(c.opposite(e.leg)), body: wire.EncodeBody(e.body),
	}
	h.toAllBut(&m)
	h.publish(ofAccount(m.to), &m)
}

// opposite is the account at the other end.
func (c *call) opposite(l leg) id.Account {
	if l.addr.Account == c.caller.addr.Account {
		return c.callee
	}
	return c.caller.addr.Account
}

func (h *Hub) onOthers(m *message) {
	if m.node != h.node {
		h.toAllBut(m)
	}
}

func (h *Hub) toAllBut(m *message) {
	for _, s := range h.sessionsOf(m.to) {
		if s.line != m.line {
			s.take(m)
		}
	}
}

// sight is a call that another device of the person has.
type sight struct {
	part
	device id.Device
}

// sees takes word of a call on another device; false where it is no news, or
// nothing that this session wants to hear.
func (s *session) sees(m *message) bool {
	var b wire.Elsewhere
	if !s.moves.Load() || wire.DecodeBody(m.body, &b) != nil {
		return false
	}
	now := sight{part{owner: m.node, peer: id.Account(m.other)}, b.Device}
	s.mu.Lock()
	defer s.mu.Unlock()
	before, seen := s.sights[m.call]
	_, has := s.calls[m.call]
	switch {
	case b.Over:
		delete(s.sights, m.call)
		return seen && !before.device.IsZero()
	case has, seen && before == now:
		return false
	}
	s.seeLocked(m.call, now)
	return true
}

// seeLocked notes a call. One of which no end was heard, as its hub was lost,
// makes room.
func (s *session) seeLocked(c id.Call, now sight) {
	if s.sights == nil {
		s.sights = map[id.Call]sight{}
	}
	for old := range s.sights {
		if len(s.sights) < wire.MaxCalls {
			break
		}
		delete(s.sights, old)
	}
	s.sights[c] = now
}

// quit notes that the session has no part in a call any more. Where another one
// of its person has, it may be taken back at once, before it is told by whom.
func (s *session) quit(m *message) {
	var b wire.Ended
	again := s.moves.Load() && wire.DecodeBody(m.body, &b) == nil &&
		(b.Reason == wire.ReasonMoved || b.Reason == wire.ReasonElsewhere)
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, has := s.calls[m.call]; has && again {
		s.seeLocked(m.call, sight{part: p})
	}
	delete(s.calls, m.call)
	delete(s.wishes, m.call)
}

// mayTake returns the call as the session has part in it, or sees it.
func (s *session) mayTake(c id.Call) (part, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.calls[c]; ok {
		return p, true
	}
	seen, ok := s.sights[c]
	return seen.part, ok
}

// room reports whether the session may have a part in a call.
func (s *session) room(c id.Call, peer id.Account) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roomLocked(c, peer)
}
