package relayd

import (
	"crypto/tls"
	"log/slog"
	"net/netip"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/relay"
)

// TestEverySettingReachesTheRelay holds that none of the settings is read and
// then forgotten.
func TestEverySettingReachesTheRelay(t *testing.T) {
	t.Parallel()
	l, err := config.LoadRelay(config.Input{Flags: map[string]string{
		"turn-listen": "127.0.0.1:1,127.0.0.2:2", "turn-tls-listen": "127.0.0.1:3", "turn-cert": "c", "turn-key": "k", "turn-tls-min": "1.2",
		"turn-public-ip": "call.example.org", "turn-transports": "udp,tls", "turn-family": "keep", "turn-relay-ips": "127.0.0.3",
		"turn-realm": "r", "turn-min-port": "2000", "turn-max-port": "3000", "turn-allow-own-addresses": "on", "turn-allow-peers": "10.1.0.0/16",
		"turn-deny-peers": "8.8.8.8", "turn-stun": "authenticated", "turn-separator": "|", "turn-nonce-life": "77", "turn-tcp-peers": "on", "turn-shards": "3",
		"turn-limits-allocations": "101", "turn-limits-per-user": "102", "turn-limits-per-secret": "103", "turn-limits-per-prefix": "104",
		"turn-limits-connections": "105", "turn-limits-connections-per-prefix": "106", "turn-limits-permissions": "107", "turn-limits-channels": "108",
		"turn-limits-bytes-per-second": "1009", "turn-limits-bytes-per-second-total": "1010", "turn-limits-lifetime": "611", "turn-limits-unauthenticated-per-second": "112",
	}})
	if err != nil {
		t.Fatal(err)
	}
	doors, err := OpenDoors(l.TURN, nil)
	if err != nil {
		t.Fatal(err)
	}
	ip := netip.MustParseAddr("203.0.113.7")
	ip6 := netip.MustParseAddr("2001:db8::7")
	external, external6 := &PublicIP{}, &PublicIP{}
	external.addr.Store(&ip)
	external6.addr.Store(&ip6)
	n := Node{Settings: l.TURN, Doors: doors, Keys: &relay.Keys{}, Certificates: &relay.Certificates{}, OwnAddresses: l.OwnAddresses(), External: external, External6: external6, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	got := n.config()
	at := func(texts ...string) (out []netip.AddrPort) {
		for _, s := range texts {
			out = append(out, netip.MustParseAddrPort(s))
		}
		return out
	}
	if got.Certificate == nil || got.PublicIP() != ip || got.PublicIP6() != ip6 || got.Keys == nil || got.Now == nil {
		t.Errorf("got %+v", got)
	}
	got.Certificate, got.PublicIP, got.PublicIP6, got.Keys, got.Now, got.Log = nil, nil, nil, nil, nil, nil
	want := relay.Config{
		UDP: at("127.0.0.1:1", "127.0.0.2:2"), TCP: at("127.0.0.1:1", "127.0.0.2:2"), TLS: at("127.0.0.1:3"), TLSMin: tls.VersionTLS12,
		Host: "call.example.org", RelayIPs: []netip.Addr{netip.MustParseAddr("127.0.0.3")}, Realm: "r", MinPort: 2000, MaxPort: 3000, AllowOwnAddresses: true, TCPPeers: true, Shards: 3,
		Peers:   relay.PeerPolicy{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, Deny: []netip.Prefix{netip.MustParsePrefix("8.8.8.8/32")}},
		Without: []relay.Via{relay.ViaTCP, relay.ViaDTLS}, Family: relay.FamilyKeep,
		STUN: relay.STUNAuthenticated, Separator: '|', NonceLife: 77 * time.Second,
		Limits: relay.Limits{
			Allocations: 101, PerUser: 102, PerSecret: 103, PerPrefix: 104, Connections: 105, PerNetwork: 106, Permissions: 107, Channels: 108,
			BytesPerSecond: 1009, BytesPerSecondTotal: 1010, Lifetime: 611 * time.Second, Strangers: 112,
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	n.Settings.TCPPeers, n.Settings.Closed = "off", "on" // which go with each other only so
	if got := n.config(); !got.Closed || got.TCPPeers {
		t.Errorf("closed: got %v, with TCP towards peers: %v", got.Closed, got.TCPPeers)
	}
}

// The defaults of the settings are those of the relay itself.
func TestDefaultsAreThoseOfTheRelay(t *testing.T) {
	t.Parallel()
	d := config.DefaultRelay().TURN
	if d.MinPort != relay.DefaultMinPort || d.MaxPort != relay.DefaultMaxPort || d.Realm != relay.DefaultRealm ||
		time.Duration(d.NonceLife)*time.Second != relay.DefaultNonceLife || d.Separator[0] != relay.DefaultSeparator {
		t.Errorf("got %+v", d)
	}
}

// A shard that waits keeps its processor, for there is one that is free.
func TestShardsLeaveAProcessorFree(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	for _, shards := range []int{0, 1, before, before + 3} {
		runtime.GOMAXPROCS(before)
		c := relay.Config{Shards: shards}
		spare(&c)
		if c.Shards < 1 || runtime.GOMAXPROCS(0) <= c.Shards || runtime.GOMAXPROCS(0) < before {
			t.Errorf("shards %d: %d of them and %d processors", shards, c.Shards, runtime.GOMAXPROCS(0))
		}
	}
	c := relay.Config{Shards: relay.ShardsOff}
	runtime.GOMAXPROCS(before)
	if spare(&c); c.Shards != relay.ShardsOff || runtime.GOMAXPROCS(0) != before {
		t.Errorf("without shards: %d of them and %d processors", c.Shards, runtime.GOMAXPROCS(0))
	}
}
