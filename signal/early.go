package signal

import (
	"context"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/signal/wire"
)

// This file lets the caller and one device of the callee connect through
// relays while the call rings, where both devices asked for it. Nothing else
// passes before the answer, and to nobody else: docs/adr/0024.

// early is what a call knows of the connection that is made while it rings.
type early struct {
	asked  bool // the caller's device would
	chosen leg  // the callee's first device that was ready; there is no second one in a ring
	taken  bool // the call was answered over it
	caller int  // warm frames that came from each side
	callee int
}

// with reports whether the connection is one with this device of the callee,
// which may have lost its session since and answer on another.
func (e *early) with(l leg) bool { return !e.chosen.line.IsZero() && e.chosen.addr == l.addr }

// ringing takes word of a device that rings. Whoever may not know that it is
// there gets no connection with it.
func (h *Hub) ringing(ctx context.Context, s *session, f *wire.Head, m wire.Ringing) error {
	if p, ok := s.part(f.Call); ok && m.Early {
		if err := h.opt.Friends.CheckReach(ctx, s.who.Account, p.peer, friends.PurposePresence); err != nil {
			f.Body = wire.EncodeBody(wire.Ringing{})
		}
	}
	return h.toOwner(s, f)
}

// ringsEarly takes a device that rings, and tells the first that is ready, and
// the caller, that they may connect.
func (c call) ringsEarly(e evRinging) (call, []effect, error) {
	next, effects, err := c.rings(e.from)
	if err != nil || !e.early || !next.early.asked || !next.early.chosen.line.IsZero() {
		return next, effects, err
	}
	next.early.chosen = *next.find(e.from)
	return next, append(effects,
		send{next.early.chosen, wire.KindEarly, wire.Early{}},
		send{next.caller, wire.KindEarly, wire.Early{}},
	), nil
}

// towards returns the leg that a frame of another is for. It counts the ones
// that pass while it rings.
func (c *call) towards(kind wire.Kind, from lineID) (leg, error) {
	if kind != wire.KindWarm {
		return c.peer(from)
	}
	callee := c.find(c.early.chosen.line)
	switch {
	case c.phase == over, from != c.caller.line && c.find(from) == nil:
		return leg{}, errCallGone
	case c.phase != ringing, callee == nil:
		return leg{}, errOutOfTurn
	case from == c.caller.line:
		return *callee, within(&c.early.caller)
	case from == callee.line:
		return c.caller, within(&c.early.callee)
	}
	return leg{}, errOutOfTurn
}

// within counts a warm frame of one side.
func within(n *int) error {
	if *n >= wire.MaxWarm {
		return &fault.Error{Code: fault.TooMany, Public: "Too much before the answer.", Limit: wire.MaxWarm}
	}
	*n++
	return nil
}
