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
		l.sources["tls_listen"] = "default, because public_url is set"
	}
}

// check returns what is wrong between settings. Those in broken have a fault
// already and hold a default: nothing is said about them twice.
func (l *Loaded) check(broken map[string]bool) FaultErrors {
	var out FaultErrors
	add := func(key, value, must, fix string, with ...string) {
		for _, k := range append(with, key) {
			if broken[k] {
				return
			}
		}
		out = append(out, Fault{Setting: key, Source: l.Source(key), Value: value, Must: must, Fix: fix})
	}
	if l.Data == "" {
		add("data", "", "must name a folder", `write for example "./ringfence-data"`)
	}
	if l.Keys == "" {
		add("keys", "", "must name a folder", `write for example "./ringfence-keys"`)
	}
	if l.Data != "" && l.Keys != "" && nested(l.Data, l.Keys) {
		add("keys", l.Keys, "must lie neither in the data folder nor around it, so that a copy of one never holds the other",
			"name a folder beside "+strconv.Quote(l.Data), "data")
	}
	if r := l.TURN.Realm; r == "" || len(r) > 127 || strings.ContainsAny(r, "\"\\\r\n") {
		add("turn.realm", r, "must be 1 to 127 characters without quotes", `write for example "ringfence"`)
	}
	if l.TURN.MinPort > l.TURN.MaxPort {
		add("turn.min_port", strconv.Itoa(int(l.TURN.MinPort)), "must not be above turn.max_port, "+strconv.Itoa(int(l.TURN.MaxPort)),
			"lower one or raise the other", "turn.max_port")
	}
	if !l.Listen.On() {
		add("listen", "off", "must be on: the client and reverse proxies come in there", `write ":8080", or "127.0.0.1:8080" behind a proxy on this machine`)
	}
	if !l.TURN.Listen.On() {
		add("turn.listen", "off", "must be on: calls between networks need the relay", `write ":3478"`)
	}
	l.checkPorts(add)
	return out
}

// checkPorts finds two listeners that want one TCP port.
func (l *Loaded) checkPorts(add func(key, value, must, fix string, with ...string)) {
	type use struct {
		key string
		at  Listen
	}
	uses := []use{{"listen", l.Listen}, {"tls_listen", l.TLSListen}, {"admin_listen", l.AdminListen}, {"turn.listen", l.TURN.Listen}}
	for i, a := range uses {
		for _, b := range uses[:i] {
			if !a.at.On() || !b.at.On() || a.at.Port() == 0 || a.at.Port() != b.at.Port() {
				continue
			}
			if a.at.Addr() != b.at.Addr() && a.at.Addr().IsValid() && b.at.Addr().IsValid() {
				continue
			}
			add(a.key, a.at.String(), "must not take the port of "+b.key+", "+b.at.String(), "choose another port", b.key)
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
