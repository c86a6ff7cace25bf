package signal

import (
	"time"

	"github.com/ringfence/ringfence/signal/internal/ws"
)

// leadLocked makes the caller the one who writes what waits, unless somebody
// does or there is nothing to write to. The caller calls lead with what it
// returns, once the session is unlocked.
func (s *session) leadLocked() *link {
	if s.conn == nil || s.flushing || s.sent == len(s.frames) {
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
		out, n, ok := s.batch(conn, joined, brief)
		if n == 0 {
			return ok
		}
		if err := conn.Write(out); err != nil {
			conn.CloseNow() // the reader sees it and detaches
			s.wrote(conn, 0)
			return true
		}
		s.wrote(conn, n)
	}
}

// wrote counts what was written; none where the connection is broken.
func (s *session) wrote(conn *link, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gen != conn.gen {
		return
	}
	s.sent += n
	if n == 0 {
		s.tellDrainedLocked()
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

// batch returns what to write next: one frame, or several joined. Where it
// returns none, ok says whether there is nothing more for this connection.
func (s *session) batch(conn *link, joined *ws.Buffer, brief bool) (out []byte, n int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gen != conn.gen {
		return nil, 0, true
	}
	if s.sent == len(s.frames) && !s.releaseLocked() {
		s.flushing, s.writing = false, time.Time{}
		s.tellDrainedLocked()
		return nil, 0, true
	}
	out = s.frames[s.sent].Bytes()
	n = 1
	if s.sent+n < len(s.frames) {
		joined.B = append(joined.B[:0], out...)
		for _, b := range s.frames[s.sent+1:] {
			if len(joined.B)+len(b.Bytes()) > batchBytes {
				break
			}
			joined.B = append(joined.B, b.Bytes()...)
			n++
		}
		out = joined.B
	}
	if brief && !conn.Roomy(len(out)) {
		return nil, 0, false
	}
	s.writing = time.Now()
	return out, n, true
}
