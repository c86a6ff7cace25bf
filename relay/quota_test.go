package relay

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// Each limit of allocations holds by itself and is counted apart.
func TestLimitsOfAllocations(t *testing.T) {
	t.Parallel()
	one, two := named(t, "one", "first-secret-0001"), named(t, "two", "second-secret-002")
	two.Allocations = 1
	for _, c := range []struct {
		name   string
		limits Limits
		first  []string // secret and name, or "call" and leg
		refuse string
		pass   string
		why    Refusal
	}{
		{"leg", Limits{PerLeg: 1}, []string{"call a"}, "call a", "call b", RefusedQuota},
		{"user of a secret", Limits{PerUser: 1}, []string{"one ann"}, "one ann", "one bob", RefusedQuota},
		{"user of the configuration", Limits{PerUser: 1}, []string{"user ann"}, "user ann", "call a", RefusedQuota},
		{"secret", Limits{PerSecret: 1}, []string{"one ann"}, "one bob", "call a", RefusedSecretQuota},
		{"secret with its own", Limits{}, []string{"two ann"}, "two bob", "one ann", RefusedSecretQuota},
		{"network", Limits{PerPrefix: 2}, []string{"call a", "one ann"}, "user ann", "", RefusedPrefixQuota},
		{"all", Limits{Allocations: 2, PerSecret: 2}, []string{"call a", "one ann"}, "user ann", "", RefusedCapacity},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(cfg *Config) {
				cfg.Secrets, cfg.Users, cfg.Limits = []NamedSecret{one, two}, users(t, "ann:correct horse"), c.limits
			})
			for _, who := range c.first {
				r.allocateWith(t, "udp", r.credentialOf(t, who))
			}
			if _, err := r.client(t, "udp", r.credentialOf(t, c.refuse)).Allocate(); err == nil {
				t.Errorf("%s: made one more", c.refuse)
			}
			if n := r.refused(c.why); n != 1 {
				t.Errorf("got %d refusals %q, want 1: %v", n, c.why, r.Stats().Refusals)
			}
			if c.pass != "" {
				r.allocateWith(t, "udp", r.credentialOf(t, c.pass))
			}
		})
	}
}

