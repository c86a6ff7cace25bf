package serving

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
)

// maxPerNetwork bounds the connections that one network holds open at one
// listener: whoever opens all that they can must leave room for others.
const maxPerNetwork = maxConns / 16

// sharing is a listener that closes what one network opens beyond its share.
// Those whom exempt holds speak for many: reverse proxies.
type sharing struct {
	net.Listener
	most   int
	exempt []netip.Prefix

	mu   sync.Mutex // guards open
	open map[netip.Prefix]int
}

func share(ln net.Listener, most int, exempt []netip.Prefix) *sharing {
	return &sharing{Listener: ln, most: most, exempt: exempt, open: map[netip.Prefix]int{}}
}

// Accept returns the next connection that has room.
func (l *sharing) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, ok := l.network(conn.RemoteAddr())
		if !ok {
			return conn, nil
		}
		if l.enter(from) {
			return &sharer{Conn: conn, leave: sync.OnceFunc(func() { l.leave(from) })}, nil
		}
		_ = conn.Close() // it got nothing
	}
}

// network returns what addr counts for: an address of IPv4, a /64 of IPv6; ok
// is false where it does not count.
func (l *sharing) network(addr net.Addr) (from netip.Prefix, ok bool) {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}, false
	}
	a := tcp.AddrPort().Addr().Unmap().WithZone("")
	if slices.ContainsFunc(l.exempt, func(p netip.Prefix) bool { return p.Contains(a) }) {
		return netip.Prefix{}, false
	}
	bits := 64
	if a.Is4() {
		bits = 32
	}
	return netip.PrefixFrom(a, bits).Masked(), true
}

func (l *sharing) enter(from netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[from] >= l.most {
		return false
	}
	l.open[from]++
	return true
}

func (l *sharing) leave(from netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[from]--; l.open[from] == 0 {
		delete(l.open, from)
	}
}

// sharer is a connection that counts until it is closed.
type sharer struct {
	net.Conn
	leave func()
}

// SyscallConn is that of the connection itself: a sharer changes nothing that
// is read or written.
func (c *sharer) SyscallConn() (syscall.RawConn, error) {
	if below, ok := c.Conn.(syscall.Conn); ok {
		return below.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// Close gives the room back.
func (c *sharer) Close() error {
	c.leave()
	return c.Conn.Close()
}
