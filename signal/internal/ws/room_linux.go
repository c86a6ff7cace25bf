package ws

import "golang.org/x/sys/unix"

// most is how many bytes may lie in a socket unacknowledged, and how many may
// be added, so that a write is sure not to wait: with what the kernel adds to
// small segments, both fit the least that it gives a new socket (tcp_wmem).
const most = 4 << 10

// room is what asking a socket takes.
type room struct {
	fn  func(fd uintptr)
	n   int
	err error
}

// Roomy reports whether writing n bytes returns at once, whether the peer
// reads or not.
func (c *Conn) Roomy(n int) bool {
	r := &c.room
	if n > most || c.raw == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.fn == nil {
		r.fn = func(fd uintptr) { r.n, r.err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }
	}
	return !c.busy && c.raw.Control(r.fn) == nil && r.err == nil && r.n <= most
}
