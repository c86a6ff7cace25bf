package rawudp

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Receive takes what waits at the socket fd into hdrs, recvmmsg(2), and returns
// how many packets that were. It does not wait. What hdrs points to has to be
// on the heap.
func Receive(fd int, hdrs []unix.Mmsghdr) (int, syscall.Errno) {
	if len(hdrs) == 0 {
		return 0, 0
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&hdrs[0])), uintptr(len(hdrs)), unix.MSG_DONTWAIT, 0, 0) //nolint:gosec // the system call has no safe form
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// Send hands hdrs to the kernel, sendmmsg(2), and returns how many it took. It
// does not wait: what finds no room is not sent.
func Send(fd int, hdrs []unix.Mmsghdr) int {
	sent := 0
	for sent < len(hdrs) {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&hdrs[sent])), uintptr(len(hdrs)-sent), unix.MSG_DONTWAIT, 0, 0) //nolint:gosec // as above
		if errno != 0 || n == 0 {
			break
		}
		sent += int(n)
	}
	return sent
}

// SendOne sends one packet on a connected socket, and reports whether the
// kernel took it. It does not wait.
func SendOne(fd int, b []byte) bool {
	if len(b) == 0 {
		return false
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0) //nolint:gosec // as above
	return errno == 0
}
