package signal_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
	"github.com/ringfence/ringfence/store"
)

// A connection that was opened before its sign-in session ended, and says
// hello after, gets in no more: whoever holds a stolen token could else keep
// one waiting.
func TestHelloAfterSigningOut(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(_ *testing.T, r *rig) {
		a, _ := r.pair()
		late := *a
		late.seq = 0
		late.open()
		synctest.Wait()
		r.graph.end(a.token)
		r.hubs[0].SignedOut(r.graph.session(a.token).ID)
		a.wantClosed(wire.CloseSignedOut)
		late.send(wire.Head{Kind: wire.KindHello}, wire.Hello{Min: 1, Max: 1})
		late.wantClosed(wire.CloseSignedOut)
	})
}

// A friendship that ends between the question whether one may ring and the
// ring leaves no call behind.
func TestBlockedWhileRinging(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(_ *testing.T, r *rig) {
		a, b := r.pair()
		r.graph.after = func() {
			r.graph.set(b.addr.Account, a.addr.Account, store.EdgeBlocked)
			r.hubs[0].FriendsChanged(b.addr.Account, a.addr.Account)
			<-time.After(time.Second) // the hubs have looked, and found no call
		}
		a.ring(b.addr.Account)
		<-time.After(2 * time.Second)
		b.silent()
		a.wantError(fault.Unreachable)
		a.silent()
		r.noCalls()
	})
}

// Coming back does not give new rings.
func TestRingsAreCountedAcrossSessions(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a := r.on(0, id.NewAccount())
		for range wire.MaxRings {
			a.ring(id.NewAccount())
			a.wantError(fault.Unreachable)
		}
		_ = a.conn.Close(websocket.StatusNormalClosure, "")
		synctest.Wait()
		a.seq = 0
		a.connect(wire.Hello{Min: 1, Max: 1})
		a.ring(id.NewAccount())
		a.wantError(fault.RateLimited)
		<-time.After(time.Minute)
		a.ring(id.NewAccount())
		a.wantError(fault.Unreachable)
	})
}

// What waits for a device that does not read is bounded in bytes, too: 256
// frames of the largest kind, in each of the sessions of an account, are more
// than a small machine has.
func TestQueueIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		b.drop()
		large := bytes.Repeat([]byte("A"), wire.MaxBody)
		for range 60 {
			a.send(wire.Head{Kind: wire.KindMedia, Call: c, Body: large}, nil)
			synctest.Wait()
		}
		if n := r.hubs[0].Queued(); n > 2<<20 {
			t.Errorf("%d bytes wait for one device", n)
		}
		a.hangup(c)
		<-time.After(30 * time.Second)
	})
}