// credentialOf makes one of each kind: "call" and a leg, "user" and a name, or
// a secret and a name.
func (r *rig) credentialOf(t testing.TB, who string) Credential {
	t.Helper()
	kind, name, _ := strings.Cut(who, " ")
	switch kind {
	case "call":
		return r.mint(t, "call1", name)
	case "user":
		return Credential{Username: name, Password: "correct horse"}
	}
	i := slices.IndexFunc(r.cfg.Secrets, func(s NamedSecret) bool { return s.Name == kind })
	cred, err := MintREST(r.cfg.Secrets[i], ':', name, r.clock.now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return cred
}

// What is given back can be taken again, by secret and by network.
func TestAllocationsComeBack(t *testing.T) {
	t.Parallel()
	secret := named(t, "one", "first-secret-0001")
	r := newRig(t, func(c *Config) { c.Secrets, c.Limits = []NamedSecret{secret}, Limits{PerSecret: 1, PerPrefix: 1} })
	for i := range 3 {
		cred, err := MintREST(secret, ':', strconv.Itoa(i), r.clock.now(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		p := r.allocateWith(t, "udp", cred)
		if use := r.Stats().Secrets["one"]; use.AllocationsLive != 1 || use.AllocationsTotal != uint64(i+1) {
			t.Errorf("got %+v", use)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		eventually(t, patience, "allocation gone", func() bool { return r.Stats().AllocationsLive == 0 })
	}
	r.table.mu.RLock()
	defer r.table.mu.RUnlock()
	if len(r.table.quotas.byPrefix) != 0 || r.Stats().Secrets["one"].AllocationsLive != 0 {
		t.Errorf("left behind: %v", r.table.quotas.byPrefix)
	}
}

// Requests over several listeners are checked at once, so that joining has
// the last word about networks.
func TestJoinHoldsTheLimitOfANetwork(t *testing.T) {
	t.Parallel()
	table := newTable(Limits{PerLeg: 8, Allocations: 8, PerPrefix: 2})
	join := func(port uint16, from string) error {
		at := loopback(port)
		if err := table.add(&socket{who: legOf("a"), local: at, shown: at}); err != nil {
			t.Fatal(err)
		}
		return table.join(client{ViaUDP, netip.MustParseAddrPort(from), loopback(3478)}, at)
	}
	for i, c := range []struct {
		from string
		want error
	}{
		{"192.0.2.1:1", nil},
		{"192.0.2.1:2", nil},
		{"192.0.2.1:3", errPrefixFull},
		{"192.0.2.2:1", nil},
		{"[2001:db8::1]:1", nil},
		{"[2001:db8::2]:1", nil},
		{"[2001:db8::3]:1", errPrefixFull},
		{"[2001:db8:0:1::1]:1", nil},
	} {
		if err := join(uint16(5000+i), c.from); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.from, err, c.want)
		}
	}
}

// The network is looked at before anything is made, too.
func TestRoomOfANetwork(t *testing.T) {
	t.Parallel()
	table := newTable(Limits{PerLeg: 8, Allocations: 8, PerPrefix: 0})
	who, from := legOf("a"), netip.MustParseAddr("192.0.2.1")
	if err := table.room(&who, from, 0); !errors.Is(err, errPrefixFull) {
		t.Errorf("got %v, want %v", err, errPrefixFull)
	}
}

func (r *rig) mintBudget(t testing.TB, leg string, budget int64) Credential {
	t.Helper()
	c, err := r.minter.MintWith(Claim{"call1", leg, budget})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A budget counts both ways and over all allocations of a leg; when it is
// spent, they end and no other is made.
func TestBudgetOfALeg(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	cred := r.mintBudget(t, "a", 4*kib)
	first, second, free := r.allocateWith(t, "udp", cred), r.allocateWith(t, "udp", cred), r.allocate(t, "udp", "call1", "b")
	exchange(t, first, free) // opens both for each other
	exchange(t, free, first)
	exchange(t, second, free)
	if _, err := first.WriteTo(make([]byte, 1300), free.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	if _, err := free.WriteTo(make([]byte, 1300), second.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	if _, err := second.WriteTo(make([]byte, 1300), free.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	if _, err := first.WriteTo(make([]byte, 1300), free.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "one allocation spent", func() bool { return r.refused(RefusedBudget) > 0 })
	_, _ = second.WriteTo(make([]byte, 1), free.LocalAddr())
	_, _ = first.WriteTo(make([]byte, 1), free.LocalAddr())
	eventually(t, patience, "both gone", func() bool { return r.Stats().AllocationsLive == 1 })
	before := r.refused(RefusedBudget)
	if _, err := r.client(t, "udp", cred).Allocate(); err == nil {
		t.Error("a spent leg made an allocation")
	}
	if n := r.refused(RefusedBudget); n != before+1 {
		t.Errorf("got %d refusals, want %d", n, before+1)
	}
	// Whoever mints may give more.
	r.allocateWith(t, "udp", r.mintBudget(t, "a", 64*kib))
}

// What a leg has used is remembered while its credentials could be used, and
// no longer.
func TestAccountsAreForgotten(t *testing.T) {
	t.Parallel()
	q := newQuotas(Limits{}, nil)
	who := legOf("a")
	who.Budget = 1000
	q.take(&who, new(gate))
	q.accounts[who.ID].bytes.Store(1000)
	now := time.Unix(1_700_000_000, 0)
	q.sweep(now)
	q.give(&who, netip.Prefix{})
	for _, later := range []time.Duration{time.Hour, time.Hour + revokedFor - 1} {
		q.sweep(now.Add(later))
		if err := q.refuses(&who); !errors.Is(err, errSpent) {
			t.Errorf("after %v: got %v, want %v", later, err, errSpent)
		}
	}
	q.sweep(now.Add(time.Hour + revokedFor))
	if err := q.refuses(&who); err != nil || len(q.accounts) != 0 {
		t.Errorf("got %v and %d accounts, want it forgotten", err, len(q.accounts))
	}
}

func TestUseOfSecrets(t *testing.T) {
	t.Parallel()
	secret := named(t, "one", "first-secret-0001")
	r := newRig(t, func(c *Config) { c.Secrets = []NamedSecret{secret, named(t, "two", "second-secret-002")} })
	var peers []*peer
	for _, name := range []string{"ann", "bob"} {
		cred, err := MintREST(secret, ':', name, r.clock.now(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		peers = append(peers, r.allocateWith(t, "udp", cred))
	}
	exchange(t, peers[0], peers[1])
	st := r.Stats()
	if use := st.Secrets["one"]; use.AllocationsLive != 2 || use.PacketsOut != 1 || use.PacketsIn != 1 || use.BytesIn == 0 || use.BytesIn != use.BytesOut {
		t.Errorf("one: got %+v", use)
	}
	if use, ok := st.Secrets["two"]; !ok || use != (SecretUse{}) {
		t.Errorf("two: got %+v", use)
	}
}

// The longest lifetime is the operator's, whatever a client asks for; the
// shortest is the standard's.
func TestLimitOfTheLifetime(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Limits.Lifetime = 15 * time.Minute })
	r.allocate(t, "udp", "call1", "first") // asks again until the server has begun
	for asked, want := range map[uint32]uint32{60: 600, 800: 800, 3000: 900, 1 << 31: 900} {
		c := dialRaw(t, r.udpAddr(), r.mint(t, "call1", "leg"+strconv.Itoa(int(asked))))
		for _, method := range []stun.Method{stun.MethodAllocate, stun.MethodRefresh} {
			lifetime := lifetimeAttr(time.Duration(asked) * time.Second)
			attrs := []stun.Setter{lifetime}
			if method == stun.MethodAllocate {
				attrs = append(attrs, udpTransport{})
			}
			value, err := c.do(t, method, attrs...).Get(stun.AttrLifetime)
			if err != nil {
				t.Fatal(err)
			}
			if got := binary.BigEndian.Uint32(value); got != want {
				t.Errorf("%v, %d s asked: got %d s, want %d", method, asked, got, want)
			}
		}
	}
}

func TestStatsOfTheCertificate(t *testing.T) {
	t.Parallel()
	certificate := certified(t, "relay.example")
	pair, err := certificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	leaf := pair.Leaf
	for name, c := range map[string]struct {
		cfg  Config
		want time.Time
	}{
		"none": {Config{}, time.Time{}},
		"one":  {Config{Certificate: certificate, Host: "relay.example"}, leaf.NotAfter},
		"not parsed": {Config{Certificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return &tls.Certificate{Certificate: pair.Certificate}, nil
		}}, leaf.NotAfter},
		"not now": {Config{Certificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errNotTURN }}, time.Time{}},
	} {
		if got := c.cfg.certificateExpires(); !got.Equal(c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
