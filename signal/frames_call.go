package signal

import (
	"context"
	"time"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// callRoutes registers what clients send about calls.
func (h *Hub) callRoutes(t map[wire.Kind]handler) {
	on(t, wire.KindRing, h.ring)
	on(t, wire.KindRejoin, h.rejoin)
	on(t, wire.KindTake, h.takeOver)
	on(t, wire.KindRinging, h.ringing)
	on(t, wire.KindAnswer, func(ctx context.Context, s *session, f *wire.Head, m wire.Answer) error {
		if err := checkMedia(m.Media, m.Sealed); err != nil {
			return err
		}
		return h.toOwnerIfReachable(ctx, s, f, friends.PurposeRing)
	})
	on(t, wire.KindDecline, func(_ context.Context, s *session, f *wire.Head, _ wire.Decline) error { return h.toOwner(s, f) })
	on(t, wire.KindHangup, func(_ context.Context, s *session, f *wire.Head, _ wire.Hangup) error { return h.toOwner(s, f) })
	on(t, wire.KindRelay, func(ctx context.Context, s *session, f *wire.Head, _ wire.Relay) error {
		return h.toOwnerIfReachable(ctx, s, f, friends.PurposeRelay)
	})
	on(t, wire.KindMeasured, func(_ context.Context, s *session, f *wire.Head, m wire.Measured) error {
		if err := checkMeasured(m); err != nil {
			return err
		}
		return h.toOwner(s, f)
	})
}

// checkMedia checks what ring and answer have in common.
func checkMedia(m wire.Media, sealed string) error {
	switch {
	case m != wire.MediaAudio && m != wire.MediaVideo:
		return fault.Field("media", "one_of", 0, "The kind of call must be audio or video.")
	case len(sealed) > wire.MaxSealed:
		return fault.Field("sealed", "max_length", wire.MaxSealed, "The sealed part is too long.")
	case !wire.IsBase64(sealed):
		return fault.Field("sealed", "format", 0, "The sealed part is not base64url.")
	}
	return nil
}

// ring starts a call. Stranger, pending, removed, blocked and no such account
// take the same way through the same two reads to the same answer.
func (h *Hub) ring(ctx context.Context, s *session, f *wire.Head, m wire.Ring) error {
	if err := checkMedia(m.Media, m.Sealed); err != nil {
		return err
	}
	if f.To.Account.IsZero() {
		return fault.Field("to.account", "required", 0, "Whom to ring is missing.")
	}
	if _, has := s.part(f.Call); has { // the same ring once more; its hub may be another, where a new session took it over
		return h.toOwner(s, f)
	}
	if oc := h.owned(f.Call); oc != nil { // somebody else's id, or of a call that is over
		return h.apply(oc, evRetry{from: s.line})
	}
	// Or one friend, ringing on and on, fills what a device takes of calls, and
	// keeps all others out.
	if h.ringsAt(s.who.Account, f.To.Account) >= wire.MaxRinging {
		return &fault.Error{Code: fault.TooMany, Public: "You ring this person already.", Limit: wire.MaxRinging}
	}
	if err := h.mayRing(s.who.Account, time.Now()); err != nil {
		return err
	}
	if err := h.opt.Friends.CheckReach(ctx, s.who.Account, f.To.Account, friends.PurposeRing); err != nil {
		return err
	}
	if !s.join(f.Call, part{owner: h.node, peer: f.To.Account}) {
		return &fault.Error{Code: fault.TooMany, Public: "You take part in too many calls.", Limit: wire.MaxCalls}
	}
	err := h.place(ctx, call{
		id: f.Call, media: m.Media, sealed: m.Sealed, callee: f.To.Account, since: time.Now(),
		caller: leg{addr: s.addr(), line: s.line, tag: newTag()}, early: early{asked: m.Early},
	})
	if err != nil {
		s.leave(f.Call)
	}
	return err
}

// ringsAt is how many calls of this hub by one account ring another.
func (h *Hub) ringsAt(from, to id.Account) (n int) {
	for _, oc := range h.ownedWith(to) {
		if oc.caller == from && oc.callee == to && oc.phase() == ringing {
			n++
		}
	}
	return n
}

// ringRate is how many rings a second an account may make in the long run.
const ringRate = wire.MaxRings / 60.0

// mayRing counts a ring, and refuses one too many.
func (h *Hub) mayRing(a id.Account, now time.Time) error {
	if wait := h.limitRings(a, now); wait > 0 {
		return &fault.Error{
			Code: fault.RateLimited, Public: "You ring too often.", Limit: wire.MaxRings, RetryAfter: seconds(wait),
		}
	}
	return nil
}

// limitRings counts a ring of an account, whichever of its sessions it came
// from: coming back must not give new ones.
func (h *Hub) limitRings(a id.Account, now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.rings[a]
	if b == nil {
		b = new(bucket)
		h.rings[a] = b
	}
	return b.take(now, ringRate, wire.MaxRings)
}

// toOwner passes a frame of a leg to the hub that the call belongs to. Calls
// that the session has no part in do not exist for it.
func (h *Hub) toOwner(s *session, f *wire.Head) error {
	p, ok := s.part(f.Call)
	if !ok {
		return errCallGone
	}
	h.toOwnerOf(s, f, p)
	return nil
}

func (h *Hub) toOwnerOf(s *session, f *wire.Head, p part) {
	m := message{
		op: opFrame, kind: f.Kind, frame: f.ID, call: f.Call, from: s.addr(), line: s.line, node: p.owner, body: f.Body,
	}
	if p.owner != h.node {
		h.publish(ofCall(f.Call), &m)
		return
	}
	// A call of this hub needs no bus. One that is gone answers nothing, as it
	// would not over the bus: the session is told of its end on the way.
	if oc := h.owned(f.Call); oc != nil {
		h.onFrame(oc, &m)
	}
}

// toOwnerIfReachable also asks whether the two still may.
func (h *Hub) toOwnerIfReachable(ctx context.Context, s *session, f *wire.Head, why friends.Purpose) error {
	p, ok := s.part(f.Call)
	if !ok {
		return errCallGone
	}
	if err := h.opt.Friends.CheckReach(ctx, s.who.Account, p.peer, why); err != nil {
		return err
	}
	return h.toOwner(s, f)
}
