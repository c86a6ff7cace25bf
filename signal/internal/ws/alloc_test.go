//go:build linux && !race

package ws

import "testing"

// TestNextAllocatesNothing, over a socket. The race
// detector lets pools forget, which is why it does not run there.
func TestNextAllocatesNothing(t *testing.T) {
	p := connect(t, newLot(t), false)
	p.counts.Store(true)
	frame := clientFrame(text, "hello")
	if each := testing.AllocsPerRun(1000, func() {
		p.say(t, frame)
		<-p.counted
	}); each > 0 {
		t.Errorf("%v allocations a message", each)
	}
}
