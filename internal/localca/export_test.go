package localca

import (
	"crypto/rand"
	"crypto/x509"
	"net"
	"testing"
	"time"
)

// Certificate returns the authority's certificate in DER.
func (a *Authority) Certificate() []byte { return a.cert.Raw }

// Forge makes what a thief of the authority's key would make: a certificate
// for any name, past our own checks.
func (a *Authority) Forge(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: serial(), NotBefore: a.now().Add(-time.Hour), NotAfter: a.now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		c.IPAddresses = []net.IP{ip}
	} else {
		c.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
