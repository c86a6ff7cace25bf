package relay

import (
	"runtime"
	"sync/atomic"
)

// scourPause is how many seconds lie between two rounds of [scour] at least.
const scourPause = 3

// scour has the collector go over what ended allocations over DTLS left behind. The
// DTLS library copies each message into memory of its own, where nothing of
// ours could clear it. The program runs with GODEBUG's clobberfree, which
// overwrites what is freed; scour sees to it that it is freed, soon.
type scour struct {
	ended atomic.Bool // one has, since the last round
	last  int64       // second of the last round; of the one goroutine that ticks
}

// second runs a round where one is due.
func (s *scour) second(now int64) {
	if now-s.last < scourPause || !s.ended.Swap(false) {
		return
	}
	s.last = now
	runtime.GC()
	runtime.GC() // pools give up what they hold at the second round
}
