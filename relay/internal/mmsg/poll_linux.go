//go:build amd64 || arm64

package mmsg

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Poll waits for packets on many sockets. Each is told once for what has come:
// who is told reads until nothing is left.
type Poll struct {
	fd, wake int
	events   [128]unix.EpollEvent
}

// wakeTag is the tag of what [Poll.Wake] does.
const wakeTag = -1

// NewPoll opens one.
func NewPoll() (*Poll, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	p := &Poll{fd: fd}
	if p.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("eventfd", err)
	}
	if err := p.Add(p.wake, wakeTag, 0); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Close ends it. Nobody may wait then.
func (p *Poll) Close() {
	_ = unix.Close(p.wake)
	_ = unix.Close(p.fd)
}

// Wake has Wait return. It may be called by anybody.
func (p *Poll) Wake() {
	one := [8]byte{1}
	_, _ = unix.Write(p.wake, one[:])
}

// Add watches a socket until that is closed. Tag and generation, neither of them
// negative nor longer than 31 bits, come back from [Poll.Event].
func (p *Poll) Add(fd, tag, generation int) error {
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET&0xffffffff, Fd: int32(tag), Pad: int32(generation)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &ev))
}

// Wait waits until something has come, or not at all, and returns how many
// events there are.
func (p *Poll) Wait(block bool) int {
	timeout := 0
	if block {
		timeout = -1
	}
	var n uintptr
	var e syscall.Errno
	if block {
		n, _, e = unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)), uintptr(timeout), 0, 0)
	} else {
		n, _, e = unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)), 0, 0, 0)
	}
	if e != 0 {
		return 0 // a signal
	}
	return int(n)
}

// Event returns what the i-th event of the last Wait is about. ok is false
// where it was only [Poll.Wake].
func (p *Poll) Event(i int) (tag, generation int, ok bool) {
	ev := &p.events[i]
	if ev.Fd == wakeTag {
		var b [8]byte
		_, _ = unix.Read(p.wake, b[:])
		return 0, 0, false
	}
	return int(ev.Fd), int(ev.Pad), true
}
