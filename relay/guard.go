package relay

import (
	"log/slog"
	"net/netip"
	"slices"
	"sync"
)

// guard judges peers: what the policy cannot know about this machine and
// about the allocations that live on it.
type guard struct {
	policy    PeerPolicy
	allowOwn  bool
	closed    bool // nothing is a peer but the allocations of this relay
	loopback  bool // the relay itself is bound to a loopback address
	relayIPs  []netip.Addr
	listeners []netip.AddrPort // UDP, where clients are heard
	tcpDoors  []netip.AddrPort // likewise
	self      *self
	table     *table
	log       *slog.Logger
	said      sync.Once
}

// grants is the first line, when a client asks for a permission: by address
// alone, since RFC 8656 permissions have no port. Behind an address of the
// relay the call may have, or soon get, its other allocation.
func (g *guard) grants(peer netip.Addr) Refusal {
	peer = peer.Unmap().WithZone("")
	set := g.self.now()
	switch {
	case slices.Contains(g.relayIPs, peer), set.isExternal(peer):
		return ""
	case g.closed:
		return g.outside()
	case set.isMachine(peer):
		return g.ownAddress(peer)
	case !g.policy.Permits(peer):
		return RefusedPeer
	}
	return ""
}

// toPeer is the second line, for each packet out of who: it returns where to
// send. A shown address of the same call becomes the one that is bound here,
// because many a NAT does not turn packets round.
func (g *guard) toPeer(who *Principal, peer netip.AddrPort) (netip.AddrPort, Refusal) {
	_, dst, r := g.reach(who, peer)
	return dst, r
}

// reach is toPeer, and tells which allocation of this relay that is, if any.
func (g *guard) reach(who *Principal, peer netip.AddrPort) (*socket, netip.AddrPort, Refusal) {
	other, r := g.judge(who, peer, false)
	if other != nil {
		return other, other.local, r
	}
	return nil, peer, r
}

// fromPeer is the same for each packet in: it returns the address under which
// the client knows the peer.
func (g *guard) fromPeer(who *Principal, peer netip.AddrPort) (netip.AddrPort, Refusal) {
	other, r := g.judge(who, peer, false)
	if other != nil {
		return other.shown, r
	}
	return peer, r
}

// tcpPeer is both for a connection with a peer: where to connect to, and under
// which address the client knows who came.
func (g *guard) tcpPeer(who *Principal, peer netip.AddrPort) (dst, shown netip.AddrPort, r Refusal) {
	if slices.Contains(mailPorts[:], peer.Port()) {
		return peer, peer, RefusedPeer
	}
	other, r := g.judge(who, peer, true)
	if other != nil {
		return other.local, other.shown, r
	}
	return peer, peer, r
}

// mailPorts are closed to connections for good: who lets others send mail gets
// their spam.
var mailPorts = [...]uint16{25, 465, 587} //nolint:gochecknoglobals // a constant

// judge returns the allocation at peer, if it is one that who may reach. Those
// towards peers by TCP are apart from the others.
func (g *guard) judge(who *Principal, peer netip.AddrPort, tcp bool) (*socket, Refusal) {
	addr := peer.Addr() // unmapped and without zone by contract
	set := g.self.cur.Load()
	switch machine := set.isMachine(addr); {
	case peer.Port() == 0:
		return nil, RefusedPeer
	case machine, set.isExternal(addr):
		if other := g.table.at(peer); other != nil {
			if !who.mayReach(&other.who) {
				return nil, RefusedOtherCall
			}
			if tcp != (other.tcp != nil) {
				return nil, RefusedOwnAddress
			}
			return other, ""
		}
		switch {
		case g.closed:
			return nil, g.outside()
		case !machine:
			return nil, RefusedOwnAddress
		}
		return nil, g.ownPort(peer, tcp)
	case g.closed:
		return nil, g.outside()
	case !g.policy.Permits(addr):
		return nil, RefusedPeer
	}
	return nil, ""
}

// outside refuses for a closed relay, and tells the operator once what the
// counter counts: every call tries addresses that are not ours, and one whose
// other side is not here has no others.
func (g *guard) outside() Refusal {
	g.said.Do(func() {
		g.log.Info("closed relay refused a peer that is no client of its own; calls of which one side uses another way do not connect", slog.String("setting", "turn.closed"))
	})
	return RefusedClosed
}

// ownAddress judges an address of this machine behind which there is no
// allocation.
func (g *guard) ownAddress(addr netip.Addr) Refusal {
	switch {
	case !g.allowOwn, addr.IsLoopback() && !g.loopback:
		return RefusedOwnAddress
	case g.policy.denies(addr):
		return RefusedPeer
	}
	return ""
}

// ownPort is ownAddress with a port: never a well-known service, and never
// the relay's own front door.
func (g *guard) ownPort(peer netip.AddrPort, tcp bool) Refusal {
	if r := g.ownAddress(peer.Addr()); r != "" {
		return r
	}
	doors := g.listeners
	if tcp {
		doors = g.tcpDoors
	}
	if peer.Port() < 1024 || slices.Contains(doors, peer) {
		return RefusedOwnAddress
	}
	return ""
}
