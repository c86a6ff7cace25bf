package conformance

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/ringfence/ringfence/relay"

	"github.com/ringfence/ringfence/internal/testenv"
)

// patience bounds every wait for what must come. What must not come is never
// waited for: something that comes later marks that it did not.
const patience = 20 * time.Second

var (
	loopback4 = netip.MustParseAddr("127.0.0.1")
	loopback6 = netip.MustParseAddr("::1")
)

func at(a netip.Addr, port uint16) netip.AddrPort { return netip.AddrPortFrom(a, port) }

// server is a relay that serves on loopback until the test ends. Its clients
// may reach peers on loopback.
type server struct {
	*relay.Server
	keys  *relay.Keys
	realm string
}

// newServer serves on IPv4. change may be nil.
func newServer(t testing.TB, change func(*relay.Config)) *server {
	t.Helper()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	s, err := relay.NewSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := relay.NewKeys(relay.Key{ID: "k1", Secret: s})
	if err != nil {
		t.Fatal(err)
	}
	cfg := relay.Config{
		Shards: testenv.Shards(),
		UDP:    []netip.AddrPort{at(loopback4, 0)}, TCP: []netip.AddrPort{at(loopback4, 0)},
		Keys: keys, AllowOwnAddresses: true, Realm: relay.DefaultRealm, Certificate: certificate(t),
	}
	cfg.Limits.PerLeg = 64 // most tests are of one leg
	if change != nil {
		change(&cfg)
	}
	srv, err := relay.Listen(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, srv)
	return &server{srv, keys, cfg.Realm}
}

func serve(t testing.TB, s *relay.Server) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Serve: %v", err)
			}
		case <-time.After(patience):
			t.Error("Serve did not return")
		}
	})
}

// only6 hears clients on IPv6 alone and meets peers on both families.
func only6(c *relay.Config) {
	c.UDP, c.TCP = []netip.AddrPort{at(loopback6, 0)}, []netip.AddrPort{at(loopback6, 0)}
	c.RelayIPs = []netip.Addr{loopback4, loopback6}
}

// both hears clients on IPv4 and meets peers on both families.
func both(c *relay.Config) { c.RelayIPs = []netip.Addr{loopback4, loopback6} }

// selfSigned is made once: any will do.
var selfSigned = sync.OnceValues(func() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "relay"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{loopback4.AsSlice(), loopback6.AsSlice()},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
})

func certificate(t testing.TB) relay.GetCertificate {
	t.Helper()
	pair, err := selfSigned()
	if err != nil {
		t.Fatal(err)
	}
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair, nil }
}

// addr is where the relay hears clients: TLS and DTLS at the ports of TCP and
// UDP.
func (s *server) addr(t testing.TB, network string) netip.AddrPort {
	t.Helper()
	if under, sealed := map[string]string{"tls": "tcp", "dtls": "udp"}[network]; sealed {
		network = under
	}
	for _, e := range s.Endpoints() {
		if e.Transport == network {
			return at(netip.MustParseAddr(e.Host), e.Port)
		}
	}
	t.Fatalf("the relay does not listen on %s", network)
	return netip.AddrPort{}
}

func (s *server) credential(t testing.TB, leg string) relay.Credential {
	t.Helper()
	return s.credentialAt(t, leg, 0)
}

// credentialAt is one minted by a clock that is ahead.
func (s *server) credentialAt(t testing.TB, leg string, ahead time.Duration) relay.Credential {
	t.Helper()
	minter, err := relay.NewMinter(s.keys, relay.MaxTTL, func() time.Time { return time.Now().Add(ahead) })
	if err != nil {
		t.Fatal(err)
	}
	c, err := minter.Mint("call", leg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// eventually waits until ok holds.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", patience, what)
		case <-tick.C:
		}
	}
}

// peer is a plain UDP socket on loopback.
type peer struct {
	t    testing.TB
	conn *net.UDPConn
	addr netip.AddrPort
}

func newPeer(t testing.TB, ip netip.Addr) *peer {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at(ip, 0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &peer{t, conn, conn.LocalAddr().(*net.UDPAddr).AddrPort()} //nolint:forcetypeassert // of a UDP socket
}

// expect fails unless the next packet is want, from that address.
func (p *peer) expect(from netip.AddrPort, want string) {
	p.t.Helper()
	got, src, err := p.next()
	if err != nil {
		p.t.Fatalf("peer: %v, want %q", err, want)
	}
	if got != want || src != from {
		p.t.Fatalf("peer got %q from %v, want %q from %v", got, src, want, from)
	}
}

func (p *peer) next() (string, netip.AddrPort, error) {
	_ = p.conn.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 65536)
	n, src, err := p.conn.ReadFromUDPAddrPort(b)
	return string(b[:n]), at(src.Addr().Unmap(), src.Port()), err
}

func (p *peer) send(to netip.AddrPort, data string) {
	p.t.Helper()
	if _, err := p.conn.WriteToUDPAddrPort([]byte(data), to); err != nil {
		p.t.Fatal(err)
	}
}
