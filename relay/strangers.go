package relay

import (
	"math/rand/v2"
	"net/netip"
	"sync"
)

const (
	// strangerSlots is how many networks are told apart; those that share a
	// slot share its tokens.
	strangerSlots = 4096

	strangerRate  = 10 // answers a second to one network
	strangerBurst = 50 // and how many at once

	// Sizes in bytes of what a STUN message travels in.
	overIPv4 = 20 + 8
	overIPv6 = 40 + 8
)

// strangers bounds what somebody who has shown no password can make the relay
// send elsewhere. Over plain UDP a request's source may be forged, so an answer may
// be at most 1.6 times as long as what it answers, counted in whole packets;
// where it has to be longer, each network gets few, and all together a limit.
type strangers struct {
	seed uint64
	all  int // answers a second, to all networks

	mu    sync.Mutex // guards following
	slots [strangerSlots]strangerSlot
	total strangerSlot
}

// strangerSlot is a bucket of tokens.
type strangerSlot struct {
	at     int64 // second
	tokens int
}

func newStrangers(all int) *strangers { return &strangers{seed: rand.Uint64(), all: all} } //nolint:gosec // spreads, and hides nothing

// fair reports whether an answer of so many bytes may go to whoever seems to
// have sent a request of so many.
func fair(c client, request, answer int) bool {
	head := overIPv6
	if c.src.Addr().Is4() {
		head = overIPv4
	}
	return 10*(answer+head) <= 16*(request+head)
}

// allow takes a token for one more unfair answer to a's network.
func (s *strangers) allow(a netip.Addr, second int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := &s.slots[hashOf(wide(a), s.seed)%strangerSlots]
	return slot.take(second, strangerRate, strangerBurst) && s.total.take(second, s.all, s.all)
}

func (s *strangerSlot) take(second int64, rate, burst int) bool {
	if passed := second - s.at; passed < 0 {
		s.at = second // the clock was put back
	} else if s.at == 0 || passed > 0 {
		if s.at == 0 || passed > int64(burst) {
			passed = int64(burst)
		}
		s.tokens = min(burst, s.tokens+int(passed)*rate)
		s.at = second
	}
	if s.tokens <= 0 {
		return false
	}
	s.tokens--
	return true
}
