//go:build unix

package relay

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// canShareListener says that a port which is listened on can be connected
// from, too: RFC 6062 section 5.2.
const canShareListener = true

// shareListener lets a port be bound once more by whoever asks for that as
// well.
func shareListener(raw syscall.RawConn) error {
	var failed error
	err := raw.Control(func(fd uintptr) {
		if failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); failed == nil {
			failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		}
	})
	if err != nil {
		return err
	}
	return failed
}
