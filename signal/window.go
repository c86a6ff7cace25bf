package signal

import (
	"time"

	"github.com/ringfence/ringfence/signal/internal/ws"
	"github.com/ringfence/ringfence/signal/wire"
)

// What was written lies in the buffers of two kernels, and may be lost with the
// connection, until a ping that followed it is answered. So no more than a
// window is written without one: what a client has not read is found to be so
// however large those buffers are, and is still here when it comes back.
const (
	windowFrames = 128
	windowBytes  = 256 << 10
)

// slowFrames and slowBytes are how much may wait behind the window before the
// connection is given up for one that the client reads. The session stays.
const (
	slowFrames = 128
	slowBytes  = 512 << 10
)

// fullLocked reports whether what is to be written next waits for a pong. The
// last words of a session do not.
func (s *session) fullLocked() bool {
	return !s.dead && (s.sent >= windowFrames || s.written >= windowBytes)
}

// askLocked reports whether a ping is to follow what is written.
func (s *session) askLocked() bool {
	return !s.dead && !s.awaiting && (s.sent >= windowFrames/2 || s.written >= windowBytes/2)
}

// askedLocked notes a ping that follows what is written now.
func (s *session) askedLocked(now time.Time) {
	s.pinged, s.awaiting, s.pingUpTo = now, true, s.first+few(s.sent)
}

// pendingLocked reports whether there is something that may be written.
func (s *session) pendingLocked() bool {
	return s.askLocked() || !s.fullLocked() && (s.sent < len(s.frames) || len(s.held) > 0)
}

// slowLocked gives the connection up where too much waits for it, and returns
// it. What a client finds when it comes back does not count: it had no chance
// to read that.
func (s *session) slowLocked() *link {
	from := max(s.sent, int(s.mark-s.first))
	if s.conn == nil || len(s.frames)-from < slowFrames && s.kept-s.written < slowBytes {
		return nil
	}
	conn := s.conn
	s.detachLocked()
	return conn
}

// slow closes a connection that its client does not read, and tells the calls
// of the session.
func (h *Hub) slow(conn *link, s *session) {
	if conn == nil {
		return
	}
	h.counters.endings[endSlow].Add(1)
	h.close(conn, wire.CloseSlow, nil)
	h.work.Go(func() { h.tellCalls(s) }) // not here: whoever delivers may be at one of them
}

// detachLocked takes the connection away. A write to it may still be under
// way, and looks at the one frame that it is of: that one is not recycled.
func (s *session) detachLocked() {
	if s.flushing && s.wip == 1 && s.sent > 0 {
		old := s.frames[s.sent-1]
		s.frames[s.sent-1] = &ws.Buffer{B: append([]byte(nil), old.B...), At: old.At}
	}
	s.gen++
	s.conn, s.flushing, s.writing, s.wip = nil, false, time.Time{}, 0
	s.lostAt = time.Now()
}
