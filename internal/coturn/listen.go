package coturn

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Keys that the settings of [Result] may have beside those that documents of
// the relay list.
const (
	// KeyTransports are those of udp, tcp, tls and dtls by which clients are
	// heard; set where the file leaves one out. udp and tcp open turn.listen
	// and turn.tls_listen in full; where one is missing, the ports are opened
	// for tls or dtls alone, and turn.listen not at all without both.
	KeyTransports = "turn.transports"
)

// listeners finds out where clients are heard, and by what.
func (f *file) listeners() {
	cert := f.certificate()
	at := f.transports(cert)
	port, line := int64(3478), 0
	if g, ok := f.last("listening-port"); ok {
		port, line = g.n, g.line
	}
	ips, ipLine := f.addresses("listening-ip", false)
	if line == 0 {
		line = ipLine
	}
	plain := join(ips, port)
	for _, g := range f.given["aux-server"] {
		ap, err := netip.ParseAddrPort(g.text)
		if err != nil || ap.Port() == 0 || ap.Addr().Zone() != "" || ap.Addr().IsMulticast() {
			f.refuseGiven(g, "an address and a port are wanted, not "+shown(g), "write 192.0.2.1:3479 or [2001:db8::1]:3479")
		} else if !slices.Contains(plain, ap.String()) {
			plain = append(plain, ap.String())
		}
	}
	if !slices.Contains(at, "udp") && !slices.Contains(at, "tcp") {
		plain = []string{"off"}
	}
	f.set(line, "turn.listen", plain...)
	f.tlsListeners(cert, at, ips, port)
	f.ports()
}

// tlsListeners is about the second port.
func (f *file) tlsListeners(cert bool, at, ips []string, plain int64) {
	port, line := int64(5349), 0
	g, given := f.last("tls-listening-port")
	if given {
		port, line = g.n, g.line
	}
	has := func(t string) bool { return slices.Contains(at, t) }
	switch {
	case !has("tls") && !has("dtls"):
		if given && !cert {
			f.note(line, g.opt.Name, Needless, "without cert and pkey there is neither TLS nor DTLS", "")
		} else if given {
			f.note(line, g.opt.Name, Needless, "the file turns TLS and DTLS off", "")
		}
		if cert {
			f.set(line, "turn.tls_listen", "off")
		}
		return
	case port == plain && has("udp") && has("tcp"):
		f.set(line, "turn.tls_listen", "off") // they are recognised on the one port
	default:
		f.set(line, "turn.tls_listen", join(ips, port)...)
	}
	if given {
		f.note(line, g.opt.Name, Honoured, g.opt.Says, "")
	}
}

// certificate reports whether there is one.
func (f *file) certificate() bool {
	cert, hasCert := f.last("cert")
	key, hasKey := f.last("pkey")
	switch {
	case hasCert && !hasKey:
		f.refuseGiven(cert, "there is no pkey beside it; coturn would go on without TLS", "write pkey=…, or delete the line")
	case hasKey && !hasCert:
		f.refuseGiven(key, "there is no cert beside it; coturn would go on without TLS", "write cert=…, or delete the line")
	case hasCert && hasKey:
		f.set(cert.line, "turn.cert", cert.text)
		f.set(key.line, "turn.key", key.text)
		if line, only13 := f.on("no-tlsv1_2"); only13 {
			f.set(line, "turn.tls_min", "1.3")
		} else {
			f.set(0, "turn.tls_min", "1.2")
		}
		return true
	}
	return false
}

// transports lists what clients may come by.
func (f *file) transports(cert bool) []string {
	var left []string
	line, missing := 0, false
	with := func(name string, possible bool, without ...string) {
		if !possible {
			return
		}
		for _, option := range without {
			if at, yes := f.on(option); yes {
				missing = true
				line = max(line, at)
				return
			}
		}
		left = append(left, name)
	}
	with("udp", true, "no-udp")
	with("tcp", true, "no-tcp")
	with("tls", cert, "no-tls")
	if g, ok := f.last("dtls"); ok && !g.yes {
		missing = missing || cert
		line = max(line, g.line)
	} else {
		with("dtls", cert, "no-dtls", "no-tlsv1_2")
	}
	switch {
	case len(left) == 0:
		f.refuse(line, "", "the file leaves no transport by which clients could come", "delete one of no-udp, no-tcp, or give cert and pkey")
	case missing:
		f.set(line, KeyTransports, left...)
	}
	return left
}

// addresses reads the values of a repeated option that are addresses of this
// machine.
func (f *file) addresses(name string, plain bool) (ips []string, line int) {
	for _, g := range f.given[name] {
		ip, err := netip.ParseAddr(g.text)
		switch {
		case err != nil || ip.Zone() != "" || ip.IsMulticast() || ip.Is4In6() || plain && ip.IsUnspecified():
			f.refuseGiven(g, "an address of this machine is wanted, not "+shown(g), "write 192.0.2.1 or 2001:db8::1")
		case slices.Contains(ips, ip.String()):
		default:
			ips = append(ips, ip.String())
			line = g.line
		}
	}
	return ips, line
}

// join puts a port to each address; no address stands for all of them.
func join(ips []string, port int64) []string {
	p := strconv.FormatInt(port, 10)
	if len(ips) == 0 {
		return []string{":" + p}
	}
	var out []string
	for _, ip := range ips {
		if strings.Contains(ip, ":") {
			ip = "[" + ip + "]"
		}
		out = append(out, ip+":"+p)
	}
	return out
}

