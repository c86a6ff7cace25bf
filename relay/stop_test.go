package relay

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"

	"github.com/ringfence/ringfence/internal/testenv"
)

// Clients that hang on must not keep a server from ending, nor survive it.
func TestServeEndsEverything(t *testing.T) {
	t.Parallel()
	keys, err := NewKeys(testKey(t, "k1"))
	if err != nil {
		t.Fatal(err)
	}
	minter, err := NewMinter(keys, MaxTTL, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Listen(t.Context(), Config{Shards: testenv.Shards(), UDP: []netip.AddrPort{loopback(0)}, TCP: []netip.AddrPort{loopback(0)}, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()

	r := &rig{Server: s, keys: keys, minter: minter}
	a, b := r.allocate(t, "udp", "call1", "a"), r.allocate(t, "tcp", "call1", "b")
	exchange(t, a, b)
	idle, err := net.Dial("tcp", r.tcpAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = idle.Close() }()
	eventually(t, patience, "connections known", func() bool { return s.Stats().TCP.Connections == 2 })

	cancel()
	if err := receive(t, done, "end of Serve"); err != nil {
		t.Error(err)
	}
	if st := s.Stats(); st.AllocationsLive != 0 || st.TCP.Connections != 0 {
		t.Errorf("got %d allocations and %d connections, want none", st.AllocationsLive, st.TCP.Connections)
	}
	_ = idle.SetReadDeadline(time.Now().Add(patience))
	if _, err := idle.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("an idle connection: got %v, want it closed", err)
	}
	for _, addr := range []net.Addr{r.udpAddr(), a.LocalAddr(), b.LocalAddr()} {
		at, _ := addrPort(addr)
		conn, err := listenPeers(at)
		if err != nil {
			t.Errorf("a port is still taken: %v", err)
			continue
		}
		_ = conn.Close()
	}
}

func TestCloseWaitsForReaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := newTable(Limits{PerLeg: 1, Allocations: 1})
		s := &socket{conn: &scriptedPackets{}, table: table, who: legOf("a"), local: loopback(1), shown: loopback(1)}
		if err := table.add(s); err != nil {
			t.Fatal(err)
		}
		closed := make(chan struct{})
		go func() {
			table.close()
			close(closed)
		}()
		synctest.Wait()
		select {
		case <-closed:
			t.Fatal("closed while pion may still read")
		default:
		}
		if _, _, err := s.ReadFrom(make([]byte, 1)); err == nil {
			t.Fatal("read from a closed socket")
		}
		<-closed
		if err := table.add(s); !errors.Is(err, errStopping) {
			t.Errorf("after the end: got %v, want %v", err, errStopping)
		}
	})
}

func TestNoPermissionWithoutAllocation(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	gone := r.allocate(t, "udp", "call1", "a")
	to := peerAttr{&net.UDPAddr{IP: net.IPv4(8, 8, 8, 8), Port: 4000}}
	if err := refresh(gone, 0); err != nil {
		t.Fatal(err)
	}
	if err := ask(gone, stun.MethodCreatePermission, to); !errors.Is(err, codeError(codeMismatch)) {
		t.Errorf("a client without allocation was permitted a peer: got %v", err)
	}
	if r.permission(net.UDPAddrFromAddrPort(loopback(4000)), nil) {
		t.Error("no address was permitted")
	}
}

// What changes while a server runs is noticed: a lease that brought another
// address must not open that address to peers.
func TestLooksAgainAtItsAddresses(t *testing.T) {
	t.Parallel()
	keys, err := NewKeys(testKey(t, "k1"))
	if err != nil {
		t.Fatal(err)
	}
	clock := &testClock{at: time.Now()}
	s, err := Listen(t.Context(), Config{Shards: testenv.Shards(), UDP: []netip.AddrPort{loopback(0)}, Keys: keys, Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	lease := netip.MustParseAddrPort("8.8.4.4:4000")
	if _, why := s.guard.toPeer(inCall("call1"), lease); why != "" {
		t.Fatalf("a peer like any other is refused: %q", why)
	}
	s.Revoke(Revocation{Call: "call1"})
	clock.advance(revokedFor)
	s.self.interfaces = func() ([]netip.Addr, error) { return []netip.Addr{lease.Addr()}, nil }
	for range refreshEvery {
		s.second()
	}
	if _, why := s.guard.toPeer(inCall("call1"), lease); why != RefusedOwnAddress {
		t.Errorf("an address of this machine: got %q, want %q", why, RefusedOwnAddress)
	}
	if n := len(s.table.revoked.byKey); n != 0 {
		t.Errorf("got %d revocations, want them forgotten", n)
	}
	s.self.interfaces = func() ([]netip.Addr, error) { return nil, errNoFamily }
	for range refreshEvery {
		s.second()
	}
	if _, why := s.guard.toPeer(inCall("call1"), lease); why != RefusedOwnAddress {
		t.Errorf("when nothing can be read: got %q, want %q still", why, RefusedOwnAddress)
	}
}

// A wildcard is served at each address, and answers come from the address that
// was asked: allocations made there work.
func TestWildcardServesEveryAddress(t *testing.T) {
	t.Parallel()
	any4 := []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:0")}
	r := newRig(t, func(c *Config) { c.UDP, c.TCP = any4, any4 })
	st, err := interfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	if want := len(reachable(st, true)); len(r.places().udp) != want || len(r.streams) != want {
		t.Fatalf("got %d and %d listeners, want %d each", len(r.places().udp), len(r.streams), want)
	}
	exchange(t, r.allocate(t, "udp", "call1", "a"), r.allocate(t, "tcp", "call1", "b"))
}
