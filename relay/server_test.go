package relay

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

func TestRelaysBetweenLegsOfOneCall(t *testing.T) {
	t.Parallel()
	for _, over := range [][2]string{{"udp", "udp"}, {"udp", "tcp"}, {"tcp", "udp"}, {"tcp", "tcp"}} {
		t.Run(over[0]+" to "+over[1], func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			a := r.allocate(t, over[0], "call1", "a")
			b := r.allocate(t, over[1], "call1", "b")
			exchange(t, a, b)
			exchange(t, b, a)
			if st := r.Stats(); st.AllocationsLive != 2 || st.AllocationsTotal != 2 {
				t.Errorf("got %d live and %d total allocations, want 2 and 2", st.AllocationsLive, st.AllocationsTotal)
			}
			eventually(t, patience, "packets counted", func() bool {
				p := r.Stats().Peers // a packet may arrive before it is counted as sent
				return p.PacketsOut >= 2 && p.PacketsIn >= 2 && p.BytesOut == p.BytesIn
			})
		})
	}
}

func TestCountersTellTransportsApart(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			exchange(t, r.allocate(t, network, "call1", "a"), r.allocate(t, network, "call1", "b"))
			used, unused := r.Stats().UDP, r.Stats().TCP
			if network == "tcp" {
				used, unused = unused, used
			}
			if used.PacketsIn == 0 || used.BytesIn == 0 || used.PacketsOut == 0 || used.BytesOut == 0 || used.Allocations != 2 {
				t.Errorf("%s in use: %+v", network, used)
			}
			if unused != (Transport{}) {
				t.Errorf("the other transport is not silent: %+v", unused)
			}
		})
	}
}

func TestNothingCrossesCalls(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	a := r.allocate(t, "udp", "call1", "a")
	b := r.allocate(t, "udp", "call2", "b")
	if err := tryExchange(a, b, 200*time.Millisecond); !errors.Is(err, errNothing) {
		t.Fatalf("between two calls: got %v, want nothing to arrive", err)
	}
	if n := r.refused(RefusedOtherCall); n != 1 {
		t.Errorf("got %d refusals for another call, want 1", n)
	}
}

// A program on the relay's machine that knows an allocation's port must not
// get through either: the second direction of the same rule.
func TestRefusesStrangersOnOwnMachine(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	a := r.allocate(t, "udp", "call1", "a")
	if err := a.client.CreatePermission(a.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	stranger, err := net.Dial("udp", a.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Close() }()
	if _, err := stranger.Write([]byte("let me in")); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "refusal counted", func() bool { return r.refused(RefusedOwnAddress) == 1 })
	if got := r.Stats().Peers.PacketsIn; got != 0 {
		t.Errorf("got %d packets relayed, want none", got)
	}
}

func TestRefusesPeers(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	a := r.allocate(t, "udp", "call1", "a")
	for _, ip := range []string{
		"10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
		"255.255.255.255", "198.18.0.1", "240.0.0.1", "192.0.0.8", "127.0.0.2", "192.0.2.77",
	} {
		to := &net.UDPAddr{IP: net.ParseIP(ip), Port: 4000}
		if err := a.client.CreatePermission(to); err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("permission for %s: got %v, want 403", ip, err)
		}
	}
	if err := a.client.CreatePermission(&net.UDPAddr{IP: net.IPv4(8, 8, 8, 8), Port: 4000}); err != nil {
		t.Errorf("permission for a routable peer: %v", err)
	}
}

// The permission for the relay's own address opens no other port of it.
func TestRefusesOwnServices(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	service, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = service.Close() }()
	a := r.allocate(t, "udp", "call1", "a")
	for _, to := range []net.Addr{service.LocalAddr(), r.udpAddr()} {
		if err := a.client.CreatePermission(to); err != nil {
			t.Fatal(err)
		}
		before := r.refused(RefusedOwnAddress)
		if _, err := a.WriteTo([]byte("x"), to); err != nil {
			t.Fatal(err)
		}
		eventually(t, patience, "refusal counted", func() bool { return r.refused(RefusedOwnAddress) > before })
	}
	if got := r.Stats().Peers.PacketsOut; got != 0 {
		t.Errorf("got %d packets out, want none", got)
	}
}

func TestEvaluationReachesOwnMachineOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.AllowOwnAddresses = true })
	service, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = service.Close() }()
	a := r.allocate(t, "udp", "call1", "a")
	if _, err := a.WriteTo([]byte("x"), service.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	_ = service.SetReadDeadline(time.Now().Add(patience))
	buf := make([]byte, 8)
	if _, from, err := service.ReadFrom(buf); err != nil || from.String() != a.LocalAddr().String() {
		t.Fatalf("got %v from %v, want the packet from %v", err, from, a.LocalAddr())
	}
	for _, to := range []string{r.udpAddr().String(), "127.0.0.1:53"} {
		if _, why := r.guard.toPeer(inCall("call1"), netip.MustParseAddrPort(to)); why != RefusedOwnAddress {
			t.Errorf("to %s: got %q, want %q", to, why, RefusedOwnAddress)
		}
	}
	other := r.allocate(t, "udp", "call2", "b")
	if err := tryExchange(a, other, 200*time.Millisecond); !errors.Is(err, errNothing) {
		t.Errorf("between two calls: got %v, want nothing to arrive", err)
	}
}

