package signal

import (
	"time"

	"github.com/ringfence/ringfence/signal/internal/ws"
)

// leadLocked makes the caller the one who writes what waits, unless somebody
// does or there is nothing to write to. The caller calls lead with what it
// returns, once the session is unlocked.
func (s *session) leadLocked() *link {
	if s.conn == nil || s.flushing || !s.pendingLocked() {
		return nil
	}
	s.flushing = true
	return s.conn
}

// lead writes what waits. It never waits itself: a peer that stopped reading
// would hold up the one who sends to it, and all whom that one talks to. Where
// a write might, a goroutine does it.
func (s *session) lead(conn *link) {
	if conn == nil || s.flush(conn, true) {
		return
	}
	if !s.hub.work.Go(func() { s.flush(conn, false) }) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.gen == conn.gen {
			s.flushing = false
		}
	}
}

// flush writes until the queue is empty, and reports whether it is. With
// brief it gives up where a write might wait; who calls it goes on.
func (s *session) flush(conn *link, brief bool) bool {
	joined := s.hub.buffers.Get()
	defer s.hub.buffers.Put(joined)
	for {
		out, ok := s.batch(conn, joined, brief)
		if len(out) == 0 {
			return ok
		}
		if err := conn.Write(out); err != nil {
			conn.CloseNow() // the reader sees it and detaches
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.gen == conn.gen {
				s.tellDrainedLocked()
			}
			return true
		}
	}
}

// tellDrainedLocked tells whoever ended the session that what waited is
// written, or never will be.
func (s *session) tellDrainedLocked() {
	if s.drained != nil {
		close(s.drained)
		s.drained = nil
	}
}

// batchBytes is about how much is written at once: what a record of TLS holds.
const batchBytes = 16 << 10

// batch returns what to write next: one frame, or several joined, or a ping
// that asks whether they have come. Where it returns nothing, ok says whether
// there is nothing more for this connection.
func (s *session) batch(conn *link, joined *ws.Buffer, brief bool) (out []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gen != conn.gen {
		return nil, true
	}
	s.wip = 0
	if s.sent == len(s.frames) {
		s.releaseLocked()
	}
	if !s.pendingLocked() {
		s.flushing, s.writing = false, time.Time{}
		s.tellDrainedLocked()
		return nil, true
	}
	n := 0
	if s.sent < len(s.frames) && !s.fullLocked() {
		out, n = s.gatherLocked(joined)
	}
	if brief && !conn.Roomy(len(out)+pingSize) {
		return nil, false
	}
	for _, b := range s.frames[s.sent : s.sent+n] {
		s.written += len(b.B)
	}
	s.sent += n
	s.wip = n
	s.writing = time.Now()
	if s.askLocked() {
		s.askedLocked(s.writing)
		s.pings++
		if n <= 1 {
			joined.B = append(joined.B[:0], out...)
		}
		joined.B = ws.AppendPing(joined.B, s.pings)
		out = joined.B
	}
	return out, true
}

// gatherLocked returns the next frame, or several in joined.
func (s *session) gatherLocked(joined *ws.Buffer) (out []byte, n int) {
	out = s.frames[s.sent].Bytes()
	n = 1
	if s.sent+1 == len(s.frames) {
		return out, n
	}
	joined.B = append(joined.B[:0], out...)
	for _, b := range s.frames[s.sent+1:] {
		if len(joined.B)+len(b.Bytes()) > batchBytes || s.sent+n >= windowFrames && !s.dead {
			break
		}
		joined.B = append(joined.B, b.Bytes()...)
		n++
	}
	return joined.B, n
}
