package relay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestMintedCredentialVerifies(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	keys, err := NewKeys(testKey(t, "k1"), testKey(t, "k0"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewMinter(keys, 90*time.Second, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	c, err := m.Mint("call1", "leg_A-1")
	if err != nil {
		t.Fatal(err)
	}
	if want := "v1.k1.1700000090.call1.leg_A-1"; c.Username != want || !c.Expires.Equal(now.Add(90*time.Second)) {
		t.Errorf("got %s until %v, want %s", c.Username, c.Expires, want)
	}
	forged := c
	forged.Password = strings.Repeat("A", len(c.Password))
	stranger := c
	stranger.Username = strings.Replace(c.Username, "k1", "k9", 1)
	sibling := c
	sibling.Username = strings.Replace(c.Username, "k1", "k0", 1)
	for name, v := range map[string]struct {
		c    Credential
		at   time.Time
		want error
	}{
		"in time":            {c, now, nil},
		"at the last second": {c, c.Expires, nil},
		"late":               {c, c.Expires.Add(time.Second), errExpired},
		"from the future":    {c, now.Add(-time.Hour), errTooFar},
		"forged":             {forged, now, errWrong},
		"unknown key":        {stranger, now, errKeyGone},
		"other key":          {sibling, now, errWrong},
		"nonsense":           {Credential{Username: "x"}, now, errMalformed},
	} {
		if got := Verify(keys, v.at, v.c); !errors.Is(got, v.want) || v.want == nil && got != nil {
			t.Errorf("%s: got %v, want %v", name, got, v.want)
		}
	}
}

// Another program made this password: label, key and user name as documented.
func TestPasswordVector(t *testing.T) {
	t.Parallel()
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	s, err := NewSecret(key)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := sign(s, "v1.k1.1700000000.call1.leg1"), "ZtbgAW9zaK0BLB1m9QUyDj3NcN9Gzep0p0osXd13ZOk"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A budget has one spelling, and none has another version.
func TestBudgetsInUserNames(t *testing.T) {
	t.Parallel()
	keys, err := NewKeys(testKey(t, "k1"))
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Unix(1_700_000_000, 0) }
	m, err := NewMinter(keys, time.Minute, now)
	if err != nil {
		t.Fatal(err)
	}
	for budget, want := range map[int64]string{
		0: "v1.k1.1700000060.c.l", 1: "v2.k1.1700000060.1.c.l", 1024: "v2.k1.1700000060.1.c.l", 1025: "v2.k1.1700000060.2.c.l",
		MaxBudget: "v2.k1.1700000060.999999999999.c.l",
	} {
		c, err := m.MintWith(Claim{"c", "l", budget})
		if err != nil || c.Username != want {
			t.Errorf("%d bytes: got %q, %v, want %q", budget, c.Username, err, want)
			continue
		}
		p, _, _, refusal := callDoor{keys}.open(signedWith(c.Username, c.Password, now()))
		if refusal != "" || p.Budget < budget || p.Budget >= budget+kib {
			t.Errorf("%d bytes: got %d, %q", budget, p.Budget, refusal)
		}
		if err := Verify(keys, now(), c); err != nil {
			t.Errorf("%d bytes: %v", budget, err)
		}
	}
	for _, budget := range []int64{-1, MaxBudget + 1} {
		if _, err := m.MintWith(Claim{"c", "l", budget}); !errors.Is(err, errBudget) {
			t.Errorf("%d bytes: got %v", budget, err)
		}
	}
	for _, s := range []string{"v2.k1.1.0.c.l", "v2.k1.1.01.c.l", "v2.k1.1.c.l", "v2.k1.1..c.l", "v2.k1.1.-1.c.l", "v1.k1.1.1.c.l"} {
		if _, err := parseUsername(s); err == nil {
			t.Errorf("%s: taken", s)
		}
	}
}

func TestRefusesBadMinters(t *testing.T) {
	t.Parallel()
	k1 := testKey(t, "k1")
	keys, err := NewKeys(k1)
	if err != nil {
		t.Fatal(err)
	}
	for _, ttl := range []time.Duration{0, -time.Second, MaxTTL + 1} {
		if _, err := NewMinter(keys, ttl, time.Now); !errors.Is(err, errTTL) {
			t.Errorf("ttl %v: got %v", ttl, err)
		}
	}
	if _, err := NewMinter(nil, MaxTTL, time.Now); !errors.Is(err, errNoKey) {
		t.Errorf("no keys: got %v", err)
	}
	m, err := NewMinter(keys, MaxTTL, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, tags := range [][2]string{{"", "a"}, {"a", ""}, {"a.b", "c"}, {"a", "b c"}, {"a", strings.Repeat("x", maxTag+1)}, {"ä", "b"}} {
		if _, err := m.Mint(tags[0], tags[1]); !errors.Is(err, errTag) {
			t.Errorf("%q: got %v", tags, err)
		}
	}
	for name, err := range map[string]error{
		"no secret":   keys.Replace(Key{ID: "k2"}),
		"twins":       keys.Replace(k1, k1),
		"bad id":      keys.Replace(Key{ID: "K.2", Secret: k1.Secret}),
		"many":        keys.Replace(k1, make([]Key, maxOldKeys+1)...),
		"short bytes": func() error { _, err := NewSecret(make([]byte, 31)); return err }(),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if c, err := m.Mint("call", "leg"); err != nil || !strings.HasPrefix(c.Username, "v1.k1.") {
		t.Errorf("after refused replacements: got %v, %v, want the first key still", c, err)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	const bytesOf = "0123456789abcdefghijklmnopqrstuv"
	s, err := NewSecret([]byte(bytesOf))
	if err != nil {
		t.Fatal(err)
	}
	key := Key{ID: "k1", Secret: s}
	wrapped := struct{ inner Key }{key}
	keys, err := NewKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, v := range []any{s, &s, key, &key, wrapped, &wrapped, []Secret{s}, keys} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%q", "%d"} {
			_, _ = fmt.Fprintf(&out, verb+"\n", v)
		}
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = out.Write(j)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	}
	c := Credential{Username: "u", Password: bytesOf}
	_, _ = fmt.Fprintf(&out, "%v %s", c, c)
	for _, trace := range []string{bytesOf, "30313233", "MDEyMz", "[48 49 50", "0x30, 0x31"} {
		if strings.Contains(out.String(), trace) {
			t.Errorf("printing shows the secret as %q", trace)
		}
	}
}

func FuzzUsername(f *testing.F) {
	f.Add("v1.k1.1700000090.call1.leg1")
	f.Add("v1.k1.01.call1.leg1")
	f.Add("v1.k1.1.call1.leg1.more")
	f.Add("v2.k1.1.call1.leg1")
	f.Add("v1....")
	f.Add("v2.k1.1700000090.1024.call1.leg1")
	f.Add("v2.k1.1700000090.0.call1.leg1")
	f.Add("v2.k1.1.999999999999.call1.leg1")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parseUsername(s)
		if err != nil {
			return
		}
		if got := c.username(); got != s {
			t.Fatalf("parsed %q, spelled %q", s, got)
		}
		if len(s) > 508 { // RFC 8489 section 14.3
			t.Fatalf("%d bytes do not fit into a USERNAME", len(s))
		}
	})
}
