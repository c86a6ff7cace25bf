package metrics_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/metrics"
	"github.com/ringfence/ringfence/relay"
)

func TestRelay(t *testing.T) {
	t.Parallel()
	stats := relay.Stats{AllocationsLive: 3, Refusals: map[relay.Refusal]uint64{relay.RefusedPeer: 7}}
	stats.UDP.BytesIn = 11
	h, err := metrics.Handler(metrics.Relay(func() relay.Stats { return stats }))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	body, _ := io.ReadAll(w.Result().Body)
	for _, want := range []string{
		`ringfence_relay_listener_received_bytes_total{transport="udp"} 11`,
		`ringfence_relay_listener_received_bytes_total{transport="tcp"} 0`,
		`ringfence_relay_listener_received_bytes_total{transport="tls"} 0`,
		`ringfence_relay_listener_received_bytes_total{transport="dtls"} 0`,
		`ringfence_relay_listener_connections{transport="tls"} 0`,
		"ringfence_relay_allocations 3", `ringfence_relay_refused_total{reason="peer"} 7`, "go_goroutines ",
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %q", want)
		}
	}
	for _, r := range relay.Refusals() {
		if !strings.Contains(string(body), `reason="`+string(r)+`"`) {
			t.Errorf("no series for %s", r)
		}
	}
}
