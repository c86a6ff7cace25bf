package hubbench

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// floor takes a frame from one end of a pair and writes it to the other: one
// wait for many sockets, one read and one write. It looks at nothing in the
// frame, has no limit, no order of its own, and nobody is authenticated.
type floor struct {
	ep int

	mu    sync.Mutex // guards following while connections come
	first map[string]int32
	peers []int32
	conns []net.Conn // kept, or the collector would close them
}

// ServeFloor serves the floor until ctx ends. Loopback only.
func ServeFloor(ctx context.Context, ln net.Listener) error {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	f := &floor{ep: ep, first: map[string]int32{}}
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	go f.pass()
	for {
		conn, err := ln.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		go func() {
			if f.enter(conn) != nil {
				_ = conn.Close()
			}
		}()
	}
}

var errNoSocket = errors.New("not a socket")

// enter answers the handshake and hands the socket to the loop.
func (f *floor) enter(conn net.Conn) error {
	r, err := http.ReadRequest(bufio.NewReaderSize(conn, 1<<10))
	if err != nil {
		return err
	}
	// The key is always the same one, and so is the answer.
	_, err = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: W4ETfCoh9BUbuxMo+zzgkOYzMHs=\r\n\r\n")
	if err != nil {
		return err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return errNoSocket
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	return errors.Join(raw.Control(func(fd uintptr) {
		f.mu.Lock()
		defer f.mu.Unlock()
		s := int32(fd & 0x7fffffff)
		for int(s) >= len(f.peers) {
			f.peers, f.conns = append(f.peers, -1), append(f.conns, nil)
		}
		f.conns[s] = conn
		name := r.URL.RawQuery
		if other, ok := f.first[name]; ok {
			f.peers[s], f.peers[other] = other, s
			delete(f.first, name)
		} else {
			f.first[name] = s
		}
		err = unix.EpollCtl(f.ep, unix.EPOLL_CTL_ADD, int(s), &unix.EpollEvent{Events: unix.EPOLLIN, Fd: s})
	}), err)
}

func (f *floor) peer(fd int32) int32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.peers[fd]
}

// pass moves frames for as long as the process lives.
func (f *floor) pass() {
	runtime.LockOSThread()
	events := make([]unix.EpollEvent, 256)
	in := make([]byte, 64<<10)
	out := make([]byte, 0, 64<<10)
	for {
		n, err := unix.EpollWait(f.ep, events, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return
		}
		for _, ev := range events[:n] {
			got, err := unix.Read(int(ev.Fd), in)
			if err != nil || got == 0 {
				_ = unix.EpollCtl(f.ep, unix.EPOLL_CTL_DEL, int(ev.Fd), nil)
				continue
			}
			to := f.peer(ev.Fd)
			if to < 0 {
				continue
			}
			if out = reframe(out[:0], in[:got]); len(out) > 0 {
				_, _ = unix.Write(int(to), out) // what does not fit is lost
			}
		}
	}
}

// reframe turns whole frames of a client into those of a server. What is left
// of half a frame is lost: the measurement sends whole ones.
func reframe(out, in []byte) []byte {
	for len(in) >= 6 {
		n, at := int(in[1]&0x7f), 2
		if n == 126 && len(in) >= 8 {
			n, at = int(binary.BigEndian.Uint16(in[2:])), 4
		}
		if len(in) < at+4+n {
			return out
		}
		mask := in[at : at+4]
		payload := in[at+4 : at+4+n]
		if mask[0]|mask[1]|mask[2]|mask[3] != 0 {
			for i := range payload {
				payload[i] ^= mask[i&3]
			}
		}
		out = append(out, in[0])
		if n < 126 {
			out = append(out, byte(n&0x7f))
		} else {
			out = append(out, 126, byte(n>>8&0xff), byte(n&0xff))
		}
		out = append(out, payload...)
		in = in[at+4+n:]
	}
	return out
}
