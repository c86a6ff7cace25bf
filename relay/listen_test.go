package relay

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestTakenPortIsAnErrorAtStart(t *testing.T) {
	t.Parallel()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tcp.Close() }()
	keys, err := NewKeys(testKey(t, "k1"))
	if err != nil {
		t.Fatal(err)
	}
	for network, taken := range map[string]net.Addr{"udp": udp.LocalAddr(), "tcp": tcp.Addr()} {
		at, _ := addrPort(taken)
		cfg := Config{Keys: keys, UDP: []netip.AddrPort{loopback(0)}, TCP: []netip.AddrPort{loopback(0)}}
		if network == "udp" {
			cfg.UDP = append(cfg.UDP, at)
		} else {
			cfg.TCP = append(cfg.TCP, at)
		}
		_, err := Listen(t.Context(), cfg)
		var le *ListenError
		if !errors.As(err, &le) || !errors.Is(err, syscall.EADDRINUSE) || le.Network != network {
			t.Errorf("%s: got %v, want a ListenError", network, err)
			continue
		}
		for _, word := range []string{network, strconv.Itoa(int(at.Port())), "taken", "turn.listen"} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%q does not say %q", err, word)
			}
		}
	}
}

func TestTakenPortOfTLSNamesItsSetting(t *testing.T) {
	t.Parallel()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tcp.Close() }()
	keys, err := NewKeys(testKey(t, "k1"))
	if err != nil {
		t.Fatal(err)
	}
	at, _ := addrPort(tcp.Addr())
	_, err = Listen(t.Context(), Config{
		Keys: keys, UDP: []netip.AddrPort{loopback(0)}, TLS: []netip.AddrPort{at}, Certificate: certified(t, "localhost"),
	})
	var le *ListenError
	if !errors.As(err, &le) || le.Setting != "turn.tls_listen" || !strings.Contains(err.Error(), "turn.tls_listen") {
		t.Errorf("got %v, want the setting named", err)
	}
}

func TestConfigSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := Listen(t.Context(), Config{MinPort: 80, RelayIPs: []netip.Addr{netip.IPv4Unspecified()}, Limits: Limits{PerLeg: -1}})
	for _, want := range []error{errNoListener, errPorts, errNoKeys, errLimits, errRelayIP} {
		if !errors.Is(err, want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestCloseGivesUnservedListenersBack(t *testing.T) {
	t.Parallel()
	keys, err := NewKeys(testKey(t, "k1"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Listen(t.Context(), Config{Keys: keys, UDP: []netip.AddrPort{loopback(0)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := net.ListenPacket("udp", s.packets[0].LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
	if err := s.Serve(t.Context()); !errors.Is(err, errServed) {
		t.Errorf("Serve after Close: got %v", err)
	}
}

func TestExpandsWildcards(t *testing.T) {
	t.Parallel()
	addrs := func(ss ...string) (out []netip.Addr) {
		for _, s := range ss {
			out = append(out, netip.MustParseAddr(s))
		}
		return out
	}
	machine := addrs("127.0.0.1", "::1", "192.168.1.10", "fe80::1", "2a00::5")
	for _, c := range []struct {
		name    string
		in      string
		machine []netip.Addr
		want    string
	}{
		{"both families", "[::]:3478", machine, "192.168.1.10:3478 [2a00::5]:3478"},
		{"IPv4 only", "0.0.0.0:3478", machine, "192.168.1.10:3478"},
		{"concrete", "10.0.0.1:3478", machine, "10.0.0.1:3478"},
		{"IPv4 in IPv6 clothes", "[::ffff:10.0.0.1]:3478", machine, "10.0.0.1:3478"},
		{"no network", "[::]:3478", addrs("127.0.0.1", "fe80::1"), "127.0.0.1:3478"},
	} {
		var got []string
		for _, b := range expand([]netip.AddrPort{netip.MustParseAddrPort(c.in)}, c.machine) {
			got = append(got, b.String())
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: got %s, want %s", c.name, s, c.want)
		}
	}
	zero := expand([]netip.AddrPort{netip.AddrPortFrom(netip.Addr{}, 3478)}, machine)
	if len(zero) != 2 || !zero[0].loose {
		t.Errorf("the zero Addr: got %v, want both families, loose", zero)
	}
	twice := expand([]netip.AddrPort{netip.MustParseAddrPort("192.168.1.10:3478"), netip.MustParseAddrPort("0.0.0.0:3478")}, machine)
	if len(twice) != 1 || twice[0].loose {
		t.Errorf("named and covered by the wildcard: got %v, want it once, not loose", twice)
	}
}

func TestWildcardForgivesWhatIsGone(t *testing.T) {
	t.Parallel()
	b := binding{loopback(3478), true}
	if err := b.judge("udp", settingPlain, syscall.EADDRNOTAVAIL); err != nil {
		t.Errorf("an address that is gone: %v", err)
	}
	if err := b.judge("udp", settingPlain, syscall.EADDRINUSE); err == nil {
		t.Error("a taken port passed")
	}
	b.loose = false
	if err := b.judge("udp", settingPlain, syscall.EADDRNOTAVAIL); err == nil {
		t.Error("a named address that is gone passed")
	}
}

// scriptedListener fails with errs, then gives conns, then waits for Close.
type scriptedListener struct {
	net.Listener
	errs  []error
	conns []net.Conn
	end   chan struct{}
}

func (l *scriptedListener) Accept() (net.Conn, error) {
	if len(l.errs) > 0 {
		err := l.errs[0]
		l.errs = l.errs[1:]
		return nil, err
	}
	if len(l.conns) > 0 {
		c := l.conns[0]
		l.conns = l.conns[1:]
		return c, nil
	}
	<-l.end
	return nil, net.ErrClosed
}

func (l *scriptedListener) Close() error {
	close(l.end)
	return nil
}

func (l *scriptedListener) Addr() net.Addr { return net.TCPAddrFromAddrPort(loopback(3478)) }

// deadlineConn is a connection with a TCP address that tells its deadlines.
type deadlineConn struct {
	net.Conn
	read chan time.Time
}

func (c *deadlineConn) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(loopback(3478)) }
func (c *deadlineConn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(loopback(4000)) }
func (c *deadlineConn) SetReadDeadline(t time.Time) error {
	if c.read != nil {
		c.read <- t
	}
	return nil
}

func TestFailedAcceptNeverEndsAListener(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer func() { _ = far.Close() }()
		c := newCounters()
		l := newStreams(&scriptedListener{
			errs:  []error{syscall.EMFILE, syscall.EMFILE, errors.New("strange"), syscall.ECONNABORTED},
			conns: []net.Conn{&deadlineConn{Conn: near}}, end: make(chan struct{}),
		}, c, newCrowd(8, 8), nil)
		start := time.Now()
		l.start(t.Context())
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d != 15*firstPause {
			t.Errorf("waited %v in all, want pauses of 1, 2, 4 and 8 times %v", d, firstPause)
		}
		if n := c.of(ViaTCP).errors.Load(); n != 4 {
			t.Errorf("got %d errors counted, want 4", n)
		}
		_ = l.Close()
		_ = l.Close()
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: got %v", err)
		}
		_ = conn.Close()
		l.open.Wait()
	})
}

func TestCloseEndsAPauseAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPackets(&scriptedPackets{errs: slices.Repeat([]error{syscall.ENETDOWN}, 1000)}, nil, newCounters())
		go func() {
			time.AfterFunc(10*time.Second, func() { _ = p.Close() })
		}()
		start := time.Now()
		if _, _, err := p.ReadFrom(make([]byte, 1600)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v, want closed", err)
		}
		if d := time.Since(start); d != 10*time.Second {
			t.Errorf("ended after %v, want 10s", d)
		}
		<-p.done
	})
}

// scriptedPackets fails with errs, then gives packets.
type scriptedPackets struct {
	udpConn
	errs    []error
	packets [][]byte
	from    netip.AddrPort // zero: loopback
}

func (c *scriptedPackets) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	if len(c.errs) > 0 {
		err := c.errs[0]
		c.errs = c.errs[1:]
		return 0, netip.AddrPort{}, err
	}
	if len(c.packets) == 0 {
		return 0, netip.AddrPort{}, net.ErrClosed
	}
	n := copy(b, c.packets[0])
	c.packets = c.packets[1:]
	if c.from.IsValid() {
		return n, c.from, nil
	}
	return n, loopback(4000), nil
}

