// Package localca owns the small certificate authority with which a server in
// a home network speaks TLS to phones: its key in the key folder, a
// certificate for the addresses of the moment in memory. The authority can
// vouch for nothing but private addresses, those that the machine had when it
// was made, and .local names, so that trusting it gives nobody power over other
// sites. It imports nothing of the project.
package localca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Life times. Apple refuses server certificates of more than 825 days, and all
// browsers those of public authorities above 398; ours is far shorter, because
// nobody has to install it.
const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 90 * 24 * time.Hour
	renewBefore   = 30 * 24 * time.Hour
	// backdate forgives a phone whose clock is behind.
	backdate = 24 * time.Hour
	// lookEvery is how often a handshake looks for changed addresses.
	lookEvery = 10 * time.Second
)

// FileName is the authority's file below the key folder.
const FileName = "local-authority.pem"

// Options says where the authority lives and what it vouches for.
type Options struct {
	// Dir is the key folder; it must exist.
	Dir string
	// Names returns the host names and addresses of this machine. Those the
	// authority may not vouch for are left out.
	Names func() ([]string, []netip.Addr)
	// Now is the clock.
	Now func() time.Time
}

// Authority issues the server's certificate. It is safe for concurrent use.
type Authority struct {
	names func() ([]string, []netip.Addr)
	now   func() time.Time
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey

	mu     sync.Mutex // guards the leaf and when its names were looked at
	leaf   *tls.Certificate
	looked time.Time
}

// Open reads the authority from its file, or makes one where there is none or
// where it ends within a year.
func Open(o Options) (*Authority, error) {
	a := &Authority{names: o.Names, now: o.Now}
	path := filepath.Join(o.Dir, FileName)
	text, err := os.ReadFile(filepath.Clean(path))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return a, a.create(path)
	case err != nil:
		return nil, fmt.Errorf("read the local authority: %w", err)
	}
	if err := a.parse(text); err != nil {
		return nil, fmt.Errorf("%s is damaged (remove it to make a new authority, which phones must trust anew): %w", path, err)
	}
	if a.now().Add(authorityLife / 10).After(a.cert.NotAfter) {
		return a, a.create(path)
	}
	return a, nil
}

func (a *Authority) parse(text []byte) error {
	certBlock, rest := pem.Decode(text)
	keyBlock, _ := pem.Decode(rest)
	if certBlock == nil || keyBlock == nil {
		return errors.New("no certificate and key in it")
	}
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok || !ec.PublicKey.Equal(cert.PublicKey) {
		return errors.New("the key does not belong to the certificate")
	}
	a.cert, a.key = cert, ec
	return nil
}

func (a *Authority) create(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	host, _ := os.Hostname()
	t := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: "Ringfence on " + cut(host), Organization: []string{"Ringfence local authority"}},
		NotBefore:             a.now().Add(-backdate),
		NotAfter:              a.now().Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,

		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         []string{"local", "localhost"},
		PermittedIPRanges:           a.permitted(),
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return fmt.Errorf("make the local authority: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode the key: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})...)
	if err := a.parse(text); err != nil {
		return err
	}
	return writeFile(path, text)
}

// writeFile leaves the old file or the new one, never a half.
func writeFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".authority-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write the local authority: %w", err)
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write the local authority: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename in dir survive a power failure: phones that trust the
// authority must find it again.
func syncDir(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return fmt.Errorf("write the local authority: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("write the local authority: %w", err)
	}
	return nil
}

// permitted lists what a new authority may vouch for: private networks, and
// the machine's own addresses where they are none.
func (a *Authority) permitted() []*net.IPNet {
	prefixes := privatePrefixes()
	_, own := a.names()
	for _, x := range own {
		if x = plain(x); !x.IsUnspecified() && !Private(x) {
			prefixes = append(prefixes, netip.PrefixFrom(x, x.BitLen()))
		}
	}
	var out []*net.IPNet
	for _, p := range prefixes {
		out = append(out, &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())})
	}
	return out
}

func privatePrefixes() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range []string{
		"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
		"::1/128", "fc00::/7", "fe80::/10",
	} {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// Private reports whether every authority may certify an address.
func Private(addr netip.Addr) bool {
	return slices.ContainsFunc(privatePrefixes(), func(p netip.Prefix) bool { return p.Contains(plain(addr)) })
}

// Vouches reports whether this authority may certify an address.
func (a *Authority) Vouches(addr netip.Addr) bool {
	ip := net.IP(plain(addr).AsSlice())
	return slices.ContainsFunc(a.cert.PermittedIPRanges, func(n *net.IPNet) bool { return n.Contains(ip) })
}

func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func vouchesName(name string) bool {
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || strings.HasSuffix(name, ".local")
}

// Fingerprint returns the SHA-256 of the certificate as phones show it.
func (a *Authority) Fingerprint() string {
	sum := sha256.Sum256(a.cert.Raw)
	digits := strings.ToUpper(hex.EncodeToString(sum[:]))
	pairs := make([]string, 0, len(sum))
	for i := 0; i < len(digits); i += 2 {
		pairs = append(pairs, digits[i:i+2])
	}
	return strings.Join(pairs, " ")
}

// GetCertificate returns the server's certificate for tls.Config. It makes a
// new one when the addresses of the machine have changed or the end is near.
func (a *Authority) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	if a.leaf != nil && now.Sub(a.looked) < lookEvery && now.Add(renewBefore).Before(a.leaf.Leaf.NotAfter) {
		return a.leaf, nil
	}
	names, addrs := a.certifiable()
	a.looked = now
	if a.leaf != nil && now.Add(renewBefore).Before(a.leaf.Leaf.NotAfter) && covers(a.leaf.Leaf, names, addrs) {
		return a.leaf, nil
	}
	leaf, err := a.issue(names, addrs, now)
	if err != nil {
		return nil, err
	}
	a.leaf = leaf
	return leaf, nil
}

func (a *Authority) certifiable() ([]string, []netip.Addr) {
	names, addrs := a.names()
	keptNames := []string{"localhost"}
	for _, n := range names {
		if n = strings.ToLower(n); vouchesName(n) {
			keptNames = append(keptNames, n)
		}
	}
	var kept []netip.Addr
	for _, x := range addrs {
		if a.Vouches(x) {
			kept = append(kept, plain(x))
		}
	}
	slices.Sort(keptNames)
	slices.SortFunc(kept, netip.Addr.Compare)
	return slices.Compact(keptNames), slices.Compact(kept)
}

func covers(leaf *x509.Certificate, names []string, addrs []netip.Addr) bool {
	var have []netip.Addr
	for _, ip := range leaf.IPAddresses {
		if x, ok := netip.AddrFromSlice(ip); ok {
			have = append(have, x.Unmap())
		}
	}
	return slices.Equal(leaf.DNSNames, names) && slices.Equal(have, addrs)
}

func (a *Authority) issue(names []string, addrs []netip.Addr, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: "Ringfence"},
		NotBefore:    now.Add(-backdate),
		NotAfter:     now.Add(leafLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     names,
	}
	for _, x := range addrs {
		t.IPAddresses = append(t.IPAddresses, x.AsSlice())
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("issue the certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

func serial() *big.Int {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // crypto/rand.Read never fails, it ends the program
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b)
}

// cut keeps a name within the 64 characters that X.509 gives it.
func cut(host string) string {
	if len(host) > 40 {
		return host[:40]
	}
	return host
}
