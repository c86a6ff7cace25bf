package config

import (
	"path/filepath"
	"strconv"
	"strings"
)

// settle fills in what follows from other settings.
func (l *Loaded) settle() {
	if !l.PublicURL.IsZero() && l.Source("tls_listen") == "default" {
		l.TLSListen = Listen{}
		l.by["tls_listen"] = "default, because public_url is set"
	}
}

// checker collects what is wrong between settings. Those in broken have a
// fault already and hold a default: nothing is said about them twice.
type checker struct {
	from   Origins
	broken map[string]bool
	out    FaultErrors
}

func (c *checker) add(key, value, must, fix string, with ...string) {
	for _, k := range append(with, key) {
		if c.broken[k] {
			return
		}
	}
	c.out = append(c.out, Fault{Setting: key, Source: c.from.Source(key), Value: value, Must: must, Fix: fix})
}

// check returns what is wrong between settings.
func (l *Loaded) check(broken map[string]bool) FaultErrors {
	c := &checker{from: l.Origins, broken: broken}
	if l.Data == "" {
		c.add("data", "", "must name a folder", `write for example "./ringfence-data"`)
	}
	if l.Keys == "" {
		c.add("keys", "", "must name a folder", `write for example "./ringfence-keys"`)
	}
	if l.Data != "" && l.Keys != "" && nested(l.Data, l.Keys) {
		c.add("keys", l.Keys, "must lie neither in the data folder nor around it, so that a copy of one never holds the other",
			"name a folder beside "+strconv.Quote(l.Data), "data")
	}
	c.turn(&l.TURN)
	if !l.Listen.On() {
		c.add("listen", "off", "must be on: the client and reverse proxies come in there", `write ":8080", or "127.0.0.1:8080" behind a proxy on this machine`)
	}
	if !l.TURN.Listen.On() {
		c.add("turn.listen", "off", "must be on: calls between networks need the relay", `write ":3478"`)
	}
	c.ports(append([]use{{"listen", l.Listen}, {"tls_listen", l.TLSListen}, {"admin_listen", l.AdminListen}}, l.TURN.uses()...))
	return c.out
}

func (l *LoadedRelay) check(broken map[string]bool) FaultErrors {
	c := &checker{from: l.Origins, broken: broken}
	c.turn(&l.TURN)
	if !l.TURN.Listen.On() && (!l.TURN.TLSListen.On() || l.TURN.Cert == "") {
		c.add("turn.listen", "off", "must be on where turn.tls_listen is off or there is no turn.cert: nobody could come in", `write ":3478"`)
	}
	c.ports(append([]use{{"admin_listen", l.AdminListen}}, l.TURN.uses()...))
	return c.out
}

// turn checks what both programs have.
func (c *checker) turn(t *TURN) {
	if r := t.Realm; r == "" || len(r) > 127 || strings.ContainsAny(r, "\"\\\r\n") {
		c.add("turn.realm", r, "must be 1 to 127 characters without quotes", `write for example "ringfence"`)
	}
	if t.MinPort > t.MaxPort {
		c.add("turn.min_port", strconv.Itoa(int(t.MinPort)), "must not be above turn.max_port, "+strconv.Itoa(int(t.MaxPort)),
			"lower one or raise the other", "turn.max_port")
	}
	if (t.Cert == "") != (t.Key == "") {
		key, other := "turn.cert", "turn.key"
		if t.Cert != "" {
			key, other = other, key
		}
		c.add(key, "", "must be set where "+other+" is: TLS needs both", "name the PEM file, or leave both away", other)
	}
	if s := t.Separator; len(s) != 1 || s[0] <= ' ' || s[0] >= 0x7f || s[0] >= '0' && s[0] <= '9' {
		c.add("turn.separator", s, "must be one visible character of ASCII and no digit", `write ":"`)
	}
	if a := t.PublicIP6.Addr(); a.Is4() {
		c.add("turn.public_ip6", a.String(), "must be an address of IPv6, or a host name", "write the address of IPv4 to turn.public_ip")
	}
	if a := t.PublicIP.Addr(); a.Is6() && !t.PublicIP6.IsZero() {
		c.add("turn.public_ip", a.String(), "must be an address of IPv4 where turn.public_ip6 is set", "leave one of them away", "turn.public_ip6")
	}
	if t.IsClosed() && t.TCPPeers == "on" {
		c.add("turn.tcp_peers", "on", "must be off where turn.closed is on: a closed relay has no connections with peers", `write "off"`, "turn.closed")
	}
	if t.Cert == "" && !t.Transports.Has("udp") && !t.Transports.Has("tcp") {
		c.add("turn.transports", strings.Join(t.Transports, ","), "must hold udp or tcp where there is no turn.cert: nobody could come in", `write ["udp", "tcp"]`, "turn.cert")
	}
}

// use is a TCP port that a setting asks for.
type use struct {
	key string
	at  Listen
}

// uses are the ports of the relay.
func (t *TURN) uses() (out []use) {
	for _, l := range t.Listen {
		out = append(out, use{"turn.listen", l})
	}
	if t.Cert == "" {
		return out
	}
	for _, l := range t.TLSListen {
		out = append(out, use{"turn.tls_listen", l})
	}
	return out
}

// ports finds two listeners that want one TCP port.
func (c *checker) ports(uses []use) {
	for i, a := range uses {
		for _, b := range uses[:i] {
			if !a.at.On() || !b.at.On() || a.at.Port() == 0 || a.at.Port() != b.at.Port() {
				continue
			}
			if a.at.Addr() != b.at.Addr() && a.at.Addr().IsValid() && b.at.Addr().IsValid() {
				continue
			}
			c.add(a.key, a.at.String(), "must not take the port of "+b.key+", "+b.at.String(), "choose another port", b.key)
		}
	}
}

// nested reports whether one folder is the other or lies in it, as far as
// their names tell; links are followed when they are opened.
func nested(a, b string) bool {
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	if errA != nil || errB != nil {
		return false
	}
	in := func(x, y string) bool {
		rel, err := filepath.Rel(x, y)
		return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
	}
	return in(a, b) || in(b, a)
}