func (c *scriptedPackets) Close() error { return nil }

func TestFailedReadNeverEndsAListener(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		channel := []byte{0x40, 0, 0, 1, 7}
		c := newCounters()
		p := newPackets(&scriptedPackets{
			errs:    []error{syscall.ECONNREFUSED, syscall.ENOBUFS},
			packets: [][]byte{nil, []byte("GET / HTTP/1.1"), bytes.Repeat([]byte{0}, 20), channel},
		}, nil, c)
		b := make([]byte, 1600)
		n, from, err := p.ReadFrom(b)
		if err != nil || !bytes.Equal(b[:n], channel) || from.String() != loopback(4000).String() {
			t.Fatalf("got %x from %v, %v", b[:n], from, err)
		}
		if got := c.refusals[RefusedMalformed].Load(); got != 3 {
			t.Errorf("got %d malformed, want 3", got)
		}
		if got := c.of(ViaUDP).errors.Load(); got != 2 {
			t.Errorf("got %d errors, want 2", got)
		}
	})
}

func TestGarbageIsDropped(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := newRig(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	garbage := [][]byte{
		[]byte("x"), bytes.Repeat([]byte{0xff}, 1400), []byte("GET / HTTP/1.1\r\n\r\n"),
		bytes.Repeat([]byte{0}, 20),
		{0x40, 0, 0xff, 0xff, 1},
	}
	udp, err := net.Dial("udp", r.udpAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	for _, g := range garbage {
		if _, err := udp.Write(g); err != nil {
			t.Fatal(err)
		}
	}
	tcp, err := net.Dial("tcp", r.tcpAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tcp.Close() }()
	if _, err := tcp.Write(garbage[2]); err != nil {
		t.Fatal(err)
	}
	_ = tcp.SetReadDeadline(time.Now().Add(patience))
	if _, err := tcp.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a stream of garbage: got %v, want it closed", err)
	}
	eventually(t, patience, "all dropped", func() bool { return r.refused(RefusedMalformed) == uint64(len(garbage)+1) })
	exchange(t, r.allocate(t, "udp", "call1", "a"), r.allocate(t, "tcp", "call1", "b"))
}
