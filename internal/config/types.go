package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// rule is the error of a value that breaks a rule: what must hold, and what to
// write instead. secret keeps the value out of every message.
type rule struct {
	must, fix string
	secret    bool
}

func (r *rule) Error() string { return r.must }

// Listen is where a listener opens: a port on one address or on all of them,
// or nowhere. The zero value is nowhere.
type Listen struct {
	addr netip.Addr
	port uint16
	on   bool
}

// ListenAt returns the Listen for a port on addr; the zero addr means all.
func ListenAt(addr netip.Addr, port uint16) Listen {
	return Listen{addr: addr, port: port, on: true}
}

// On reports whether there is a listener at all.
func (l Listen) On() bool { return l.on }

// Addr returns the address, invalid where the listener takes all.
func (l Listen) Addr() netip.Addr { return l.addr }

// Port returns the port; 0 lets the system choose.
func (l Listen) Port() uint16 { return l.port }

// String returns what net.Listen takes, or "off".
func (l Listen) String() string {
	switch {
	case !l.on:
		return "off"
	case !l.addr.IsValid():
		return ":" + strconv.Itoa(int(l.port))
	}
	return netip.AddrPortFrom(l.addr, l.port).String()
}

// MarshalText returns the one spelling of l.
func (l Listen) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads "off", ":8080", "192.0.2.1:8080" or "[2001:db8::1]:8080".
func (l *Listen) UnmarshalText(t []byte) error {
	s := string(t)
	if s == "off" {
		*l = Listen{}
		return nil
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return &rule{must: "must be an address and a port", fix: `write ":8080" for every address, "127.0.0.1:8080" for one, or "off"`}
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return &rule{must: "must end in a port from 0 to 65535", fix: `write for example ":8080"; port 0 takes a free one`}
	}
	var addr netip.Addr
	if host != "" {
		if addr, err = netip.ParseAddr(host); err != nil {
			return &rule{must: "must start with an IP address of this machine, not a name", fix: `write "127.0.0.1:` + port + `" for this machine alone, or ":` + port + `" for every address`}
		}
	}
	*l = ListenAt(addr, uint16(n))
	return nil
}

// Host is an IP address, a host name, or nothing.
type Host struct {
	addr netip.Addr
	name string
}

// IsZero reports whether there is neither address nor name.
func (h Host) IsZero() bool { return h == Host{} }

// Addr returns the address, invalid where a name was given.
func (h Host) Addr() netip.Addr { return h.addr }

// Name returns the host name, empty where an address was given.
func (h Host) Name() string { return h.name }

// String returns the spelling of h.
func (h Host) String() string {
	if h.addr.IsValid() {
		return h.addr.String()
	}
	return h.name
}

// MarshalText returns the one spelling of h.
func (h Host) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads an address or a name.
func (h *Host) UnmarshalText(t []byte) error {
	s := string(t)
	if s == "" {
		*h = Host{}
		return nil
	}
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap()
		if a.IsUnspecified() || a.IsMulticast() || a.Zone() != "" {
			return &rule{must: "must be an address that clients can reach", fix: `write the address your router shows to the outside, for example "203.0.113.7"`}
		}
		*h = Host{addr: a}
		return nil
	}
	if !isHostName(s) {
		return &rule{must: "must be an IP address or a host name, without a port", fix: `write for example "203.0.113.7" or "call.example.org"`}
	}
	*h = Host{name: strings.ToLower(s)}
	return nil
}

func isHostName(s string) bool {
	if len(s) > 253 {
		return false
	}
	letters := false
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			switch {
			case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
				letters = true
			case c >= '0' && c <= '9', c == '-':
			default:
				return false
			}
		}
	}
	return letters // all digits and dots is an address with a typo
}

// URL is the origin of a site: scheme, host and port, or nothing.
type URL struct{ origin string }

// IsZero reports whether there is no URL.
func (u URL) IsZero() bool { return u.origin == "" }

// String returns the origin without a slash at its end.
func (u URL) String() string { return u.origin }

// Host returns host and port as a browser sends them in the Host header.
func (u URL) Host() string {
	_, host, _ := strings.Cut(u.origin, "://")
	return host
}

// MarshalText returns the one spelling of u.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.origin), nil }

// UnmarshalText reads an https origin; http is allowed for this machine only,
// because browsers give no camera or microphone to other plain sites.
func (u *URL) UnmarshalText(t []byte) error {
	if len(t) == 0 {
		*u = URL{}
		return nil
	}
	p, err := url.Parse(string(t))
	switch {
	case err != nil || p.Host == "" || p.Hostname() == "":
		return &rule{must: "must be the address people type", fix: `write for example "https://call.example.org"`, secret: strings.Contains(string(t), "@")}
	case p.User != nil:
		return &rule{must: "must hold no user name and no password", fix: `write only "https://` + p.Host + `"`, secret: true}
	case p.Scheme != "https" && (p.Scheme != "http" || !isLoopbackName(p.Hostname())):
		return &rule{must: "must start with https:// (browsers give no camera or microphone to other sites)", fix: `write "https://` + p.Host + `"`}
	case strings.Trim(p.Path, "/") != "" || p.RawQuery != "" || p.Fragment != "":
		return &rule{must: "must have no path, the client lives at the root of its site", fix: `write "` + p.Scheme + "://" + p.Host + `" and give the client a host name of its own`}
	}
	if port := p.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return &rule{must: "must have a port from 1 to 65535, or none", fix: `write "` + p.Scheme + "://" + p.Hostname() + `"`}
		}
	}
	host := strings.ToLower(p.Host)
	if p.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	}
	*u = URL{origin: p.Scheme + "://" + host}
	return nil
}

func isLoopbackName(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// Prefixes is a list of networks.
type Prefixes []netip.Prefix

// Texts returns the spelling of each network.
func (p Prefixes) Texts() []string {
	out := make([]string, len(p))
	for i, x := range p {
		out[i] = x.String()
	}
	return out
}

// setTexts reads networks; an address alone is a network of one.
func (p *Prefixes) setTexts(items []string) error {
	out := make(Prefixes, 0, len(items))
	for _, s := range items {
		x, err := parsePrefix(strings.TrimSpace(s))
		if err != nil {
			return err
		}
		out = append(out, x)
	}
	*p = out
	return nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	x, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, &rule{must: "must hold IP addresses or networks", fix: `write for example "127.0.0.1" or "10.0.0.0/8"`}
	}
	if x != x.Masked() {
		return netip.Prefix{}, &rule{must: "must hold networks whose host bits are zero", fix: `write "` + x.Masked().String() + `"`}
	}
	if x.Addr().Is4In6() { // said of IPv4 addresses, which never are IPv4-mapped where they are looked at
		x = netip.PrefixFrom(x.Addr().Unmap(), x.Bits()-96)
	}
	if x.Bits() == 0 {
		return netip.Prefix{}, &rule{must: "must not hold the whole Internet", fix: "name the addresses or networks that are meant"}
	}
	return x, nil
}
