package relay

import (
	"bytes"
	"encoding/hex"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// lockedBuffer may be written by many.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Refusals, errors and a call at debug level: no address, call or leg shows.
func TestLogNamesNobody(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r := newRig(t, func(c *Config) { c.Log = logger })
	a, b := r.allocate(t, "udp", "callsecret", "legsecret"), r.allocate(t, "tcp", "callsecret", "b")
	exchange(t, a, b)
	if err := a.client.CreatePermission(&net.UDPAddr{IP: net.IPv4(10, 20, 30, 40), Port: 4000}); err == nil {
		t.Fatal("a private peer was permitted")
	}
	_ = bindChannel(a, 0x4100, &net.UDPAddr{IP: net.IPv4(8, 8, 8, 8), Port: 4000})
	_ = bindChannel(a, 0x4100, &net.UDPAddr{IP: net.IPv4(8, 8, 8, 9), Port: 4000})
	// What pion would say of a request that got past us.
	quiet{logger}.NewLogger("turn").Infof("permission denied for client %s to peer %s", a.LocalAddr(), "10.20.30.40")
	r.Revoke("callsecret")
	text := log.String()
	if !strings.Contains(text, "permission denied") {
		t.Fatalf("nothing to search in: %q", text)
	}
	for _, ip := range []string{"10.20.30.40", "8.8.8.8", "127.0.0.1"} {
		raw := netip.MustParseAddr(ip).AsSlice()
		for _, form := range []string{ip, hex.EncodeToString(raw), string(raw)} {
			if strings.Contains(text, form) {
				t.Errorf("the log has %s as %q", ip, form)
			}
		}
	}
	for _, name := range []string{"callsecret", "legsecret", r.udpAddr().String()} {
		if strings.Contains(text, name) {
			t.Errorf("the log has %q", name)
		}
	}
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "level=DEBUG") {
			t.Errorf("not at debug level: %s", line)
		}
	}
	quiet{logger}.NewLogger("turn").Warn("from 127.0.0.1")
	if strings.Contains(log.String(), "from 127") {
		t.Error("text of unknown making went through")
	}
}
