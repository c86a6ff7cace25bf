package relay

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
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
func (s *Server) Endpoints() []Endpoint { return s.outlook().endpoints(s.places()) }

// places are where clients are heard.
type places struct {
	udp, tcp []netip.AddrPort
	shared   []netip.AddrPort // by TLS, at a port of HTTPS
	own      []netip.AddrPort // by TLS, at a port of its own
}

func (s *Server) places() (p places) {
	for _, l := range s.packets {
		if ap, _ := addrPort(l.LocalAddr()); !slices.Contains(p.udp, ap) { // else another shard of the same
			p.udp = append(p.udp, ap)
		}
	}
	for _, l := range s.streams {
		ap, _ := addrPort(l.Addr())
		switch {
		case l.shared:
			p.shared = append(p.shared, ap)
			continue
		case l.own:
			p.own = append(p.own, ap)
		}
		p.tcp = append(p.tcp, ap)
	}
	return p
}

func (s *Server) outlook() outlook { return outlook{&s.cfg, s.self.now().public, s.heard} }

// Advertised returns the endpoints of a server with this configuration, which
// may run or not, here. Nothing is opened.
func Advertised(cfg Config) ([]Endpoint, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	machine, err := interfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("relay: list addresses: %w", err)
	}
	var p places
	var heard []netip.Addr
	for _, list := range []struct {
		to *[]netip.AddrPort
		in []netip.AddrPort
	}{{&p.udp, cfg.packetAddrs()}, {&p.tcp, cfg.streamAddrs()}, {&p.own, cfg.addrs(nil, ViaTCP, ViaTLS)}} {
		for _, b := range expand(list.in, machine) {
			*list.to = append(*list.to, b.AddrPort)
			heard = append(heard, b.Addr())
		}
	}
	return outlook{&cfg, cfg.outside(), byRoute(heard)}.endpoints(p), nil
}

// outlook is how a relay looks from outside.
type outlook struct {
	cfg    *Config
	public outside
	heard  []netip.Addr // where clients are heard, best first
}

func (o outlook) endpoints(p places) (out []Endpoint) {
	if !o.cfg.speaks(ViaUDP) {
		p.udp = nil
	}
	if !o.cfg.speaks(ViaTCP) {
		p.tcp = nil
	}
	for _, e := range o.of(p.udp) {
		e.Transport = "udp"
		out = append(out, e)
	}
	for _, e := range o.of(p.tcp) {
		e.Transport = "tcp"
		out = append(out, e)
	}
	if e, ok := o.secure(p); ok {
		out = append(out, e)
	}
	return out
}

// secure returns where clients should come by TLS: at a port that is shared
// with HTTPS, else at one of TLS's own. That the plain port knows TLS too gets
// nobody through a firewall.
func (o outlook) secure(p places) (Endpoint, bool) {
	if !o.cfg.speaks(ViaTLS) {
		return Endpoint{}, false
	}
	for _, bound := range [][]netip.AddrPort{p.shared, p.own} {
		for _, e := range o.of(bound) {
			if o.vouched(e.Host) {
				e.Transport, e.Secure = "tcp", true
				return e, true
			}
		}
	}
	return Endpoint{}, false
}

// vouched reports whether the certificate that clients get is for host, and
// not out of date.
func (o outlook) vouched(host string) bool {
	info := &tls.ClientHelloInfo{SupportedVersions: []uint16{tls.VersionTLS13}}
	if _, err := netip.ParseAddr(host); err != nil {
		info.ServerName = host // an address is never sent, RFC 6066 section 3
	}
	pair, err := o.cfg.Certificate(info)
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
	return leaf.VerifyHostname(host) == nil && o.cfg.Now().Before(leaf.NotAfter)
}

func (o outlook) of(bound []netip.AddrPort) []Endpoint {
	if len(bound) == 0 {
		return nil
	}
	if o.cfg.Host != "" {
		return []Endpoint{{Host: o.cfg.Host, Port: bound[0].Port()}}
	}
	four, has4 := o.best(bound, false)
	six, has6 := o.best(bound, true)
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
func (o outlook) best(bound []netip.AddrPort, six bool) (Endpoint, bool) {
	for _, a := range o.heard {
		i := slices.IndexFunc(bound, func(b netip.AddrPort) bool { return b.Addr() == a && a.Is6() == six })
		if i < 0 {
			continue
		}
		if public := o.public.of(six); public.IsValid() {
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
