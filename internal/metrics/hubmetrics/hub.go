// Package hubmetrics owns what Prometheus is told of the hub. It stands apart
// from those of the relay, which has no hub where it runs alone.
package hubmetrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringfence/ringfence/internal/metrics"
	"github.com/ringfence/ringfence/signal"
	"github.com/ringfence/ringfence/signal/wire"
)

// hubCollector reads the hub's counters.
type hubCollector struct {
	stats func() signal.Stats

	sessions, accounts, calls           *prometheus.Desc
	begun, answered, resumed, errors    *prometheus.Desc
	framesIn, framesOut, dropped, ended *prometheus.Desc
	rings, reconnects, connects, ways   *prometheus.Desc
	failed                              *prometheus.Desc
}

// New returns the collector of a hub's counters.
func New(stats func() signal.Stats) prometheus.Collector {
	return &hubCollector{
		stats:      stats,
		sessions:   metrics.Describe("hub_sessions", "Signaling sessions, with a connection or waiting for it to come back.", "state"),
		accounts:   metrics.Describe("hub_accounts", "Accounts that have a session here."),
		calls:      metrics.Describe("hub_calls", "Calls that belong to this hub now.", "state"),
		begun:      metrics.Describe("hub_calls_total", "Calls begun since the start."),
		answered:   metrics.Describe("hub_calls_answered_total", "Calls answered since the start."),
		resumed:    metrics.Describe("hub_sessions_resumed_total", "Sessions that came back after a lost connection."),
		errors:     metrics.Describe("hub_error_frames_total", "Error frames sent."),
		failed:     metrics.Describe("hub_failures_total", "Frames and missed calls that failed by a fault of the server, of its store mostly."),
		framesIn:   metrics.Describe("hub_received_frames_total", "Frames from clients, by whether the hub acted upon them or passed them on.", "class", "kind"),
		framesOut:  metrics.Describe("hub_sent_frames_total", "Frames to clients.", "class", "kind"),
		dropped:    metrics.Describe("hub_dropped_total", "What did not get where it was meant to go.", "reason"),
		rings:      metrics.Describe("hub_ring_seconds", "How long it rang, by how that ended.", "outcome"),
		connects:   metrics.Describe("hub_connect_seconds", "From the ring to the connection, of calls of which a client told whose person has agreed."),
		ways:       metrics.Describe("hub_connected_calls_total", "Calls of which a client told whose person has agreed, by the way that media take.", "way"),
		reconnects: metrics.Describe("hub_reconnects_total", "Clients that asked for the session they had, by what they got.", "result"),
		ended:      metrics.Describe("hub_sessions_ended_total", "Sessions that ended or lost their connection.", "reason"),
	}
}

// Describe implements prometheus.Collector.
func (c *hubCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.sessions, c.accounts, c.calls, c.begun, c.answered, c.resumed, c.errors, c.framesIn, c.framesOut, c.dropped, c.ended,
		c.rings, c.reconnects, c.connects, c.ways, c.failed,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *hubCollector) Collect(out chan<- prometheus.Metric) {
	s, to := c.stats(), metrics.Sink(out)
	to.Gauge(c.sessions, s.Sessions-s.Detached, "connected")
	to.Gauge(c.sessions, s.Detached, "detached")
	to.Gauge(c.accounts, s.Accounts)
	to.Gauge(c.calls, s.Ringing, "ringing")
	to.Gauge(c.calls, s.Running, "running")
	to.Counter(c.begun, s.Calls)
	to.Counter(c.answered, s.Answered)
	to.Counter(c.resumed, s.Resumed)
	to.Counter(c.errors, s.Errors)
	to.Counter(c.failed, s.Failed)
	for d, values := range map[*prometheus.Desc]map[string]uint64{
		c.dropped: s.Drops, c.ended: s.Endings, c.reconnects: s.Reconnects,
	} {
		for label, v := range values {
			to.Counter(d, v, label)
		}
	}
	for _, k := range wire.Kinds() {
		if n, ok := s.FramesIn[k.Kind]; ok {
			to.Counter(c.framesIn, n, class(&k), string(k.Kind))
		}
		if n, ok := s.FramesOut[k.Kind]; ok {
			to.Counter(c.framesOut, n, class(&k), string(k.Kind))
		}
	}
	out <- prometheus.MustNewConstHistogram(c.connects, s.Connects.Count, s.Connects.Sum, s.Connects.Buckets)
	for way, n := range s.Ways {
		to.Counter(c.ways, n, string(way))
	}
	for outcome, d := range s.Rings {
		out <- prometheus.MustNewConstHistogram(c.rings, d.Count, d.Sum, d.Buckets, outcome)
	}
}

func class(k *wire.Spec) string {
	if k.Passes {
		return "passed"
	}
	return "acted"
}
