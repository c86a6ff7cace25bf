package privacy

import (
	"net/http"
	"net/netip"
	"strings"
)

// Bits of an address that a limit may see: one connection in IPv4, one
// network in IPv6, where a single client has as many addresses as it likes.
const (
	bits4 = 32
	bits6 = 64
)

// maxHops is how many entries of X-Forwarded-For are looked at.
const maxHops = 32

// ClientPrefix returns a function that finds the prefix a request comes from,
// for limits kept in memory. X-Forwarded-For counts only where a trusted proxy
// sent it, and of it only the rightmost address that is not such a proxy:
// what stands left of that, the client may have written itself. The prefix is
// invalid where the request came over something without addresses.
func ClientPrefix(trusted []netip.Prefix) func(*http.Request) netip.Prefix {
	return func(r *http.Request) netip.Prefix {
		return prefix(clientAddr(trusted, r))
	}
}

// Secure returns a function that says whether a request came over TLS, to us
// or to a trusted proxy.
func Secure(trusted []netip.Prefix) func(*http.Request) bool {
	return func(r *http.Request) bool {
		if r.TLS != nil {
			return true
		}
		if !holds(trusted, remote(r)) {
			return false
		}
		last := r.Header.Values("X-Forwarded-Proto")
		if len(last) == 0 {
			return false
		}
		hops := strings.Split(last[len(last)-1], ",")
		return strings.EqualFold(strings.TrimSpace(hops[len(hops)-1]), "https")
	}
}

func clientAddr(trusted []netip.Prefix, r *http.Request) netip.Addr {
	at := remote(r)
	if !holds(trusted, at) {
		return at
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for n := 0; n < maxHops && n < len(hops); n++ {
		a, ok := hop(hops[len(hops)-1-n])
		if !ok {
			return at // an unparsable header is no header: the last proxy counts
		}
		at = a
		if !holds(trusted, at) {
			return at
		}
	}
	return at
}

// hop reads one entry: an address, with a port where the proxy writes one.
func hop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return plain(ap.Addr()), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return plain(a), err == nil
}

func remote(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return plain(ap.Addr())
}

func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func holds(trusted []netip.Prefix, a netip.Addr) bool {
	if !a.IsValid() {
		return false
	}
	for _, p := range trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func prefix(a netip.Addr) netip.Prefix {
	bits := bits6
	if a.Is4() {
		bits = bits4
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
