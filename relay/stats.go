package relay

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"sync/atomic"
	"time"
)

// Refusal is why something was refused. The set is closed, so that it can be
// a metric's label.
type Refusal string

// The refusals.
const (
	RefusedMalformed     Refusal = "malformed"     // neither STUN nor ChannelData
	RefusedOversize      Refusal = "oversize"      // a peer's packet that would have been cut
	RefusedCredential    Refusal = "credential"    // malformed, unknown key, wrong password or realm
	RefusedExpired       Refusal = "expired"       // an Allocate that came too late
	RefusedRevoked       Refusal = "revoked"       // the call or leg has ended
	RefusedQuota         Refusal = "quota"         // the leg has as many allocations as it may
	RefusedCapacity      Refusal = "capacity"      // the server has, or no port is free
	RefusedTransport     Refusal = "transport"     // peers by TCP where they are not served, packets where they are, or a client by a transport that is off
	RefusedPeer          Refusal = "peer"          // denied, or not globally routable
	RefusedOwnAddress    Refusal = "own_address"   // this machine, and no allocation there
	RefusedOtherCall     Refusal = "other_call"    // an allocation of another call
	RefusedPermissions   Refusal = "permissions"   // more permissions or channels than allowed
	RefusedSecretQuota   Refusal = "secret_quota"  // the secret has as many allocations as it may
	RefusedPrefixQuota   Refusal = "prefix_quota"  // the client's network has
	RefusedRate          Refusal = "rate"          // more bytes a second than an allocation may
	RefusedTotalRate     Refusal = "total_rate"    // more bytes a second than all may
	RefusedBudget        Refusal = "budget"        // the leg has used up its bytes
	RefusedRequest       Refusal = "request"       // a request that makes no sense, or asks for what is not served
	RefusedMismatch      Refusal = "mismatch"      // no allocation there, or somebody else's
	RefusedAmplification Refusal = "amplification" // a long answer to somebody who may be somebody else
	RefusedConnections   Refusal = "connections"   // more connections of TCP, TLS or DTLS than allowed
	RefusedBusy          Refusal = "busy"          // more packets at once than could be looked at
	RefusedHandshake     Refusal = "handshake"     // of TLS or DTLS: failed, too slow, or too many at once
	RefusedClosed        Refusal = "closed"        // a peer that is no allocation of this relay, which is closed
)

// Refusals lists every refusal.
func Refusals() []Refusal {
	return []Refusal{
		RefusedMalformed, RefusedOversize, RefusedCredential, RefusedExpired, RefusedRevoked, RefusedQuota,
		RefusedCapacity, RefusedTransport, RefusedPeer, RefusedOwnAddress, RefusedOtherCall,
		RefusedPermissions, RefusedSecretQuota, RefusedPrefixQuota, RefusedRate, RefusedTotalRate, RefusedBudget, RefusedConnections, RefusedHandshake, RefusedBusy,
		RefusedRequest, RefusedMismatch, RefusedAmplification, RefusedClosed,
	}
}

// Traffic counts packets and bytes of payload, each way.
type Traffic struct {
	PacketsIn, BytesIn   uint64
	PacketsOut, BytesOut uint64
}

// Transport is what clients did over one transport. Packets over TCP, TLS and
// DTLS are TURN messages, not segments or records; bytes are without the seal.
type Transport struct {
	Traffic
	Allocations uint64 // made since the start
	Errors      uint64 // failed Accepts or reads that the listener outlived
	Connections int    // open now; none over UDP
}

// Stats is a snapshot of the counters. They only grow, but for those that say
// "now".
type Stats struct {
	UDP, TCP         Transport
	TLS, DTLS        Transport
	Peers            Traffic // Out is towards peers
	AllocationsLive  int     // now
	AllocationsLimit int     // how many may live at once
	AllocationsTotal uint64

	// Fast counts packets of channels that went past pion, both ways, and Memory
	// those from one allocation to another that no socket was in between.
	Fast, Memory uint64

	Unauthenticated uint64             // answers to requests without a valid credential
	Refusals        map[Refusal]uint64 // every refusal is a key

	// Secrets is what the credentials of each secret of [Config.Secrets] have
	// and had, by its name. Traffic is that of peers.
	Secrets map[string]SecretUse

	// Draining reports whether [Server.Drain] was called.
	Draining bool

	// CertificateExpires is when the certificate of TLS and DTLS ends; zero
	// where there is none.
	CertificateExpires time.Time
}

