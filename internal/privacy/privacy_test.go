package privacy_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/privacy"
)

// spellings lists how an address may stand in a message.
func spellings(a netip.Addr) []string {
	b := a.AsSlice()
	out := []string{
		a.String(), a.StringExpanded(), strings.ToUpper(a.String()), strings.ToUpper(a.StringExpanded()),
		netip.AddrPortFrom(a, 443).String(), netip.PrefixFrom(a, a.BitLen()).String(),
		net.IP(b).String(), (&net.UDPAddr{IP: b, Port: 5}).String(),
		url.QueryEscape(a.String()), numbers("[", b, "%d", " ", "]"), numbers("{", b, "%#x", ", ", "}"),
		"0x" + strings.TrimLeft(hex.EncodeToString(b), "0"),
	}
	if a.Is4() {
		return append(out, strings.ReplaceAll(a.String(), ".", "-"), reversed(b)+".in-addr.arpa",
			"::ffff:"+a.String(), "[::ffff:"+a.String()+"]:1", "64:ff9b::"+a.String())
	}
	return append(out, "["+a.String()+"]", a.String()+"%eth0", "["+a.String()+"%25wlan0]:9", nibbles(b)+".ip6.arpa")
}

// numbers is how fmt prints bytes, with %v and with %#v.
func numbers(open string, b []byte, verb, between, end string) string {
	var out []string
	for _, x := range b {
		out = append(out, fmt.Sprintf(verb, x))
	}
	return open + strings.Join(out, between) + end
}

func reversed(b []byte) string {
	return fmt.Sprintf("%d.%d.%d.%d", b[3], b[2], b[1], b[0])
}

func nibbles(b []byte) string {
	text := hex.EncodeToString(b)
	var out []string
	for i := len(text) - 1; i >= 0; i-- {
		out = append(out, text[i:i+1])
	}
	return strings.Join(out, ".")
}

func TestNoSpellingSurvives(t *testing.T) {
	t.Parallel()
	for _, a := range []string{"198.51.100.23", "2001:db8:7::23", "10.0.0.1", "fe80::1", "2001:db8:1:2:3:4:5:6"} {
		for _, s := range spellings(netip.MustParseAddr(a)) {
			got := privacy.Strip("read udp " + s + ": refused")
			if got != "read udp "+privacy.Gone+": refused" && !strings.HasSuffix(s, ".arpa") {
				t.Errorf("Strip(%q) = %q", s, got)
			}
		}
	}
}

func TestOtherTextStays(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"12:34:56", "2026-11-22T20:03:33Z", "listen tcp :8080: bind: address already in use", "main.go:12", "a: b: c",
		"v1.26.8", "goroutine 12 [running]:", "call abcdefghij", "https://localhost:8443/trust", "00:1a:2b:3c:4d:5e",
	} {
		if got := privacy.Strip(s); got != s {
			t.Errorf("Strip(%q) = %q, want it unchanged", s, got)
		}
	}
}

type valuer struct{ v any }

func (v valuer) LogValue() slog.Value { return slog.AnyValue(v.v) }

type hidden struct{ ip net.IP }

func TestHandlerStripsEveryValue(t *testing.T) {
	t.Parallel()
	a := netip.MustParseAddr("198.51.100.23")
	b := netip.MustParseAddr("2001:db8:7::23")
	for _, format := range []func(*bytes.Buffer) slog.Handler{
		func(w *bytes.Buffer) slog.Handler {
			return slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})
		},
		func(w *bytes.Buffer) slog.Handler {
			return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})
		},
	} {
		var out bytes.Buffer
		log := slog.New(privacy.NewHandler(format(&out)))
		err := &net.OpError{Op: "read", Net: "udp", Addr: &net.UDPAddr{IP: a.AsSlice(), Port: 9}, Err: errors.New("x")}
		log.With("from", a).WithGroup(b.String()).With("to", b).Debug("hello 198.51.100.23",
			"err", fmt.Errorf("wrapped: %w", err), "addr", &net.TCPAddr{IP: b.AsSlice()}, "raw", a.AsSlice(), "ip", net.IP(b.AsSlice()),
			"array", a.As4(), "list", []any{a, []netip.Addr{b}}, "map", map[netip.Addr]string{a: b.String()}, "struct", hidden{a.AsSlice()},
			"pointer", &hidden{b.AsSlice()}, "valuer", valuer{valuer{a}}, slog.Group("g", "deep", slog.GroupValue(slog.Any("x", b))),
			a.String(), 1, "texts", []string{a.String()}, "kept", 42)
		text := out.String()
		for _, x := range []netip.Addr{a, b} {
			for _, s := range append(spellings(x), hex.EncodeToString(x.AsSlice()), string(x.AsSlice())) {
				if strings.Contains(text, s) {
					t.Errorf("%q is in %s", s, text)
				}
			}
		}
		if !strings.Contains(text, "42") || !strings.Contains(text, "wrapped") {
			t.Errorf("more than addresses is gone from %s", text)
		}
	}
}

func TestStackTraceHoldsNoArguments(t *testing.T) {
	t.Parallel()
	trace := "goroutine 7 [running]:\nmain.serve({{0x0, 0xffffc6336417}, 0xc000012345})\n\t/src/main.go:12 +0x1d\n"
	got := privacy.Strip(trace)
	if strings.Contains(got, "c6336417") || !strings.Contains(got, "/src/main.go:12") {
		t.Errorf("Strip = %q", got)
	}
}

