package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringfence/ringfence/relay"
)

// relayCollector reads the relay's counters.
type relayCollector struct {
	stats func() relay.Stats

	receivedPackets, receivedBytes, sentPackets, sentBytes *prometheus.Desc
	made, errors, connections                              *prometheus.Desc
	relayedPackets, relayedBytes, paths                    *prometheus.Desc
	live, total, refused, limits                           *prometheus.Desc
	secretLive, secretTotal, secretPackets, secretBytes    *prometheus.Desc
	most                                                   *prometheus.Desc
	certificate, draining, unauthenticated                 *prometheus.Desc
}

// limits tells which refusals are a limit that was reached, by the name that
// the limit has among the settings.
func limits() map[string]relay.Refusal {
	return map[string]relay.Refusal{
		"per_user": relay.RefusedQuota, "per_secret": relay.RefusedSecretQuota, "per_prefix": relay.RefusedPrefixQuota,
		"allocations": relay.RefusedCapacity, "permissions": relay.RefusedPermissions, "connections": relay.RefusedConnections,
		"bytes_per_second": relay.RefusedRate, "bytes_per_second_total": relay.RefusedTotalRate, "budget": relay.RefusedBudget,
		"unauthenticated_per_second": relay.RefusedAmplification,
	}
}

// Relay returns the collector of a relay's counters.
func Relay(stats func() relay.Stats) prometheus.Collector {
	return &relayCollector{
		stats:           stats,
		receivedPackets: Describe("relay_listener_received_packets_total", "Packets that clients sent to the relay; over TCP, TLS and DTLS, messages.", "transport"),
		receivedBytes:   Describe("relay_listener_received_bytes_total", "Bytes that clients sent to the relay.", "transport"),
		sentPackets:     Describe("relay_listener_sent_packets_total", "Packets that the relay sent to clients; over TCP, TLS and DTLS, messages.", "transport"),
		sentBytes:       Describe("relay_listener_sent_bytes_total", "Bytes that the relay sent to clients.", "transport"),
		made:            Describe("relay_listener_allocations_total", "Allocations that clients made.", "transport"),
		errors:          Describe("relay_listener_errors_total", "Failed accepts and reads that the listener outlived.", "transport"),
		connections:     Describe("relay_listener_connections", "Connections of clients that are open; none over UDP.", "transport"),
		relayedPackets:  Describe("relay_peer_packets_total", "Packets between the relay and peers.", "direction"),
		relayedBytes:    Describe("relay_peer_bytes_total", "Bytes between the relay and peers.", "direction"),
		paths:           Describe("relay_path_packets_total", "Packets that took a short way: fast, those of channels past the general code, or memory, to another client of this relay with no socket in between.", "path"),
		live:            Describe("relay_allocations", "Allocations that live now."),
		most:            Describe("relay_allocations_limit", "Allocations that may live at once."),
		total:           Describe("relay_allocations_total", "Allocations made since the start."),
		refused:         Describe("relay_refused_total", "Requests and packets that the relay refused.", "reason"),
		limits:          Describe("relay_limit_hits_total", "Requests and packets refused because a limit was reached, by its setting; permissions stand for channels, and connections for those of one network, too.", "limit"),
		secretLive:      Describe("relay_secret_allocations", "Allocations of a secret's credentials that live now.", "secret"),
		secretTotal:     Describe("relay_secret_allocations_total", "Allocations made with a secret's credentials.", "secret"),
		secretPackets:   Describe("relay_secret_packets_total", "Packets between peers and the relay for a secret's credentials.", "secret", "direction"),
		secretBytes:     Describe("relay_secret_bytes_total", "Bytes between peers and the relay for a secret's credentials.", "secret", "direction"),
		unauthenticated: Describe("relay_unauthenticated_answers_total", "Answers to requests without a valid credential, and those of STUN, also where they were not sent."),
		draining:        Describe("relay_draining", "1 while the relay takes no new allocations, because it is about to end; else 0."),
		certificate:     Describe("relay_certificate_expiry_seconds", "When the certificate of TLS and DTLS ends, in seconds since 1970; not there without one."),
	}
}

// Describe implements prometheus.Collector.
func (c *relayCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.receivedPackets, c.receivedBytes, c.sentPackets, c.sentBytes, c.made, c.errors, c.connections,
		c.relayedPackets, c.relayedBytes, c.paths, c.live, c.most, c.total, c.refused, c.limits,
		c.secretLive, c.secretTotal, c.secretPackets, c.secretBytes, c.certificate, c.draining, c.unauthenticated,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *relayCollector) Collect(out chan<- prometheus.Metric) {
	s, to := c.stats(), Sink(out)
	for transport, t := range map[string]relay.Transport{"udp": s.UDP, "tcp": s.TCP, "tls": s.TLS, "dtls": s.DTLS} {
		to.Counter(c.receivedPackets, t.PacketsIn, transport)
		to.Counter(c.receivedBytes, t.BytesIn, transport)
		to.Counter(c.sentPackets, t.PacketsOut, transport)
		to.Counter(c.sentBytes, t.BytesOut, transport)
		to.Counter(c.made, t.Allocations, transport)
		to.Counter(c.errors, t.Errors, transport)
	}
	to.Gauge(c.connections, s.TCP.Connections, "tcp")
	to.Gauge(c.connections, s.TLS.Connections, "tls")
	to.Gauge(c.connections, s.DTLS.Connections, "dtls")
	to.Counter(c.relayedPackets, s.Peers.PacketsIn, "in")
	to.Counter(c.relayedPackets, s.Peers.PacketsOut, "out")
	to.Counter(c.relayedBytes, s.Peers.BytesIn, "in")
	to.Counter(c.relayedBytes, s.Peers.BytesOut, "out")
	to.Counter(c.paths, s.Fast, "fast")
	to.Counter(c.paths, s.Memory, "memory")
	to.Gauge(c.live, s.AllocationsLive)
	to.Gauge(c.most, s.AllocationsLimit)
	to.Counter(c.total, s.AllocationsTotal)
	for _, r := range relay.Refusals() {
		to.Counter(c.refused, s.Refusals[r], string(r))
	}
	for limit, r := range limits() {
		to.Counter(c.limits, s.Refusals[r], limit)
	}
	for name, use := range s.Secrets {
		to.Gauge(c.secretLive, use.AllocationsLive, name)
		to.Counter(c.secretTotal, use.AllocationsTotal, name)
		to.Counter(c.secretPackets, use.PacketsIn, name, "in")
		to.Counter(c.secretPackets, use.PacketsOut, name, "out")
		to.Counter(c.secretBytes, use.BytesIn, name, "in")
		to.Counter(c.secretBytes, use.BytesOut, name, "out")
	}
	to.Counter(c.unauthenticated, s.Unauthenticated)
	draining := 0
	if s.Draining {
		draining = 1
	}
	to.Gauge(c.draining, draining)
	if at := s.CertificateExpires; !at.IsZero() {
		to.Gauge(c.certificate, int(at.Unix()))
	}
}
