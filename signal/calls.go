package signal

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// ownedCall is a call that belongs to this hub.
type ownedCall struct {
	id             id.Call
	caller, callee id.Account
	release        []func() // subscriptions

	mu     sync.Mutex // guards following; held while effects are published
	call   call
	timers [timers]*time.Timer
}

// offered reports whether the call was offered to the callee's devices, and is still open.
func (oc *ownedCall) offered() bool {
	oc.mu.Lock()
	defer oc.mu.Unlock()
	return oc.call.offered()
}

func (oc *ownedCall) phase() phase {
	oc.mu.Lock()
	defer oc.mu.Unlock()
	return oc.call.phase
}

// newTag names a leg to the relay. It is random, so that a relay's logs hold
// no account.
func newTag() string { return id.NewFrame().String() }

// owned returns a call of this hub, or nil.
func (h *Hub) owned(c id.Call) *ownedCall {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls[c]
}

// ownedWith returns the calls of this hub that an account has a part in.
func (h *Hub) ownedWith(a id.Account) []*ownedCall {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.callsOf[a])
}

// between reports whether the call is one between these two, either way round.
func (oc *ownedCall) between(a, b id.Account) bool {
	return oc.caller == a && oc.callee == b || oc.caller == b && oc.callee == a
}

// place enters a new call and starts it.
func (h *Hub) place(ctx context.Context, c call) error {
	oc := &ownedCall{id: c.id, caller: c.caller.addr.Account, callee: c.callee, call: c}
	for _, a := range []id.Account{c.caller.addr.Account, c.callee} {
		release, err := h.subs.hold(a, h.onAccount)
		if err != nil {
			oc.letGo()
			return fault.Wrap(fault.Unavailable, "Calls cannot be made right now.", err)
		}
		oc.release = append(oc.release, release)
	}
	cancel, err := h.opt.Bus.Subscribe(ofCall(c.id), func(b []byte) { h.onCall(oc, b) })
	if err != nil {
		oc.letGo()
		return fault.Wrap(fault.Unavailable, "Calls cannot be made right now.", err)
	}
	oc.release = append(oc.release, cancel)
	h.mu.Lock()
	_, taken := h.calls[c.id]
	ok := !taken && h.state == serving
	if ok {
		h.calls[c.id] = oc
		h.callsOf[oc.caller] = append(h.callsOf[oc.caller], oc)
		h.callsOf[oc.callee] = append(h.callsOf[oc.callee], oc)
	}
	h.mu.Unlock()
	if !ok {
		oc.letGo()
		if taken {
			return errCallGone
		}
		return errDead
	}
	// The friendship may have ended since ring asked, when there was no call
	// yet that would have ended with it.
	if err := h.opt.Friends.CheckReach(ctx, oc.caller, oc.callee, friends.PurposeRing); err != nil {
		_ = h.apply(oc, evVoid{}) // one that ended meanwhile needs no more
		return err
	}
	if c.phase == ringing {
		h.counters.calls.Add(1)
	}
	if err := h.apply(oc, evStart{}); err != nil && !h.serves() {
		return errDead
	} else if err != nil {
		return err
	}
	return nil
}

// linger is how long an ended call stays, so that frames which crossed its end
// are answered.
const linger = 5 * time.Second

// remove takes an ended call off the tables. Once more does no harm.
func (h *Hub) remove(oc *ownedCall) {
	h.mu.Lock()
	delete(h.calls, oc.id)
	for _, a := range []id.Account{oc.caller, oc.callee} {
		rest := slices.DeleteFunc(h.callsOf[a], func(x *ownedCall) bool { return x == oc })
		if h.callsOf[a] = rest; len(rest) == 0 {
			delete(h.callsOf, a)
		}
	}
	h.mu.Unlock()
	oc.letGo()
}

func (oc *ownedCall) letGo() {
	for _, release := range oc.release {
		release()
	}
}

// apply moves a call on. Effects are published in order while its lock is
// held; what may take longer waits until it is not.
func (h *Hub) apply(oc *ownedCall, ev event) error {
	later, err := h.step(oc, ev)
	for _, f := range later {
		f()
	}
	return err
}

func (h *Hub) step(oc *ownedCall, ev event) (later []func(), err error) {
	oc.mu.Lock()
	defer oc.mu.Unlock() // a fault in here must not hold up the call for ever
	was, now := oc.call, time.Now()
	next, effects, err := oc.call.step(now, ev)
	oc.call = next
	h.counters.rang(&was, &next, effects, now)
	if was.phase == ringing && next.phase == running {
		h.counters.answered.Add(1)
	}
	for _, e := range effects {
		if f := h.carryOut(oc, e); f != nil {
			later = append(later, f)
		}
	}
	return later, err
}

