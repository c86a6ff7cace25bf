package relay

import (
	"net/netip"
	"sync"
)

// crowd counts what clients hold open, in all and by network.
type crowd struct {
	limit  int // in all
	perNet int // of one /32 or /64

	mu    sync.Mutex // guards following
	all   int
	byNet map[netip.Prefix]int
}

func newCrowd(limit, perNet int) *crowd {
	return &crowd{limit: limit, perNet: perNet, byNet: make(map[netip.Prefix]int)}
}

// enter reports whether there is room for one more from a. Who is in must
// leave.
func (c *crowd) enter(a netip.Addr) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	from := network(a)
	if c.all >= c.limit || c.byNet[from] >= c.perNet {
		return false
	}
	c.all++
	c.byNet[from]++
	return true
}

func (c *crowd) leave(a netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	from := network(a)
	if c.byNet[from]--; c.byNet[from] <= 0 {
		delete(c.byNet, from)
	}
}

// count returns how many are in.
func (c *crowd) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all
}
