package relay

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/logging"
	"github.com/pion/turn/v5"

	"github.com/ringfence/ringfence/internal/testenv"
)

// patience bounds every wait of these tests.
const patience = 20 * time.Second

// rig is a serving relay on loopback and a minter for it.
type rig struct {
	*Server
	keys   *Keys
	minter *Minter
	clock  *testClock
}

type testClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func testKey(t testing.TB, id string) Key {
	t.Helper()
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	s, err := NewSecret(b)
	if err != nil {
		t.Fatal(err)
	}
	return Key{ID: id, Secret: s}
}

func loopback(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
}

// newRig serves until the test ends. change may be nil.
func newRig(t testing.TB, change func(*Config)) *rig {
	t.Helper()
	r := newIdleRig(t, change)
	serve(t, r.Server)
	return r
}

// newIdleRig has listeners, and nobody who reads them.
func newIdleRig(t testing.TB, change func(*Config)) *rig {
	t.Helper()
	clock := &testClock{at: time.Now()}
	keys, err := NewKeys(testKey(t, "k1"))
	if err != nil {
		t.Fatal(err)
	}
	minter, err := NewMinter(keys, MaxTTL, clock.now)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Shards: testenv.Shards(), UDP: []netip.AddrPort{loopback(0)}, TCP: []netip.AddrPort{loopback(0)}, Keys: keys, Now: clock.now}
	if change != nil {
		change(&cfg)
	}
	s, err := Listen(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &rig{Server: s, keys: keys, minter: minter, clock: clock}
}

// oneShard is for tests that look into the one listener there is.
func oneShard() int {
	if testenv.Shards() == ShardsOff {
		return ShardsOff
	}
	return 1
}

func oneListener(c *Config) { c.Shards = oneShard() }

// serve runs s until the test ends, and fails it if s does not stop.
func serve(t testing.TB, s *Server) {
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

func (r *rig) udpAddr() net.Addr { return r.packets[0].LocalAddr() }
func (r *rig) tcpAddr() net.Addr { return r.streams[0].Addr() }

func (r *rig) mint(t testing.TB, call, leg string) Credential {
	t.Helper()
	c, err := r.minter.Mint(call, leg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// peer is an allocation, seen from its client.
type peer struct {
	net.PacketConn
	client *turn.Client
	cred   Credential
}

// client returns a TURN client over "udp", "tcp", "tls" or "dtls" that has done
// nothing yet.
func (r *rig) client(t testing.TB, network string, c Credential) *turn.Client {
	t.Helper()
	return clientAt(t, network, r.front(network), r.cfg.Realm, c)
}

// front is the first listener for network.
func (r *rig) front(network string) net.Addr {
	if network == "udp" || network == "dtls" {
		return r.udpAddr()
	}
	return r.tcpAddr()
}

// clientAt returns a TURN client of any relay that has done nothing yet.
func clientAt(t testing.TB, network string, server net.Addr, realm string, c Credential) *turn.Client {
	t.Helper()
	return clientOn(t, dial(t, network, server), realm, c)
}

// clientOn is clientAt over a connection that is there.
func clientOn(t testing.TB, conn *way, realm string, c Credential) *turn.Client {
	t.Helper()
	log := logging.NewDefaultLoggerFactory()
	log.Writer = io.Discard
	tc, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: conn.to.String(), TURNServerAddr: conn.to.String(), Conn: conn,
		Username: c.Username, Password: c.Password, Realm: realm, LoggerFactory: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := tc.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tc.Close)
	return tc
}

// way is a client's way to the relay, message by message.
type way struct {
	net.PacketConn
	to net.Addr
}

// dial opens a way to a listener.
func dial(t testing.TB, network string, server net.Addr) *way {
	t.Helper()
	if network == "udp" {
		at, _ := addrPort(server)
		udp, err := net.ListenPacket("udp", netip.AddrPortFrom(at.Addr(), 0).String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = udp.Close() })
		return &way{udp, server}
	}
	if network == "dtls" {
		conn, err := dialDTLS(t, server)
		if err != nil {
			t.Fatalf("dial dtls: %v", err)
		}
		return &way{&packetClient{conn}, server}
	}
	conn, err := dialStream(network, server.String())
	if err != nil {
		t.Fatalf("dial %s: %v", network, err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &way{&streamClient{Conn: conn, in: newMessages()}, server}
}

func dialStream(network, to string) (net.Conn, error) {
	if network == "tls" {
		return tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", to, &tls.Config{InsecureSkipVerify: true})
	}
	return net.DialTimeout("tcp", to, patience)
}

// dialDTLS ends with the test at the latest.
func dialDTLS(t testing.TB, to net.Addr) (*dtls.Conn, error) {
	t.Helper()
	at, _ := addrPort(to)
	udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at.Addr(), 0)))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = udp.Close() })
	return dtlsOver(t, udp, to)
}

