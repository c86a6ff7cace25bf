package coturn_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/coturn"
	"github.com/ringfence/ringfence/relay"
)

type bounds struct{ from, to netip.Addr }

func (b bounds) has(a netip.Addr) bool {
	return a.Is4() == b.from.Is4() && b.from.Compare(a) <= 0 && a.Compare(b.to) <= 0
}

// model is the rule of coturn's manual: a peer that is allowed is relayed to,
// else one that is denied is not; and ours after it: what is left is relayed
// to if it is on the internet.
func model(allowed, denied []bounds, a netip.Addr) bool {
	in := func(list []bounds) bool {
		return slices.ContainsFunc(list, func(b bounds) bool { return b.has(a) })
	}
	return in(allowed) || !in(denied) && relay.PeerPolicy{}.Permits(a)
}

// around returns an address near a, or any.
func around(r *rand.Rand, a netip.Addr) netip.Addr {
	b := a.AsSlice()
	switch r.IntN(4) {
	case 0:
		if n := a.Next(); n.IsValid() {
			return n
		}
	case 1:
		if p := a.Prev(); p.IsValid() {
			return p
		}
	case 2:
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
	}
	out, _ := netip.AddrFromSlice(b)
	return out
}

// anywhere is an address on the internet or in a small private network.
func anywhere(r *rand.Rand) netip.Addr {
	switch r.IntN(4) {
	case 0:
		return netip.AddrFrom4([4]byte{10, 1, byte(r.IntN(4)), byte(r.UintN(256))})
	case 1:
		return netip.AddrFrom4([4]byte{byte(11 + r.IntN(80)), byte(r.UintN(256)), byte(r.UintN(256)), byte(r.UintN(256))})
	case 2:
		return netip.AddrFrom4([4]byte{8, 8, byte(r.IntN(2)), byte(r.UintN(256))})
	}
	var b [16]byte
	b[0], b[1], b[2] = 0x26, 0x06, byte(r.IntN(2))
	for i := 3 + r.IntN(13); i < 16; i++ {
		b[i] = byte(r.UintN(256))
	}
	return netip.AddrFrom16(b)
}

func randomRanges(r *rand.Rand, n int) []bounds {
	var out []bounds
	for range n {
		a, b := anywhere(r), anywhere(r)
		if r.IntN(3) == 0 || a.Is4() != b.Is4() || a.Is4() && (a.As4()[0] == 10) != (b.As4()[0] == 10) {
			b = a
		}
		if b.Less(a) {
			a, b = b, a
		}
		// A range from 8.8 to beyond 10/8 would hold a private network.
		if private := (bounds{netip.MustParseAddr("10.0.0.0"), netip.MustParseAddr("10.255.255.255")}); a.Is4() && a.Less(private.from) && private.to.Less(b) {
			b = a
		}
		out = append(out, bounds{a, b})
	}
	return out
}

func policy(t *testing.T, res coturn.Result) relay.PeerPolicy {
	t.Helper()
	var p relay.PeerPolicy
	for key, into := range map[string]*[]netip.Prefix{"turn.allow_peers": &p.Allow, "turn.deny_peers": &p.Deny} {
		for s := range strings.FieldsSeq(setting(res, key)) {
			*into = append(*into, netip.MustParsePrefix(s))
		}
		fewest(t, *into)
	}
	return p
}

// fewest fails unless no two prefixes overlap or could be one.
func fewest(t *testing.T, list []netip.Prefix) {
	t.Helper()
	for i, p := range list {
		if p != p.Masked() {
			t.Errorf("%s has bits behind its length", p)
		}
		if i == 0 {
			continue
		}
		before := list[i-1]
		if before.Overlaps(p) || before.Bits() == p.Bits() && p.Bits() > 0 && netip.PrefixFrom(before.Addr(), p.Bits()-1).Contains(p.Addr()) &&
			netip.PrefixFrom(before.Addr(), p.Bits()-1).Masked().Addr() == before.Addr() {
			t.Errorf("%s and %s could be one", before, p)
		}
	}
}

