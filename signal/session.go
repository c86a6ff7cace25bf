package signal

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// What a session may cost in time.
const (
	pingEvery  = wire.PingSeconds * time.Second
	pongWithin = 12 * time.Second // with pingEvery: two and a half pings of silence
	writeMost  = 10 * time.Second // one frame
)

// presenceRoom is how many frames may wait before news of friends are held
// back and only the newest of each is kept.
const presenceRoom = 64

// keptBytes is how much is kept for a session, beside the number of frames:
// that many of the largest would be more than a small machine has.
const keptBytes = 1 << 20

// session is one session of a device. It outlives its connection for as long
// as it can be resumed.
type session struct {
	hub  *Hub
	line lineID
	who  identity

	telling sync.Mutex // held while calls are told whether there is a connection

	mu       sync.Mutex // guards following; never held while writing
	conn     *websocket.Conn
	gen      int // counts connections, so that what belongs to an old one knows
	dead     bool
	secret   string    // of the token that resumes
	lostAt   time.Time // of the connection
	frames   []*buffer // not known to have arrived, oldest first
	kept     int       // bytes in frames
	first    uint32    // seq of frames[0]
	sent     int       // how many of frames were written to conn
	flushing bool
	writing  time.Time // since when the write in progress lasts
	pinged   time.Time
	drained  chan struct{} // closed when the flush in progress at the end is through
	calls    map[id.Call]part
	wishes   map[id.Call]wish    // calls that it asked for back
	held     map[id.Account]bool // news of friends that wait for room
	received uint32              // frames taken from the client
	rate     bucket
	refused  int // frames in a row above the rate
}

// part is a session's part in a call.
type part struct {
	owner id.Node
	peer  id.Account
}

func (s *session) addr() wire.Address {
	return wire.Address{Account: s.who.Account, Device: s.who.Device}
}

func (s *session) connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn != nil
}

// newSecret returns what only the hub and this client know.
func newSecret() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// deliver queues a frame, numbers it and never blocks. A session that cannot
// take it is closed: control frames are never dropped in silence.
func (s *session) deliver(h *wire.Head) {
	s.mu.Lock()
	if s.dead {
		s.mu.Unlock()
		return
	}
	if len(s.frames)-s.sent >= wire.ResumeFrames || s.kept >= keptBytes && s.sent == 0 {
		s.mu.Unlock()
		s.hub.end(s, wire.CloseSlow, endSlow)
		return
	}
	s.appendLocked(h)
	s.leadLocked()
	s.mu.Unlock()
}

// appendLocked queues h, and lets go of the oldest frame that was written long
// ago where too many are kept.
func (s *session) appendLocked(h *wire.Head) {
	s.hub.counters.out[class(h.Kind)].Add(1)
	for s.sent > 0 && (len(s.frames) >= wire.ResumeFrames || s.kept >= keptBytes) {
		s.forgetLocked(1)
	}
	h.Seq = s.first + few(len(s.frames))
	b := s.hub.buffers.get()
	b.b = wire.AppendFrame(b.b, h)
	s.frames = append(s.frames, b)
	s.kept += len(b.b)
}

// few is a number of frames that are kept, as part of a sequence number.
func few(n int) uint32 { return uint32(max(0, min(n, 2*wire.ResumeFrames))) }

// forgetLocked drops the n oldest frames.
func (s *session) forgetLocked(n int) {
	for _, b := range s.frames[:n] {
		s.kept -= len(b.b)
		s.hub.buffers.put(b)
	}
	s.frames = slices.Delete(s.frames, 0, n)
	s.first += few(n)
	s.sent = max(0, s.sent-n)
	if len(s.frames) == 0 && cap(s.frames) > 8 {
		s.frames = nil // an idle session keeps nothing
	}
}

// leadLocked starts a flush, unless one is in progress or there is nothing to
// write to.
func (s *session) leadLocked() {
	if s.conn == nil || s.flushing || s.sent == len(s.frames) {
		return
	}
	conn, gen := s.conn, s.gen
	s.flushing = s.hub.work.Go(func() { s.flush(conn, gen) })
}

