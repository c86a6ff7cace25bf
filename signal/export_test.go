package signal

import (
	"maps"
	"slices"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// Unlimited lifts the frame rate, for benchmarks.
func (h *Hub) Unlimited() { h.rate = 1e12 }

// Queued is how many bytes are kept for the sessions that live.
func (h *Hub) Queued() (n int) {
	h.mu.Lock()
	lines := slices.Collect(maps.Values(h.lines))
	h.mu.Unlock()
	for _, s := range lines {
		s.mu.Lock()
		for _, b := range s.frames {
			n += len(b.Bytes())
		}
		s.mu.Unlock()
	}
	return n
}

// Parked is how many connections are parked.
func (h *Hub) Parked() int { return h.lot().Len() }

// PingSeconds counts the seconds in which sessions are due to be pinged.
func (h *Hub) PingSeconds() int {
	h.mu.Lock()
	lines := slices.Collect(maps.Values(h.lines))
	h.mu.Unlock()
	due := map[time.Duration]bool{}
	for _, s := range lines {
		s.mu.Lock()
		due[time.Since(s.pinged)/time.Second] = true
		s.mu.Unlock()
	}
	return len(due)
}

// ParkAll asks every connection to let go of its goroutine.
func (h *Hub) ParkAll() {
	h.mu.Lock()
	lines := slices.Collect(maps.Values(h.lines))
	h.mu.Unlock()
	for _, s := range lines {
		s.mu.Lock()
		conn := s.conn
		s.mu.Unlock()
		if conn != nil {
			conn.LetGo()
		}
	}
}

// Tables is how many calls and sessions the hub knows of, ended calls that
// have not faded included.
func (h *Hub) Tables() (calls, sessions int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.calls), len(h.lines)
}

// Lost is how many sessions have no connection.
func (h *Hub) Lost() (n int) {
	h.mu.Lock()
	lines := slices.Collect(maps.Values(h.lines))
	h.mu.Unlock()
	for _, s := range lines {
		if _, _, lost := s.lost(); lost {
			n++
		}
	}
	return n
}

// LastLost is when a session that has no connection last lost it.
func (h *Hub) LastLost() (last time.Time) {
	h.mu.Lock()
	lines := slices.Collect(maps.Values(h.lines))
	h.mu.Unlock()
	for _, s := range lines {
		if at, _, lost := s.lost(); lost && at.After(last) {
			last = at
		}
	}
	return last
}

// Pinged returns how many sessions were last pinged at each moment.
func (h *Hub) Pinged() map[time.Time]int {
	h.mu.Lock()
	lines := slices.Collect(maps.Values(h.lines))
	h.mu.Unlock()
	at := map[time.Time]int{}
	for _, s := range lines {
		s.mu.Lock()
		at[s.pinged]++
		s.mu.Unlock()
	}
	return at
}

// Tell tells the sessions of an account of a change at once, however often.
func (h *Hub) Tell(a id.Account) { h.tellChanged(a, wire.TopicNotices) }

// Busy makes the hub's own workers do fn, and returns how many jobs wait.
func (h *Hub) Busy(fn func()) int {
	h.work.Go(fn)
	return h.relations.size() + h.notices.size()
}

// Meters is how many accounts and addresses are counted.
func (h *Hub) Meters() int { return h.accounts.size() + h.addresses.size() }
