package localca_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/localca"
)

type machine struct {
	now   time.Time
	names []string
	addrs []netip.Addr
}

func (m *machine) open(t *testing.T, dir string) *localca.Authority {
	t.Helper()
	a, err := localca.Open(localca.Options{
		Dir:   dir,
		Names: func() ([]string, []netip.Addr) { return m.names, m.addrs },
		Now:   func() time.Time { return m.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func newMachine() *machine {
	return &machine{
		now: time.Now(), names: []string{"Box.local", "box", "box.example.org"},
		addrs: []netip.Addr{netip.MustParseAddr("192.168.1.5"), netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("fe80::1%eth0")},
	}
}

func leaf(t *testing.T, a *localca.Authority) *tls.Certificate {
	t.Helper()
	c, err := a.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func verify(t *testing.T, a *localca.Authority, c *x509.Certificate, name string, now time.Time) error {
	t.Helper()
	ca, err := x509.ParseCertificate(a.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	_, err = c.Verify(x509.VerifyOptions{Roots: pool, DNSName: name, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	return err
}

func TestCertifiesThisMachineAndNothingElse(t *testing.T) {
	t.Parallel()
	m := newMachine()
	a := m.open(t, t.TempDir())
	c := leaf(t, a).Leaf
	for _, good := range []string{"192.168.1.5", "fe80::1", "box.local", "localhost", "203.0.113.7"} {
		if err := verify(t, a, c, good, m.now); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"203.0.113.8", "box.example.org", "192.168.1.6", "box"} {
		if verify(t, a, c, bad, m.now) == nil {
			t.Errorf("%s is certified", bad)
		}
	}
	if life := c.NotAfter.Sub(c.NotBefore); life > 398*24*time.Hour {
		t.Errorf("the certificate lives %v", life)
	}
}

// TestAuthorityIsConstrained holds that even its stolen key could not make a
// certificate for another site that a browser believes.
func TestAuthorityIsConstrained(t *testing.T) {
	t.Parallel()
	m := newMachine()
	a := m.open(t, t.TempDir())
	ca, err := x509.ParseCertificate(a.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	if !ca.PermittedDNSDomainsCritical || len(ca.PermittedIPRanges) == 0 || !ca.MaxPathLenZero || ca.KeyUsage != x509.KeyUsageCertSign {
		t.Error("the authority may do more than certify private servers")
	}
	for _, name := range []string{"example.org", "evil.local.example.org", "203.0.113.8", "2001:db8::1"} {
		if err := verify(t, a, a.Forge(t, name), name, m.now); err == nil {
			t.Errorf("a certificate for %s would be believed", name)
		}
	}
	if err := verify(t, a, a.Forge(t, "other.local"), "other.local", m.now); err != nil {
		t.Errorf("the forger forges nothing: %v", err)
	}
}

func TestAuthorityStaysAcrossStarts(t *testing.T) {
	t.Parallel()
	m, dir := newMachine(), t.TempDir()
	first, second := m.open(t, dir), m.open(t, dir)
	if !bytes.Equal(first.Certificate(), second.Certificate()) {
		t.Error("a second start made another authority")
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("the key folder holds %v, %v", files, err)
	}
	info, err := files[0].Info()
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	m.now = m.now.Add(9*365*24*time.Hour + 24*time.Hour)
	if third := m.open(t, dir); bytes.Equal(first.Certificate(), third.Certificate()) {
		t.Error("an authority in its last year is still used")
	}
}

func TestDamagedAuthorityIsSaid(t *testing.T) {
	t.Parallel()
	m, dir := newMachine(), t.TempDir()
	m.open(t, dir)
	path := filepath.Join(dir, "local-authority.pem")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"empty": {}, "cut": whole[:len(whole)/2], "garbage": []byte("x"), "two certificates": append(whole[:bytes.LastIndex(whole, []byte("-----BEGIN"))], whole...),
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := localca.Open(localca.Options{Dir: dir, Now: time.Now, Names: func() ([]string, []netip.Addr) { return nil, nil }})
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: Open = %v, want an error that names the file", name, err)
		}
	}
}

func TestRenewsWhenAddressesChangeAndBeforeTheEnd(t *testing.T) {
	t.Parallel()
	m := newMachine()
	a := m.open(t, t.TempDir())
	first := leaf(t, a)
	m.now = m.now.Add(time.Minute)
	if leaf(t, a) != first {
		t.Error("renewed for nothing")
	}
	m.addrs = append(m.addrs, netip.MustParseAddr("10.0.0.9"))
	m.now = m.now.Add(time.Minute)
	second := leaf(t, a)
	if err := verify(t, a, second.Leaf, "10.0.0.9", m.now); err != nil {
		t.Errorf("a new address: %v", err)
	}
	m.addrs = append(m.addrs, netip.MustParseAddr("203.0.113.99")) // public, and new since the authority was made
	m.now = m.now.Add(time.Minute)
	if leaf(t, a) != second || a.Vouches(m.addrs[len(m.addrs)-1]) {
		t.Error("certifies what it may not vouch for")
	}
	m.now = m.now.Add(61 * 24 * time.Hour)
	if third := leaf(t, a); third == second || !third.Leaf.NotAfter.After(second.Leaf.NotAfter) {
		t.Error("not renewed before the end")
	}
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	m := newMachine()
	m.addrs = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	a := m.open(t, t.TempDir())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Listener = tls.NewListener(ln, &tls.Config{GetCertificate: a.GetCertificate, MinVersion: tls.VersionTLS12})
	srv.Start()
	defer srv.Close()
	ca, _ := x509.ParseCertificate(a.Certificate())
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	conn, err := tls.Dial("tcp", srv.Listener.Addr().String(), &tls.Config{RootCAs: pool})
	if err != nil {
		t.Fatalf("Dial = %v", err)
	}
	_ = conn.Close()
}

func TestPage(t *testing.T) {
	t.Parallel()
	m := newMachine()
	a := m.open(t, t.TempDir())
	h, err := a.Page(func(*http.Request) string { return "https://192.168.1.5:8443" })
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		return w
	}
	w := get(localca.PagePath)
	body := w.Body.String()
	for _, want := range []string{a.Fingerprint(), "https://192.168.1.5:8443/", localca.CertificatePath, "iPhone", "Android", "Firefox", "Chrome", "remove it later"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q on the page", want)
		}
	}
	if strings.Contains(body, "<style") || strings.Contains(body, " style=") || strings.Contains(body, " onclick=") || strings.Contains(body, "<script>") {
		t.Error("inline style or script on the page")
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	if w = get(localca.CertificatePath); w.Body.String() != string(a.Certificate()) || w.Header().Get("Content-Type") != "application/x-x509-ca-cert" {
		t.Error("the download is not the certificate")
	}
	for path, kind := range map[string]string{"/trust/trust.css": "text/css", "/trust/trust.js": "text/javascript"} {
		if w := get(path); w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) {
			t.Errorf("%s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
	}
	if w := get("/trust/../local-authority.pem"); w.Code == http.StatusOK {
		t.Error("more than the page is served")
	}
}
