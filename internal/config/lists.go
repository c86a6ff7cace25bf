package config

import (
	"net/netip"
	"slices"
	"strings"
)

// A list is a setting with several values. In the file it may be one text or
// a list of them; elsewhere they are separated by commas.
type list interface {
	// Texts returns the spelling of each value.
	Texts() []string
}

// lister is what reads a list.
type lister interface {
	list
	setTexts(items []string) error
}

// splitList reads a list out of one text. An empty one holds nothing.
func splitList(text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	items := strings.Split(text, ",")
	for i, s := range items {
		items[i] = strings.TrimSpace(s)
	}
	return items
}

// Listens is where a service opens; empty is nowhere, written "off".
type Listens []Listen

// On reports whether there is a listener at all.
func (l Listens) On() bool { return len(l) > 0 }

// Texts returns the spelling of each.
func (l Listens) Texts() []string {
	out := make([]string, len(l))
	for i, x := range l {
		out[i] = x.String()
	}
	return out
}

// String returns the spelling of them all.
func (l Listens) String() string {
	if len(l) == 0 {
		return "off"
	}
	return strings.Join(l.Texts(), ",")
}

func (l *Listens) setTexts(items []string) error {
	if len(items) == 1 && items[0] == "off" {
		*l = nil
		return nil
	}
	var out Listens
	for _, s := range items {
		var x Listen
		if err := x.UnmarshalText([]byte(s)); err != nil {
			return err
		}
		switch {
		case !x.On():
			return &rule{must: `"off" must stand alone`, fix: `write only "off", or leave it out`}
		case slices.Contains(out, x) && x.Port() != 0:
			return &rule{must: "must name each address once", fix: "leave the second " + x.String() + " out"}
		}
		out = append(out, x)
	}
	if len(out) == 0 {
		return &rule{must: "must be an address and a port", fix: `write ":3478" for every address, "192.0.2.1:3478" for one, or "off"`}
	}
	*l = out
	return nil
}

// Addrs is a list of addresses.
type Addrs []netip.Addr

// Texts returns the spelling of each.
func (a Addrs) Texts() []string {
	out := make([]string, len(a))
	for i, x := range a {
		out[i] = x.String()
	}
	return out
}

func (a *Addrs) setTexts(items []string) error {
	out := make(Addrs, 0, len(items))
	for _, s := range items {
		x, err := netip.ParseAddr(s)
		if err != nil || x.Zone() != "" || x.IsUnspecified() || x.IsMulticast() {
			return &rule{must: "must hold IP addresses of this machine", fix: `write for example "192.0.2.1", without a port`}
		}
		if x = x.Unmap(); slices.Contains(out, x) {
			return &rule{must: "must name each address once", fix: "leave the second " + x.String() + " out"}
		}
		out = append(out, x)
	}
	*a = out
	return nil
}

// Names is a list of host names, in lower case.
type Names []string

// Texts returns the names.
func (n Names) Texts() []string { return slices.Clone(n) }

func (n *Names) setTexts(items []string) error {
	out := make(Names, 0, len(items))
	for _, s := range items {
		if !isHostName(s) {
			return &rule{must: "must hold host names, without a port", fix: `write for example "relay.example.org"`}
		}
		out = append(out, strings.ToLower(strings.TrimSuffix(s, ".")))
	}
	*n = out
	return nil
}

// Words is a list of words out of a few.
type Words []string

// Texts returns the words.
func (w Words) Texts() []string { return slices.Clone(w) }

// Has reports whether word is among them.
func (w Words) Has(word string) bool { return slices.Contains(w, word) }

func (w *Words) setTexts(items []string) error {
	if len(items) == 0 {
		return &rule{must: "must hold at least one word", fix: "leave the setting out for its default"}
	}
	var out Words
	for _, s := range items {
		if slices.Contains(out, s) {
			return &rule{must: "must name each once", fix: "leave the second " + s + " out"}
		}
		out = append(out, s)
	}
	*w = out
	return nil
}
