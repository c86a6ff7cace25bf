package signal

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/internal/ws"
	"github.com/ringfence/ringfence/signal/wire"
)

// What a session may cost in time.
const (
	pingEvery = wire.PingSeconds * time.Second
	// With pingEvery and the sweep that a ping waits for: two and a half pings of
	// silence. A sweep is never late by as much as is taken off.
	pongWithin = 11*time.Second - sweepEvery/2
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

	moves atomic.Bool // its client would take calls of other devices over

	telling  sync.Mutex // held while calls are told whether there is a connection
	handling sync.Mutex // held while a frame of the client is acted upon

	mu       sync.Mutex // guards following; never held while writing
	conn     *link
	gen      int // counts connections, so that what belongs to an old one knows
	dead     bool
	halted   bool         // no frame is taken any more
	secret   string       // of the token that resumes
	lostAt   time.Time    // of the connection
	frames   []*ws.Buffer // not known to have arrived, oldest first
	kept     int          // bytes in frames
	first    uint32       // seq of frames[0]
	sent     int          // how many of frames were written to conn, or are being written
	wip      int          // how many of these the write in progress is of
	written  int          // bytes in frames[:sent]
	mark     uint32       // seq of the first frame that did not wait for conn to come
	flushing bool
	writing  time.Time // since when the write in progress lasts
	pinged   time.Time
	pings    uint32        // the number of the last ping: what its pong says
	awaiting bool          // its pong is not here
	pingUpTo uint32        // the first seq that was not written when it went out
	drained  chan struct{} // closed when the flush in progress at the end is through
	calls    map[id.Call]part
	wishes   map[id.Call]wish    // calls that it asked for back
	sights   map[id.Call]sight   // calls that its person has on another device
	held     map[id.Account]bool // news of friends that wait for room
	received uint32              // frames taken from the client
	rate     bucket
	refused  bucket    // what came above the rate
	heard    time.Time // when the last of them came
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

// newSecret returns what only the hub and this client know. At its end stands
// which hub that is.
func (h *Hub) newSecret() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:]) + "." + h.mark
}

// spread returns a random part of d.
func spread(d time.Duration) time.Duration {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails
	return d * time.Duration(binary.BigEndian.Uint16(b[:])) >> 16
}

// deliver queues a frame, numbers it and never blocks. A client that does not
// read is told to come back, and finds all there; a session that has too much
// waiting even so ends: control frames are never dropped in silence.
func (s *session) deliver(h *wire.Head) {
	s.mu.Lock()
	if s.dead {
		s.mu.Unlock()
		return
	}
	if len(s.frames)-s.sent >= wire.ResumeFrames || s.kept >= keptBytes {
		s.mu.Unlock()
		s.hub.end(s, wire.CloseSlow, endBehind)
		return
	}
	s.appendLocked(h)
	var slow *link
	conn := s.leadLocked()
	if conn == nil {
		slow = s.slowLocked()
	}
	s.mu.Unlock()
	s.lead(conn)
	s.hub.slow(slow, s)
}

// appendLocked queues h.
func (s *session) appendLocked(h *wire.Head) {
	s.hub.counters.sent(h.Kind)
	h.Seq = s.first + few(len(s.frames))
	b := s.hub.frame(h)
	s.frames = append(s.frames, b)
	s.kept += len(b.B)
}

// frame returns a frame as it is written.
func (h *Hub) frame(head *wire.Head) *ws.Buffer {
	b := h.buffers.GetFrame()
	b.B = wire.AppendFrame(b.B, head)
	b.Frame()
	return b
}

// few is a number of frames that are kept, as part of a sequence number.
func few(n int) uint32 { return uint32(max(0, min(n, 2*wire.ResumeFrames))) }

// forgetLocked drops the n oldest frames.
func (s *session) forgetLocked(n int) {
	for i, b := range s.frames[:n] {
		s.kept -= len(b.B)
		if i < s.sent {
			s.written -= len(b.B)
		}
		s.hub.buffers.Put(b)
	}
	s.frames = slices.Delete(s.frames, 0, n)
	s.first += few(n)
	s.sent = max(0, s.sent-n)
	if len(s.frames) == 0 && cap(s.frames) > 8 {
		s.frames = nil // an idle session keeps nothing
	}
}

// releaseLocked queues the news of friends that were held back.
func (s *session) releaseLocked() {
	n := 0
	for a, online := range s.held {
		if n++; n > presenceRoom {
			break
		}
		delete(s.held, a)
		s.appendLocked(presenceFrame(a, online))
	}
}

// news tells of a friend. Where much waits only the newest word is kept.
func (s *session) news(a id.Account, online bool) { s.lead(s.queueNews(a, online)) }

func (s *session) queueNews(a id.Account, online bool) *link {
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
		return s.leadLocked()
	}
	return nil
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

// markOf returns what tells the hub that made a token from others.
func markOf(t string) string { return t[strings.LastIndexByte(t, '.')+1:] }