func TestAllowedBeatsDeniedAsInCoturn(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for round := range 300 {
		allowed, denied := randomRanges(r, r.IntN(6)), randomRanges(r, r.IntN(8))
		var file strings.Builder
		file.WriteString("static-auth-secret=0123456789abcdef\n")
		for option, list := range map[string][]bounds{"allowed-peer-ip": allowed, "denied-peer-ip": denied} {
			for _, b := range list {
				if b.from == b.to && r.IntN(2) == 0 {
					fmt.Fprintf(&file, "%s=%s\n", option, b.from)
				} else {
					fmt.Fprintf(&file, "%s=%s-%s\n", option, b.from, b.to)
				}
			}
		}
		res := read(t, file.String())
		if len(res.Refusals) > 0 {
			t.Fatalf("seed %d round %d: %v of\n%s", seed, round, res.Refusals, &file)
		}
		p := policy(t, res)
		for range 200 {
			a := anywhere(r)
			if all := slices.Concat(allowed, denied); len(all) > 0 && r.IntN(3) > 0 {
				b := all[r.IntN(len(all))]
				a = around(r, []netip.Addr{b.from, b.to}[r.IntN(2)])
			}
			if got, want := p.Permits(a), model(allowed, denied, a); got != want {
				t.Fatalf("seed %d round %d: %s permitted %v, want %v, by\n%s%+v", seed, round, a, got, want, &file, p)
			}
		}
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"denied-peer-ip=8.8.8.8":                                            "8.8.8.8/32",
		"denied-peer-ip=10.0.0.0-10.255.255.255":                            "10.0.0.0/8",
		"denied-peer-ip=0.0.0.0-255.255.255.255":                            "0.0.0.0/0",
		"denied-peer-ip=8.8.8.1-8.8.8.6":                                    "8.8.8.1/32 8.8.8.2/31 8.8.8.4/31 8.8.8.6/32",
		"denied-peer-ip=255.255.255.254-255.255.255.255":                    "255.255.255.254/31",
		"denied-peer-ip=8.8.8.0-8.8.8.9\ndenied-peer-ip=8.8.8.10-8.8.8.255": "8.8.8.0/24",
		"denied-peer-ip=8.8.8.0 - 8.8.8.255":                                "8.8.8.0/24",
		"denied-peer-ip=2001::-2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff":      "2001::/23",
		"denied-peer-ip=fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff":     "fc00::/7",
		"denied-peer-ip=ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff":            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
		"denied-peer-ip=::ffff:0.0.0.0-::ffff:255.255.255.255":              "",
		"denied-peer-ip=::ffff:8.8.8.8":                                     "",
		"denied-peer-ip=::fffe:ffff:0-::1:0:0:0":                            "::fffe:ffff:0/112 ::1:0:0:0/128",
		"denied-peer-ip=8.8.8.0-8.8.8.255\nallowed-peer-ip=8.8.8.8":         "8.8.8.0/29 8.8.8.9/32 8.8.8.10/31 8.8.8.12/30 8.8.8.16/28 8.8.8.32/27 8.8.8.64/26 8.8.8.128/25",
		"allowed-peer-ip=8.8.8.0-8.8.8.255\ndenied-peer-ip=8.8.8.8":         "",
	} {
		res := read(t, text)
		if got := setting(res, "turn.deny_peers"); got != want || len(res.Refusals) > 0 {
			t.Errorf("%s: got %q, want %q; %v", text, got, want, res.Refusals)
		}
	}
}

func TestPrefixesHaveABound(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&file, "denied-peer-ip=8.8.%d.%d\n", i/100, i%100*2)
	}
	if res := read(t, file.String()); len(res.Refusals) != 1 || !strings.Contains(res.Refusals[0].Says, "more than 1024 prefixes") {
		t.Errorf("got %v", res.Refusals)
	}
}
