package ws

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Lot is where connections are parked: an epoll of its own tells which of them
// has something to read, and only then has one a goroutine. Make it with
// NewLot, run it with Run.
type Lot struct {
	file *os.File // the epoll, itself waited for by the runtime
	raw  syscall.RawConn

	mu    sync.Mutex // guards following
	conns []*Conn    // by their sockets
	n     int        // how many of them

	arm  func(fd uintptr) // Park's, kept so that it allocates nothing
	conn *Conn            // whom it arms
	err  error            // what came of it
}

// NewLot makes a lot.
func NewLot() (*Lot, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	if err := unix.SetNonblock(ep, true); err != nil { // so that the runtime waits for it
		_ = unix.Close(ep)
		return nil, fmt.Errorf("epoll: %w", err)
	}
	l := &Lot{file: os.NewFile(uintptr(ep), "epoll")}
	if l.raw, err = l.file.SyscallConn(); err != nil {
		_ = l.file.Close()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	l.arm = func(fd uintptr) { l.err = l.enter(ep, int(fd)) }
	return l, nil
}

// enter notes l.conn under its socket. l.mu is held.
func (l *Lot) enter(ep, fd int) error {
	for fd >= len(l.conns) {
		l.conns = append(l.conns, nil)
	}
	l.conns[fd] = l.conn
	socket := int32(fd & 0x7fffffff)
	l.conn.fd = socket
	l.n++
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT, Fd: socket}
	err := unix.EpollCtl(ep, unix.EPOLL_CTL_MOD, fd, &ev)
	if errors.Is(err, unix.ENOENT) {
		err = unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &ev)
	}
	if err != nil {
		l.conns[fd] = nil
		l.n--
	}
	return err
}

// Park parks the connection, whose Next has returned ErrIdle. Where it is
// true, the connection's Wake is called once something came in or it was
// closed, maybe before Park returns. Where it is false nothing has changed.
func (c *Conn) Park() bool {
	l := c.lot
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c.brief, c.woken = true, true
	c.asked.Store(false)
	c.parked.Store(true)
	if !c.closing.Load() {
		l.conn = c
		err := c.raw.Control(l.arm)
		l.conn = nil
		if err == nil && l.err == nil {
			if !c.closing.Load() {
				return true
			}
			l.forgetLocked(c)
		}
	}
	if c.parked.CompareAndSwap(true, false) {
		c.brief, c.woken = false, false
		return false
	}
	return true // closed meanwhile, and woken by that
}

// Len is how many connections are parked.
func (l *Lot) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n
}

func (l *Lot) forget(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgetLocked(c)
}

func (l *Lot) forgetLocked(c *Conn) {
	if fd := int(c.fd); fd < len(l.conns) && l.conns[fd] == c {
		l.conns[fd] = nil
		l.n--
	}
}

// taken returns whom an event is for.
func (l *Lot) taken(fd int32) *Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.conns[fd]
	if c != nil {
		l.conns[fd] = nil
		l.n--
	}
	return c
}

// Run wakes connections until ctx ends. Those that are parked then stay so
// until they are closed.
func (l *Lot) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = l.file.Close() })
	defer stop()
	events := make([]unix.EpollEvent, 256)
	n := 0
	look := func(ep uintptr) bool {
		var err error
		n, err = unix.EpollWait(int(ep), events, 0)
		return err == nil && n > 0
	}
	for {
		err := l.raw.Read(look)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("parked connections: %w", err)
		}
		for _, ev := range events[:n] {
			if c := l.taken(ev.Fd); c != nil {
				c.unpark()
			}
		}
	}
}