// flush writes until the queue is empty. It is not the sender's goroutine: a
// peer that stopped reading would hold up the one who sends to it, and all
// whom that one talks to.
func (s *session) flush(conn *websocket.Conn, gen int) {
	defer s.flushed(gen)
	for {
		s.mu.Lock()
		if s.gen != gen {
			s.mu.Unlock()
			return
		}
		if s.sent == len(s.frames) && !s.releaseLocked() {
			s.flushing, s.writing = false, time.Time{}
			s.mu.Unlock()
			return
		}
		b := s.frames[s.sent]
		s.writing = time.Now()
		s.mu.Unlock()

		err := conn.Write(s.hub.base, websocket.MessageText, b.b)

		s.mu.Lock()
		if s.gen == gen && err == nil {
			s.sent++
		}
		s.mu.Unlock()
		if err != nil {
			_ = conn.CloseNow() // the reader sees it and detaches
			return
		}
	}
}

// flushed tells whoever ended the session that what waited is written.
func (s *session) flushed(gen int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gen == gen && s.drained != nil {
		close(s.drained)
		s.drained = nil
	}
}

// releaseLocked queues the news of friends that were held back.
func (s *session) releaseLocked() bool {
	n := 0
	for a, online := range s.held {
		if n++; n > presenceRoom {
			break
		}
		delete(s.held, a)
		s.appendLocked(presenceFrame(a, online))
	}
	return n > 0
}

// news tells of a friend. Where much waits only the newest word is kept.
func (s *session) news(a id.Account, online bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.dead:
	case len(s.frames)-s.sent >= presenceRoom:
		if _, newer := s.held[a]; newer {
			s.hub.counters.drops[dropPresence].Add(1)
		}
		if s.held == nil {
			s.held = map[id.Account]bool{}
		}
		s.held[a] = online
	default:
		s.appendLocked(presenceFrame(a, online))
		s.leadLocked()
	}
}

func presenceFrame(a id.Account, online bool) *wire.Head {
	return &wire.Head{Kind: wire.KindPresence, Body: wire.EncodeBody(wire.Presence{Account: a, Online: online})}
}

// parseToken reads what resumes a session. It names the line, so that finding
// it needs no second table.
func parseToken(t string) (l lineID, secret string, ok bool) {
	name, secret, ok := strings.Cut(t, ".")
	if !ok || l.UnmarshalText([]byte(name)) != nil || l.IsZero() {
		return lineID{}, "", false
	}
	return l, secret, true
}

// claim makes the session ready for another connection, if the token's secret
// is right and no frame after cursor is lost. It returns the connection that
// it takes the session from, if there still is one.
func (s *session) claim(secret string, cursor uint32) (old *websocket.Conn, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead || subtle.ConstantTimeCompare([]byte(s.secret), []byte(secret)) != 1 {
		return nil, false
	}
	have := cursor + 1 - s.first // how many of frames the client has; wraps around where it has too few
	if cursor+1 < s.first || int64(have) > int64(len(s.frames)) {
		return nil, false
	}
	// Not recycled: a write to the old connection may still look at them.
	for _, b := range s.frames[:have] {
		s.kept -= len(b.b)
	}
	s.frames, s.first = slices.Clone(s.frames[have:]), cursor+1
	old = s.conn
	s.conn, s.sent, s.flushing, s.writing = nil, 0, false, time.Time{}
	s.gen++
	s.lostAt = time.Now() // until attach
	s.secret = newSecret()
	return old, true
}

// welcome answers hello on the connection that is about to be the session's.
func (s *session) welcome(resumed bool) *wire.Head {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &wire.Head{Kind: wire.KindWelcome, Body: wire.EncodeBody(wire.Welcome{
		Version: wire.MaxVersion, Self: s.addr(), Resume: s.line.String() + "." + s.secret, Resumed: resumed,
		Received: s.received, Seconds: wire.ResumeSeconds, Boot: s.hub.boot,
	})}
}

// attach gives the session a connection and writes what waits.
func (s *session) attach(conn *websocket.Conn) (gen int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return 0, false
	}
	s.gen++
	s.conn, s.pinged, s.lostAt = conn, time.Now(), time.Time{}
	s.leadLocked()
	return s.gen, true
}

