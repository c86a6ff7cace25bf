package hubmetrics_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/metrics"
	"github.com/ringfence/ringfence/internal/metrics/hubmetrics"
	"github.com/ringfence/ringfence/relay"
	"github.com/ringfence/ringfence/signal"
)

func TestHub(t *testing.T) {
	t.Parallel()
	hub := signal.New(signal.Options{})
	h, err := metrics.Handler(hubmetrics.New(hub.Stats), metrics.Relay(func() relay.Stats { return relay.Stats{} }))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	for _, want := range []string{
		`ringfence_hub_sessions{state="connected"} 0`, `ringfence_hub_calls{state="ringing"} 0`,
		`ringfence_hub_dropped_total{reason="bus"} 0`, `ringfence_hub_sessions_ended_total{reason="slow"} 0`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %q", want)
		}
	}
}
