package relay

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"
)

func tcpPeersOn(c *Config) { c.TCPPeers, c.AllowOwnAddresses = true, true }

// echoTCP is a peer that says back what it hears, until the test ends.
func echoTCP(t testing.TB) net.Addr {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			}()
		}
	}()
	return ln.Addr()
}

func wantEcho(t testing.TB, conn net.Conn) {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 5)
	if _, err := io.ReadFull(conn, b); err != nil || string(b) != "hello" {
		t.Fatalf("got %q: %v", b, err)
	}
}

// pion's client, both ways.
func TestPionsTCPAllocation(t *testing.T) {
	t.Parallel()
	r := newRig(t, tcpPeersOn)
	alloc, err := r.client(t, "tcp", r.mint(t, "call1", "a")).AllocateTCP()
	if err != nil {
		t.Fatal(err)
	}
	out, err := alloc.Dial("tcp", echoTCP(t).String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	wantEcho(t, out)

	tc := r.client(t, "tcp", r.mint(t, "call1", "b"))
	listening, err := tc.AllocateTCP()
	if err != nil {
		t.Fatal(err)
	}
	if err := tc.CreatePermission(alloc.Addr()); err != nil {
		t.Fatal(err)
	}
	go func() {
		if conn, err := listening.Accept(); err == nil {
			_, _ = io.Copy(conn, conn)
			_ = conn.Close()
		}
	}()
	through, err := alloc.Dial("tcp", listening.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = through.Close() }()
	wantEcho(t, through)
}

// joined is a connection through an allocation towards peers by TCP.
func (r *rig) joined(t testing.TB, c Credential, to net.Addr) net.Conn {
	t.Helper()
	alloc, err := r.client(t, "tcp", c).AllocateTCP()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := alloc.Dial("tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// A rate makes TCP wait, and loses nothing.
func TestTCPPeersWaitForTheirRate(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { tcpPeersOn(c); c.Limits.BytesPerSecond = 20_000 })
	conn := r.joined(t, r.mint(t, "call1", "a"), echoTCP(t))
	began := time.Now()
	go func() { _, _ = conn.Write(make([]byte, 40_000)) }()
	_ = conn.SetReadDeadline(time.Now().Add(4 * patience))
	if n, err := io.ReadFull(conn, make([]byte, 40_000)); err != nil {
		t.Fatalf("after %d bytes: %v", n, err)
	}
	if took := time.Since(began); took < 700*time.Millisecond {
		t.Errorf("40,000 bytes at 20,000 a second took %v", took)
	}
	if n := r.refused(RefusedRate); n != 0 {
		t.Errorf("counted %d as dropped", n)
	}
}

// A budget that is used up ends the allocation, and all of its connections.
func TestTCPPeersSpendTheBudget(t *testing.T) {
	t.Parallel()
	r := newRig(t, tcpPeersOn)
	c, err := r.minter.MintWith(Claim{Call: "call1", Leg: "a", Budget: 8192})
	if err != nil {
		t.Fatal(err)
	}
	conn := r.joined(t, c, echoTCP(t))
	wantEcho(t, conn)
	go func() { _, _ = conn.Write(make([]byte, 20_000)) }()
	n, err := io.Copy(io.Discard, conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("goes on after %d bytes", n)
	}
	if n > 8192 {
		t.Errorf("got %d bytes", n)
	}
	eventually(t, patience, "allocation gone", func() bool { return r.Stats().AllocationsLive == 0 })
	if r.refused(RefusedBudget) == 0 {
		t.Error("not counted")
	}
}

// The ports of mail stay closed, to who is connected to and who comes.
func TestMailStaysClosed(t *testing.T) {
	t.Parallel()
	r := newRig(t, tcpPeersOn)
	for _, port := range []uint16{25, 465, 587} {
		if _, _, why := r.guard.tcpPeer(inCall("call1"), netip.AddrPortFrom(netip.MustParseAddr("8.8.8.8"), port)); why != RefusedPeer {
			t.Errorf("port %d: %q", port, why)
		}
	}
	if _, _, why := r.guard.tcpPeer(inCall("call1"), netip.MustParseAddrPort("8.8.8.8:443")); why != "" {
		t.Errorf("port 443: %q", why)
	}
}

// What nobody comes for is closed, and forgotten; what has a client is not.
func TestUnboundPeersExpire(t *testing.T) {
	t.Parallel()
	r := newRig(t, tcpPeersOn)
	alloc, err := r.client(t, "tcp", r.mint(t, "call1", "a")).AllocateTCP()
	if err != nil {
		t.Fatal(err)
	}
	bound, err := alloc.Dial("tcp", echoTCP(t).String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = bound.Close() }()
	if _, err := alloc.Connect(echoTCP(t)); err != nil {
		t.Fatal(err)
	}
	all := r.peerLinks.all()
	if len(all) != 2 {
		t.Fatalf("%d connections, want 2", len(all))
	}
	for _, c := range all {
		c.expire()
	}
	if left := r.peerLinks.all(); len(left) != 1 || !left[0].bound {
		t.Errorf("%d are left", len(left))
	}
	wantEcho(t, bound)
	if n := r.crowd.count(); n != 3 {
		t.Errorf("%d connections counted, want those of control, data and peer", n)
	}
}

func (k *peerLinks) all() (out []*peerLink) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.byID {
		out = append(out, c)
	}
	return out
}

// The end of the server is the end of what it was connecting, too.
func TestStopEndsTCPPeers(t *testing.T) {
	t.Parallel()
	r := newRig(t, tcpPeersOn)
	conn := r.joined(t, r.mint(t, "call1", "a"), echoTCP(t))
	wantEcho(t, conn)
	alloc, err := r.client(t, "tcp", r.mint(t, "call1", "b")).AllocateTCP()
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = alloc.Connect(&net.TCPAddr{IP: net.IPv4(198, 51, 100, 1), Port: 9}) }() // hangs, or is refused
	eventually(t, patience, "asked", func() bool { return r.Stats().TCP.PacketsIn > 5 })
}
