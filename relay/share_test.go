package relay

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

// shareRig is a relay that shares a port with an HTTP server.
type shareRig struct {
	*rig
	at    net.Addr
	split *Split
}

func newShareRig(t *testing.T) *shareRig {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cert := certified(t, "localhost")
	s := SplitTLS(ln, &tls.Config{GetCertificate: cert, MinVersion: tls.VersionTLS12})
	ctx, cancel := context.WithCancel(context.Background())
	split, web := make(chan error, 1), make(chan error, 1)
	srv := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	})}
	go func() { split <- s.Serve(ctx) }()
	go func() { web <- srv.Serve(s.HTTP()) }()
	t.Cleanup(func() {
		cancel()
		start := time.Now()
		if err := receive(t, split, "end of the shared port"); err != nil {
			t.Error(err)
		}
		if d := time.Since(start); d > patience/2 {
			t.Errorf("the shared port took %v to end", d)
		}
		_ = srv.Close()
		<-web
		if n := s.waiting.count(); n != 0 {
			t.Errorf("%d handshakes are left", n)
		}
	})
	r := newRig(t, func(c *Config) {
		c.TCP, c.Shared, c.Certificate, c.Host = nil, []net.Listener{s.TURN()}, cert, "localhost"
	})
	return &shareRig{rig: r, at: ln.Addr(), split: s}
}

// enter makes an allocation over the shared port.
func (r *shareRig) enter(t *testing.T, leg string, protocols ...string) *peer {
	t.Helper()
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", r.at.String(), &tls.Config{InsecureSkipVerify: true, NextProtos: protocols})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	cred := r.mint(t, "call1", leg)
	tc := clientOn(t, &way{&streamClient{Conn: conn, in: newMessages()}, r.at}, DefaultRealm, cred)
	pc, err := tc.Allocate()
	if err != nil {
		t.Fatalf("allocate with protocols %q: %v", protocols, err)
	}
	return &peer{pc, tc, cred}
}

func TestOnePortForHTTPSAndTURN(t *testing.T) {
	t.Parallel()
	r := newShareRig(t)
	a, b := r.enter(t, "a"), r.enter(t, "b", "stun.turn")
	exchange(t, a, b)
	exchange(t, b, a)
	exchange(t, a, r.allocate(t, "udp", "call1", "c"))
	for want, protocols := range map[string][]string{"HTTP/2.0": {"h2", "http/1.1"}, "HTTP/1.1": {"http/1.1"}} {
		tr := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, NextProtos: protocols}}
		if want == "HTTP/1.1" {
			tr.ForceAttemptHTTP2 = false
		}
		res, err := (&http.Client{Transport: tr, Timeout: patience}).Get("https://" + r.at.String())
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		tr.CloseIdleConnections()
		if string(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if st := r.Stats(); st.TLS.Allocations != 2 || st.TLS.Connections != 2 || st.TLS.PacketsIn == 0 || st.TCP != (Transport{}) {
		t.Errorf("counted %+v over TLS and %+v over TCP", st.TLS, st.TCP)
	}
	at, _ := addrPort(r.at)
	if e, ok := r.outlook().secure(r.places()); !ok || e.Port != at.Port() || e.Host != "localhost" {
		t.Errorf("clients are told of %+v, want the shared port", e)
	}
	for _, e := range r.Endpoints() {
		if !e.Secure && e.Port == at.Port() {
			t.Errorf("clients are told of %+v, which is no plain port", e)
		}
	}
}

// A client of HTTP that names no protocol is served all the same.
func TestSharedPortWithoutALPN(t *testing.T) {
	t.Parallel()
	r := newShareRig(t)
	for _, method := range []string{"GET", "OPTIONS", "HEAD", "DELETE"} {
		conn, err := dialStream("tls", r.at.String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, method+" / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
		if err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("%s: got %v, %v", method, res, err)
		} else {
			_ = res.Body.Close()
		}
		_ = conn.Close()
	}
}

// Those that hang, or know no TLS, hold up nobody.
func TestSharedPortOutlivesStuckClients(t *testing.T) {
	t.Parallel()
	var another net.Conn
	t.Cleanup(func() { _ = another.Close() }) // after the shared port
	r := newShareRig(t)
	for _, says := range []string{"", "\x16\x03", "GET / HTTP/1.1\r\n\r\n"} {
		conn, err := net.Dial("tcp", r.at.String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, says)
	}
	silent, err := dialStream("tls", r.at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	eventually(t, patience, "three hang", func() bool { return r.split.waiting.count() == 3 })
	r.enter(t, "a")
	_ = silent.SetReadDeadline(time.Now().Add(peekTime + patience))
	if _, err := silent.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("one that says nothing after its handshake: got %v, want it closed", err)
	}
	// The end of the shared port ends those that still hang.
	if another, err = dialStream("tls", r.at.String()); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "it hangs", func() bool { return r.split.waiting.count() > 0 })
}

func TestSharedPortIsBounded(t *testing.T) {
	t.Parallel()
	r := newShareRig(t)
	r.split.waiting.mu.Lock()
	r.split.waiting.perNet = 1
	r.split.waiting.mu.Unlock()
	first, err := net.Dial("tcp", r.at.String())
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "the first is in", func() bool { return r.split.waiting.count() == 1 })
	if conn, err := dialStream("tls", r.at.String()); err == nil {
		_ = conn.Close()
		t.Error("a second of the same network came in")
	}
	_ = first.Close()
	eventually(t, patience, "the first has gone", func() bool { return r.split.waiting.count() == 0 })
	r.enter(t, "a")
}

// A half whose server has stopped takes nobody, and the other goes on.
func TestHalvesEndApart(t *testing.T) {
	t.Parallel()
	r := newShareRig(t)
	if err := r.split.TURN().Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.split.TURN().Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", r.at.String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"stun.turn"}})
	if err == nil {
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("for a half that is closed: got %v, want it closed", err)
		}
		_ = conn.Close()
	}
	res, err := (&http.Client{Timeout: patience, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true,
	}}).Get("https://" + r.at.String())
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
}

// What nobody can reach is not where peers are met: a shared port may be bound
// to all addresses.
func TestSharedWildcardIsNoRelayAddress(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	s := SplitTLS(ln, &tls.Config{GetCertificate: certified(t, "localhost")})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	r := &shareRig{rig: newRig(t, func(c *Config) { c.Shared = []net.Listener{s.TURN()} }), split: s}
	for _, a := range r.guard.relayIPs {
		if a.IsUnspecified() {
			t.Errorf("peers are met at %v", a)
		}
	}
	port, _ := addrPort(ln.Addr())
	r.at = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port.Port())}
	exchange(t, r.enter(t, "a"), r.allocate(t, "udp", "call1", "b"))
}
