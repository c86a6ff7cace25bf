package signal

import (
	"context"
	"maps"
	"time"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// This file gives calls back that a hub lost with its process. The two devices
// still know theirs, and mostly still hear each other: each asks for it and
// names the other. Nobody who did not ask hears of it, and nothing passes
// before both have. The caller's hub owns the call, as it did before.

// wish is what a session asked for back.
type wish struct {
	peer   wire.Address
	caller bool
	until  time.Time
}

// rejoin takes a device that was in a call. It may ask as often as it may
// ring, and for nobody whom it could not ring.
func (h *Hub) rejoin(ctx context.Context, s *session, f *wire.Head, m wire.Rejoin) error {
	if err := checkMedia(m.Media, ""); err != nil {
		return err
	}
	if m.Peer.Account.IsZero() || m.Peer.Device.IsZero() {
		return fault.Field("peer", "required", 0, "With whom the call was is missing.")
	}
	if err := h.mayRing(s.who.Account, time.Now()); err != nil {
		return err
	}
	if err := h.opt.Friends.CheckReach(ctx, s.who.Account, m.Peer.Account, friends.PurposeRing); err != nil {
		return err
	}
	var err error
	if m.Caller {
		err = h.rejoinAsCaller(ctx, s, f.Call, m)
	} else {
		err = h.rejoinAsCallee(s, f.Call, m)
	}
	if err == nil && !f.ID.IsZero() {
		s.deliver(&wire.Head{Kind: wire.KindOK, Call: f.Call, Body: wire.EncodeBody(wire.OK{Ref: f.ID})})
	}
	return err
}

func (h *Hub) rejoinAsCaller(ctx context.Context, s *session, c id.Call, m wire.Rejoin) error {
	l := leg{addr: s.addr(), line: s.line, tag: newTag()}
	oc := h.owned(c)
	if oc == nil && s.hasElsewhere(c) {
		return nil // and that hub has told so
	}
	if !s.wishFor(c, wish{peer: m.Peer, caller: true, until: time.Now().Add(wire.ResumeSeconds * time.Second)}) {
		return errTooManyCalls()
	}
	if oc != nil {
		return h.apply(oc, evRejoin{leg: l, peer: m.Peer})
	}
	switch ok, elsewhere := s.joinHere(c, m.Peer.Account); {
	case elsewhere:
		return nil
	case !ok:
		return errTooManyCalls()
	}
	err := h.place(ctx, call{
		id: c, media: m.Media, phase: returning, callee: m.Peer.Account, awaits: m.Peer.Device, caller: l, since: time.Now(),
	})
	if err != nil && s.hasElsewhere(c) {
		return nil // since this very moment
	}
	if err != nil {
		s.leave(c)
		return err
	}
	h.askBack(s, c, m.Peer, id.Node{}) // should another hub have it after all
	return nil
}

// rejoinAsCallee tells the hub that has the call, and waits for the caller
// where none has it yet.
func (h *Hub) rejoinAsCallee(s *session, c id.Call, m wire.Rejoin) error {
	if !s.wishFor(c, wish{peer: m.Peer, until: time.Now().Add(wire.ResumeSeconds * time.Second)}) {
		return errTooManyCalls()
	}
	h.askBack(s, c, m.Peer, id.Node{})
	return nil
}

// askBack tells a hub, or whichever has the call where node is zero, that a
// device asked for it.
func (h *Hub) askBack(s *session, c id.Call, peer wire.Address, node id.Node) {
	h.publish(ofCall(c), &message{
		op: opRejoin, call: c, from: s.addr(), line: s.line, node: node, body: wire.EncodeBody(wire.Rejoin{Peer: peer}),
	})
}

// seekWishes answers a hub whose caller asked for a call back: has the callee,
// too?
func (h *Hub) seekWishes(m *message) {
	for _, s := range h.sessionsOf(m.to) {
		if s.wished(m.call, m.from, time.Now()) {
			h.askBack(s, m.call, m.from, m.node)
		}
	}
}

// onRejoin takes a device's word. Of a call that is over it is told so.
func (h *Hub) onRejoin(oc *ownedCall, m *message) {
	var b wire.Rejoin
	if err := wire.DecodeBody(m.body, &b); err != nil {
		h.counters.drops[dropMalformed].Add(1)
		return
	}
	err := h.apply(oc, evRejoin{leg: leg{addr: m.from, line: m.line, tag: newTag()}, peer: b.Peer})
	if fault.Is(err, fault.CallGone) && oc.between(m.from.Account, b.Peer.Account) && !oc.wentOn() {
		h.reply(m, &wire.Head{Kind: wire.KindEnded, Body: wire.EncodeBody(wire.Ended{Reason: wire.ReasonLost})})
	}
}

// wentOn reports whether the call is over here alone.
func (oc *ownedCall) wentOn() bool {
	oc.mu.Lock()
	defer oc.mu.Unlock()
	return oc.call.goesOn
}

// hasElsewhere reports whether the session has a part in a call of another hub.
func (s *session) hasElsewhere(c id.Call) bool {
	p, has := s.part(c)
	return has && p.owner != s.hub.node
}

func errTooManyCalls() error {
	return &fault.Error{Code: fault.TooMany, Public: "You take part in too many calls.", Limit: wire.MaxCalls}
}

// wishFor notes what the session asks for back; false where that is too much.
func (s *session) wishFor(c id.Call, w wish) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(s.wishes, func(_ id.Call, old wish) bool { return !now.Before(old.until) })
	if _, has := s.wishes[c]; !has && len(s.wishes) >= wire.MaxCalls {
		return false
	}
	if s.wishes == nil {
		s.wishes = map[id.Call]wish{}
	}
	s.wishes[c] = w
	return true
}

