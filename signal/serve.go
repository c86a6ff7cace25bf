package signal

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/coder/websocket"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
	"github.com/ringfence/ringfence/store"
)

var (
	errServed   = errors.New("served before")
	errTooLarge = errors.New("frame too large")
	errNotText  = errors.New("not a text message")
	errNoHello  = errors.New("first frame is not hello")
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
	reading := false
	defer func() {
		if !reading {
			h.conns.Done()
		}
	}()
	conn, err := websocket.Accept(thinWriter{w, &h.buffers}, r, &websocket.AcceptOptions{
		Subprotocols: []string{wire.Subprotocol}, OriginPatterns: h.opt.Origins,
	})
	if err != nil {
		return // Accept has answered
	}
	defer func() {
		if !reading {
			_ = conn.CloseNow() // harmless after another close
		}
	}()
	conn.SetReadLimit(-1) // readFrame has the limit, and a close code of ours
	if conn.Subprotocol() != wire.Subprotocol {
		h.refuse(conn, wire.CloseProtocol, endProtocol)
		return
	}
	// The request's context ends with the server, and would cost a timer for
	// each write; the hub closes its connections itself.
	s, gen, err := h.greet(context.WithoutCancel(r.Context()), conn, who)
	if err != nil {
		return // greet has closed
	}
	reading = true
	go h.keep(conn, s, gen)
}

// keep reads a session's connection until it ends; stop waits for it. Its
// stack is one that neither the server nor greeting has made large.
func (h *Hub) keep(conn *websocket.Conn, s *session, gen int) {
	defer h.conns.Done()
	defer func() { _ = conn.CloseNow() }()
	defer h.caught(s, gen)
	h.read(h.base, conn, s, gen)
}

// caught is deferred: a fault in handling one client's frame costs that client
// its connection, and nobody else anything. Functions and lines are logged;
// values may be anybody's.
func (h *Hub) caught(s *session, gen int) {
	if recover() == nil {
		return
	}
	pcs := make([]uintptr, 32)
	const skip = 3 // runtime.Callers, caught, the panic itself
	frames := runtime.CallersFrames(pcs[:runtime.Callers(skip, pcs)])
	var lines []string
	for {
		f, more := frames.Next()
		lines = append(lines, f.Function+":"+strconv.Itoa(f.Line))
		if !more {
			break
		}
	}
	h.log.ErrorContext(h.base, "panic while handling a frame", "stack", lines)
	if s.detach(gen) {
		h.tellCalls(s)
	}
}

// refuse closes a connection that has no session.
func (h *Hub) refuse(conn *websocket.Conn, code wire.CloseCode, why ended) {
	h.counters.endings[why].Add(1)
	_ = conn.Close(websocket.StatusCode(code), "") // gone either way
}

// close closes a connection in the background: the handshake takes as long as
// the peer likes, within seconds. What after waits for is given a moment first.
func (h *Hub) close(conn *websocket.Conn, code wire.CloseCode, after <-chan struct{}) {
	ok := h.work.Go(func() {
		if after != nil {
			select {
			case <-after:
			case <-time.After(lastWords):
			}
		}
		_ = conn.Close(websocket.StatusCode(code), "") // gone either way
	})
	if !ok {
		_ = conn.CloseNow()
	}
}

// lastWords is how long what waits may take to be written before a close.
const lastWords = 2 * time.Second

