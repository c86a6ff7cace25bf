package doctor_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/doctor"
)

func TestBind(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	taken := netip.MustParseAddrPort(ln.Addr().String())
	for name, c := range map[string]struct {
		at      netip.AddrPort
		serving bool
		want    doctor.Level
		do      string
	}{
		"taken by another":   {taken, false, doctor.Failure, "turn.listen"},
		"taken by the relay": {taken, true, doctor.Good, ""},
		"free":               {netip.MustParseAddrPort("127.0.0.1:0"), false, doctor.Good, ""},
		"free while it runs": {netip.MustParseAddrPort("127.0.0.1:0"), true, doctor.Failure, "Restart"},
		"no address of ours": {netip.MustParseAddrPort("192.0.2.1:3478"), false, doctor.Failure, "turn.public_ip"},
	} {
		f := one(t, doctor.Bind("tcp", c.at, "turn.listen", c.serving))
		if f.Level != c.want || !strings.Contains(f.Do, c.do) {
			t.Errorf("%s: got %+v", name, f)
		}
	}
}

func TestPortsAreCountedAgainstTheLimit(t *testing.T) {
	t.Parallel()
	got := doctor.Ports(40000, 40099, 200)(t.Context())
	if len(got) != 2 || got[1].Level != doctor.Warning || !strings.Contains(got[1].Says, "100 ports") {
		t.Errorf("got %+v", got)
	}
	if got := doctor.Ports(40000, 40099, 100)(t.Context()); len(got) != 1 || got[0].Level != doctor.Good {
		t.Errorf("got %+v", got)
	}
}

// authority signs certificates of tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, org string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{org}, CommonName: org + " Root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-1000 * time.Hour), NotAfter: time.Now().Add(10000 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key}
}

func (a authority) issue(t *testing.T, name string, from, until time.Time) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{name}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	known, isrg := newAuthority(t, "DigiCert Inc"), newAuthority(t, "Internet Security Research Group")
	roots := x509.NewCertPool()
	roots.AddCert(known.cert)
	roots.AddCert(isrg.cert)
	now := time.Now()
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		pair *tls.Certificate
		host string
		want []doctor.Level // expiry first
		says string         // somewhere
	}{
		"good":             {known.issue(t, "turn.example.org", now.Add(-day), now.Add(60*day)), "turn.example.org", []doctor.Level{doctor.Good, doctor.Good, doctor.Good}, "valid until"},
		"phones refuse it": {isrg.issue(t, "turn.example.org", now.Add(-day), now.Add(60*day)), "turn.example.org", []doctor.Level{doctor.Good, doctor.Good, doctor.Warning}, "not on it"},
		"soon":             {known.issue(t, "turn.example.org", now.Add(-day), now.Add(10*day)), "turn.example.org", []doctor.Level{doctor.Warning, doctor.Good, doctor.Good}, "renewed"},
		"expired":          {known.issue(t, "turn.example.org", now.Add(-9*day), now.Add(-day)), "turn.example.org", []doctor.Level{doctor.Failure, doctor.Good, doctor.Good}, "expired on"},
		"tomorrow's":       {known.issue(t, "turn.example.org", now.Add(day), now.Add(60*day)), "turn.example.org", []doctor.Level{doctor.Failure, doctor.Good, doctor.Good}, "not valid before"},
		"another name":     {known.issue(t, "www.example.org", now.Add(-day), now.Add(60*day)), "turn.example.org", []doctor.Level{doctor.Good, doctor.Failure}, "www.example.org"},
		"no name told":     {known.issue(t, "turn.example.org", now.Add(-day), now.Add(60*day)), "", []doctor.Level{doctor.Good, doctor.Warning}, "no name"},
		"nobody believes":  {newAuthority(t, "Me").issue(t, "turn.example.org", now.Add(-day), now.Add(60*day)), "turn.example.org", []doctor.Level{doctor.Good, doctor.Failure}, "no authority"},
		"empty":            {&tls.Certificate{}, "turn.example.org", []doctor.Level{doctor.Failure}, "no certificate"},
	} {
		all := doctor.Certificate(func() (*tls.Certificate, error) { return c.pair, nil }, c.host, roots, time.Now)(t.Context())
		var levels []doctor.Level
		var says strings.Builder
		for _, f := range all {
			levels = append(levels, f.Level)
			says.WriteString(f.Says + "\n")
			if (f.Level == doctor.Failure || f.Level == doctor.Warning) && f.Do == "" {
				t.Errorf("%s: nothing to do about %q", name, f.Says)
			}
		}
		if len(levels) != len(c.want) || !strings.Contains(says.String(), c.says) {
			t.Errorf("%s: got %+v", name, all)
			continue
		}
		for i := range levels {
			if levels[i] != c.want[i] {
				t.Errorf("%s: got %+v", name, all)
			}
		}
	}
	f := one(t, doctor.Certificate(func() (*tls.Certificate, error) { return nil, errors.New("open: no such file") }, "", roots, time.Now))
	if f.Level != doctor.Failure || !strings.Contains(f.Do, "turn.key") {
		t.Errorf("got %+v", f)
	}
}

