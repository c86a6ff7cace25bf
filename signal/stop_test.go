package signal_test

import (
	"testing"
	"testing/synctest"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// Who is let in and greets a hub that has begun to stop is told to come back.
func TestAHelloThatCrossesTheStopComesBack(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		d := r.device(id.NewAccount())
		d.open()
		synctest.Wait() // the connection is in, and waits for hello
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			r.stop()
		}()
		synctest.Wait()
		d.send(wire.Head{Kind: wire.KindHello}, wire.Hello{Min: 1, Max: 1})
		d.wantClosed(wire.CloseRestart)
		<-stopped
	})
}