func TestLoopbackStaysRefusedUnlessBound(t *testing.T) {
	t.Parallel()
	g := &guard{allowOwn: true, self: &self{
		interfaces: func() ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("192.168.1.10")}, nil
		},
		public: func() outside { return outside{} },
	}, table: newTable(Limits{})}
	g.self.refresh()
	for addr, want := range map[string]Refusal{
		"127.0.0.1:4000": RefusedOwnAddress, "127.9.9.9:4000": RefusedOwnAddress, "[::1]:4000": RefusedOwnAddress,
		"192.168.1.10:4000": "", "192.168.1.10:1023": RefusedOwnAddress, "192.168.1.11:4000": RefusedPeer,
	} {
		if _, got := g.toPeer(inCall("call1"), netip.MustParseAddrPort(addr)); got != want {
			t.Errorf("%s: got %q, want %q", addr, got, want)
		}
	}
	for addr, want := range map[string]Refusal{"127.0.0.1": RefusedOwnAddress, "::ffff:127.0.0.1": RefusedOwnAddress, "192.168.1.10": ""} {
		if got := g.grants(netip.MustParseAddr(addr)); got != want {
			t.Errorf("permission for %s: got %q, want %q", addr, got, want)
		}
	}
}

func TestExpiryCountsAtAllocateOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	cred := r.mint(t, "call1", "a")
	a := r.allocateWith(t, "udp", cred)
	b := r.allocate(t, "udp", "call1", "b")
	r.clock.advance(MaxTTL + time.Second)

	if _, err := r.client(t, "udp", cred).Allocate(); err == nil {
		t.Error("an expired credential made an allocation")
	}
	if n := r.refused(RefusedExpired); n == 0 {
		t.Error("the refusal is not counted")
	}
	exchange(t, a, b) // CreatePermission with the expired credentials
	if err := refresh(a, 600*time.Second); err != nil {
		t.Errorf("refresh with an expired credential: %v", err)
	}
	if err := bindChannel(a, 0x4001, &net.UDPAddr{IP: net.IPv4(8, 8, 8, 8), Port: 4000}); err != nil {
		t.Errorf("channel with an expired credential: %v", err)
	}
}

func TestRefusesLongLivedCredential(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	long := &Minter{keys: r.keys, ttl: time.Hour, now: r.clock.now}
	cred, err := long.Mint("call1", "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.client(t, "udp", cred).Allocate(); err == nil {
		t.Error("a credential that outlives its revocation made an allocation")
	}
}

func TestRotatedKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	old := r.mint(t, "call1", "a")
	first, err := r.keys.current()
	if err != nil {
		t.Fatal(err)
	}
	second := testKey(t, "k2")
	if err := r.keys.Replace(second, first); err != nil {
		t.Fatal(err)
	}
	a := r.allocateWith(t, "udp", old)
	b := r.allocate(t, "udp", "call1", "b")
	exchange(t, a, b)
	if err := r.keys.Replace(second); err != nil {
		t.Fatal(err)
	}
	if _, err := r.client(t, "udp", old).Allocate(); err == nil {
		t.Error("a credential of a dropped key made an allocation")
	}
}

func TestRefusesOtherRealm(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	a := r.allocate(t, "udp", "call1", "a")
	if err := ask(a, stun.MethodRefresh); err != nil {
		t.Fatal("our own realm is refused")
	}
	if err := askIn("elsewhere", a, stun.MethodRefresh); !errors.Is(err, codeError(codeUnauthorized)) {
		t.Errorf("a client may choose the realm: got %v", err)
	}
}

func TestRefusesWrongPassword(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	good := r.mint(t, "call1", "a")
	for name, c := range map[string]Credential{
		"other password": {Username: good.Username, Password: r.mint(t, "call2", "a").Password},
		"other call":     {Username: strings.Replace(good.Username, "call1", "call2", 1), Password: good.Password},
		"other leg":      {Username: good.Username + "x", Password: good.Password},
		"no version":     {Username: strings.TrimPrefix(good.Username, "v1."), Password: good.Password},
	} {
		if _, err := r.client(t, "udp", c).Allocate(); err == nil {
			t.Errorf("%s: allocated", name)
		}
	}
	if n := r.refused(RefusedCredential); n < 4 {
		t.Errorf("got %d refusals, want at least 4", n)
	}
}

// The first request after the start is answered, as all after it: a client that
// asks once waits half a second to ask again.
func TestFirstRequestIsAnswered(t *testing.T) {
	t.Parallel()
	for range 20 {
		r := newRig(t, nil)
		conn, err := net.Dial("udp", r.udpAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write(wire.New(nil, wire.Allocate, wire.Request, [wire.IDLen]byte{1}).AppendUint32(wire.RequestedTransport, protocolUDP<<24))
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := conn.Read(make([]byte, 100)); err != nil {
			t.Fatal("no answer")
		}
		_ = conn.Close()
	}
}
