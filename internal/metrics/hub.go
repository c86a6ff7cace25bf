package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringfence/ringfence/signal"
)

// hubCollector reads the hub's counters.
type hubCollector struct {
	stats func() signal.Stats

	sessions, accounts, calls           *prometheus.Desc
	begun, answered, resumed, errors    *prometheus.Desc
	framesIn, framesOut, dropped, ended *prometheus.Desc
}

// Hub returns the collector of a hub's counters.
func Hub(stats func() signal.Stats) prometheus.Collector {
	return &hubCollector{
		stats:     stats,
		sessions:  describe("hub_sessions", "Signaling sessions, with a connection or waiting for it to come back.", "state"),
		accounts:  describe("hub_accounts", "Accounts that have a session here."),
		calls:     describe("hub_calls", "Calls that belong to this hub now.", "state"),
		begun:     describe("hub_calls_total", "Calls begun since the start."),
		answered:  describe("hub_calls_answered_total", "Calls answered since the start."),
		resumed:   describe("hub_sessions_resumed_total", "Sessions that came back after a lost connection."),
		errors:    describe("hub_error_frames_total", "Error frames sent."),
		framesIn:  describe("hub_received_frames_total", "Frames from clients, by whether the hub acted upon them or passed them on.", "class"),
		framesOut: describe("hub_sent_frames_total", "Frames to clients.", "class"),
		dropped:   describe("hub_dropped_total", "What did not get where it was meant to go.", "reason"),
		ended:     describe("hub_sessions_ended_total", "Sessions that ended or lost their connection.", "reason"),
	}
}

// Describe implements prometheus.Collector.
func (c *hubCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.sessions, c.accounts, c.calls, c.begun, c.answered, c.resumed, c.errors, c.framesIn, c.framesOut, c.dropped, c.ended,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *hubCollector) Collect(out chan<- prometheus.Metric) {
	s, to := c.stats(), sink(out)
	to.gauge(c.sessions, s.Sessions-s.Detached, "connected")
	to.gauge(c.sessions, s.Detached, "detached")
	to.gauge(c.accounts, s.Accounts)
	to.gauge(c.calls, s.Ringing, "ringing")
	to.gauge(c.calls, s.Running, "running")
	to.counter(c.begun, s.Calls)
	to.counter(c.answered, s.Answered)
	to.counter(c.resumed, s.Resumed)
	to.counter(c.errors, s.Errors)
	for d, values := range map[*prometheus.Desc]map[string]uint64{
		c.framesIn: s.FramesIn, c.framesOut: s.FramesOut, c.dropped: s.Drops, c.ended: s.Endings,
	} {
		for label, v := range values {
			to.counter(d, v, label)
		}
	}
}