func (f *file) ports() {
	first, hasFirst := f.last("min-port")
	last, hasLast := f.last("max-port")
	low, high := int64(49152), int64(65535)
	if hasFirst {
		low = first.n
		f.set(first.line, "turn.min_port", strconv.FormatInt(low, 10))
	}
	if hasLast {
		high = last.n
		f.set(last.line, "turn.max_port", strconv.FormatInt(high, 10))
	}
	if low > high {
		g := first
		if !hasFirst {
			g = last
		}
		f.refuseGiven(g, "the first port towards peers, "+strconv.FormatInt(low, 10)+", is above the last, "+strconv.FormatInt(high, 10), "")
	}
}

// outside is about the addresses towards peers and those that others know.
func (f *file) outside() {
	if ips, line := f.addresses("relay-ip", true); len(ips) > 0 {
		f.set(line, "turn.relay_ips", ips...)
	}
	taken := map[string]int{}
	for _, g := range f.given["external-ip"] {
		public, private, mapped := strings.Cut(g.text, "/")
		key := publicKey(public)
		if mapped {
			if _, err := netip.ParseAddr(private); err != nil {
				key = ""
			}
		}
		switch {
		case key == "":
			f.refuseGiven(g, "an address that others can reach is wanted, or two with a slash between, not "+shown(g), "write 198.51.100.1, or 198.51.100.1/10.0.0.1")
			continue
		case taken[key] > 0:
			f.refuseGiven(g, "there is one external address for each address family, and line "+strconv.Itoa(taken[key])+" has it", "run one relay for each, or delete one of the lines")
			continue
		}
		taken[key] = g.line
		f.set(g.line, key, public)
		f.note(g.line, g.opt.Name, Honoured, g.opt.Says, "")
		if mapped {
			f.note(g.line, g.opt.Name, Needless, "the address behind the slash is not wanted: the relay finds its own, and clients reach each other through them", "")
		}
	}
}

// publicKey is the setting that takes an external address, or "" where s is
// none. A host name counts as IPv4, as coturn prefers that.
func publicKey(s string) string {
	ip, err := netip.ParseAddr(s)
	switch {
	case err != nil && isHost(s):
		return "turn.public_ip"
	case err != nil || ip.Zone() != "" || ip.IsMulticast() || ip.IsUnspecified() || ip.IsLoopback() || ip.Is4In6():
		return ""
	case ip.Is4():
		return "turn.public_ip"
	}
	return "turn.public_ip6"
}

// isHost reports whether s is a host name. One whose last label is a number
// is none: it is an address with a slip.
func isHost(s string) bool {
	labels := strings.Split(strings.TrimSuffix(s, "."), ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || strings.ContainsFunc(l, func(r rune) bool {
			return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}) {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(s) <= 253 && (last[0] < '0' || last[0] > '9')
}

func (f *file) family() {
	keep, has := f.last("keep-address-family")
	g, said := f.last("allocation-default-address-family")
	switch {
	case said && !slices.Contains([]string{"ipv4", "ipv6", "keep"}, g.text):
		f.refuseGiven(g, "ipv4, ipv6 or keep is wanted, not "+shown(g), "")
	case said && (!has || !keep.yes || g.line > keep.line):
		f.set(g.line, "turn.family", g.text)
	case has && keep.yes:
		f.set(keep.line, "turn.family", "keep")
	}
	switch signed, secure := f.on("secure-stun"); {
	case f.isOn("no-stun"):
		at, _ := f.on("no-stun")
		f.set(at, "turn.stun", "off")
	case secure:
		f.set(signed, "turn.stun", "authenticated")
	}
	if f.res.STUNOnly && f.isOn("no-stun") {
		at, _ := f.on("no-stun")
		f.refuse(at, "no-stun", "the file leaves nothing to do: it neither relays nor answers binding requests", "delete the line, or give credentials")
	}
}

func (f *file) isOn(name string) bool { _, yes := f.on(name); return yes }

// administration is about the log and the metrics.
func (f *file) administration() {
	for _, name := range []string{"Verbose", "verbose"} {
		if line, yes := f.on(name); yes {
			f.set(line, "log.level", "debug")
			break
		}
	}
	ip, port := "127.0.0.1", int64(9641)
	line, wanted := f.on("prometheus")
	if g, ok := f.last("prometheus-address"); ok {
		a, err := netip.ParseAddr(g.text)
		if err != nil || !a.IsLoopback() || a.Is4In6() {
			f.refuseGiven(g, "metrics are served with other things that ask for no password, so a loopback address is wanted, not "+shown(g), "write 127.0.0.1 and let a proxy with a password pass it on")
		} else {
			ip = a.String()
		}
		f.ifWanted(wanted, g)
	}
	if g, ok := f.last("prometheus-port"); ok {
		port = g.n
		f.ifWanted(wanted, g)
	}
	if wanted {
		f.set(line, "admin_listen", join([]string{ip}, port)...)
	}
}

func (f *file) ifWanted(wanted bool, g given) {
	if wanted {
		f.note(g.line, g.opt.Name, Honoured, g.opt.Says, "")
	} else {
		f.note(g.line, g.opt.Name, Needless, "the file does not say prometheus", "")
	}
}
