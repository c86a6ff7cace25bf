package relay

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

const (
	// certLook is how often the files are looked at.
	certLook = 10 * time.Second

	// maxPEM bounds each file, in bytes.
	maxPEM = 1 << 20
)

// Why a certificate was not taken. No text of the system's is passed on: it
// may hold what is in the files.
var (
	errCertUnreadable = errors.New("cannot be read")
	errCertTooLong    = errors.New("is longer than 1 MiB")
	errCertPair       = errors.New("certificate and key are no pair in PEM, or one of them is not whole")
)

// Certificates is a certificate and its key in two files that may change while
// they are in use, as they do each few weeks. Connections that are open keep
// what they began with. Make one with [LoadCertificates].
type Certificates struct {
	// Log hears of a new certificate and of files that hold none. Nil: no log.
	// Set it before Serve.
	Log *slog.Logger

	certFile, keyFile string
	cur               atomic.Pointer[tls.Certificate]
	swapped, broken   atomic.Uint64
	poke              chan struct{}
	seen              [2]stamp // of the last look; of Serve only
}

// stamp is what tells that a file has changed.
type stamp struct {
	info fs.FileInfo // nil: there was none
}

// same reports whether nothing has changed since.
func (s stamp) same(o stamp) bool {
	if s.info == nil || o.info == nil {
		return s.info == nil && o.info == nil
	}
	return os.SameFile(s.info, o.info) && s.info.Size() == o.info.Size() && s.info.ModTime().Equal(o.info.ModTime())
}

// LoadCertificates reads a certificate, with those that it is signed by after
// it, and its key, both in PEM. The error names the file.
func LoadCertificates(certFile, keyFile string) (*Certificates, error) {
	c := &Certificates{certFile: certFile, keyFile: keyFile, poke: make(chan struct{}, 1)}
	c.seen = c.look()
	pair, err := c.read()
	if err != nil {
		return nil, err
	}
	c.cur.Store(pair)
	return c, nil
}

// Serve takes a changed pair over until ctx ends, some seconds after it has
// changed or at once after [Certificates.Poke]. What is broken is not taken:
// then the old pair stays. The error is always nil.
func (c *Certificates) Serve(ctx context.Context) error {
	tick := time.NewTicker(certLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			c.refresh(ctx, false)
		case <-c.poke:
			c.refresh(ctx, true)
		}
	}
}

// Poke makes Serve look now, and read the files even if they seem the same. It
// never waits.
func (c *Certificates) Poke() {
	select {
	case c.poke <- struct{}{}:
	default: // it will look anyway
	}
}

// Get is a [GetCertificate].
func (c *Certificates) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.cur.Load(), nil }

// CertificateStats is about a certificate that is in use.
type CertificateStats struct {
	Expires time.Time // of the certificate itself, not of those it is signed by
	Swapped uint64    // new pairs taken since the start
	Broken  uint64    // looks that found a changed pair that could not be taken
}

// Stats returns the state now.
func (c *Certificates) Stats() CertificateStats {
	return CertificateStats{Expires: c.cur.Load().Leaf.NotAfter, Swapped: c.swapped.Load(), Broken: c.broken.Load()}
}

func (c *Certificates) refresh(ctx context.Context, force bool) {
	now := c.look()
	if !force && now[0].same(c.seen[0]) && now[1].same(c.seen[1]) {
		return
	}
	pair, err := c.read()
	if later := c.look(); later[0].same(now[0]) && later[1].same(now[1]) {
		c.seen = now // else it was being written: again at the next look
	}
	log := c.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if err != nil {
		c.broken.Add(1)
		log.ErrorContext(ctx, "the changed TLS certificate cannot be used; the old one stays", slog.Any("error", err))
		return
	}
	if old := c.cur.Swap(pair); !old.Leaf.Equal(pair.Leaf) {
		c.swapped.Add(1)
		log.InfoContext(ctx, "new TLS certificate", slog.Time("expires", pair.Leaf.NotAfter))
	}
}

func (c *Certificates) look() (out [2]stamp) {
	for i, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			out[i] = stamp{info}
		}
	}
	return out
}

// read returns the pair in the files, if they hold one.
func (c *Certificates) read() (*tls.Certificate, error) {
	cert, err := readPEM(c.certFile)
	if err != nil {
		return nil, err
	}
	key, err := readPEM(c.keyFile)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s and %s: %w", c.certFile, c.keyFile, errCertPair)
	}
	if pair.Leaf == nil {
		if pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return nil, fmt.Errorf("%s and %s: %w", c.certFile, c.keyFile, errCertPair)
		}
	}
	return &pair, nil
}

func readPEM(name string) ([]byte, error) {
	f, err := os.Open(name) //nolint:gosec // the operator's own setting
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, errCertUnreadable)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, errCertUnreadable)
	case len(b) > maxPEM:
		return nil, fmt.Errorf("%s: %w", name, errCertTooLong)
	}
	return b, nil
}
