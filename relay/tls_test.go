package relay

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestTLSVersions(t *testing.T) {
	t.Parallel()
	old := func(r *rig) error {
		conn, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", r.tcpAddr().String(), &tls.Config{
			InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, NextProtos: []string{"stun.turn"},
		})
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		if got := conn.ConnectionState().NegotiatedProtocol; got != "stun.turn" {
			t.Errorf("got protocol %q", got)
		}
		return nil
	}
	r := everything(t, "127.0.0.1:0", nil)
	if err := old(r); err == nil {
		t.Error("TLS 1.2 passed without being asked for")
	}
	eventually(t, patience, "failed handshake counted", func() bool { return r.refused(RefusedHandshake) == 1 })
	if err := old(everything(t, "127.0.0.1:0", func(c *Config) { c.TLSMin = tls.VersionTLS12 })); err != nil {
		t.Errorf("TLS 1.2 where it is allowed: %v", err)
	}
	_, err := Listen(t.Context(), Config{TLSMin: tls.VersionTLS11})
	if !errors.Is(err, errTLSMin) {
		t.Errorf("TLS 1.1: got %v", err)
	}
}

// Whatever comes to a TLS port, the next client is served.
func TestFailedHandshakeNeverEndsAListener(t *testing.T) {
	t.Parallel()
	r := everything(t, "127.0.0.1:0", nil)
	for _, says := range []string{"\x16\x03\x01\x00\x05hello", "\x16", "GET / HTTP/1.1\r\n\r\n", "", "\x80\x01"} {
		conn, err := net.Dial("tcp", r.tcpAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte(says))
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%q: the connection stays", says)
		}
		_ = conn.Close()
	}
	exchange(t, r.allocate(t, "tls", "call1", "a"), r.allocate(t, "tcp", "call1", "b"))
	eventually(t, patience, "handshakes refused", func() bool { return r.refused(RefusedHandshake) == 2 })
}

// Connections count before anything is known of them, so that those who say
// nothing do not pile up.
func TestConnectionsCountBeforeTheHandshake(t *testing.T) {
	t.Parallel()
	r := everything(t, "127.0.0.1:0", func(c *Config) { c.Limits.PerNetwork = 3 })
	var stuck []net.Conn
	for _, says := range []string{"", "\x16", "\x16\x03\x01"} {
		conn, err := net.Dial("tcp", r.tcpAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = conn.Write([]byte(says))
		stuck = append(stuck, conn)
	}
	eventually(t, patience, "all known", func() bool { return r.crowd.count() == 3 })
	if conn, err := dialStream("tls", r.tcpAddr().String()); err == nil {
		_ = conn.Close()
		t.Error("one more than the limit was let in")
	}
	if n := r.refused(RefusedConnections); n != 1 {
		t.Errorf("got %d refusals, want 1", n)
	}
	_ = stuck[0].Close()
	eventually(t, patience, "room again", func() bool { return r.crowd.count() == 2 })
	r.allocate(t, "tls", "call1", "a")
}

// Close ends handshakes that hang, and waits for them.
func TestStopEndsStuckHandshakes(t *testing.T) {
	t.Parallel()
	keys, err := NewKeys(testKey(t, "k1"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Listen(t.Context(), Config{TCP: []netip.AddrPort{loopback(0)}, Keys: keys, Certificate: certified(t, "localhost")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	for _, says := range []string{"", "\x16", "\x00"} {
		conn, err := net.Dial("tcp", s.streams[0].Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = conn.Write([]byte(says))
	}
	eventually(t, patience, "all known", func() bool { return s.crowd.count() == 3 })
	start := time.Now()
	cancel()
	if err := receive(t, done, "end of Serve"); err != nil {
		t.Error(err)
	}
	if d := time.Since(start); d > handshakeTime/2 {
		t.Errorf("took %v", d)
	}
	if n := s.crowd.count(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
}

func TestStuckHandshakeEndsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, says := range []string{"", "\x16", "\x16\x03\x01\x00\xc8\x01"} {
			near, far := net.Pipe()
			ln := &scriptedListener{conns: []net.Conn{pipeConn{near}}, end: make(chan struct{})}
			l := newStreams(ln, newCounters(), newCrowd(8, 8), (&Config{Certificate: certified(t, "localhost")}).tlsConfig())
			start := time.Now()
			l.start(t.Context())
			go func() { _, _ = far.Write([]byte(says)) }()
			if _, err := io.Copy(io.Discard, far); err != nil {
				t.Error(err)
			}
			if d := time.Since(start); d != loginTime {
				t.Errorf("%q: ended after %v, want %v", says, d, loginTime)
			}
			_ = l.Close()
			_, _ = l.Accept()
			l.open.Wait()
			if n := l.crowd.count(); n != 0 {
				t.Errorf("%q: %d connections are left", says, n)
			}
		}
	})
}

// pipeConn is a net.Pipe with the addresses of TCP.
type pipeConn struct{ net.Conn }

func (pipeConn) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(loopback(3478)) }
func (pipeConn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(loopback(4000)) }

func TestPeekLosesNothing(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	go func() {
		_, _ = far.Write([]byte("one"))
		_, _ = far.Write([]byte("two"))
		_ = far.Close()
	}()
	p, err := peek(near)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := p.Read(nil); n != 0 || err != nil {
		t.Errorf("read into nothing: %d, %v", n, err)
	}
	if got, err := io.ReadAll(p); err != nil || !bytes.Equal(got, []byte("onetwo")) {
		t.Errorf("got %q, %v", got, err)
	}
}