func TestKernel(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for name, c := range map[string]struct {
		m    doctor.Machine
		want doctor.Level
	}{
		"plenty":  {doctor.Machine{ReadBuffer: 8 << 20, WriteBuffer: 8 << 20, Files: 1 << 20, ClockSynced: &yes}, doctor.Good},
		"scarce":  {doctor.Machine{ReadBuffer: 212992, WriteBuffer: 212992, Files: 1024, ClockSynced: &no}, doctor.Warning},
		"unknown": {doctor.Machine{}, doctor.Unknown},
	} {
		for _, f := range doctor.Kernel(c.m, 8192, 8192)(t.Context()) {
			if f.Level != c.want || (f.Do != "") != (c.want == doctor.Warning) {
				t.Errorf("%s: got %+v", name, f)
			}
		}
	}
	if m := doctor.ThisMachine(); m.Files == 0 {
		t.Logf("this system says nothing: %+v", m)
	}
}

func TestOutside(t *testing.T) {
	t.Parallel()
	c := newClinic(t, nil)
	at := netip.MustParseAddrPort(c.way(t, "udp").Address)
	for name, k := range map[string]struct {
		public netip.Addr
		port   uint16
		local  []netip.Addr
		stun   string
		want   doctor.Level
	}{
		"own":                {at.Addr(), at.Port(), []netip.Addr{at.Addr()}, "", doctor.Good},
		"answers":            {at.Addr(), at.Port(), nil, "", doctor.Good},
		"can't be told":      {netip.MustParseAddr("127.0.0.2"), 1, nil, "", doctor.Unknown},
		"as others see it":   {at.Addr(), at.Port(), nil, at.String(), doctor.Good},
		"others see another": {netip.MustParseAddr("198.51.100.7"), 3478, nil, at.String(), doctor.Failure},
		"others are silent":  {at.Addr(), at.Port(), nil, "127.0.0.2:1", doctor.Unknown},
	} {
		if f := one(t, doctor.Outside(k.public, k.port, k.local, k.stun)); f.Level != k.want {
			t.Errorf("%s: got %+v", name, f)
		}
	}
}

func TestRunReportsAndCounts(t *testing.T) {
	t.Parallel()
	say := func(l doctor.Level) doctor.Check {
		return func(context.Context) []doctor.Finding { return []doctor.Finding{{l, "x", "y", "do\nthis"}} }
	}
	var out bytes.Buffer
	counts := doctor.Run(t.Context(), []doctor.Check{say(doctor.Good), say(doctor.Warning), say(doctor.Failure)}, func(f doctor.Finding) {
		if err := doctor.Print(&out, f); err != nil {
			t.Error(err)
		}
	})
	if counts != [4]int{0, 1, 1, 1} || !strings.Contains(out.String(), "FAILED   x: y\n         → do\n           this\n") {
		t.Errorf("got %v\n%s", counts, out.String())
	}
	for want, counts := range map[string][4]int{
		"1 failure and no warnings": {0, 1, 0, 1}, "with 2 warnings": {0, 1, 2, 0}, "1 thing could not": {1, 1, 0, 0}, "All is well": {0, 1, 0, 0},
	} {
		if got := doctor.Summary(counts); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
