package signal

import (
	"maps"
	"slices"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// This file is the end of a hub that is told to stop. A call that runs needs
// no hub to go on: it is left to its two devices, whose media and credentials
// stay, and which ask for it where they come to next (rejoin.go). A call that
// rings cannot be brought back, and ends.

func (h *Hub) stop() {
	h.mu.Lock()
	h.state = stopping
	calls := slices.Collect(maps.Values(h.calls))
	greeting := slices.Collect(maps.Keys(h.greeting))
	lines := slices.Collect(maps.Values(h.lines))
	h.mu.Unlock()
	for _, conn := range greeting {
		h.work.Go(func() {
			_ = conn.Close(int(wire.CloseRestart)) // gone either way
			<-time.After(lastWords)
			conn.CloseNow()
		})
	}
	for _, s := range lines {
		s.halt()
	}
	for _, c := range calls {
		_ = h.apply(c, evStop{}) // an ended one needs no ending
		h.remove(c)
	}
	h.mu.Lock()
	lines = slices.Collect(maps.Values(h.lines))
	h.mu.Unlock()
	for _, s := range lines {
		h.dismiss(s)
	}
	h.conns.Wait()
	h.parking.stop()
	h.work.Close()
}

// halt takes no frame of the client any more, once the one under way is acted
// upon. What a client says after its calls were let go would be said to nobody;
// it says it again in its next session.
func (s *session) halt() {
	s.handling.Lock()
	defer s.handling.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.halted = true
}

// dismiss ends a session whose client is to come back with a new one.
func (h *Hub) dismiss(s *session) {
	s.deliver(&wire.Head{Kind: wire.KindBye, Body: wire.EncodeBody(wire.Bye{Reconnect: true})})
	h.end(s, wire.CloseRestart, endStop)
}

// callBack makes a device whose session stands on another hub ask for its call
// there. Those of this one are all told to come back.
func (h *Hub) callBack(c id.Call, who leg) {
	if h.session(who.line) == nil {
		h.publish(ofAccount(who.addr.Account), &message{op: opComeBack, call: c, to: who.addr.Account, line: who.line, node: h.node})
	}
}

// onComeBack: the hub of a call stops, and a session here has a part in it. Its
// client knows what to do where its hub is gone: the same as for a stop of this
// one.
func (h *Hub) onComeBack(m *message) {
	s := h.session(m.line)
	if s == nil || s.who.Account != m.to {
		return
	}
	if p, ok := s.part(m.call); ok && p.owner == m.node {
		h.dismiss(s)
	}
}

// stop takes the end of the hub. The credentials of a call that runs, or that
// waits to come back, stay: they open the door for a short time alone, and the
// call's next hub ends them with it.
func (c call) stop(now time.Time) (call, []effect, error) {
	if c.phase == ringing {
		return c.step(now, evEnd{reason: wire.ReasonStopped, missed: true})
	}
	effects := append(c.noMore(), comeBack{c.caller})
	for _, l := range c.legs {
		effects = append(effects, comeBack{l})
	}
	c.phase, c.legs, c.goesOn = over, nil, true
	return c, append(effects, forget{}), nil
}
