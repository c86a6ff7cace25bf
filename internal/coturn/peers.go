package coturn

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// span is a range of addresses of one family, both ends included.
type span struct{ from, to netip.Addr }

func (s span) overlaps(o span) bool {
	return s.from.Is4() == o.from.Is4() && s.from.Compare(o.to) <= 0 && o.from.Compare(s.to) <= 0
}

// spanOf is the range of a prefix.
func spanOf(p netip.Prefix) span { return span{p.Masked().Addr(), lastOf(p)} }

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// merge sorts spans and joins those that overlap or touch.
func merge(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && out[n-1].from.Is4() == s.from.Is4() && (s.from.Compare(out[n-1].to) <= 0 || out[n-1].to.Next() == s.from) {
			if s.to.Compare(out[n-1].to) > 0 {
				out[n-1].to = s.to
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// without takes the addresses of less out of those of spans; both merged.
func without(spans, less []span) []span {
	var out []span
	for _, s := range spans {
		gone := false
		for _, l := range less {
			if !s.overlaps(l) {
				continue
			}
			if s.from.Compare(l.from) < 0 {
				out = append(out, span{s.from, l.from.Prev()})
			}
			if l.to.Compare(s.to) >= 0 {
				gone = true
				break
			}
			s.from = l.to.Next()
		}
		if !gone {
			out = append(out, s)
		}
	}
	return out
}

// prefixes are the fewest that hold just the addresses of merged spans, or
// the first most+1 of them.
func prefixes(spans []span, most int) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range spans {
		for from := s.from; len(out) <= most; {
			p := widest(from, s.to)
			out = append(out, p)
			last := lastOf(p)
			if last == s.to {
				break
			}
			from = last.Next()
		}
	}
	return out
}

// widest is the widest prefix that begins at from and does not end behind to.
func widest(from, to netip.Addr) netip.Prefix {
	p := netip.PrefixFrom(from, from.BitLen())
	for bits := from.BitLen() - 1; bits >= 0; bits-- {
		wider := netip.PrefixFrom(from, bits)
		if wider.Masked().Addr() != from || lastOf(wider).Compare(to) > 0 {
			break
		}
		p = wider
	}
	return p
}

// ban is a kind of address that is never relayed to, whatever a file allows.
type ban struct {
	is  string
	are []string
}

func bans() []ban {
	return []ban{
		{"loopback addresses, which are this machine", []string{"127.0.0.0/8", "::1/128"}},
		{"addresses that mean this machine", []string{"0.0.0.0/8", "::/128"}},
		{"link-local addresses, where the metadata of clouds is served", []string{"169.254.0.0/16", "fe80::/10"}},
		{"multicast or reserved addresses", []string{"224.0.0.0/3", "ff00::/8"}},
		{"addresses that stand for IPv4 ones, past the rules for those", []string{"64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"}},
	}
}

// private are the addresses that networks give themselves.
func private() []string {
	return []string{"10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"}
}

func spans(prefixes []string) []span {
	var out []span
	for _, p := range prefixes {
		out = append(out, spanOf(netip.MustParsePrefix(p)))
	}
	return out
}

// mapped are the IPv4-mapped addresses, which the relay judges as the IPv4
// address that they hold.
func mapped() []span { return spans([]string{"::ffff:0:0/96"}) }

// peers is about whom clients may reach. In coturn what is allowed beats what
// is denied, here it is the other way round: so what is allowed is taken out
// of what is denied, and both mean what they meant.
func (f *file) peers() {
	allowed := f.ranges("allowed-peer-ip", f.judgeAllowed)
	denied := f.ranges("denied-peer-ip", f.judgeDenied)
	f.judgeWidth(allowed)
	denied = without(denied, allowed)
	f.setPeers("allowed-peer-ip", "turn.allow_peers", allowed)
	f.setPeers("denied-peer-ip", "turn.deny_peers", denied)
	if !f.res.STUNOnly {
		f.noteRelaying()
	}
}

// ranges reads all ranges of an option, merged; judge may leave one out.
func (f *file) ranges(name string, judge func(given, span) bool) []span {
	var all []span
	for _, g := range f.given[name] {
		s, why, do := parseRange(g.text)
		switch {
		case why != "":
			f.refuseGiven(g, why+", not "+shown(g), do)
		case judge(g, s):
			all = append(all, s)
		}
	}
	return without(merge(all), mapped())
}

// parseRange reads an address or two with a dash between.
func parseRange(s string) (r span, why, do string) {
	first, second, both := strings.Cut(s, "-")
	from, err1 := netip.ParseAddr(strings.Trim(first, " "))
	to, err2 := from, err1
	if both {
		to, err2 = netip.ParseAddr(strings.Trim(second, " "))
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		in := spanOf(p)
		return r, "coturn reads no prefixes and has passed over this line; a range is wanted", fmt.Sprintf("write %s-%s", in.from, in.to)
	}
	switch {
	case err1 != nil || err2 != nil || from.Zone() != "" || to.Zone() != "":
		return r, "an address is wanted, or two with a dash between", ""
	case from.Is4() != to.Is4():
		return r, "the two ends of a range are of one family", ""
	case from.Compare(to) > 0:
		return r, "the first address is not behind the last", ""
	case from == to && from.IsUnspecified():
		return r, "coturn takes this for every address of both families; a range that says so is wanted", "write 0.0.0.0-255.255.255.255 for IPv4 and ::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff for IPv6"
	case from == netip.IPv6Unspecified():
		return r, "coturn takes every IPv4 address into a range that begins at ::, and another beginning is wanted", fmt.Sprintf("write ::1-%s for IPv6 alone", to)
	}
	return span{from, to}, "", ""
}

func (f *file) judgeAllowed(g given, s span) bool {
	if s.overlaps(mapped()[0]) {
		f.refuseGiven(g, "IPv4 addresses are wanted as such, not "+shown(g), "write them without ::ffff:")
		return false
	}
	for _, b := range bans() {
		if slices.ContainsFunc(spans(b.are), s.overlaps) {
			f.unsafe(g.line, g.opt.Name, "the range holds "+b.is, "name the servers that are meant one by one")
			return false
		}
	}
	if slices.ContainsFunc(spans(private()), s.overlaps) {
		f.note(g.line, g.opt.Name, Honoured, "clients reach these addresses of your own network", "")
	} else {
		f.note(g.line, g.opt.Name, Honoured, "clients reach these addresses", "")
	}
	return true
}

func (f *file) judgeDenied(g given, s span) bool {
	if m := mapped()[0]; m.from.Compare(s.from) <= 0 && s.to.Compare(m.to) <= 0 {
		f.note(g.line, g.opt.Name, Needless, "an IPv4-mapped address is judged as the IPv4 address in it; deny that where it must not be reached", "")
		return false
	}
	f.note(g.line, g.opt.Name, Honoured, "clients do not reach these addresses", "")
	return true
}

// judgeWidth refuses a /8 or more of private addresses, be it on one line or
// on several.
func (f *file) judgeWidth(allowed []span) {
	for _, p := range spans(private()) {
		for _, s := range allowed {
			if !s.overlaps(p) {
				continue
			}
			in := span{s.from, s.to}
			if in.from.Compare(p.from) < 0 {
				in.from = p.from
			}
			if in.to.Compare(p.to) > 0 {
				in.to = p.to
			}
			wide := func(q netip.Prefix) bool { return q.Bits() <= 8 }
			if slices.ContainsFunc(prefixes([]span{in}, 256), wide) {
				f.refuseWidth(in)
			}
		}
	}
}

func (f *file) refuseWidth(in span) {
	all := f.given["allowed-peer-ip"]
	for i, g := range slices.Backward(all) {
		if s, why, _ := parseRange(g.text); i == 0 || why == "" && s.overlaps(in) {
			f.unsafe(g.line, g.opt.Name, "it opens a whole private network, a /8 or more, to clients", "name the servers that are meant one by one")
			return
		}
	}
}

func (f *file) setPeers(option, key string, of []span) {
	if len(of) == 0 {
		return
	}
	line := f.given[option][0].line
	all := prefixes(of, MaxPrefixes)
	if len(all) > MaxPrefixes {
		f.refuse(line, option, fmt.Sprintf("all the ranges together make more than %d prefixes", MaxPrefixes), "let ranges begin and end on powers of two")
		return
	}
	var values []string
	for _, p := range all {
		values = append(values, p.String())
	}
	f.set(line, key, values...)
}

// noteRelaying says what differs from coturn in a file that says nothing.
func (f *file) noteRelaying() {
	f.note(0, "", Honoured, "peers that are not on the internet are not relayed to, but for allowed-peer-ip; coturn relays to them unless denied-peer-ip says no",
		"write allowed-peer-ip=… for servers of your own network that clients must reach")
	if line, yes := f.on("no-tcp-relay"); yes {
		f.set(line, "turn.tcp_peers", "off")
		return
	}
	f.set(0, "turn.tcp_peers", "on")
	f.note(0, "", Honoured, "clients may ask for TCP connections towards peers, as in coturn, but not to the ports of mail", "write no-tcp-relay if nobody needs that: browsers do not")
}