// claim makes the session ready for another connection, if the token's secret
// is right and no frame after cursor is lost. It returns the connection that
// it takes the session from, if there still is one, and the number under which
// the other one may attach.
func (s *session) claim(secret string, cursor uint32) (old *link, gen int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead || subtle.ConstantTimeCompare([]byte(s.secret), []byte(secret)) != 1 {
		return nil, 0, false
	}
	have := cursor + 1 - s.first // how many of frames the client has; wraps around where it has too few
	if cursor+1 < s.first || int64(have) > int64(len(s.frames)) {
		return nil, 0, false
	}
	old = s.conn
	s.detachLocked() // until attach
	// Not recycled: a write to the old connection may still look at them.
	for _, b := range s.frames[:have] {
		s.kept -= len(b.B)
	}
	s.frames, s.first = slices.Clone(s.frames[have:]), cursor+1
	s.sent, s.written = 0, 0
	s.secret = s.hub.newSecret()
	return old, s.gen, true
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

// attach gives the session a connection and writes what waits. The client may
// have had its welcome, lost this connection and claimed the session for the
// next one already: then gen is not the last one any more, and taking the
// session back would count frames twice that the client sends again.
func (s *session) attach(conn *link, gen int) bool {
	s.mu.Lock()
	if s.dead || s.gen != gen {
		s.mu.Unlock()
		return false
	}
	s.gen++
	// Many come back at once where a hub starts again; their pings shall not.
	now := time.Now()
	s.conn, s.pinged, s.lostAt = conn, now.Add(-spread(pingEvery)), time.Time{}
	s.awaiting, s.heard, s.mark = false, now, s.first+few(len(s.frames))
	conn.gen = s.gen
	conn.owner.Store(s)
	first := s.leadLocked()
	s.mu.Unlock()
	s.lead(first)
	return true
}

// detach takes the connection away, unless the session has another by now.
func (s *session) detach(gen int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gen != gen || s.dead {
		return false
	}
	s.detachLocked()
	return true
}

// kill ends the session and returns its connection, if it has one, and what
// is closed when all that waits is written, if something does.
func (s *session) kill() (conn *link, drained <-chan struct{}, first bool) {
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

func (s *session) isDead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead
}

// has reports whether the session still lives on a connection.
func (s *session) has(gen int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gen == gen && !s.dead
}

// lost says whether the session was entered and has no connection now, since
// when, and whether it takes part in a call.
func (s *session) lost() (since time.Time, inCall, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lostAt, len(s.calls) > 0, s.conn == nil && !s.dead && s.gen > 0
}

// parts returns the calls that the session takes part in.
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
	return s.joinLocked(c, p)
}

// joinHere is join for a call that is about to be one of this hub, unless
// another hub has given it to the session this very moment.
func (s *session) joinHere(c id.Call, peer id.Account) (ok, elsewhere bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, in := s.calls[c]; in && p.owner != s.hub.node {
		return true, true
	}
	return s.joinLocked(c, part{owner: s.hub.node, peer: peer}), false
}

func (s *session) joinLocked(c id.Call, p part) bool {
	if !s.roomLocked(c, p.peer) {
		return false
	}
	if s.calls == nil {
		s.calls = map[id.Call]part{}
	}
	s.calls[c] = p
	delete(s.sights, c)
	return true
}

func (s *session) roomLocked(c id.Call, peer id.Account) bool {
	_, in := s.calls[c]
	return in || len(s.calls) < wire.MaxCalls || len(s.calls) < wire.MaxCallsOnTop && !s.withLocked(peer)
}

// withLocked reports whether the session has a call with an account. Whoever
// has none gets in beside many others: else a few friends could keep out all.
func (s *session) withLocked(a id.Account) bool {
	for _, p := range s.calls {
		if p.peer == a {
			return true
		}
	}
	return false
}

func (s *session) leave(c id.Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.calls, c)
	delete(s.wishes, c)
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
		if !s.connected() { // it was there a moment ago, when the call was told so
			s.hub.work.Go(func() { s.hub.tellCalls(s) })
		}
	case string(wire.KindEnded):
		s.granted(m)
		s.quit(m)
	case string(wire.KindElsewhere):
		if !s.sees(m) {
			return
		}
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
func (s *session) sweep(now time.Time) {
	s.mu.Lock()
	conn, gen := s.conn, s.gen
	expired := !s.who.ExpiresAt.IsZero() && !now.Before(s.who.ExpiresAt)
	lost := conn == nil && now.Sub(s.lostAt) >= wire.ResumeSeconds*time.Second
	stuck := !s.writing.IsZero() && now.Sub(s.writing) > writeMost
	ping := conn != nil && now.Sub(s.pinged) >= pingEvery
	silent := ping && s.awaiting && now.Sub(s.pinged) >= pongWithin
	if ping = ping && !s.awaiting; ping {
		s.askedLocked(now)
		s.pings++
		s.pingUpTo -= few(s.wip) // this one may come before them
	}
	number := s.pings
	idle := conn != nil && now.Sub(s.heard) >= parkAfter
	s.mu.Unlock()
	if idle {
		conn.LetGo()
	}
	switch {
	case expired:
		s.hub.end(s, wire.CloseSignedOut, endSignedOut)
	case lost:
		s.hub.end(s, wire.CloseSilent, endLost)
	case stuck:
		conn.CloseNow()
	case silent:
		s.silent(conn, gen)
	case ping && conn.Roomy(pingSize):
		s.ping(conn, gen, number)
	case ping:
		s.hub.work.Go(func() { s.ping(conn, gen, number) })
	}
}

// pingSize is more than a ping takes.
const pingSize = 64

func (s *session) ping(conn *link, gen int, number uint32) {
	if conn.Ping(number) != nil {
		s.silent(conn, gen)
	}
}

// ponged takes a sign of life. What was written before the ping has arrived
// once the pong is here, so it need not be kept any longer.
func (s *session) ponged(number uint32) (asked bool) {
	s.mu.Lock()
	if s.conn == nil || !s.awaiting || number != s.pings {
		s.mu.Unlock()
		return false
	}
	s.awaiting = false
	if s.pingUpTo > s.first {
		s.forgetLocked(int(s.pingUpTo - s.first))
	}
	conn := s.leadLocked()
	s.mu.Unlock()
	s.lead(conn)
	return true
}

func (s *session) silent(conn *link, gen int) {
	if s.detach(gen) {
		s.hub.counters.endings[endSilent].Add(1)
		s.hub.tellCalls(s)
	}
	s.hub.close(conn, wire.CloseSilent, nil)
}