// greet reads hello, finds or makes the session and answers welcome.
func (h *Hub) greet(ctx context.Context, conn *websocket.Conn, who identity) (*session, int, error) {
	hello, err := h.readHello(ctx, conn)
	if err != nil {
		h.refuse(conn, wire.CloseProtocol, endProtocol)
		return nil, 0, err
	}
	if max(hello.Min, wire.MinVersion) > min(hello.Max, wire.MaxVersion) {
		err := fault.New(fault.Version, "This client and this server speak no common version.")
		h.writeNow(ctx, conn, errorFrame(id.Frame{}, err))
		h.refuse(conn, wire.CloseProtocol, endProtocol)
		return nil, 0, err
	}
	s, resumed := h.resume(hello, who)
	if !resumed {
		if s, err = h.begin(who); err != nil {
			h.refuse(conn, wire.CloseTooMany, endTooMany)
			return nil, 0, err
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
		h.refuse(conn, code, why)
		return nil, 0, err
	}
	h.writeNow(ctx, conn, s.welcome(resumed))
	gen, ok := s.attach(conn)
	if !ok {
		h.refuse(conn, wire.CloseRestart, endStop)
		return nil, 0, errDead
	}
	if resumed {
		h.counters.resumed.Add(1)
		h.tellCalls(s)
	} else {
		h.introduce(s)
	}
	return s, gen, nil
}

func (h *Hub) alive(ctx context.Context, who identity) error {
	if h.opt.Alive == nil {
		return nil
	}
	return h.opt.Alive(ctx, who)
}

func (h *Hub) readHello(ctx context.Context, conn *websocket.Conn) (wire.Hello, error) {
	ctx, cancel := context.WithTimeout(ctx, wire.HelloSeconds*time.Second)
	defer cancel()
	buf := h.buffers.get()
	defer h.buffers.put(buf)
	if err := readFrame(ctx, conn, buf); err != nil {
		return wire.Hello{}, err
	}
	head, err := wire.ScanClient(buf.b)
	if err != nil {
		return wire.Hello{}, err
	}
	if head.Kind != wire.KindHello {
		return wire.Hello{}, errNoHello
	}
	var hello wire.Hello
	err = wire.DecodeBody(head.Body, &hello)
	tooLong := func(f string) bool { return len(f) > wire.MaxFeatureName }
	if err == nil && (len(hello.Features) > wire.MaxFeatures || slices.ContainsFunc(hello.Features, tooLong)) {
		err = fault.Field("features", "maximum", wire.MaxFeatures, "Too many features.")
	}
	return hello, err
}

// writeNow writes a frame of the connection, not of the session: it has no
// number. An error shows at the next read.
func (h *Hub) writeNow(ctx context.Context, conn *websocket.Conn, head *wire.Head) {
	ctx, cancel := context.WithTimeout(ctx, writeMost)
	defer cancel()
	_ = conn.Write(ctx, websocket.MessageText, wire.AppendFrame(nil, head))
}

// resume returns the session that hello asks for, if it is this client's and
// nothing of it is lost.
func (h *Hub) resume(hello wire.Hello, who identity) (s *session, ok bool) {
	l, secret, ok := parseToken(hello.Resume)
	if !ok {
		return nil, false
	}
	s = h.session(l)
	if s == nil || s.who.Account != who.Account || s.who.Device != who.Device || s.who.ID != who.ID {
		return nil, false
	}
	old, ok := s.claim(secret, hello.Cursor)
	if !ok {
		return nil, false
	}
	if old != nil {
		h.counters.endings[endReplaced].Add(1)
		h.close(old, wire.CloseReplaced, nil)
	}
	return s, true
}

// begin makes a session and enters it.
func (h *Hub) begin(who identity) (*session, error) {
	s := &session{hub: h, line: id.New[line](), who: who, secret: newSecret(), first: 1, lostAt: time.Now()}
	release, err := h.subs.hold(who.Account, h.onAccount)
	if err != nil {
		return nil, err
	}
	h.makeRoom(who.Account)
	h.mu.Lock()
	p := h.people[who.Account]
	switch {
	case h.state != serving, p != nil && len(p.sessions) >= wire.MaxSessions:
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
}

// read handles frames until the connection ends.
func (h *Hub) read(ctx context.Context, conn *websocket.Conn, s *session, gen int) {
	err := h.readAll(ctx, conn, s, gen)
	switch {
	case errors.Is(err, errTooLarge), errors.Is(err, errNotText):
		if s.has(gen) {
			h.end(s, wire.CloseProtocol, endProtocol)
		}
		discard(ctx, conn)
		return
	case errors.Is(err, errDead):
		discard(ctx, conn)
		return
	case websocket.CloseStatus(err) == websocket.StatusNormalClosure:
		if s.detach(gen) {
			h.end(s, wire.CloseRestart, endLeft)
		}
		return
	}
	if s.detach(gen) {
		h.tellCalls(s)
	}
}

// discard reads on until the connection is closed: somebody is about to tell
// the client why, and returning would cut that short.
func discard(ctx context.Context, conn *websocket.Conn) {
	for {
		_, r, err := conn.Reader(ctx)
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err != nil {
			return
		}
	}
}

func (h *Hub) readAll(ctx context.Context, conn *websocket.Conn, s *session, gen int) error {
	for {
		// The buffer is taken once bytes are here, not while waiting for them.
		typ, r, err := conn.Reader(ctx)
		if err != nil {
			return err
		}
		if typ != websocket.MessageText {
			return errNotText
		}
		buf := h.buffers.get()
		err = fill(buf, r)
		if err == nil {
			err = s.handle(ctx, buf.b, gen)
		}
		h.buffers.put(buf)
		if err != nil {
			return err
		}
	}
}

func readFrame(ctx context.Context, conn *websocket.Conn, buf *buffer) error {
	typ, r, err := conn.Reader(ctx)
	if err != nil {
		return err
	}
	if typ != websocket.MessageText {
		return errNotText
	}
	return fill(buf, r)
}

// fill reads one message, at most MaxFrame bytes.
func fill(buf *buffer, r io.Reader) error {
	for {
		if len(buf.b) == cap(buf.b) {
			buf.b = slices.Grow(buf.b, cap(buf.b))
		}
		n, err := r.Read(buf.b[len(buf.b):cap(buf.b)])
		buf.b = buf.b[:len(buf.b)+n]
		switch {
		case len(buf.b) > wire.MaxFrame:
			return errTooLarge
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
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
	what := opLeft
	if why == endSlow {
		what = opAway // the device may be back at once, on a new session
	}
	for c, part := range parts {
		h.publish(ofCall(c), &message{op: what, call: c, from: s.addr(), line: s.line, node: part.owner})
	}
	if last {
		p.release()
		h.announce(s.who.Account)
	}
}
