package relay

import (
	"crypto/tls"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// A transport that is off lets nobody in, and is told to nobody, while the
// others go on at the same port.
func TestTransportsThatAreOff(t *testing.T) {
	t.Parallel()
	networks := map[Via]string{ViaUDP: "udp", ViaTCP: "tcp", ViaTLS: "tls", ViaDTLS: "dtls"}
	for without, off := range networks {
		t.Run("without "+off, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(c *Config) {
				c.Certificate, c.Without, c.Host = certified(t, "localhost"), []Via{without}, "localhost"
			})
			a := r.mint(t, "call1", "a")
			for via, network := range networks {
				if via != without {
					r.allocateWith(t, network, a)
				}
			}
			isOff(t, r, without, off)
			for _, e := range r.Endpoints() {
				if e.Transport == off && !e.Secure || e.Secure && without == ViaTLS {
					t.Errorf("clients are told of %s", e.TURN())
				}
			}
		})
	}
}

// isOff tries to come by a transport that is off.
func isOff(t *testing.T, r *rig, via Via, network string) {
	t.Helper()
	switch via {
	case ViaTLS:
		if conn, err := tls.Dial("tcp", r.tcpAddr().String(), &tls.Config{InsecureSkipVerify: true}); err == nil {
			_ = conn.Close()
			t.Error("TLS was spoken")
		}
	case ViaUDP, ViaTCP:
		before := r.refused(RefusedTransport)
		conn, err := net.Dial(network, r.front(network).String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := conn.Write([]byte("\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl")); err != nil {
			t.Fatal(err)
		}
		eventually(t, patience, "the refusal", func() bool { return r.refused(RefusedTransport) > before })
	case ViaDTLS: // what nobody reads gets no answer
	}
}

// Where no transport of an address is left, it is not opened.
func TestAddressesWithoutTransportAreNotOpened(t *testing.T) {
	t.Parallel()
	cert := certified(t, "localhost")
	at, own := []netip.AddrPort{loopback(1)}, []netip.AddrPort{loopback(2)}
	for name, c := range map[string]struct {
		cert         GetCertificate
		without      []Via
		packets, tcp string
	}{
		"all":               {cert, nil, "1 2", "1 2"},
		"no certificate":    {nil, nil, "1", "1"},
		"no UDP":            {cert, []Via{ViaUDP}, "1 2", "1 2"},
		"no DTLS":           {cert, []Via{ViaDTLS}, "1", "1 2"},
		"no UDP, no DTLS":   {cert, []Via{ViaUDP, ViaDTLS}, "", "1 2"},
		"no TCP, no TLS":    {cert, []Via{ViaTCP, ViaTLS}, "1 2", ""},
		"no UDP, no cert":   {nil, []Via{ViaUDP}, "", "1"},
		"nothing but DTLS":  {cert, []Via{ViaUDP, ViaTCP, ViaTLS}, "1 2", ""},
		"nothing, no cert.": {nil, []Via{ViaUDP, ViaTCP}, "", ""},
	} {
		cfg := Config{UDP: at, TCP: at, TLS: own, Certificate: c.cert, Without: c.without}
		ports := func(in []netip.AddrPort) string {
			var out []string
			for _, a := range in {
				out = append(out, strings.TrimPrefix(a.String(), a.Addr().String()+":"))
			}
			slices.Sort(out)
			return strings.Join(out, " ")
		}
		if got := ports(cfg.packetAddrs()); got != c.packets {
			t.Errorf("%s: UDP at %q, want %q", name, got, c.packets)
		}
		if got := ports(cfg.streamAddrs()); got != c.tcp {
			t.Errorf("%s: TCP at %q, want %q", name, got, c.tcp)
		}
	}
}
