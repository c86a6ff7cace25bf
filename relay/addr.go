package relay

import (
	"net"
	"net/netip"
)

// plain returns a as the rest of the package compares addresses: IPv4 never
// in IPv6 clothes, and no zone.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// addrPort reads the address types that pion passes.
func addrPort(a net.Addr) (ap netip.AddrPort, ok bool) {
	switch a := a.(type) {
	case *net.UDPAddr:
		return plain(a.AddrPort()), true
	case *net.TCPAddr:
		return plain(a.AddrPort()), true
	}
	return netip.AddrPort{}, false
}

// network is where a client has as many addresses as it likes.
func network(a netip.Addr) netip.Prefix {
	bits := 64
	if a.Is4() {
		bits = 32
	}
	return netip.PrefixFrom(a, bits).Masked()
}

func family(network string, a netip.Addr) string {
	if a.Is4() {
		return network + "4"
	}
	return network + "6"
}

// addrCache keeps recent addresses in the form that net.PacketConn returns,
// so that reading a packet allocates nothing. One goroutine uses it. What it
// returned may be kept by the caller: it is never written again.
type addrCache struct {
	slots []addrSlot // a power of two
}

type addrSlot struct {
	key netip.AddrPort
	val *net.UDPAddr
}

func newAddrCache(slots int) addrCache { return addrCache{make([]addrSlot, slots)} }

func (c *addrCache) get(key netip.AddrPort) *net.UDPAddr {
	s := &c.slots[addrHash(key)&uint32(len(c.slots)-1)] //nolint:gosec // a small power of two
	if s.val == nil || s.key != key {
		s.key, s.val = key, net.UDPAddrFromAddrPort(key)
	}
	return s.val
}

// addrHash is FNV-1a over address and port.
func addrHash(a netip.AddrPort) uint32 {
	const prime = 16777619
	h := uint32(2166136261)
	for _, b := range a.Addr().As16() {
		h = (h ^ uint32(b)) * prime
	}
	h = (h ^ uint32(a.Port()&0xff)) * prime
	h = (h ^ uint32(a.Port()>>8)) * prime
	return h ^ h>>16
}
