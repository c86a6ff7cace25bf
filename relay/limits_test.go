package relay

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"
)

func TestLimitsAllocations(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Limits = Limits{PerLeg: 2, Allocations: 3} })
	cred := r.mint(t, "call1", "a")
	r.allocateWith(t, "udp", cred)
	r.allocateWith(t, "tcp", cred)
	if _, err := r.client(t, "udp", cred).Allocate(); err == nil || !strings.Contains(err.Error(), "486") {
		t.Errorf("third of a leg: got %v, want 486", err)
	}
	if n := r.refused(RefusedQuota); n != 1 {
		t.Errorf("got %d quota refusals, want 1", n)
	}
	r.allocate(t, "udp", "call1", "b")
	if _, err := r.client(t, "udp", r.mint(t, "call1", "c")).Allocate(); err == nil {
		t.Error("a fourth in all was made")
	}
	if n := r.refused(RefusedCapacity); n != 1 {
		t.Errorf("got %d capacity refusals, want 1", n)
	}
}

// A leg that is full gives up the allocation that has been silent longest, and
// never one in use.
func TestSilentAllocationMakesRoom(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Limits.PerLeg = 2 })
	cred := r.mint(t, "call1", "a")
	silent, busy := r.allocateWith(t, "udp", cred), r.allocateWith(t, "udp", cred)
	other := r.allocate(t, "udp", "call1", "b")
	r.Server.clock.Add(idleAfter)
	exchange(t, busy, other)
	third := r.allocateWith(t, "udp", cred)
	eventually(t, patience, "the silent one gone", func() bool { return r.Stats().AllocationsLive == 3 })
	if at, _ := addrPort(silent.LocalAddr()); r.table.at(at) != nil {
		t.Error("the silent allocation lives")
	}
	exchange(t, busy, other)
	exchange(t, third, other)
}

func TestLimitsPermissions(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Limits.Permissions = 3 })
	a := r.allocate(t, "udp", "call1", "a")
	to := func(i byte) net.Addr { return &net.UDPAddr{IP: net.IPv4(8, 8, 8, i), Port: 4000} }
	for i := range byte(3) {
		if err := a.client.CreatePermission(to(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.client.CreatePermission(to(3)); err == nil {
		t.Error("one permission too many was given")
	}
	u, _ := to(0).(*net.UDPAddr)
	if err := ask(a, stun.MethodCreatePermission, peerAttr{u}); err != nil {
		t.Errorf("a refresh of one that is there: %v", err)
	}
	if n := r.refused(RefusedPermissions); n != 1 {
		t.Errorf("got %d refusals, want 1", n)
	}
}

func TestTooManyChannelsAreRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Limits.Channels = 3 })
	a := r.allocate(t, "udp", "call1", "a")
	to := func(i int) net.Addr { return &net.UDPAddr{IP: net.IPv4(8, 8, 8, 8), Port: 4000 + i} }
	for i := range 3 {
		if err := bindChannel(a, uint16(0x4100+i), to(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := bindChannel(a, 0x4103, to(3)); !errors.Is(err, codeError(codeNoCapacity)) {
		t.Errorf("one too many: got %v", err)
	}
	if err := bindChannel(a, 0x4100, to(0)); err != nil {
		t.Errorf("a refresh of one that is there: %v", err)
	}
	if live := r.Stats().AllocationsLive; live != 1 {
		t.Errorf("got %d allocations, want the one", live)
	}
}

func TestLimitsConnections(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Limits.Connections = 2 })
	for range 3 {
		c, err := net.Dial("tcp", r.tcpAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
	}
	eventually(t, patience, "one refused", func() bool { return r.refused(RefusedConnections) == 1 })
	if n := r.Stats().TCP.Connections; n != 2 {
		t.Errorf("got %d connections, want 2", n)
	}
}

// Whoever asks for nothing but room gets a part of it, and not all.
func TestLimitsConnectionsOfOneNetwork(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Limits.PerNetwork = 2 })
	for range 3 {
		c, err := net.Dial("tcp", r.tcpAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
	}
	eventually(t, patience, "one refused", func() bool { return r.refused(RefusedConnections) == 1 })
	l := r.streams[0]
	for addr, want := range map[string]bool{"127.0.0.1:9": false, "127.0.0.2:9": true, "[2001:db8:1::1]:9": true} {
		s := &stream{src: netip.MustParseAddrPort(addr), listener: l}
		if got := l.add(s); got != want {
			t.Errorf("one more from %s: taken %v, want %v", addr, got, want)
		} else if got {
			l.remove(s)
		}
	}
	for i := range 3 {
		s := &stream{src: netip.MustParseAddrPort("[2001:db8:1::" + string(rune('1'+i)) + "]:9"), listener: l}
		if got := l.add(s); got != (i < 2) {
			t.Errorf("connection %d of one IPv6 network: taken %v", i, got)
		} else if got {
			defer l.remove(s)
		}
	}
}

func TestRefusesTCPTowardsPeers(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	if _, err := r.client(t, "tcp", r.mint(t, "call1", "a")).AllocateTCP(); err == nil {
		t.Fatal("allocated a TCP relay")
	}
	a := r.allocate(t, "tcp", "call1", "b")
	if err := ask(a, stun.MethodConnect, peerAttr{&net.UDPAddr{IP: net.IPv4(8, 8, 8, 8), Port: 80}}); err == nil {
		t.Error("connected to a peer by TCP")
	}
	if n := r.refused(RefusedTransport); n != 2 {
		t.Errorf("got %d refusals, want 2", n)
	}
}

