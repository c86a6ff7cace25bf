package relay

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"slices"
	"strconv"
)

// Endpoint is where clients reach the relay.
type Endpoint struct {
	Host      string // a name, or an address without brackets
	Port      uint16
	Transport string // "udp" or "tcp"
	Secure    bool   // TLS over tcp
}

// TURN returns the URL of RFC 7065.
func (e Endpoint) TURN() string {
	scheme := "turn:"
	if e.Secure {
		scheme = "turns:"
	}
	return scheme + e.hostPort() + "?transport=" + e.Transport
}

// STUN returns the URL of RFC 7064, which has no transport.
func (e Endpoint) STUN() string { return "stun:" + e.hostPort() }

func (e Endpoint) hostPort() string { return net.JoinHostPort(e.Host, strconv.Itoa(int(e.Port))) }

// Endpoints returns what clients should be told now: UDP before TCP, and for
// each the configured host; else the public address; else the address of each
// family that leads furthest. An IPv6 address that is not routable is left out
// where there is IPv4: each entry costs a client an allocation. For the same
// reason TLS is told once, where it gets through most firewalls, and only if
// the certificate vouches for what clients are told.
func (s *Server) Endpoints() []Endpoint {
	var out []Endpoint
	var udp, tcp []netip.AddrPort
	for _, p := range s.packets {
		ap, _ := addrPort(p.LocalAddr())
		udp = append(udp, ap)
	}
	for _, l := range s.streams {
		if ap, _ := addrPort(l.Addr()); !l.shared {
			tcp = append(tcp, ap)
		}
	}
	for _, e := range s.advertised(udp) {
		e.Transport = "udp"
		out = append(out, e)
	}
	for _, e := range s.advertised(tcp) {
		e.Transport = "tcp"
		out = append(out, e)
	}
	if e, ok := s.secure(); ok {
		out = append(out, e)
	}
	return out
}

// secure returns where clients should come by TLS: at a port that is shared
// with HTTPS, else at one of TLS's own. That the plain port knows TLS too gets
// nobody through a firewall.
func (s *Server) secure() (Endpoint, bool) {
	if s.cfg.Certificate == nil {
		return Endpoint{}, false
	}
	var shared, own []netip.AddrPort
	for _, l := range s.streams {
		at, _ := addrPort(l.Addr())
		switch {
		case l.shared:
			shared = append(shared, at)
		case l.own:
			own = append(own, at)
		}
	}
	for _, bound := range [][]netip.AddrPort{shared, own} {
		for _, e := range s.advertised(bound) {
			if s.vouched(e.Host) {
				e.Transport, e.Secure = "tcp", true
				return e, true
			}
		}
	}
	return Endpoint{}, false
}

// vouched reports whether the certificate that clients get is for host, and
// not out of date.
func (s *Server) vouched(host string) bool {
	info := &tls.ClientHelloInfo{SupportedVersions: []uint16{tls.VersionTLS13}}
	if _, err := netip.ParseAddr(host); err != nil {
		info.ServerName = host // an address is never sent, RFC 6066 section 3
	}
	pair, err := s.cfg.Certificate(info)
	if err != nil || pair == nil {
		return false
	}
	leaf := pair.Leaf
	if leaf == nil {
		if len(pair.Certificate) == 0 {
			return false
		}
		if leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return false
		}
	}
	return leaf.VerifyHostname(host) == nil && s.cfg.Now().Before(leaf.NotAfter)
}

func (s *Server) advertised(bound []netip.AddrPort) []Endpoint {
	if len(bound) == 0 {
		return nil
	}
	if s.cfg.Host != "" {
		return []Endpoint{{Host: s.cfg.Host, Port: bound[0].Port()}}
	}
	public := s.self.now().public
	four, has4 := s.best(bound, false, public)
	six, has6 := s.best(bound, true, public)
	var out []Endpoint
	if has4 {
		out = append(out, four)
	}
	if has6 && (!has4 || (PeerPolicy{}).Permits(netip.MustParseAddr(six.Host))) {
		out = append(out, six)
	}
	return out
}

// best picks one address of a family: the public one if it is of that family.
func (s *Server) best(bound []netip.AddrPort, six bool, public netip.Addr) (Endpoint, bool) {
	for _, a := range s.heard {
		i := slices.IndexFunc(bound, func(b netip.AddrPort) bool { return b.Addr() == a && a.Is6() == six })
		if i < 0 {
			continue
		}
		if public.IsValid() && public.Is6() == six {
			a = public
		}
		return Endpoint{Host: a.String(), Port: bound[i].Port()}, true
	}
	return Endpoint{}, false
}

// ICEURLs returns the URLs for a client's list of ICE servers: stun needs no
// credential, turn does.
func (s *Server) ICEURLs() (stun, turn []string) {
	for _, e := range s.Endpoints() {
		if e.Transport == "udp" {
			stun = append(stun, e.STUN())
		}
		turn = append(turn, e.TURN())
	}
	return stun, turn
}
