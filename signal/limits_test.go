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
)

func TestRates(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		for range wire.MaxRings {
			c := a.ring(b.addr.Account)
			a.want(wire.KindCalling)
			a.hangup(c)
			a.all()
		}
		a.ring(b.addr.Account)
		if e := a.wantError(fault.RateLimited); e.RetryAfter != 6 {
			t.Errorf("retry after %d s, want 6", e.RetryAfter)
		}
		<-time.After(6 * time.Second)
		a.ring(b.addr.Account)
		a.want(wire.KindCalling)
		<-time.After(10 * time.Second)
		a.all()
		b.all()
		unknown := []byte(`{"v":1,"kind":"sparkle","body":""}`)
		for range wire.MaxFrameBurst {
			a.raw(unknown)
			r.rest() // it reads what comes back
		}
		if n := len(a.all()[wire.KindError]); n != wire.MaxFrameBurst {
			t.Errorf("%d answers, want %d", n, wire.MaxFrameBurst)
		}
		a.raw(unknown)
		if e := a.wantError(fault.RateLimited); e.RetryAfter != 1 {
			t.Errorf("retry after %d s, want 1", e.RetryAfter)
		}
		for range wire.MaxFrameBurst + 1 {
			a.raw(unknown)
			r.rest()
		}
		a.wantClosed(wire.CloseFlood)
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

func TestSessionsOfOneAccountAreBounded(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a := id.NewAccount()
		for range wire.MaxSessions {
			r.on(0, a)
		}
		d := r.device(a)
		d.open()
		d.send(wire.Head{Kind: wire.KindHello}, wire.Hello{Min: 1, Max: 1})
		d.wantClosed(wire.CloseTooMany)
	})
}

func TestPagesLeftBehindAreNoCrowd(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a := id.NewAccount()
		kept := r.on(0, a)
		var first, last *dev
		for i := range wire.MaxSessions + 4 { // a page that is loaded again and again
			d := r.on(0, a)
			d.drop()
			synctest.Wait()
			<-time.After(time.Millisecond)
			if last = d; i == 0 {
				first = d
			}
		}
		first.resume()
		if first.welcome.Resumed {
			t.Error("the page that went first was kept")
		}
		last.resume()
		if !last.welcome.Resumed {
			t.Error("the page that went last cannot come back")
		}
		kept.ring(id.NewAccount())
		kept.wantError(fault.Unreachable) // a page that is open stays
	})
}

func TestSlowReaderIsClosedAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		r.running(a, b)
		x := r.on(0, id.NewAccount())
		r.graph.befriend(a.addr.Account, x.addr.Account)
		mute := r.device(b.addr.Account)
		mute.openMute() // another session of b that stops reading
		for range wire.ResumeFrames + presenceSlack {
			r.hubs[0].Tell(b.addr.Account)
			synctest.Wait()
			b.all()
			a.all()
		}
		if n := r.hubs[0].Stats().Endings["slow"]; n != 1 {
			t.Errorf("%d slow sessions closed, want 1", n)
		}
		start := time.Now()
		x.ring(a.addr.Account)
		a.want(wire.KindIncoming)
		if d := time.Since(start); d != 0 {
			t.Errorf("a ring was held up for %v", d)
		}
	})
}

const presenceSlack = 8

func TestNewsOfFriendsCollapsesForSlowReaders(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a := id.NewAccount()
		d := r.on(0, a)
		d.drop() // what comes now waits
		var all []id.Account
		for range 100 {
			f := id.NewAccount()
			all = append(all, f)
			r.graph.befriend(a, f)
			friend := r.on(0, f)
			_ = friend.conn.Close(websocket.StatusNormalClosure, "")
			synctest.Wait()
		}
		back := r.on(0, all[99])
		d.resume()
		if !d.welcome.Resumed {
			t.Fatal("not resumed: news of friends filled the queue")
		}
		last := map[id.Account]bool{}
		n := 0
		for _, f := range d.all()[wire.KindPresence] {
			var p wire.Presence
			body(t, f, &p)
			last[p.Account] = p.Online
			n++
		}
		if n >= 201 {
			t.Errorf("%d frames: nothing collapsed", n)
		}
		for _, f := range all {
			if on, told := last[f]; told && on != (f == back.addr.Account) {
				t.Errorf("the last word about a friend is %v", on)
			}
		}
		if !last[back.addr.Account] {
			t.Error("the friend who is there is not shown")
		}
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