// detach takes the connection away, unless the session has another by now.
func (s *session) detach(gen int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gen != gen || s.dead {
		return false
	}
	s.gen++
	s.conn, s.flushing, s.writing = nil, false, time.Time{}
	s.lostAt = time.Now()
	return true
}

// kill ends the session and returns its connection, if it has one, and what
// is closed when all that waits is written, if something does.
func (s *session) kill() (conn *websocket.Conn, drained <-chan struct{}, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return nil, nil, false
	}
	conn = s.conn
	s.dead, s.conn, s.held = true, nil, nil
	if conn != nil && s.flushing {
		s.drained = make(chan struct{})
		drained = s.drained
	}
	return conn, drained, true
}

// has reports whether the session still lives on a connection.
func (s *session) has(gen int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gen == gen && !s.dead
}

// parts returns the calls that the session takes part in.
// lost says whether the session was entered and has no connection now, since
// when, and whether it takes part in a call.
func (s *session) lost() (since time.Time, inCall, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lostAt, len(s.calls) > 0, s.conn == nil && !s.dead && s.gen > 0
}

func (s *session) parts() map[id.Call]part {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

func (s *session) part(c id.Call) (part, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.calls[c]
	return p, ok
}

// join notes that the session takes part in a call; false where it takes part
// in too many.
func (s *session) join(c id.Call, p part) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, in := s.calls[c]; !in && len(s.calls) >= wire.MaxCalls {
		return false
	}
	if s.calls == nil {
		s.calls = map[id.Call]part{}
	}
	s.calls[c] = p
	return true
}

func (s *session) leave(c id.Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.calls, c)
}

// take delivers a frame that came over the bus, and keeps track of the calls
// that the session takes part in by it.
func (s *session) take(m *message) {
	switch string(m.kind) {
	case string(wire.KindIncoming), string(wire.KindCalling), string(wire.KindAnswered):
		s.granted(m)
		if !s.join(m.call, part{owner: m.node, peer: id.Account(m.other)}) {
			s.hub.counters.drops[dropGone].Add(1)
			return
		}
	case string(wire.KindEnded):
		s.leave(m.call)
	case string(wire.KindError), string(wire.KindOK):
	default:
		if _, ok := s.part(m.call); !ok {
			s.hub.counters.drops[dropGone].Add(1)
			return
		}
	}
	s.deliver(&wire.Head{Kind: m.kind, ID: m.frame, Call: m.call, From: m.from, Body: m.body})
}

// sweep looks after a session once a second.
func (s *session) sweep(ctx context.Context, now time.Time) {
	s.mu.Lock()
	conn, gen := s.conn, s.gen
	expired := !s.who.ExpiresAt.IsZero() && !now.Before(s.who.ExpiresAt)
	lost := conn == nil && now.Sub(s.lostAt) >= wire.ResumeSeconds*time.Second
	stuck := !s.writing.IsZero() && now.Sub(s.writing) > writeMost
	ping := conn != nil && now.Sub(s.pinged) >= pingEvery
	upTo := s.first + few(s.sent)
	if ping {
		s.pinged = now
	}
	s.mu.Unlock()
	switch {
	case expired:
		s.hub.end(s, wire.CloseSignedOut, endSignedOut)
	case lost:
		s.hub.end(s, wire.CloseSilent, endLost)
	case stuck:
		_ = conn.CloseNow()
	case ping:
		s.hub.work.Go(func() { s.ping(ctx, conn, gen, upTo) })
	}
}

// ping waits for a sign of life. What was written before the ping has arrived
// once the pong is here, so it need not be kept any longer.
func (s *session) ping(ctx context.Context, conn *websocket.Conn, gen int, upTo uint32) {
	ctx, cancel := context.WithTimeout(ctx, pongWithin)
	defer cancel()
	if err := conn.Ping(ctx); err != nil {
		s.silent(conn, gen)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gen == gen && upTo > s.first {
		s.forgetLocked(int(upTo - s.first))
	}
}

func (s *session) silent(conn *websocket.Conn, gen int) {
	if s.detach(gen) {
		s.hub.counters.endings[endSilent].Add(1)
		s.hub.tellCalls(s)
	}
	s.hub.close(conn, wire.CloseSilent, nil)
}
