package signal

import (
	"maps"
	"net"
	"slices"
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
			n += len(b.b)
		}
		s.mu.Unlock()
	}
	return n
}

// Thin returns what lies beneath the WebSocket library on a connection.
func Thin(c net.Conn) net.Conn { return &thinConn{Conn: c, pool: &buffers{}} }