// wished reports whether the session asked for a call with peer back.
func (s *session) wished(c id.Call, peer wire.Address, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.wishes[c]
	return ok && !w.caller && w.peer == peer && now.Before(w.until)
}

// askAgain repeats what a session asked for and did not get: its device may be
// back before the hub knows that the old connection is lost, and until then
// the old session has the leg.
func (h *Hub) askAgain(s *session, now time.Time) {
	s.mu.Lock()
	if len(s.wishes) == 0 {
		s.mu.Unlock()
		return
	}
	maps.DeleteFunc(s.wishes, func(_ id.Call, w wish) bool { return !now.Before(w.until) })
	wishes := maps.Clone(s.wishes)
	s.mu.Unlock()
	for c, w := range wishes {
		h.askBack(s, c, w.peer, id.Node{})
	}
}

// granted forgets a wish of which a hub knew. Should that be another one, with
// the call or with its end, the call that waits here gives way.
func (s *session) granted(m *message) {
	s.mu.Lock()
	delete(s.wishes, m.call)
	s.mu.Unlock()
	if m.node == s.hub.node {
		return
	}
	if oc := s.hub.owned(m.call); oc != nil && oc.caller == s.who.Account {
		_ = s.hub.apply(oc, evYield{}) // one that runs here stays
	}
}

// rejoin takes a device that asks for the call back. One that has it still
// takes its leg over by here, once the old connection is known to be lost.
func (c call) rejoin(now time.Time, l leg, peer wire.Address) (call, []effect, error) {
	callee := wire.Address{Account: c.callee, Device: c.awaits}
	if c.phase == running {
		callee = c.legs[0].addr
	}
	switch {
	case l.line == c.caller.line || c.find(l.line) != nil:
		return c, nil, nil // once more
	case c.phase == ringing:
		return c, nil, errOutOfTurn
	case l.addr == c.caller.addr && peer == callee:
		return c.rejoinCaller(now, l)
	case l.addr != callee || peer != c.caller.addr:
		return c, nil, errCallGone
	case c.phase == running:
		return c.here(now, l)
	}
	c.phase, c.legs = running, []leg{l}
	effects := []effect{
		disarm{timerReturn},
		claim{},
		send{l, wire.KindAnswered, wire.Answered{Media: c.media, Peer: c.caller.addr}},
		send{c.caller, wire.KindAnswered, wire.Answered{Media: c.media, Peer: l.addr}},
	}
	if c.caller.away {
		effects = append(effects, send{l, wire.KindAway, wire.Away{Away: true, Seconds: wire.ResumeSeconds}})
	}
	return c, append(effects, c.toOthers(now)...), nil
}

func (c call) rejoinCaller(now time.Time, l leg) (call, []effect, error) {
	switch {
	case c.phase == running:
		return c.here(now, l)
	case !c.caller.away:
		return c, nil, errOutOfTurn
	}
	old := c.caller
	c.caller.line, c.caller.away = l.line, false
	return c, []effect{disarm{timerCaller}, movedOn(old)}, nil
}

// taken drops a call that both devices have brought back on another hub before
// this one knew that it had lost them. Their old sessions are told, in case
// they come back; the credentials are those of the call, which runs.
func (c call) taken(by lineID) (call, []effect, error) {
	if by == c.caller.line {
		return c, nil, nil // by this very hub
	}
	effects := []effect{movedOn(c.caller)}
	for _, l := range c.legs {
		effects = append(effects, movedOn(l))
	}
	c.phase, c.legs, c.goesOn = over, nil, true
	return c, append(effects, forget{}), nil
}

// yield drops a call that waits to come back, without a word to anybody:
// another hub has it.
func (c call) yield() (call, []effect, error) {
	if c.phase != returning {
		return c, nil, nil
	}
	c.phase, c.legs, c.goesOn = over, nil, true
	return c, []effect{forget{}}, nil
}

// onTaken: another hub has the call, with the same two devices.
func (h *Hub) onTaken(oc *ownedCall, m *message) {
	if oc.caller == m.from.Account && oc.callee == m.to {
		_ = h.apply(oc, evTaken{caller: m.line}) // one that has ended needs no ending
	}
}
