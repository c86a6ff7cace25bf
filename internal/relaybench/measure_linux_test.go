package relaybench

import (
	"context"
	"crypto/rand"
	"errors"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/benchhost"
	"github.com/ringfence/ringfence/internal/relaybench/bare"
	"github.com/ringfence/ringfence/internal/testenv"
	"github.com/ringfence/ringfence/relay"
)

const someSecret = "0123456789abcdef0123456789abcdef"

// newRelay serves on loopback until the test ends.
func newRelay(t *testing.T, at string, change func(*relay.Config)) netip.AddrPort {
	t.Helper()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	own, err := relay.NewSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := relay.NewKeys(relay.Key{ID: "k1", Secret: own})
	if err != nil {
		t.Fatal(err)
	}
	rest, err := relay.NewNamedSecret("bench", someSecret, 0)
	if err != nil {
		t.Fatal(err)
	}
	cfg := relay.Config{UDP: []netip.AddrPort{netip.MustParseAddrPort(at)}, Keys: keys, AllowOwnAddresses: true, Realm: relay.DefaultRealm, Secrets: []relay.NamedSecret{rest}}
	cfg.Limits.BytesPerSecond, cfg.Limits.BytesPerSecondTotal = 1<<30, 1<<30
	if change != nil {
		change(&cfg)
	}
	s, err := relay.Listen(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	for _, e := range s.Endpoints() {
		return netip.AddrPortFrom(netip.MustParseAddr(e.Host), e.Port)
	}
	t.Fatal("the relay has no address")
	return netip.AddrPort{}
}

// quick are options for a server that is not measured but met.
func quick(t *testing.T, server netip.AddrPort) Options {
	t.Helper()
	secret, err := relay.NewNamedSecret("bench", someSecret, 0)
	if err != nil {
		t.Fatal(err)
	}
	o := Defaults()
	o.Server, o.PID, o.Allocations = server, os.Getpid(), []int{2}
	o.Warm, o.Measure = 10*time.Millisecond, 60*time.Millisecond
	o.Mint = func(int) (string, string, error) {
		c, err := relay.MintREST(secret, relay.DefaultSeparator, "bench", time.Now(), time.Hour)
		return c.Username, c.Password, err
	}
	return o
}

// Everything that can be asked for goes through a real relay and comes back,
// over both families, and no allocation is left.
func TestEveryCaseDelivers(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		o := quick(t, newRelay(t, at, nil))
		o.Directions, o.Rates, o.Allocations, o.PeerPorts, o.Shapes = Directions(), []int{0, 2000}, []int{1, 3}, 2, []Shape{{160, 1}, {1200, 8}}
		if o.Server.Addr().Is6() {
			o.GSO, o.Allocations = true, []int{2}
		}
		r, err := Measure(t.Context(), o)
		if err != nil {
			t.Fatal(at, err)
		}
		want := 0
		for _, n := range o.Allocations {
			want += len(o.cases(n))
		}
		if len(r.Runs) != want || want < 16 {
			t.Errorf("%s: %d runs, want %d", at, len(r.Runs), want)
		}
		checkRuns(t, o, r.Runs)
		for i, s := range r.Setups {
			if s.Allocations != o.Allocations[i] || s.CPUMicros == 0 || s.PerSecond == 0 || s.RSSAfter == 0 || s.Released != (i > 0) {
				t.Errorf("%s: %+v", at, s)
			}
		}
	}
}

// checkRuns holds that something came in every case, but for those in which more
// is sent than can be carried: there one may starve where the machine is busy.
func checkRuns(t *testing.T, o Options, runs []Run) {
	t.Helper()
	flood := uint64(0)
	for _, c := range runs {
		if c.Sent == 0 || c.Seconds < o.Measure.Seconds() || c.Loss < 0 || c.Loss > 1 || (c.Relayed > 0 && (c.PerSecond == 0 || c.CPUMicros == 0)) {
			t.Errorf("%v: %+v", o.Server, c)
		}
		if c.Rate == 0 {
			flood += c.Relayed
		} else if c.Loss == 1 || c.Latency == nil || c.Latency.P50 == 0 || c.Latency.P99 < c.Latency.P50 || c.Latency.Max < c.Latency.P99 {
			t.Errorf("%v: %+v, delays %+v", o.Server, c, c.Latency)
		}
	}
	if flood == 0 {
		t.Errorf("%v: nothing came of all that was sent without pause", o.Server)
	}
}

// What a server refuses is said in words that name what to change.
func TestRefusalsSayWhatToDo(t *testing.T) {
	t.Parallel()
	nobody := netip.MustParseAddrPort("127.0.0.1:" + testenv.FreePort(t))
	for want, change := range map[error]func(*Options){
		errCredential: func(o *Options) { o.Mint = func(int) (string, string, error) { return "a", "b", nil } },
		errForbidden: func(o *Options) {
			o.Server = newRelay(t, "127.0.0.1:0", func(c *relay.Config) { c.AllowOwnAddresses = false })
		},
		errQuota: func(o *Options) {
			o.Server = newRelay(t, "127.0.0.1:0", func(c *relay.Config) { c.Limits.PerUser = 1 })
		},
		errListen:              func(o *Options) { o.Server = nobody },
		benchhost.ErrNoProcess: func(o *Options) { o.PID = 1 << 28 },
	} {
		o := quick(t, newRelay(t, "127.0.0.1:0", nil))
		change(&o)
		if _, err := Measure(t.Context(), o); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
}

// What was measured before the end is there, and the allocations are given back.
func TestMeasureEndsWhenItIsToldTo(t *testing.T) {
	t.Parallel()
	o := quick(t, newRelay(t, "127.0.0.1:0", nil))
	ctx, cancel := context.WithCancel(t.Context())
	o.Measure = time.Minute
	o.Progress = func(doing string, _, _ int) {
		if doing != "set-up" {
			cancel()
		}
	}
	if r, err := Measure(ctx, o); !errors.Is(err, context.Canceled) || len(r.Setups) != 1 {
		t.Errorf("%v, %+v", err, r)
	}
}

// The forwarder that everything is compared with forwards, to the peer of each
// client.
func TestTheBareForwarderForwards(t *testing.T) {
	t.Parallel()
	at := netip.MustParseAddrPort("127.0.0.1:" + testenv.FreePort(t))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- bare.Run(ctx, at) }()
	o := quick(t, at)
	o.Bare, o.Directions, o.Shapes, o.Rates, o.Allocations, o.PeerPorts = true, []Direction{ToPeer}, []Shape{{160, 1}, {1200, 8}}, []int{2000}, []int{3}, 2
	o.Measure = time.Second // on a busy machine nothing may come within less
	r, err := Measure(ctx, o)
	cancel()
	if berr := <-done; err != nil || berr != nil {
		t.Fatal(err, berr)
	}
	if len(r.Setups) != 0 || len(r.Runs) != 2 {
		t.Errorf("%+v", r)
	}
	for _, c := range r.Runs {
		if c.Relayed == 0 || c.Loss == 1 {
			t.Errorf("%+v", c)
		}
	}
}
