//go:build unix

package ws

import (
	"errors"

	"golang.org/x/sys/unix"
)

// readSocket is called by the runtime with the socket, at once and whenever it
// may be readable; false waits on. The buffer is taken only for as long as
// something is read.
func (c *Conn) readSocket(fd uintptr) bool {
	r := &c.read
	if r.b == nil {
		r.b = c.pool.getRead()
	}
	for {
		n, err := unix.Read(int(fd), r.b.B[r.free:cap(r.b.B)])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			if r.free == 0 && r.b != c.in {
				c.pool.Put(r.b)
				r.b = nil
			}
			if !r.wait {
				r.err = ErrIdle
			}
			return !r.wait
		}
		r.n, r.err = max(n, 0), err
		return true
	}
}
