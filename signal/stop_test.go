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

// A hub that is about to stop lets nobody new in; who is there comes back after
// a lost connection, and can hang up.
func TestRefuseKeepsThoseThatAreThere(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		h := r.hubs[0]
		h.Refuse()
		if h.Ready() {
			t.Error("says that it is ready")
		}
		late := r.device(id.NewAccount())
		late.open()
		late.send(wire.Head{Kind: wire.KindHello}, wire.Hello{Min: 1, Max: 1})
		late.wantClosed(wire.CloseRestart)
		a.drop()
		b.want(wire.KindAway)
		a.resume()
		if !a.welcome.Resumed {
			t.Fatal("not resumed")
		}
		b.want(wire.KindAway)
		a.hangup(c)
		b.wantEnded(wire.ReasonHangup)
		h.SignedOut(r.graph.session(b.token).ID) // is still told of everything
		b.wantClosed(wire.CloseSignedOut)
	})
}