// SecretUse is what one secret's credentials are used for.
type SecretUse struct {
	Traffic
	AllocationsLive  int // now
	AllocationsTotal uint64
}

type traffic struct {
	packetsIn, bytesIn   atomic.Uint64
	packetsOut, bytesOut atomic.Uint64
}

func (t *traffic) in(n int)  { t.inAll(1, n) }
func (t *traffic) out(n int) { t.outAll(1, n) }

func (t *traffic) inAll(packets, bytes int) {
	t.packetsIn.Add(count(packets))
	t.bytesIn.Add(count(bytes))
}

func (t *traffic) outAll(packets, bytes int) {
	t.packetsOut.Add(count(packets))
	t.bytesOut.Add(count(bytes))
}

// count is for what is not negative.
func count(n int) uint64 { return uint64(max(n, 0)) }

func (t *traffic) snapshot() Traffic {
	return Traffic{
		PacketsIn: t.packetsIn.Load(), BytesIn: t.bytesIn.Load(),
		PacketsOut: t.packetsOut.Load(), BytesOut: t.bytesOut.Load(),
	}
}

type transport struct {
	traffic
	allocations atomic.Uint64
	errors      atomic.Uint64
	connections atomic.Int64
}

func (t *transport) snapshot() Transport {
	return Transport{
		Traffic: t.traffic.snapshot(), Allocations: t.allocations.Load(),
		Errors: t.errors.Load(), Connections: int(t.connections.Load()),
	}
}

type counters struct {
	via             [ViaDTLS + 1]transport // by Via; that of none stays empty
	peers           traffic
	refusals        map[Refusal]*atomic.Uint64 // never written after newCounters
	secrets         map[string]*traffic        // by name; never written after newCounters
	unauthenticated atomic.Uint64
	fast, memory    atomic.Uint64
}

func newCounters(secrets ...NamedSecret) *counters {
	c := &counters{refusals: make(map[Refusal]*atomic.Uint64), secrets: make(map[string]*traffic)}
	for _, s := range secrets {
		c.secrets[s.Name] = new(traffic)
	}
	for _, r := range Refusals() {
		c.refusals[r] = new(atomic.Uint64)
	}
	return c
}

// of returns what is counted for one transport.
func (c *counters) of(v Via) *transport { return &c.via[v] }

func (c *counters) refuse(r Refusal) { c.refuseAll(r, 1) }

func (c *counters) refuseAll(r Refusal, n int) {
	c.refusals[r].Add(count(n))
}

// Stats returns the counters as they are now.
func (s *Server) Stats() Stats {
	live, total := s.table.counts()
	st := Stats{
		UDP: s.counters.of(ViaUDP).snapshot(), TCP: s.counters.of(ViaTCP).snapshot(),
		TLS: s.counters.of(ViaTLS).snapshot(), DTLS: s.counters.of(ViaDTLS).snapshot(), Peers: s.counters.peers.snapshot(),
		Fast: s.counters.fast.Load(), Memory: s.counters.memory.Load(),
		AllocationsLive: live, AllocationsLimit: s.table.quotas.limits.Allocations, AllocationsTotal: total, Unauthenticated: s.counters.unauthenticated.Load(), Refusals: make(map[Refusal]uint64),
		Draining: s.table.draining(), Secrets: s.table.shares(), CertificateExpires: s.cfg.certificateExpires(),
	}
	for name, use := range st.Secrets {
		use.Traffic = s.counters.secrets[name].snapshot()
		st.Secrets[name] = use
	}
	for r, n := range s.counters.refusals {
		st.Refusals[r] = n.Load()
	}
	return st
}

// certificateExpires looks at the certificate that clients get now.
func (c Config) certificateExpires() time.Time {
	if c.Certificate == nil {
		return time.Time{}
	}
	hello := &tls.ClientHelloInfo{SupportedVersions: []uint16{tls.VersionTLS13}}
	if _, err := netip.ParseAddr(c.Host); err != nil {
		hello.ServerName = c.Host
	}
	pair, err := c.Certificate(hello)
	if err != nil || pair == nil || len(pair.Certificate) == 0 {
		return time.Time{}
	}
	leaf := pair.Leaf
	if leaf == nil {
		if leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return time.Time{}
		}
	}
	return leaf.NotAfter
}
