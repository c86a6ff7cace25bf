package signal

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/internal/ws"
	"github.com/ringfence/ringfence/signal/wire"
	"github.com/ringfence/ringfence/store"
)

var (
	errServed  = errors.New("served before")
	errNoHello = errors.New("first frame is not hello")
)

// ServeWS takes over a request for the signaling WebSocket. who has been
// authenticated by the caller. It returns once the session has its connection
// or is refused: what a request needs is not kept for as long as a session
// lasts. Serve waits for the connections.
func (h *Hub) ServeWS(w http.ResponseWriter, r *http.Request, who store.Session) {
	if !h.admit() {
		http.Error(w, "stopping", http.StatusServiceUnavailable)
		return
	}
	conn := &link{hub: h}
	conn.metered(r, who)
	kept := false
	defer func() {
		if !kept {
			conn.gone()
		}
	}()
	if kept = h.accept(conn, w, r, who); kept {
		go conn.keep()
	}
}

// accept takes the connection over and gives it its session.
func (h *Hub) accept(conn *link, w http.ResponseWriter, r *http.Request, who identity) bool {
	agreed, err := conn.Accept(w, r, conn.options())
	switch {
	case err != nil:
		return false // Accept has answered
	case !agreed:
		conn.refuse(wire.CloseProtocol, endProtocol)
		return false
	}
	// Not the request's context: it ends with the request.
	return h.greet(h.base, conn, who) == nil // greet has closed otherwise
}

// keep reads a session's connection until it ends or is parked; stop waits
// for it. Its stack is one that neither the server nor greeting has made large.
func (l *link) keep() {
	parked := false
	defer func() {
		if !parked {
			l.gone()
		}
	}()
	s := l.owner.Load()
	defer l.hub.caught(s, l.gen)
	parked = l.hub.read(l, s)
}

// close closes a connection in the background: the handshake takes as long as
// the peer likes, within seconds. What after waits for is given a moment first.
func (h *Hub) close(conn *link, code wire.CloseCode, after <-chan struct{}) {
	ok := h.work.Go(func() {
		if after != nil {
			select {
			case <-after:
			case <-time.After(lastWords):
			}
		}
		_ = conn.Close(int(code)) // gone either way
	})
	if !ok {
		conn.CloseNow()
	}
}

// lastWords is how long what waits may take to be written before a close.
const lastWords = 2 * time.Second

// greet reads hello, finds or makes the session and answers welcome.
func (h *Hub) greet(ctx context.Context, conn *link, who identity) error {
	hello, err := h.awaitHello(conn)
	if err != nil {
		conn.refuse(wire.CloseProtocol, endProtocol)
		return err
	}
	if max(hello.Min, wire.MinVersion) > min(hello.Max, wire.MaxVersion) {
		err := fault.New(fault.Version, "This client and this server speak no common version.")
		writeNow(conn, errorFrame(id.Frame{}, err))
		conn.refuse(wire.CloseProtocol, endProtocol)
		return err
	}
	if err := conn.mayGreet(time.Now()); err != nil {
		writeNow(conn, errorFrame(id.Frame{}, err))
		conn.refuse(wire.CloseOften, endOften)
		return err
	}
	s, gen, resumed := h.resume(hello, who)
	if !resumed {
		if s, err = h.begin(who); err != nil {
			code, why := wire.CloseTooMany, endTooMany
			if !fault.Is(err, fault.TooMany) {
				code, why = wire.CloseRestart, endStop
			}
			conn.refuse(code, why)
			return err
		}
	}
	// From here on SignedOut finds the session; before, it could not.
	if err := h.alive(ctx, who); err != nil {
		code, why := wire.CloseSignedOut, endSignedOut
		if !fault.Is(err, fault.Unauthorized) {
			h.log.ErrorContext(ctx, "sign-in session not read", "error", err)
			code, why = wire.CloseRestart, endStop
		}
		h.end(s, code, why)
		conn.refuse(code, why)
		return err
	}
	if slices.Contains(hello.Features, wire.FeatureMove) {
		s.moves.Store(true)
	}
	h.reconnected(&hello, resumed)
	writeNow(conn, s.welcome(resumed))
	if !s.attach(conn, gen) {
		conn.refuse(wire.CloseRestart, endStop)
		return errDead
	}
	if resumed {
		h.counters.resumed.Add(1)
		h.tellCalls(s)
	} else {
		h.introduce(s)
	}
	return nil
}

