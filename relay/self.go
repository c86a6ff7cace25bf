package relay

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// maxExternal bounds how many former public addresses are remembered.
const maxExternal = 16

// self knows which addresses lead to this machine. They change while the
// program runs: leases end, host names get new addresses.
type self struct {
	interfaces func() ([]netip.Addr, error)
	public     func() outside
	bound      []netip.Addr // listeners and relay addresses; all on this machine

	mu  sync.Mutex // serialises refresh
	cur atomic.Pointer[selfSet]
}

// outside are the addresses of a relay behind NAT; the zero Addr where a
// family has none.
type outside struct{ four, six netip.Addr }

// of returns the address of a family.
func (o outside) of(six bool) netip.Addr {
	if six {
		return o.six
	}
	return o.four
}

// selfSet is one immutable view.
type selfSet struct {
	machine  map[netip.Addr]struct{}
	external []netip.Addr // newest first; never more than maxExternal
	public   outside
}

// refresh looks again. What cannot be read stays as it was.
func (s *self) refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.cur.Load()
	next := &selfSet{machine: make(map[netip.Addr]struct{}), public: s.public()}
	add(next.machine, s.bound)
	if addrs, err := s.interfaces(); err == nil {
		add(next.machine, addrs)
	} else if old != nil {
		next.machine = old.machine // never written once it is shown
	}
	if old != nil {
		next.external = old.external
	}
	for _, a := range []netip.Addr{next.public.four, next.public.six} {
		if a.IsValid() && !slices.Contains(next.external, a) {
			next.external = append([]netip.Addr{a}, next.external...)
			next.external = next.external[:min(len(next.external), maxExternal)]
		}
	}
	s.cur.Store(next)
}

// now returns the view, after a look at the public address.
func (s *self) now() *selfSet {
	if cur := s.cur.Load(); cur != nil && cur.public == s.public() {
		return cur
	}
	s.refresh()
	return s.cur.Load()
}

func (s *selfSet) isMachine(a netip.Addr) bool {
	if a.IsLoopback() {
		return true
	}
	_, ok := s.machine[a]
	return ok
}

func (s *selfSet) isExternal(a netip.Addr) bool { return slices.Contains(s.external, a) }

func add(to map[netip.Addr]struct{}, addrs []netip.Addr) {
	for _, a := range addrs {
		to[a.Unmap().WithZone("")] = struct{}{}
	}
}

// interfaceAddrs lists the machine's addresses, without zones.
func interfaceAddrs() ([]netip.Addr, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var out []netip.Addr
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				out = append(out, ip.Unmap())
			}
		}
	}
	return out, nil
}
