//go:build amd64 || arm64

package relay

import (
	"net/netip"

	"github.com/ringfence/ringfence/relay/internal/mmsg"
)

// verdict is what the guard and the permissions say about a binding. It holds
// as long as nothing has changed that it rests on, so that a packet costs a
// few comparisons.
type verdict struct {
	permitted *map[netip.Addr]struct{}
	self      *selfSet
	tables    uint64 // generation; odd numbers are of nobody

	refusal Refusal
	dst     netip.AddrPort // where packets go
	to      mmsg.Name      // the same
	other   *socket        // the allocation there; else nil
	in      taker          // where packets for it can be put; else nil
	hop     hop
}

// hop is the way to a client of this relay whose channel leads back.
type hop struct {
	permitted *map[netip.Addr]struct{}
	route     *route // nil: there is no such way
	back      *channel
	peer      *shardPeer
}

// judge returns the verdict about b as of now.
func (b *channel) judge() *verdict {
	v, s := &b.verdict, b.owner.sock
	if v.self == nil || v.permitted != s.permitted.Load() || v.self != s.guard.self.cur.Load() || v.tables != s.table.generation.Load() ||
		v.hop.peer != nil && (v.hop.route != v.hop.peer.route.Load() || v.hop.permitted != v.hop.peer.sock.permitted.Load()) {
		b.decide()
	}
	return v
}

// decide asks anew. What it rests on is read first: a change in between makes
// the next packet ask again.
func (b *channel) decide() {
	s := b.owner.sock
	v := verdict{permitted: s.permitted.Load(), self: s.guard.self.cur.Load(), tables: s.table.generation.Load(), dst: b.peer}
	_, permitted := (*v.permitted)[b.peer.Addr()]
	v.other, v.refusal = s.guard.judge(&s.who, b.peer, false)
	switch {
	case v.refusal != "":
	case !permitted:
		v.refusal = RefusedPeer // a channel outlives its permission: RFC 8656 section 12.6
	case v.other != nil:
		v.dst, v.in = v.other.local, takerOf(v.other)
		v.hop = hopTo(s, v.other)
	}
	v.to = mmsg.NameOf(v.dst)
	if b.twin != nil && b.verdict.dst != v.dst {
		b.owner.untwin(b)
		b.tried, b.sent = false, 0
	}
	b.verdict = v
}

// hopTo finds the way to the client of other, which s is known to as a peer.
func hopTo(s, other *socket) hop {
	p, ok := other.conn.(*shardPeer)
	if !ok {
		return hop{}
	}
	h := hop{permitted: other.permitted.Load(), route: p.route.Load(), peer: p}
	if h.route == nil {
		return h
	}
	if _, ok := (*h.permitted)[s.shown.Addr()]; !ok {
		return h
	}
	if seen, r := other.guard.fromPeer(&other.who, s.local); r == "" && seen == s.shown {
		name := mmsg.NameOf(s.shown)
		h.back = h.route.with(name.Key())
	}
	return h
}