// carryOut does one effect; oc is locked. What it returns is to be done after.
func (h *Hub) carryOut(oc *ownedCall, e effect) func() {
	c := &oc.call
	switch e := e.(type) {
	case send:
		h.sendTo(c, e)
	case seek:
		m := message{op: opSeek, call: c.id, from: c.caller.addr, to: c.callee, node: h.node}
		if c.phase == returning {
			m.flags = flagRejoin
		}
		h.publish(ofAccount(c.callee), &m)
	case arm:
		h.disarm(oc, e.timer)
		// What a timer starts belongs to the hub, like all others.
		oc.timers[e.timer] = time.AfterFunc(e.after, func() {
			h.work.Go(func() { _ = h.apply(oc, evTimeout{timer: e.timer}) }) // late ones are no error
		})
	case disarm:
		h.disarm(oc, e.timer)
	case revoke:
		return h.revoker(c.id, e.tag)
	case others:
		h.tellOthers(c, e)
	case claim:
		h.publish(ofCall(c.id), &message{op: opTaken, call: c.id, from: c.caller.addr, to: c.callee, line: c.caller.line})
	case comeBack:
		h.callBack(c.id, e.who)
	case missed:
		n := notice{c.callee, c.caller.addr.Account, c.media == wire.MediaVideo}
		return func() { h.notices.add(n, 1) }
	case count:
		h.counters.measured.take(e.what)
	case forget:
		for t := range timers {
			h.disarm(oc, t)
		}
		return func() { time.AfterFunc(linger, func() { h.work.Go(func() { h.remove(oc) }) }) }
	}
	return nil
}

func (h *Hub) disarm(oc *ownedCall, t timer) {
	if oc.timers[t] != nil {
		oc.timers[t].Stop()
		oc.timers[t] = nil
	}
}

func (h *Hub) revoker(c id.Call, tag string) func() {
	switch {
	case h.opt.Relay == nil:
		return nil
	case tag == "":
		return func() { h.opt.Relay.Revoke(c) }
	}
	return func() { h.opt.Relay.RevokeLeg(c, tag) }
}

// notice is a missed call.
type notice struct {
	callee, caller id.Account
	video          bool
}

func (h *Hub) leaveNotice(n notice, times int) {
	for range times {
		if err := h.opt.Friends.MissedCall(h.base, n.callee, n.caller, n.video); err != nil {
			h.counters.failed.Add(1)
			h.log.ErrorContext(h.base, "missed call not noted", "error", err)
		}
	}
}

// sendTo publishes a frame for one leg, with ICE servers where its kind has
// them.
func (h *Hub) sendTo(c *call, e send) {
	m := message{
		op: opDeliver, kind: e.kind, call: c.id, to: e.to.addr.Account, line: e.to.line, node: h.node,
		other: otherID(c.opposite(e.to)),
	}
	body := e.body
	switch b := body.(type) {
	case wire.Calling:
		b.Servers = h.servers(c.id, e.to.tag)
		body = b
	case wire.Incoming:
		b.Servers = h.servers(c.id, e.to.tag)
		body, m.from = b, c.caller.addr
	case wire.Servers:
		b.Servers = h.servers(c.id, e.to.tag)
		body = b
	}
	m.body = wire.EncodeBody(body)
	h.hand(&m)
}

func (h *Hub) servers(c id.Call, tag string) []wire.ICEServer {
	if h.opt.Relay == nil {
		return nil
	}
	all, err := h.opt.Relay.Servers(c, tag)
	if err != nil {
		h.log.ErrorContext(h.base, "no relay credentials", "error", err)
		return nil // direct calls still work
	}
	return all
}

// onCall takes a message about a call of this hub. It must not keep msg.
func (h *Hub) onCall(oc *ownedCall, msg []byte) {
	defer h.survive()
	var m message
	if err := m.decode(msg); err != nil {
		h.counters.drops[dropMalformed].Add(1)
		return
	}
	asks := (m.op == opRejoin || m.op == opTaken) && m.node.IsZero() // whichever hub has the call
	if m.node != h.node && !asks {
		return // for a hub that has a call of the same name
	}
	if act := h.callOps[m.op]; act != nil {
		act(oc, &m)
	}
}

// onFrame acts on a frame of a leg and answers it.
func (h *Hub) onFrame(oc *ownedCall, m *message) {
	if class(m.kind) == passed {
		h.passOn(oc, m)
		return
	}
	ev, err := eventOf(m)
	if err == nil {
		err = h.apply(oc, ev)
	}
	switch {
	case err != nil:
		h.reply(m, errorFrame(m.frame, err))
	case m.kind != wire.KindRelay && m.kind != wire.KindRing && !m.frame.IsZero():
		h.reply(m, &wire.Head{Kind: wire.KindOK, Body: wire.EncodeBody(wire.OK{Ref: m.frame})})
	}
}