func (h *Hub) alive(ctx context.Context, who identity) error {
	if h.opt.Alive == nil {
		return nil
	}
	return h.opt.Alive(ctx, who)
}

func (h *Hub) awaitHello(conn *link) (wire.Hello, error) {
	h.mu.Lock()
	if h.greeting == nil {
		h.greeting = map[*link]struct{}{}
	}
	h.greeting[conn] = struct{}{}
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.greeting, conn)
	}()
	return readHello(conn)
}

func readHello(conn *link) (wire.Hello, error) {
	frame, err := conn.NextWithin(wire.HelloSeconds * time.Second)
	if err != nil {
		return wire.Hello{}, err
	}
	head, err := wire.ScanClient(frame)
	if err != nil {
		return wire.Hello{}, err
	}
	if head.Kind != wire.KindHello {
		return wire.Hello{}, errNoHello
	}
	conn.hub.counters.received(head.Kind)
	var hello wire.Hello
	err = wire.DecodeClientBody(head.Body, &hello)
	tooLong := func(f string) bool { return len(f) > wire.MaxFeatureName }
	if err == nil && (len(hello.Features) > wire.MaxFeatures || slices.ContainsFunc(hello.Features, tooLong)) {
		err = fault.Field("features", "maximum", wire.MaxFeatures, "Too many features.")
	}
	return hello, err
}

// writeNow writes a frame of the connection, not of the session: it has no
// number. An error shows at the next read.
func writeNow(conn *link, head *wire.Head) {
	conn.hub.counters.sent(head.Kind)
	b := conn.hub.frame(head)
	_ = conn.WriteWithin(b.Bytes(), writeMost)
	conn.hub.buffers.Put(b)
}

// resume returns the session that hello asks for, if it is this client's and
// nothing of it is lost.
func (h *Hub) resume(hello wire.Hello, who identity) (s *session, gen int, ok bool) {
	l, secret, ok := parseToken(hello.Resume)
	if !ok {
		return nil, 0, false
	}
	s = h.session(l)
	if s == nil || s.who.Account != who.Account || s.who.Device != who.Device || s.who.ID != who.ID {
		return nil, 0, false
	}
	old, gen, ok := s.claim(secret, hello.Cursor)
	if !ok {
		return nil, 0, false
	}
	if old != nil {
		h.counters.endings[endReplaced].Add(1)
		h.close(old, wire.CloseReplaced, nil)
	}
	return s, gen, true
}

// begin makes a session and enters it. fault.TooMany is for good; anything else
// passes, and the client is to come back.
func (h *Hub) begin(who identity) (*session, error) {
	s := &session{hub: h, line: id.New[line](), who: who, secret: h.newSecret(), first: 1, lostAt: time.Now()}
	release, err := h.subs.hold(who.Account, h.onAccount)
	if err != nil {
		return nil, err
	}
	h.makeRoom(who.Account)
	h.mu.Lock()
	p := h.people[who.Account]
	switch {
	case h.state != serving || h.closed:
		h.mu.Unlock()
		release()
		return nil, fault.New(fault.Unavailable, "This server stops.")
	case p != nil && len(p.sessions) >= wire.MaxSessions:
		h.mu.Unlock()
		release()
		return nil, fault.New(fault.TooMany, "Too many sessions.")
	case p == nil:
		p = &person{account: who.Account, release: release}
		h.people[who.Account] = p
	default:
		defer release() // one is enough
	}
	p.sessions = append(p.sessions, s)
	h.lines[s.line] = s
	h.mu.Unlock()
	return s, nil
}

// makeRoom ends what a page left behind that went away, where an account has
// as many sessions as it may: whoever loads the page again and again is no
// crowd. Of those without a connection the one that was lost first goes, and
// one that takes part in a call only where there is no other.
func (h *Hub) makeRoom(a id.Account) {
	all := h.sessionsOf(a)
	if len(all) < wire.MaxSessions {
		return
	}
	var oldest *session
	var since time.Time
	var busy bool
	for _, s := range all {
		at, inCall, lost := s.lost()
		if lost && (oldest == nil || busy && !inCall || busy == inCall && at.Before(since)) {
			oldest, since, busy = s, at, inCall
		}
	}
	if oldest != nil {
		h.end(oldest, wire.CloseRestart, endLost) // should it be back this very moment, it begins anew
	}
}

