package relay

import (
	"sync/atomic"
	"time"
)

const (
	// tickEvery is how coarse the clock of the rates is.
	tickEvery      = 100 * time.Millisecond
	ticksPerSecond = int64(time.Second / tickEvery)

	// A meter keeps both of its numbers in one word: what is left in the low
	// bits, when that was counted in the high ones.
	leftBits = 40
	leftMask = 1<<leftBits - 1
	tickMask = 1<<(63-leftBits) - 1

	// lateTicks is how far one who takes may be behind another. What seems to be
	// behind by more is a long silence: ticks run over in ten days.
	lateTicks = 64

	// leastBurst lets a packet through however low the rate is.
	leastBurst = 4096
)

// meter is a token bucket of bytes without a lock. It is full at first and
// holds a second's worth.
type meter struct {
	perTick, burst int64 // burst 0: no limit
	state          atomic.Int64
}

// set makes m pass so many bytes a second from tick now on. It must be called
// before m is shared.
func (m *meter) set(rate int, now int64) {
	m.perTick, m.burst = 0, 0
	if rate == Unlimited || int64(rate) >= leftMask {
		return
	}
	m.perTick = max(int64(rate)/ticksPerSecond, 1)
	m.burst = max(int64(rate), leastBurst)
	m.state.Store((now&tickMask)<<leftBits | m.burst)
}

// take reports whether n bytes may pass at tick now, and counts them if so.
func (m *meter) take(n int, now int64) bool {
	if m.burst == 0 {
		return true
	}
	for {
		old := m.state.Load()
		left, at := old&leftMask, old>>leftBits
		if since := (now - at) & tickMask; since <= tickMask-lateTicks { // else somebody has seen a later tick
			left, at = min(left+since*m.perTick, m.burst), now&tickMask
		}
		left -= int64(n)
		if left < 0 {
			return false
		}
		if m.state.CompareAndSwap(old, at<<leftBits|left) {
			return true
		}
	}
}

// rates is what the allocations of a server have in common.
type rates struct {
	each    int          // bytes a second, each way of one allocation
	ticks   atomic.Int64 // since Serve
	in, out meter        // of all
}

func newRates(l Limits) *rates {
	r := &rates{each: l.BytesPerSecond}
	r.in.set(l.BytesPerSecondTotal, 0)
	r.out.set(l.BytesPerSecondTotal, 0)
	return r
}

// gate bounds what passes through one allocation, both ways.
type gate struct {
	rates   *rates
	in, out meter
	used    *account // nil: no budget
	budget  int64
	secret  *traffic // nil: of no secret
}

func newGate(r *rates, budget int64, secret *traffic) *gate {
	g := &gate{rates: r, budget: budget, secret: secret}
	now := r.ticks.Load()
	g.in.set(r.each, now)
	g.out.set(r.each, now)
	return g
}

// fromPeer judges a packet of n bytes that came from a peer.
func (g *gate) fromPeer(n int) Refusal {
	r := g.pass(&g.in, &g.rates.in, n)
	if r == "" && g.secret != nil {
		g.secret.in(n)
	}
	return r
}

// toPeer judges a packet of n bytes that goes to a peer.
func (g *gate) toPeer(n int) Refusal {
	r := g.pass(&g.out, &g.rates.out, n)
	if r == "" && g.secret != nil {
		g.secret.out(n)
	}
	return r
}

func (g *gate) pass(own, all *meter, n int) Refusal {
	now := g.rates.ticks.Load()
	switch {
	case !own.take(n, now):
		return RefusedRate
	case !all.take(n, now):
		return RefusedTotalRate
	case g.used != nil && g.used.bytes.Add(int64(n)) > g.budget:
		return RefusedBudget
	}
	return ""
}
