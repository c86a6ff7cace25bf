package signal_test

import (
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// TestPingsOfASecondAreSpread: where there are many, those who are due in one
// second are not all pinged at its beginning, and nobody is left out.
func TestPingsOfASecondAreSpread(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		const sessions = 512
		for range sessions {
			r.on(0, id.NewAccount())
		}
		<-time.After(3 * wire.PingSeconds * time.Second)
		n := 0
		for at, many := range r.hubs[0].Pinged() {
			n += many
			if many > sessions/wire.PingSeconds/4 {
				t.Errorf("%d pings at one moment", many)
			}
			if ago := time.Since(at); ago > (wire.PingSeconds+1)*time.Second {
				t.Errorf("%d have not been pinged for %v", many, ago)
			}
		}
		if n != sessions {
			t.Errorf("%d sessions of %d", n, sessions)
		}
	})
}
