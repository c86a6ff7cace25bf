package relay

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/testenv"
)

// Clients are told of TLS only where they will find the certificate right.
func TestTellsOfTLSWhereTheCertificateFits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		host  string
		names []string
		until time.Duration
		want  string
	}{
		"the name":           {"call.example.org", []string{"call.example.org"}, time.Hour, "call.example.org"},
		"a wildcard":         {"call.example.org", []string{"*.example.org"}, time.Hour, "call.example.org"},
		"another name":       {"call.example.org", []string{"www.example.org"}, time.Hour, ""},
		"no name, address":   {"", []string{"127.0.0.1"}, time.Hour, "127.0.0.1"},
		"no name, only name": {"", []string{"localhost"}, time.Hour, ""},
		"out of date":        {"call.example.org", []string{"call.example.org"}, -time.Minute, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cert, key := certify(t, c.until, c.names...)
			pair, err := tls.X509KeyPair(cert, key)
			if err != nil {
				t.Fatal(err)
			}
			pair.Leaf = nil // not everybody sets it
			r := everything(t, "127.0.0.1:0", func(cfg *Config) {
				cfg.Host, cfg.TLS, cfg.TCP = c.host, cfg.TCP, nil
				cfg.Certificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &pair, nil }
			})
			stun, turn := r.ICEURLs()
			turns := slices.DeleteFunc(slices.Clone(turn), func(u string) bool { return !strings.HasPrefix(u, "turns:") })
			var want []string
			if at, _ := addrPort(r.tcpAddr()); c.want != "" {
				want = []string{"turns:" + c.want + ":" + strconv.Itoa(int(at.Port())) + "?transport=tcp"}
			}
			if !slices.Equal(turns, want) || len(turn) != 2+len(want) || len(stun) != 1 {
				t.Errorf("got %q and %q, want %q among them", stun, turn, want)
			}
		})
	}
}

func TestTellsOfThePortOfTLS(t *testing.T) {
	t.Parallel()
	keys, err := NewKeys(testKey(t, "k1"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Listen(t.Context(), Config{
		Shards: testenv.Shards(), TCP: []netip.AddrPort{loopback(0)}, Keys: keys, Certificate: certified(t, "localhost"), Host: "localhost",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if e, ok := r.outlook().secure(r.places()); ok {
		t.Errorf("got %+v for a plain port", e)
	}
	second := &streams{ln: &scriptedListener{}, own: true} // at port 3478
	all := r.streams
	defer func() { r.streams = all }()
	r.streams = append(slices.Clone(all), second)
	if e, ok := r.outlook().secure(r.places()); !ok || e.Port != 3478 {
		t.Errorf("got %+v, %v, want the port of TLS", e, ok)
	}
	for name, get := range map[string]GetCertificate{
		"an error": func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("none") },
		"nothing":  func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil },
		"empty":    func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &tls.Certificate{}, nil },
	} {
		r.cfg.Certificate = get
		if e, ok := r.outlook().secure(r.places()); ok {
			t.Errorf("%s as certificate: got %+v", name, e)
		}
	}
}