// introduce tells a new session who is there, and everybody else of it.
func (h *Hub) introduce(s *session) {
	h.mu.Lock()
	p := h.people[s.who.Account]
	if p == nil {
		h.mu.Unlock()
		return
	}
	there := make([]id.Account, 0, len(p.friends))
	for a := range p.friends {
		there = append(there, a)
	}
	first := len(p.sessions) == 1
	h.mu.Unlock()
	for _, a := range there {
		s.news(a, true)
	}
	if first {
		h.announce(s.who.Account)
	}
	h.publish(ofAccount(s.who.Account), &message{op: opHere, from: s.addr(), to: s.who.Account, line: s.line})
	if s.isDead() { // and whoever ended it may have said so before it was here
		h.publish(ofAccount(s.who.Account), &message{op: opAway, flags: flagForGood, from: s.addr(), to: s.who.Account, line: s.line})
	}
}

// read handles frames until the connection ends or, which it returns, is
// parked.
func (h *Hub) read(conn *link, s *session) (parked bool) {
	err := h.readAll(conn, s)
	left := new(ws.CloseError)
	switch {
	case err == nil:
		return true
	case errors.Is(err, ws.ErrTooLarge), errors.Is(err, ws.ErrBinary):
		if s.has(conn.gen) {
			h.end(s, wire.CloseProtocol, endProtocol)
		}
		conn.Drain()
	case errors.Is(err, ws.ErrFlood):
		if s.has(conn.gen) {
			h.end(s, wire.CloseFlood, endFlood)
		}
		conn.Drain()
	case errors.Is(err, errDead):
		conn.Drain()
	case errors.As(err, &left) && left.Code == ws.CodeNormal && s.detach(conn.gen):
		h.end(s, wire.CloseRestart, endLeft)
	case s.detach(conn.gen):
		h.tellCalls(s)
	}
	return false
}

// readAll returns nil where the connection was parked.
func (h *Hub) readAll(conn *link, s *session) error {
	for {
		frame, err := conn.Next()
		if err == nil {
			err = s.handle(h.base, frame, conn)
		}
		switch {
		case errors.Is(err, ws.ErrIdle) && conn.Park():
			return nil
		case err != nil && !errors.Is(err, ws.ErrIdle):
			return err
		}
	}
}

// tellCalls tells the calls of a session whether it has a connection: what is
// so at the moment, so that of two that tell the last one is right.
func (h *Hub) tellCalls(s *session) {
	s.telling.Lock()
	defer s.telling.Unlock()
	what := opAway
	if s.connected() {
		what = opBack
	}
	for c, p := range s.parts() {
		h.publish(ofCall(c), &message{op: what, call: c, from: s.addr(), line: s.line, node: p.owner})
	}
}

// end takes a session off the tables for good, closes its connection and tells
// everybody. It may be called from anywhere, more than once.
func (h *Hub) end(s *session, code wire.CloseCode, why ended) {
	parts := s.parts()
	conn, drained, first := s.kill()
	if !first {
		return
	}
	h.counters.endings[why].Add(1)
	h.mu.Lock()
	delete(h.lines, s.line)
	p := h.people[s.who.Account]
	last := false
	if p != nil {
		p.sessions = slices.DeleteFunc(p.sessions, func(x *session) bool { return x == s })
		if last = len(p.sessions) == 0; last {
			delete(h.people, s.who.Account)
		}
	}
	h.mu.Unlock()
	if conn != nil {
		if why != endStop {
			drained = nil // only a stopping hub has something left to say
		}
		h.close(conn, code, drained)
	}
	m := message{op: opLeft, from: s.addr(), line: s.line}
	if why == endBehind || why == endStop {
		m.op, m.flags = opAway, flagForGood // the device may be back at once, on a new session
	}
	for c, part := range parts {
		m.call, m.node = c, part.owner
		h.publish(ofCall(c), &m)
	}
	if len(parts) == 0 { // or a call that gives it a part this very moment would wait for it for ever
		m.to = s.who.Account
		h.publish(ofAccount(m.to), &m)
	}
	if last {
		p.release()
		h.announce(s.who.Account)
	}
}