func TestErrorLogOfAServer(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(privacy.NewHandler(slog.NewTextHandler(&out, nil)))
	logger := slog.NewLogLogger(log.Handler(), slog.LevelWarn)
	logger.Printf("http: TLS handshake error from %s: EOF", "198.51.100.23:4711")
	if s := out.String(); strings.Contains(s, "198.51") || !strings.Contains(s, "TLS handshake error") {
		t.Errorf("logged %q", s)
	}
}

func TestHandlerOutlivesPanickingValues(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(privacy.NewHandler(slog.NewTextHandler(&out, nil)))
	log.Info("hello", "err", (*net.OpError)(nil), "list", []any{(*net.IPNet)(nil), (*net.OpError)(nil)}, "kept", 42)
	if s := out.String(); !strings.Contains(s, "kept=42") {
		t.Errorf("logged %q", s)
	}
}

func TestHandlerKeepsLevels(t *testing.T) {
	t.Parallel()
	h := privacy.NewHandler(slog.NewTextHandler(&bytes.Buffer{}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if h.Enabled(context.Background(), slog.LevelInfo) || !h.Enabled(context.Background(), slog.LevelError) {
		t.Error("Enabled does not follow the next handler")
	}
}

// FuzzStrip holds that no spelling of any address survives, whatever stands
// around it.
func FuzzStrip(f *testing.F) {
	f.Add([]byte{198, 51, 100, 23}, "from ", ": refused")
	f.Add(netip.MustParseAddr("2001:db8:7::23").AsSlice(), "http://[", "]:80/")
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, "a:", "1")
	f.Fuzz(func(t *testing.T, raw []byte, before, after string) {
		a, ok := netip.AddrFromSlice(raw)
		if !ok {
			return
		}
		for _, s := range []string{
			a.String(), a.StringExpanded(), strings.ToUpper(a.String()), netip.AddrPortFrom(a, 443).String(), url.QueryEscape(a.String()),
		} {
			if a.IsUnspecified() || strings.Contains(before, s) || strings.Contains(after, s) || strings.Contains(privacy.Gone, s) {
				continue
			}
			if got := privacy.Strip(before + s + after); strings.Contains(got, s) {
				t.Fatalf("Strip(%q) = %q", before+s+after, got)
			}
		}
	})
}

func request(remote string, header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.RemoteAddr = remote
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func TestClientPrefix(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	const xff = "X-Forwarded-For"
	for name, c := range map[string]struct {
		r    *http.Request
		want string
	}{
		"direct":                     {request("198.51.100.23:1"), "198.51.100.23/32"},
		"direct, IPv6":               {request("[2001:db8:7::23]:1"), "2001:db8:7::/64"},
		"direct, mapped":             {request("[::ffff:198.51.100.23]:1"), "198.51.100.23/32"},
		"direct, with zone":          {request("[fe80::1%eth0]:1"), "fe80::/64"},
		"stranger writes a header":   {request("198.51.100.23:1", xff, "203.0.113.9"), "198.51.100.23/32"},
		"proxy":                      {request("127.0.0.1:1", xff, "198.51.100.23"), "198.51.100.23/32"},
		"proxy, client wrote before": {request("127.0.0.1:1", xff, "203.0.113.9, 198.51.100.23"), "198.51.100.23/32"},
		"proxy, two headers":         {request("127.0.0.1:1", xff, "203.0.113.9", xff, "198.51.100.23"), "198.51.100.23/32"},
		"two proxies":                {request("127.0.0.1:1", xff, "203.0.113.9, 198.51.100.23, 10.1.2.3"), "198.51.100.23/32"},
		"proxy with port":            {request("[::1]:1", xff, "[2001:db8:7::23]:4711"), "2001:db8:7::/64"},
		"proxy, no header":           {request("127.0.0.1:1"), "127.0.0.1/32"},
		"proxy, garbage":             {request("127.0.0.1:1", xff, "198.51.100.23, unknown"), "127.0.0.1/32"},
		"all trusted":                {request("127.0.0.1:1", xff, "10.9.9.9"), "10.9.9.9/32"},
		"no address":                 {request("@", xff, "198.51.100.23"), "invalid Prefix"},
	} {
		if got := privacy.ClientPrefix(trusted)(c.r).String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestSecure(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for name, c := range map[string]struct {
		r    *http.Request
		want bool
	}{
		"plain":                    {request("127.0.0.1:1"), false},
		"proxy says https":         {request("127.0.0.1:1", "X-Forwarded-Proto", "https"), true},
		"proxy says http":          {request("127.0.0.1:1", "X-Forwarded-Proto", "http"), false},
		"client before the proxy":  {request("127.0.0.1:1", "X-Forwarded-Proto", "https, http"), false},
		"stranger says https":      {request("198.51.100.23:1", "X-Forwarded-Proto", "https"), false},
		"client header, two lines": {request("127.0.0.1:1", "X-Forwarded-Proto", "https", "X-Forwarded-Proto", "http"), false},
	} {
		if got := privacy.Secure(trusted)(c.r); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// FuzzClientPrefix holds that no header of a stranger changes who it is.
func FuzzClientPrefix(f *testing.F) {
	f.Add("203.0.113.9, 198.51.100.23", "https")
	f.Fuzz(func(t *testing.T, xff, proto string) {
		r := request("198.51.100.23:1")
		r.Header["X-Forwarded-For"] = []string{xff}
		r.Header["X-Forwarded-Proto"] = []string{proto}
		trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		if got := privacy.ClientPrefix(trusted)(r).String(); got != "198.51.100.23/32" {
			t.Fatalf("ClientPrefix = %s", got)
		}
		if privacy.Secure(trusted)(r) {
			t.Fatal("Secure = true for a stranger")
		}
		r.RemoteAddr = "127.0.0.1:1"
		_ = privacy.ClientPrefix(trusted)(r)
	})
}