func TestPortsStayInRange(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.MinPort, c.MaxPort = 51001, 51003 })
	g := &generator{r.Server, loopback(0).Addr(), nil}
	seen := map[uint16]bool{}
	for range 1000 {
		if port := g.port(true); port != 51002 {
			t.Fatalf("got even port %d, want the only one", port)
		}
		seen[g.port(false)] = true
	}
	if len(seen) != 3 || !seen[51001] || !seen[51003] {
		t.Errorf("got ports %v, want 51001 to 51003", seen)
	}
}

func TestConnectionWithoutAllocationGoes(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	defer func() { _ = far.Close() }()
	conn := &deadlineConn{Conn: near, read: make(chan time.Time, 4)}
	l := newStreams(&scriptedListener{}, newCounters(), newCrowd(1, 1), nil)
	s := l.admit(conn)
	if s == nil {
		t.Fatal("not admitted")
	}
	if d := time.Until(<-conn.read); d <= 0 || d > loginTime {
		t.Errorf("got %v to make an allocation, want at most %v", d, loginTime)
	}
	of := client{ViaTCP, s.src, s.dst}
	l.allocated(of, true)
	if at := <-conn.read; !at.IsZero() {
		t.Error("a connection with an allocation still has a deadline")
	}
	l.allocated(of, false)
	if at := <-conn.read; at.IsZero() {
		t.Error("a connection that lost its allocation has no deadline")
	}
	_ = s.Close()
	if n := l.crowd.count(); n != 0 {
		t.Errorf("got %d connections, want 0", n)
	}
}

// An allocation by UDP and a connection may have the same addresses, and be two
// clients of one NAT: neither hears of the other's end.
func TestUDPSaysNothingOfConnections(t *testing.T) {
	t.Parallel()
	r := newIdleRig(t, nil)
	near, far := net.Pipe()
	defer func() { _ = far.Close() }()
	conn := &deadlineConn{Conn: near, read: make(chan time.Time, 4)}
	l := r.streams[0]
	s := l.admit(conn)
	if s == nil {
		t.Fatal("not admitted")
	}
	<-conn.read // to make an allocation
	for _, yes := range []bool{true, false} {
		r.tell(client{ViaUDP, s.src, s.dst}, yes)
	}
	if n := len(conn.read); n != 0 {
		t.Errorf("an allocation by UDP set %d deadlines of a connection", n)
	}
	r.tell(client{ViaTCP, s.src, s.dst}, true)
	if n := len(conn.read); n != 1 {
		t.Errorf("its own set %d, want 1", n)
	}
	_ = s.Close()
}

// Requests over several connections are checked at once, so the table has the
// last word.
func TestTableHoldsTheLimits(t *testing.T) {
	t.Parallel()
	table := newTable(Limits{PerLeg: 1, Allocations: 3})
	add := func(leg string, port uint16) error {
		return table.add(&socket{conn: &echoConn{}, who: legOf(leg), local: loopback(port), shown: loopback(port)})
	}
	for _, c := range []struct {
		leg  string
		port uint16
		want error
	}{{"a", 1, nil}, {"a", 2, errQuota}, {"b", 1, errAddrTaken}, {"b", 2, nil}, {"c", 3, nil}, {"d", 4, errCapacity}} {
		if got := add(c.leg, c.port); !errors.Is(got, c.want) || c.want == nil && got != nil {
			t.Errorf("%s at port %d: got %v, want %v", c.leg, c.port, got, c.want)
		}
	}
}

func TestCutPacketsAreNotRelayed(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	from := netip.MustParseAddrPort("8.8.8.8:4000")
	conn := &scriptedPackets{packets: [][]byte{make([]byte, 1700), make([]byte, 10)}, from: from}
	s := r.newSocket(conn, legOf("a"), loopback(4001), loopback(4001))
	s.permit(from.Addr(), true)
	if n, _, err := s.ReadFrom(make([]byte, 1600)); n != 10 || err != nil {
		t.Errorf("got %d bytes, %v; want the packet that was not cut", n, err)
	}
	if n := r.refused(RefusedOversize); n != 1 {
		t.Errorf("got %d refusals, want 1", n)
	}
}

// One failed read says nothing about the next; a socket that fails for good
// ends its allocation.
func TestFailedReadsOfARelaySocket(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	from := netip.MustParseAddrPort("8.8.8.8:4000")
	conn := &scriptedPackets{errs: []error{syscall.ECONNREFUSED}, packets: [][]byte{make([]byte, 10)}, from: from}
	s := r.newSocket(conn, legOf("a"), loopback(4001), loopback(4001))
	s.permit(from.Addr(), true)
	if err := r.table.add(s); err != nil {
		t.Fatal(err)
	}
	if n, _, err := s.ReadFrom(make([]byte, 1600)); n != 10 || err != nil {
		t.Errorf("after one error: got %d bytes, %v", n, err)
	}
	conn.errs = slices.Repeat([]error{syscall.ENETDOWN}, maxReadErrors)
	if _, _, err := s.ReadFrom(make([]byte, 1600)); err == nil {
		t.Error("went on for ever")
	}
	if n := r.Stats().AllocationsLive; n != 0 {
		t.Errorf("got %d allocations, want none", n)
	}
}

func TestClientThatDoesNotReadLosesItsConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe() // nobody reads far
		defer func() { _ = far.Close() }()
		l := newStreams(&scriptedListener{}, newCounters(), newCrowd(1, 1), nil)
		s := l.admit(&deadlineConn{Conn: near})
		go l.settle(s, s.raw, ViaTCP)
		if _, err := l.Accept(); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := s.Write([]byte("x")); err == nil {
			t.Fatal("written to nobody")
		}
		if d := time.Since(start); d != stuckTime {
			t.Errorf("gave up after %v, want %v", d, stuckTime)
		}
		if _, err := near.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("got %v, want the connection closed", err)
		}
		_ = s.Close()
	})
}
