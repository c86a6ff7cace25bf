package relay

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"
)

// Addresses that nothing is bound to are one owner's until they are closed, as
// bound ones are.
func TestVirtualAddressesAreOnesOwn(t *testing.T) {
	t.Parallel()
	for _, r := range []*rig{
		newIdleRig(t, func(c *Config) { c.Closed, c.Shards = true, ShardsOff }),
		newIdleRig(t, func(c *Config) { c.Closed, c.Shards = true, 1 }),
	} {
		first, err := r.openPeers(loopback(50000))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.openPeers(loopback(50000)); !errors.Is(err, errAddrTaken) {
			t.Errorf("a second one: got %v, want %v", err, errAddrTaken)
		}
		if got := first.LocalAddr().String(); got != "127.0.0.1:50000" {
			t.Errorf("got address %s", got)
		}
		for range 2 {
			if err := first.Close(); err != nil {
				t.Error(err)
			}
		}
		second, err := r.openPeers(loopback(50000))
		if err != nil {
			t.Errorf("after the end: %v", err)
		}
		_ = first.Close() // a late one takes nothing from the next
		if _, err := r.openPeers(loopback(50000)); !errors.Is(err, errAddrTaken) {
			t.Errorf("after a late Close: got %v, want %v", err, errAddrTaken)
		}
		_ = second.Close()
		if n := len(r.virtuals.taken); n != 0 {
			t.Errorf("%d addresses left", n)
		}
	}
}

// A virtual reads as a socket does, and what is written to it is nowhere.
func TestVirtualIsASocketToItself(t *testing.T) {
	t.Parallel()
	r := newIdleRig(t, func(c *Config) { c.Closed, c.Shards = true, ShardsOff })
	conn, err := r.openPeers(loopback(50000))
	if err != nil {
		t.Fatal(err)
	}
	v, ok := conn.(*virtual)
	if !ok {
		t.Fatalf("got a %T", conn)
	}
	from := netip.MustParseAddrPort("127.0.0.1:50001")
	b := make([]byte, 5)
	if !v.take(from, []byte("a long one")) {
		t.Fatal("not taken")
	}
	if n, got, err := v.ReadFromUDPAddrPort(b); n != 5 || got != from || err != nil {
		t.Errorf("got %d bytes from %v, %v; want 5 from %v", n, got, err, from)
	}
	service, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(loopback(0)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = service.Close() }()
	if n, err := v.WriteToUDPAddrPort(b, addrPortOf(service.LocalAddr())); n != 5 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	_ = service.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := service.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("something came of it: %v", err)
	}
	_ = v.SetDeadline(time.Now().Add(-time.Second))
	if _, _, err := v.ReadFromUDPAddrPort(b); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("past the deadline: got %v", err)
	}
	_ = v.SetReadDeadline(time.Time{})
	for range peerInbox {
		if !v.take(from, b) {
			t.Fatal("full too early")
		}
	}
	if v.take(from, b) {
		t.Error("it has no bound")
	}
	_ = v.Close()
	if _, _, err := v.ReadFromUDPAddrPort(b); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the end: got %v", err)
	}
	if v.take(from, b) {
		t.Error("taken after the end")
	}
}
