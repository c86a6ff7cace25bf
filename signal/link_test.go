package signal_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// TestEarlyFrame sends hello along with the request, before the answer.
func TestEarlyFrame(t *testing.T) {
	t.Parallel()
	addr := server(t, newGraph())
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	hello := wire.Head{Kind: wire.KindHello, Body: wire.EncodeBody(wire.Hello{Min: 1, Max: 1})}
	x := &raw{c: c, in: make([]byte, 64<<10)}
	if err := x.upgrade(addr, id.NewAccount(), masked(wire.AppendFrame(nil, &hello))); err != nil {
		t.Fatal(err)
	}
	if err := x.read(wire.KindWelcome); err != nil {
		t.Errorf("no welcome: %v", err)
	}
}

// TestPanicCostsOneConnection: the session is there still and can be resumed.
func TestPanicCostsOneConnection(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := id.NewAccount(), id.NewAccount()
		r.graph.befriend(a, b)
		caller := r.on(0, a)
		r.on(0, b)
		r.graph.mu.Lock()
		r.graph.after = func() { panic(errors.New("a fault of ours")) }
		r.graph.mu.Unlock()
		caller.ring(b)
		<-caller.closed
		caller.resume()
		if !caller.welcome.Resumed {
			t.Error("the session is gone")
		}
	})
}

// TestPingsAreSpread: sessions that came in one moment are not pinged in one.
func TestPingsAreSpread(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		for range 64 {
			r.on(0, id.NewAccount())
		}
		if n := r.hubs[0].PingSeconds(); n < 4 {
			t.Errorf("64 sessions are pinged in %d different seconds", n)
		}
	})
}

// TestPongsKeepTheSession: whoever answers is not taken for lost, and what has
// arrived is not kept.
func TestPongsKeepTheSession(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		r.running(a, b)
		if r.hubs[0].Queued() == 0 {
			t.Fatal("nothing is kept before a pong")
		}
		<-time.After(time.Minute)
		if n := r.hubs[0].Queued(); n != 0 {
			t.Errorf("%d bytes are kept after pongs", n)
		}
		if s := r.hubs[0].Stats(); s.Detached != 0 || s.Endings["silent"] != 0 {
			t.Errorf("%d sessions lost, %d silent", s.Detached, s.Endings["silent"])
		}
		b.mute()
		<-time.After(21 * time.Second)
		if s := r.hubs[0].Stats(); s.Endings["silent"] != 1 {
			t.Errorf("%d silent after 21 s, want 1", s.Endings["silent"])
		}
	})
}

// TestParkedSessionsTakePart: two that are in a call, over real sockets, are
// parked again and again.
func TestParkedSessionsTakePart(t *testing.T) {
	t.Parallel()
	a, b, c, h := talkingAt(t)
	frame := masked(wire.AppendFrame(nil, &wire.Head{Kind: wire.KindMedia, Call: c, Body: []byte("e30")}))
	for range 5 {
		for tick := time.NewTicker(time.Millisecond); h.Parked() < 2; <-tick.C {
			h.ParkAll()
		}
		for _, x := range [][2]*raw{{a, b}, {b, a}} {
			if _, err := x[0].c.Write(frame); err != nil {
				t.Fatal(err)
			}
			if err := x[1].read(wire.KindMedia); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s := h.Stats(); s.Detached != 0 || s.Sessions != 2 {
		t.Errorf("%d sessions, %d without a connection", s.Sessions, s.Detached)
	}
}
