package signal

import (
	"context"
	"errors"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// handler acts on one frame of a client. An error becomes an error frame that
// names the frame.
type handler func(ctx context.Context, s *session, h *wire.Head) error

// on registers fn for a kind whose body is an M.
func on[M any](table map[wire.Kind]handler, kind wire.Kind, fn func(context.Context, *session, *wire.Head, M) error) {
	if _, dup := table[kind]; dup {
		panic("signal: two handlers for " + kind)
	}
	table[kind] = func(ctx context.Context, s *session, h *wire.Head) error {
		var m M
		if err := wire.DecodeClientBody(h.Body, &m); err != nil {
			return err
		}
		return fn(ctx, s, h, m)
	}
}

// routes is the table of everything that a client may send and the hub acts
// upon. What is passed on has no entry: its body is never decoded.
func (h *Hub) routes() map[wire.Kind]handler {
	t := map[wire.Kind]handler{}
	on(t, wire.KindHello, helloAgain)
	h.callRoutes(t)
	return t
}

func helloAgain(context.Context, *session, *wire.Head, wire.Hello) error {
	return fault.New(fault.OutOfTurn, "This connection has been greeted.")
}

// errDead ends the reader of a session that has ended: from then on its client
// has no say, however long the connection takes to close.
var errDead = errors.New("session has ended")

// handle acts on one frame. frame is valid only during the call. The last
// frame of a connection may still be under way when the first of the next one
// is here, which waits for it: order is kept over connections, too.
func (s *session) handle(ctx context.Context, frame []byte, conn *link) error {
	s.handling.Lock()
	defer s.handling.Unlock()
	now := time.Now()
	wait, flood, dead := s.limit(now, conn.gen)
	switch {
	case dead:
		return errDead
	case flood:
		s.hub.end(s, wire.CloseFlood, endFlood)
		return errDead
	}
	var err error
	if wait > 0 { // what a session has too much of does not count against others
		err = tooOften("Too many frames.", wire.MaxFrameRate, wait)
	} else {
		err = conn.mayFrame(now)
	}
	if err != nil {
		s.hub.counters.drops[dropRate].Add(1)
		head, _ := wire.ScanClient(frame) // for its id alone
		s.fail(ctx, head.ID, err)
		return nil
	}
	head, err := wire.ScanClient(frame)
	if err == nil {
		s.hub.counters.received(head.Kind)
		if class(head.Kind) == passed {
			err = s.hub.toOwner(s, &head)
		} else {
			err = s.act(ctx, head)
		}
	}
	if errors.Is(err, errDead) { // the hub stops: the client says it again in its next session
		return err
	}
	if err != nil {
		s.fail(ctx, head.ID, err)
	}
	return nil
}

func (s *session) act(ctx context.Context, head wire.Head) error {
	return s.hub.handlers[head.Kind](ctx, s, &head)
}

// limit counts a frame against the session's rate. A client that goes on is
// closed: those refused are counted like those taken. Frames of a connection that the session has
// left are not taken: the client has been told how far its frames came, and
// sends the rest again.
func (s *session) limit(now time.Time, gen int) (wait time.Duration, flood, dead bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead || s.halted || s.gen != gen {
		return 0, false, true
	}
	s.received++
	s.heard = now
	wait = s.rate.take(now, s.hub.rate, wire.MaxFrameBurst)
	if wait == 0 {
		return 0, false, false
	}
	return wait, s.refused.take(now, s.hub.rate, wire.MaxFrameBurst) > 0, false
}

// fail answers a frame with an error frame; only what fault.Public lets
// through leaves the process.
func (s *session) fail(ctx context.Context, ref id.Frame, err error) {
	s.hub.counters.errors.Add(1)
	if fault.Is(err, fault.Internal) {
		s.hub.counters.failed.Add(1)
		s.hub.log.ErrorContext(ctx, "frame failed", "error", err)
	}
	s.deliver(errorFrame(ref, err))
}

func errorFrame(ref id.Frame, err error) *wire.Head {
	p := fault.Public(err)
	return &wire.Head{Kind: wire.KindError, Body: wire.EncodeBody(wire.Error{
		Ref: ref, Code: p.Code, Text: p.Public, Field: p.Field, Rule: p.Rule,
		Limit: int(p.Limit), RetryAfter: int(p.RetryAfter),
	})}
}
