package metrics_test

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"

	"github.com/ringfence/ringfence/internal/metrics"
	"github.com/ringfence/ringfence/relay"
)

// inUse is a relay through which calls, users and secrets have gone.
func inUse(t *testing.T) *relay.Server {
	t.Helper()
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	secret, err := relay.NewSecret(b)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := relay.NewKeys(relay.Key{ID: "k1", Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	minter, err := relay.NewMinter(keys, relay.MaxTTL, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := relay.NewNamedSecret("matrix", "first-secret-0001", 0)
	if err != nil {
		t.Fatal(err)
	}
	user, err := relay.NewUser("usersecret", "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	at := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	s, err := relay.Listen(t.Context(), relay.Config{UDP: at, Keys: keys, Secrets: []relay.NamedSecret{shared}, Users: []relay.User{user}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	call, err := minter.Mint("callsecret", "legsecret")
	if err != nil {
		t.Fatal(err)
	}
	rest, err := relay.MintREST(shared, ':', "namesecret", time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []relay.Credential{call, rest, {Username: "usersecret", Password: "correct horse"}} {
		allocate(t, s.Endpoints()[0], c)
	}
	return s
}

// allocate makes an allocation and asks for a peer that is refused.
func allocate(t *testing.T, at relay.Endpoint, c relay.Credential) {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	server := netip.AddrPortFrom(netip.MustParseAddr(at.Host), at.Port).String()
	log := logging.NewDefaultLoggerFactory()
	log.Writer = io.Discard
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: server, TURNServerAddr: server, Conn: conn, LoggerFactory: log,
		Username: c.Username, Password: c.Password, Realm: relay.DefaultRealm,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.Listen(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Allocate(); err != nil {
		t.Fatal(err)
	}
	if err := client.CreatePermission(&net.UDPAddr{IP: net.IPv4(10, 20, 30, 40), Port: 4000}); err == nil {
		t.Fatal("a private peer was permitted")
	}
}

// Every value of every label comes from a set that is known beforehand, and
// nothing that names a person, a call or an address is anywhere.
func TestLabelsOfTheRelayNameNobody(t *testing.T) {
	t.Parallel()
	s := inUse(t)
	h, err := metrics.Handler(metrics.Relay(s.Stats))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	body := w.Body.String()
	known := map[string][]string{
		"transport": {"udp", "tcp", "tls", "dtls"}, "direction": {"in", "out"}, "secret": {"matrix"}, "path": {"fast", "memory"},
		"limit": {
			"per_user", "per_secret", "per_prefix", "allocations", "permissions", "connections", "bytes_per_second",
			"bytes_per_second_total", "budget", "unauthenticated_per_second",
		},
	}
	for _, r := range relay.Refusals() {
		known["reason"] = append(known["reason"], string(r))
	}
	series, label := 0, regexp.MustCompile(`(\w+)="([^"]*)"`)
	for line := range strings.Lines(body) {
		if !strings.HasPrefix(line, "ringfence_relay_") {
			continue
		}
		series++
		for _, m := range label.FindAllStringSubmatch(line, -1) {
			if !slices.Contains(known[m[1]], m[2]) {
				t.Errorf("%s is %q in %s", m[1], m[2], line)
			}
		}
	}
	if series < 50 {
		t.Errorf("got %d series, want those of a relay", series)
	}
	for _, name := range []string{"callsecret", "legsecret", "namesecret", "usersecret", "127.0.0.1", "10.20.30.40", "k1"} {
		if strings.Contains(body, name) {
			t.Errorf("%q is told", name)
		}
	}
	for _, want := range []string{
		`ringfence_relay_allocations 3`, `ringfence_relay_secret_allocations{secret="matrix"} 1`,
		`ringfence_relay_secret_allocations_total{secret="matrix"} 1`, `ringfence_relay_secret_bytes_total{direction="in",secret="matrix"} 0`,
		`ringfence_relay_draining 0`, `ringfence_relay_unauthenticated_answers_total 3`, `ringfence_relay_refused_total{reason="peer"} 3`, `ringfence_relay_limit_hits_total{limit="per_secret"} 0`,
	} {
		if !strings.Contains(body, want+"\n") {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(body, "relay_certificate_expiry_seconds") {
		t.Error("a certificate without one")
	}
}

// Each limit has its own count, and so has the end of the certificate.
func TestLimitsOfTheRelay(t *testing.T) {
	t.Parallel()
	stats := relay.Stats{Draining: true, Unauthenticated: 11, CertificateExpires: time.Unix(1_700_000_000, 0), Refusals: map[relay.Refusal]uint64{
		relay.RefusedQuota: 1, relay.RefusedSecretQuota: 2, relay.RefusedPrefixQuota: 3, relay.RefusedCapacity: 4,
		relay.RefusedPermissions: 5, relay.RefusedConnections: 6, relay.RefusedRate: 7, relay.RefusedTotalRate: 8, relay.RefusedBudget: 9,
		relay.RefusedAmplification: 10,
	}}
	h, err := metrics.Handler(metrics.Relay(func() relay.Stats { return stats }))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	for _, want := range []string{
		`limit_hits_total{limit="per_user"} 1`, `limit_hits_total{limit="per_secret"} 2`, `limit_hits_total{limit="per_prefix"} 3`,
		`limit_hits_total{limit="allocations"} 4`, `limit_hits_total{limit="permissions"} 5`, `limit_hits_total{limit="connections"} 6`,
		`limit_hits_total{limit="bytes_per_second"} 7`, `limit_hits_total{limit="bytes_per_second_total"} 8`,
		`limit_hits_total{limit="budget"} 9`, `limit_hits_total{limit="unauthenticated_per_second"} 10`, `relay_certificate_expiry_seconds 1.7e+09`, `relay_draining 1`, `relay_unauthenticated_answers_total 11`,
	} {
		if !strings.Contains(w.Body.String(), want+"\n") {
			t.Errorf("no %q", want)
		}
	}
}
