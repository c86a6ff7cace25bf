package doctor_test

import (
	"context"
	"crypto/rand"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/doctor"
	"github.com/ringfence/ringfence/relay"
)

// patience bounds every wait of these tests.
const patience = 20 * time.Second

// clinic is a relay on loopback.
type clinic struct {
	*relay.Server
	minter *relay.Minter
}

func newClinic(t *testing.T, change func(*relay.Config)) clinic {
	t.Helper()
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	secret, err := relay.NewSecret(b)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := relay.NewKeys(relay.Key{ID: "k1", Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	minter, err := relay.NewMinter(keys, relay.MaxTTL, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	at := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	cfg := relay.Config{UDP: at, TCP: at, Keys: keys}
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
			t.Error(err)
		}
	})
	return clinic{s, minter}
}

func (c clinic) mint(context.Context) (a, b doctor.Credential, err error) {
	left, err := c.minter.Mint("call1", "a")
	if err != nil {
		return a, b, err
	}
	right, err := c.minter.Mint("call1", "b")
	return doctor.Credential{Username: left.Username, Password: left.Password},
		doctor.Credential{Username: right.Username, Password: right.Password}, err
}

func (c clinic) way(t *testing.T, transport string) doctor.Way {
	t.Helper()
	for _, e := range c.Endpoints() {
		if e.Transport == transport {
			return doctor.Way{Transport: transport, Address: netip.AddrPortFrom(netip.MustParseAddr(e.Host), e.Port).String()}
		}
	}
	t.Fatal("not served: " + transport)
	return doctor.Way{}
}

func one(t *testing.T, c doctor.Check) doctor.Finding {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	all := c(ctx)
	if len(all) != 1 {
		t.Fatalf("got %d findings, want 1: %v", len(all), all)
	}
	return all[0]
}

func TestThroughCarriesAPacket(t *testing.T) {
	t.Parallel()
	c := newClinic(t, nil)
	for _, transport := range []string{"udp", "tcp"} {
		before := c.Stats().Peers.BytesOut
		f := one(t, doctor.Through(c.way(t, transport), c.mint))
		if f.Level != doctor.Good {
			t.Errorf("%s: got %+v", transport, f)
		}
		// The last packet may arrive before it is counted.
		if carried := c.Stats().Peers.BytesOut - before; carried < 1200 {
			t.Errorf("%s: the relay carried %d bytes", transport, carried)
		}
	}
}

func TestThroughSaysWhatToDo(t *testing.T) {
	t.Parallel()
	c := newClinic(t, nil)
	wrong := func(ctx context.Context) (a, b doctor.Credential, err error) {
		a, b, err = c.mint(ctx)
		a.Password += "x"
		return a, b, err
	}
	full := newClinic(t, func(cfg *relay.Config) { cfg.Limits.Allocations = 1 })
	denied := newClinic(t, nil)
	oneCallEach := func(context.Context) (a, b doctor.Credential, err error) {
		left, _ := denied.minter.Mint("call1", "a")
		right, err := denied.minter.Mint("call2", "b")
		return doctor.Credential{Username: left.Username, Password: left.Password},
			doctor.Credential{Username: right.Username, Password: right.Password}, err
	}
	for name, c := range map[string]struct {
		way  doctor.Way
		mint func(context.Context) (a, b doctor.Credential, err error)
		says string
		do   string
	}{
		"wrong password": {c.way(t, "udp"), wrong, "401", "secret"},
		"full":           {full.way(t, "udp"), full.mint, "no more allocations", "turn.limits"},
		"nobody there":   {doctor.Way{Transport: "tcp", Address: "127.0.0.1:1"}, c.mint, "refused", "running"},
		"silence":        {doctor.Way{Transport: "udp", Address: "127.0.0.1:1"}, c.mint, "no answer", "UDP port 1"},
		"nothing passes": {denied.way(t, "udp"), oneCallEach, "no packet", "turn.public_ip"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := one(t, doctor.Through(c.way, c.mint))
			if f.Level != doctor.Failure || !strings.Contains(f.Says, c.says) || !strings.Contains(f.Do, c.do) {
				t.Errorf("got %+v, want %q and %q", f, c.says, c.do)
			}
		})
	}
}