func dtlsOver(t testing.TB, udp net.PacketConn, to net.Addr) (*dtls.Conn, error) {
	t.Helper()
	conn, err := dtls.ClientWithOptions(udp, to, dtls.WithInsecureSkipVerify(true))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, nil
}

// packetClient is a net.PacketConn over datagrams to one place.
type packetClient struct{ net.Conn }

func (c *packetClient) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := c.Read(b)
	return n, c.RemoteAddr(), err
}

func (c *packetClient) WriteTo(b []byte, _ net.Addr) (int, error) { return c.Write(b) }

// streamClient cuts what comes into messages. pion's own lets short ones wait.
type streamClient struct {
	net.Conn
	in messages
}

func (c *streamClient) ReadFrom(b []byte) (int, net.Addr, error) {
	msg, err := c.in.next(c.Conn)
	return copy(b, msg), c.RemoteAddr(), err
}

func (c *streamClient) WriteTo(b []byte, _ net.Addr) (int, error) { return c.Write(b) }

// allocate makes an allocation for a leg of a call.
func (r *rig) allocate(t testing.TB, network, call, leg string) *peer {
	t.Helper()
	return r.allocateWith(t, network, r.mint(t, call, leg))
}

func (r *rig) allocateWith(t testing.TB, network string, c Credential) *peer {
	t.Helper()
	tc := r.client(t, network, c)
	pc, err := tc.Allocate()
	if err != nil {
		t.Fatalf("allocate over %s: %v", network, err)
	}
	return &peer{pc, tc, c}
}

// exchange sends from a to b and fails unless it arrives as from a.
func exchange(t testing.TB, a, b *peer) {
	t.Helper()
	if err := tryExchange(a, b, patience); err != nil {
		t.Fatal(err)
	}
}

var errNothing = errors.New("nothing arrived")

// tryExchange opens both sides for each other and sends one packet. UDP on
// loopback loses nothing, so one has to do.
func tryExchange(a, b *peer, within time.Duration) error {
	for _, p := range [][2]*peer{{a, b}, {b, a}} {
		if err := p[0].client.CreatePermission(p[1].LocalAddr()); err != nil {
			return err
		}
	}
	want := []byte("hello from " + a.LocalAddr().String())
	if _, err := a.WriteTo(want, b.LocalAddr()); err != nil {
		return err
	}
	_ = b.SetReadDeadline(time.Now().Add(within))
	buf := make([]byte, 1500)
	n, from, err := b.ReadFrom(buf)
	if err != nil {
		return errNothing
	}
	if !bytes.Equal(buf[:n], want) || from.String() != a.LocalAddr().String() {
		return errors.New("another packet, or from another address: " + from.String())
	}
	return nil
}

// eventually waits until ok holds.
func eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(within)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", within, what)
		case <-tick.C:
		}
	}
}

func (r *rig) refused(why Refusal) uint64 { return r.Stats().Refusals[why] }

// legOf is who a credential of a leg of call1 stands for.
func legOf(leg string) Principal {
	return Principal{Kind: KindCall, ID: "call1" + userSeparator + leg, Call: "call1", Leg: leg}
}

func inCall(call string) *Principal { return &Principal{Kind: KindCall, Call: call} }

// bound returns how many channels an allocation has.
func (s *socket) bound() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.channels)
}

func addrPortOf(a net.Addr) netip.AddrPort {
	ap, _ := addrPort(a)
	return ap
}
