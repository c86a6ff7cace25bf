//go:build amd64 || arm64

package relay

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringfence/ringfence/relay/internal/mmsg"
)

// listenerInbox is how many packets wait for pion at a listener.
const listenerInbox = 1024

// shardListener is the part of a listener that one shard hears. To pion it is
// a socket on which only what needs thought comes in.
type shardListener struct {
	shard *shard
	at    netip.AddrPort
	inbox *inbox
	uncut atomic.Bool // the kernel can't cut runs here

	fdMu sync.RWMutex // held to close; to write by all but the shard's thread
	file *file        // its fd is guarded by shard.mu and fdMu

	clients map[mmsg.Key]*shardPeer // guarded by shard.mu
	closed  bool                    // likewise
}

// listen opens a socket. The first of several may not share the port with a
// stranger's, the others share with the first.
func (sh *shard) listen(at netip.AddrPort, joins, shared bool) (*shardListener, error) {
	fd, err := mmsg.Open(at.Addr())
	if err != nil {
		return nil, err
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, listenerBuffer) // as much as the kernel allows
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, listenerBuffer)
	err = setFragments(fd, at.Addr().Is6(), false) // RFC 8656 section 14: what is too long for a path is split, not lost
	if err == nil && joins {
		err = sharePort(fd)
	}
	if err == nil {
		err = mmsg.Bind(fd, at)
	}
	if err == nil && shared && !joins {
		err = sharePort(fd)
	}
	if err == nil {
		at, err = mmsg.Local(fd)
	}
	l := &shardListener{shard: sh, at: plain(at), inbox: newInbox(listenerInbox), clients: make(map[mmsg.Key]*shardPeer)}
	l.file = &file{fd: fd, listener: l}
	l.uncut.Store(!mmsg.CanSegment(fd))
	mmsg.Grow(fd)
	if err == nil {
		sh.mu.Lock()
		err = sh.watch(l.file)
		sh.mu.Unlock()
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return l, nil
}

// ReadFromUDPAddrPort returns what was not passed on.
func (l *shardListener) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	return l.inbox.pop(b)
}

// WriteToUDPAddrPort sends a packet now.
func (l *shardListener) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	name := mmsg.NameOf(to)
	l.fdMu.RLock()
	defer l.fdMu.RUnlock()
	if l.file.fd < 0 {
		return 0, net.ErrClosed
	}
	if err := mmsg.SendTo(l.file.fd, b, &name); err != nil {
		return 0, err
	}
	return len(b), nil
}

// send sends what waits for clients.
func (l *shardListener) send(out *mmsg.Out) {
	l.fdMu.RLock()
	defer l.fdMu.RUnlock()
	cut := !l.uncut.Load()
	packets, bytes, still := out.Flush(l.file.fd, cut)
	if cut && !still {
		l.uncut.Store(true)
	}
	l.shard.plane.server.counters.of(ViaUDP).outAll(packets, bytes)
}

// Close ends it. It may be called more than once.
func (l *shardListener) Close() error {
	l.shard.mu.Lock()
	l.fdMu.Lock()
	l.closed = true
	l.shard.drop(l.file)
	l.fdMu.Unlock()
	l.shard.mu.Unlock()
	l.inbox.close()
	return nil
}

// LocalAddr is where it is bound.
func (l *shardListener) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(l.at) }

// SetDeadline is that of reads: writes never wait.
func (l *shardListener) SetDeadline(t time.Time) error { return l.SetReadDeadline(t) }

// SetReadDeadline bounds how long a read waits.
func (l *shardListener) SetReadDeadline(t time.Time) error {
	l.inbox.setReadDeadline(t)
	return nil
}

// SetWriteDeadline does nothing: writes never wait.
func (l *shardListener) SetWriteDeadline(time.Time) error { return nil }

// up puts what needs thought where pion reads it, but for what is too long to
// be for us: that would only wait there, and anybody may send it.
func (l *shardListener) up(from *mmsg.Name, b []byte) {
	if len(b) > inboundMTU {
		l.shard.plane.server.counters.refuse(RefusedMalformed)
	} else if !l.inbox.push(from.AddrPort(), b) {
		l.shard.plane.server.counters.refuse(RefusedBusy)
	}
}
