package relay

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/dtls/v3"
)

// certify returns a certificate and its key in PEM, for names and addresses.
func certify(t testing.TB, until time.Duration, hosts ...string) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(until), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			tmpl.IPAddresses = append(tmpl.IPAddresses, ip)
		} else {
			tmpl.DNSNames = append(tmpl.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	pk, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pk})
}

// certified returns a chooser of one certificate.
func certified(t testing.TB, hosts ...string) GetCertificate {
	t.Helper()
	cert, key := certify(t, time.Hour, hosts...)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &pair, nil }
}

// pairIn writes a fresh pair to files in dir.
func pairIn(t testing.TB, dir string, until time.Duration) (certFile, keyFile string) {
	t.Helper()
	cert, key := certify(t, until, "localhost", "127.0.0.1")
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	put(t, certFile, cert)
	put(t, keyFile, key)
	return certFile, keyFile
}

// put replaces a file, as whoever renews certificates should.
func put(t testing.TB, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name+".new", b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

func serveCertificates(t testing.TB, certFile, keyFile string) *Certificates {
	t.Helper()
	c, err := LoadCertificates(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return c
}

// shown returns the certificate that a client is shown now.
func shown(t testing.TB, r *rig) *x509.Certificate {
	t.Helper()
	conn, err := dialStream("tls", r.tcpAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	tc, ok := conn.(*tls.Conn)
	if !ok {
		t.Fatal("not TLS")
	}
	return tc.ConnectionState().PeerCertificates[0]
}

// A new pair is taken while allocations live that began with the old one.
func TestCertificateIsSwappedUnderLiveAllocations(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := pairIn(t, dir, time.Hour)
	c := serveCertificates(t, certFile, keyFile)
	r := everything(t, "127.0.0.1:0", func(cfg *Config) { cfg.Certificate = c.Get })
	live := []*peer{r.allocate(t, "tls", "call1", "a"), r.allocate(t, "dtls", "call1", "b"), r.allocate(t, "tls", "call1", "c")}
	before := shown(t, r)
	pairIn(t, dir, 2*time.Hour)
	c.Poke()
	eventually(t, patience, "new pair taken", func() bool { return c.Stats().Swapped == 1 })
	after := shown(t, r)
	if before.Equal(after) || !after.NotAfter.Equal(c.Stats().Expires) || time.Until(after.NotAfter) < time.Hour {
		t.Error("clients are shown the old one")
	}
	conn, ok := dial(t, "dtls", r.udpAddr()).PacketConn.(*packetClient).Conn.(*dtls.Conn)
	if !ok {
		t.Fatal("not DTLS")
	}
	state, _ := conn.ConnectionState()
	if got, err := x509.ParseCertificate(state.PeerCertificates[0]); err != nil || !got.Equal(after) {
		t.Errorf("by DTLS clients are shown another one (%v)", err)
	}
	exchange(t, live[0], live[1])
	exchange(t, live[1], live[2])
	exchange(t, live[2], live[0])
}

// Whatever is wrong with the files, what was right goes on.
func TestBrokenPairIsNotTaken(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, certFile, keyFile string){
		"half a certificate": func(t *testing.T, certFile, _ string) {
			b, _ := certify(t, time.Hour, "localhost")
			put(t, certFile, b[:len(b)/2])
		},
		"only the certificate yet": func(t *testing.T, certFile, _ string) {
			b, _ := certify(t, time.Hour, "localhost")
			put(t, certFile, b)
		},
		"only the key yet": func(t *testing.T, _, keyFile string) {
			_, b := certify(t, time.Hour, "localhost")
			put(t, keyFile, b)
		},
		"empty":    func(t *testing.T, certFile, _ string) { put(t, certFile, nil) },
		"gone":     func(_ *testing.T, _, keyFile string) { _ = os.Remove(keyFile) },
		"too long": func(t *testing.T, certFile, _ string) { put(t, certFile, make([]byte, maxPEM+1)) },
		"swapped": func(t *testing.T, certFile, keyFile string) {
			cert, key := certify(t, time.Hour, "localhost")
			put(t, certFile, key)
			put(t, keyFile, cert)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			certFile, keyFile := pairIn(t, dir, time.Hour)
			c, err := LoadCertificates(certFile, keyFile)
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			c.Log = slog.New(slog.NewTextHandler(&log, nil))
			old, _ := c.Get(nil)
			spoil(t, certFile, keyFile)
			for range 3 {
				c.refresh(t.Context(), false)
			}
			if now, _ := c.Get(nil); now != old {
				t.Error("the old pair is gone")
			}
			if s := c.Stats(); s.Swapped != 0 || s.Broken != 1 {
				t.Errorf("got %+v, want it said once", s)
			}
			if text := log.String(); !strings.Contains(text, "the old one stays") || strings.Contains(text, "PRIVATE") || strings.Contains(text, "BEGIN") {
				t.Errorf("logged %q", text)
			}
			if _, err := LoadCertificates(certFile, keyFile); err == nil || !strings.Contains(err.Error(), dir) {
				t.Errorf("at the start: got %v, want an error that names the file", err)
			}
			pairIn(t, dir, 2*time.Hour)
			c.refresh(t.Context(), false)
			if s := c.Stats(); s.Swapped != 1 {
				t.Errorf("the whole pair was not taken: %+v", s)
			}
		})
	}
}

// Nothing has to be said to the program when files change.
func TestCertificateIsLookedAt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := pairIn(t, dir, time.Hour)
	synctest.Test(t, func(t *testing.T) {
		c, err := LoadCertificates(certFile, keyFile)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Serve(ctx) }()
		pairIn(t, dir, 2*time.Hour)
		<-time.After(certLook + time.Second)
		synctest.Wait()
		if n := c.Stats().Swapped; n != 1 {
			t.Errorf("taken %d times, want once", n)
		}
		// The same content again, as a copy, is nothing new.
		for _, name := range []string{certFile, keyFile} {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			put(t, name, b)
		}
		<-time.After(certLook)
		synctest.Wait()
		if s := c.Stats(); s.Swapped != 1 || s.Broken != 0 {
			t.Errorf("got %+v", s)
		}
		cancel()
		<-done
	})
}
