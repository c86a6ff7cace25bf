package relay

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"slices"
	"time"
)

const (
	// handshakeTime is how long a TLS or DTLS handshake may take.
	handshakeTime = 10 * time.Second

	// recordHandshake is the first byte of a TLS connection: a record of type
	// handshake. No STUN message and no ChannelData begins with it (RFC 7983).
	recordHandshake = 22

	// alpnTURN is the protocol name of RFC 7443.
	alpnTURN = "stun.turn"
)

// GetCertificate chooses the certificate of a handshake. It must be safe for
// concurrent use, must not block, and may return another one each time. What it
// is told has no more than a server name, and no connection, where it is asked
// for DTLS or for what clients should be told.
type GetCertificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)

// tlsConfig returns the settings of the TLS listeners, or nil where there is
// no certificate.
func (c *Config) tlsConfig() *tls.Config {
	if !c.speaks(ViaTLS) {
		return nil
	}
	return &tls.Config{
		GetCertificate: c.Certificate, MinVersion: c.TLSMin, NextProtos: []string{alpnTURN},
		// RFC 8446 section 8: tickets would link a client's connections.
		SessionTicketsDisabled: true,
	}
}

// speaks reports whether clients may come by via.
func (c *Config) speaks(via Via) bool {
	sealed := via == ViaTLS || via == ViaDTLS
	return !slices.Contains(c.Without, via) && (!sealed || c.Certificate != nil)
}

// packetAddrs is where UDP is opened.
func (c *Config) packetAddrs() []netip.AddrPort { return c.addrs(c.UDP, ViaUDP, ViaDTLS) }

// streamAddrs is where TCP is opened.
func (c *Config) streamAddrs() []netip.AddrPort { return c.addrs(c.TCP, ViaTCP, ViaTLS) }

func (c *Config) addrs(at []netip.AddrPort, plain, sealed Via) []netip.AddrPort {
	switch {
	case c.speaks(sealed):
		return slices.Concat(at, c.TLS)
	case c.speaks(plain):
		return at
	}
	return nil
}

// handshake returns conn decrypted, and nil where that failed. The deadline
// holds even if ctx never ends.
func handshake(ctx context.Context, conn net.Conn, conf *tls.Config) *tls.Conn {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	sealed := tls.Server(newRecords(conn), conf)
	if err := sealed.HandshakeContext(ctx); err != nil {
		return nil
	}
	return sealed
}

// peeked is a connection of which the first byte has been looked at.
type peeked struct {
	net.Conn
	first [1]byte
	have  bool // until it has been read; of the one reader
}

// peek waits for the first byte of conn, as long as conn's deadline allows.
func peek(conn net.Conn) (*peeked, error) {
	p := &peeked{Conn: conn}
	if _, err := io.ReadFull(conn, p.first[:]); err != nil {
		return nil, err
	}
	p.have = true
	return p, nil
}

// Read returns the first byte, then the others.
func (p *peeked) Read(b []byte) (int, error) {
	if !p.have {
		return p.Conn.Read(b)
	}
	n := copy(b, p.first[:])
	p.have = n == 0
	return n, nil
}