// eventOf turns a frame that the hub acts upon into what it means for the call.
func eventOf(m *message) (event, error) {
	switch string(m.kind) {
	case string(wire.KindRing):
		return evRetry{from: m.line}, nil
	case string(wire.KindRinging):
		var b wire.Ringing
		err := wire.DecodeBody(m.body, &b)
		return evRinging{from: m.line, early: b.Early}, err
	case string(wire.KindHangup):
		return evHangup{from: m.line}, nil
	case string(wire.KindRelay):
		return evServers{from: m.line}, nil
	case string(wire.KindTake):
		return evTake{leg{addr: m.from, line: m.line, tag: newTag()}}, nil
	case string(wire.KindAnswer):
		var b wire.Answer
		err := wire.DecodeBody(m.body, &b)
		return evAnswer{from: m.line, media: b.Media, sealed: b.Sealed, early: b.Early}, err
	case string(wire.KindDecline):
		var b wire.Decline
		err := wire.DecodeBody(m.body, &b)
		return evDecline{from: m.line, busy: b.Busy}, err
	case string(wire.KindMeasured):
		var b wire.Measured
		err := wire.DecodeBody(m.body, &b)
		if err == nil {
			err = checkMeasured(b) // another hub's word is not taken for it
		}
		return evMeasured{from: m.line, what: b}, err
	}
	return nil, errOutOfTurn
}

// passOn sends a frame to the other leg, its body as it came.
func (h *Hub) passOn(oc *ownedCall, m *message) {
	if err := h.pass(oc, m); err != nil {
		h.reply(m, errorFrame(m.frame, err))
	}
}

func (h *Hub) pass(oc *ownedCall, m *message) error {
	oc.mu.Lock()
	defer oc.mu.Unlock()
	to, err := oc.call.towards(m.kind, m.line)
	if err != nil {
		return err
	}
	from := m.from
	if m.kind == wire.KindWarm {
		from.Device = id.Device{} // answered tells which one it is
	}
	h.hand(&message{
		op: opDeliver, kind: m.kind, frame: m.frame, call: m.call, from: from, to: to.addr.Account,
		line: to.line, node: h.node, body: m.body,
	})
	return nil
}

// reply sends a frame to the session that m came from.
func (h *Hub) reply(m *message, f *wire.Head) {
	if f.Kind == wire.KindError {
		h.counters.errors.Add(1)
	}
	h.hand(&message{
		op: opDeliver, kind: f.Kind, call: m.call, to: m.from.Account, line: m.line, node: h.node, body: f.Body,
	})
}

// onSeek answers a hub that looks for the devices of an account, and sees
// whether both rang each other.
func (h *Hub) onSeek(m *message) {
	if m.flags&flagRejoin != 0 {
		h.seekWishes(m)
		return
	}
	for _, s := range h.sessionsOf(m.to) {
		h.publish(ofCall(m.call), &message{op: opHere, call: m.call, from: s.addr(), line: s.line, node: m.node})
	}
	for _, oc := range h.ownedWith(m.to) {
		// One that has ended stays on the table for a while, and is no reason
		// to refuse the other who calls back. One that has not begun may come
		// to nothing; if it begins, it looks for glare itself.
		if oc.caller == m.to && oc.callee == m.from.Account && oc.offered() {
			h.glare(oc, m)
		}
	}
}

// glare: both rang each other, and one call must go. Every hub that sees it
// comes to the same end: the call whose id is lower stays.
func (h *Hub) glare(oc *ownedCall, m *message) {
	if oc.id.Less(m.call) {
		h.publish(ofCall(m.call), &message{op: opGlare, call: m.call, node: m.node})
		return
	}
	_ = h.apply(oc, evGlare{}) // it may have ended meanwhile
}

// onHere takes a new session of an account into the calls of this hub that it
// could have a part in.
func (h *Hub) onHere(m *message) {
	for _, oc := range h.ownedWith(m.to) {
		h.join(oc, m)
	}
}

// onGone takes a session out of them that ended before it knew of its part.
func (h *Hub) onGone(m *message) {
	for _, oc := range h.ownedWith(m.to) {
		h.callOps[m.op](oc, m)
	}
}

func (h *Hub) join(oc *ownedCall, m *message) {
	_ = h.apply(oc, evHere{leg: leg{addr: m.from, line: m.line, tag: newTag()}}) // late ones are no error
}

// recheck ends a call whose ends may not reach each other any more.
func (h *Hub) recheck(ctx context.Context, oc *ownedCall) {
	if oc.phase() == over {
		return
	}
	err := h.opt.Friends.CheckReach(ctx, oc.caller, oc.callee, friends.PurposeRing)
	switch {
	case fault.Is(err, fault.Unreachable):
		_ = h.apply(oc, evEnd{reason: wire.ReasonReach}) // an ended one needs no ending
	case err != nil:
		h.log.ErrorContext(ctx, "reach of a call not checked", "error", err)
	}
}

func (h *Hub) recheckAll() {
	h.mu.Lock()
	all := slices.Collect(maps.Values(h.calls))
	h.mu.Unlock()
	for _, oc := range all {
		h.recheck(h.base, oc)
	}
}
