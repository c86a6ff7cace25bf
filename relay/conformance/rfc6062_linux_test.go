package conformance

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// While a peer is slow, its client's requests are answered.
func TestRFC6062_5_2_SlowPeerHoldsNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	c := s.control(t, "tcp", "a")
	slow := stuckDoor(t)
	waiting := c.sign(connectTo(slow))
	c.write(waiting)
	c.want(446, connectTo(slow)) // being made
	c.want(0, request(refresh))
	id, peer := c.connected(newDoor(t))
	data := s.data(t, "tcp", "a", id)
	say(t, data.conn, "x")
	wantBytes(t, peer, "x")
	if len(c.waiting) > 0 {
		t.Error("the slow peer has answered")
	}
}

// stuckDoor is an address that neither lets anybody in nor refuses: its queue
// is full, and nobody empties it.
func stuckDoor(t testing.TB) netip.AddrPort {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: loopback4.As4()}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	where, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := at(loopback4, uint16(where.(*syscall.SockaddrInet4).Port)) //nolint:forcetypeassert // as it was bound
	for range 16 {
		conn, err := net.DialTimeout("tcp", addr.String(), 100*time.Millisecond)
		if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() {
			return addr
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Fatal("everybody gets in")
	return addr
}
