package signal_test

import (
	"bytes"
	"testing"

	"github.com/coder/websocket"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// read reads a frame of a device that reads by hand, or the code of the close.
func (d *dev) read() (got, websocket.StatusCode) {
	d.r.t.Helper()
	_, b, err := d.conn.Read(d.r.t.Context())
	if err != nil {
		return got{}, websocket.CloseStatus(err)
	}
	h, err := wire.ScanHub(b)
	if err != nil {
		d.r.t.Fatalf("the hub sent %q: %v", b, err)
	}
	if h.Seq != 0 && h.Seq != d.seq+1 {
		d.r.t.Fatalf("frame %d after %d", h.Seq, d.seq)
	}
	d.seq = max(d.seq, h.Seq)
	return got{h, string(b)}, 0
}

// greet connects a device that reads by hand.
func (d *dev) greet(resume string) {
	d.r.t.Helper()
	d.dial()
	d.send(wire.Head{Kind: wire.KindHello}, wire.Hello{Min: 1, Max: 1, Resume: resume, Cursor: d.seq})
	w, _ := d.read()
	if w.Kind != wire.KindWelcome {
		d.r.t.Fatalf("got %s", w.Kind)
	}
	body(d.r.t, w, &d.welcome)
}

// A client that stops reading and comes back finds every frame, once and in
// order: whether it reads to the end what it left, or breaks off, and however
// much the kernel holds of what it did not read.
func TestSlowReaderLosesNothing(t *testing.T) {
	t.Parallel()
	for name, reads := range map[string]bool{"reads on": true, "breaks off": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onLoopback(t, 1, func(r *rig) {
				r.t = t
				losesNothing(t, r, reads)
			})
		})
	}
}

func losesNothing(t *testing.T, r *rig, reads bool) {
	t.Helper()
	d := r.device(id.NewAccount())
	d.greet("")
	slow := func() bool { return r.hubs[0].Stats().Endings["slow"] > 0 }
	sent := 0
	for ; sent < 2*wire.ResumeFrames && !slow(); sent++ {
		r.hubs[0].Tell(d.addr.Account)
	}
	if !slow() {
		t.Fatal("the connection is still there")
	}
	for range 50 { // while nobody is there
		r.hubs[0].Tell(d.addr.Account)
		sent++
	}
	come := 0
	if reads {
		come = d.readsOn(t)
	}
	_ = d.conn.CloseNow()
	d.greet(d.welcome.Resume)
	if !d.welcome.Resumed {
		t.Fatal("not resumed")
	}
	for ; come < sent; come++ {
		if f, code := d.read(); f.Kind != wire.KindChanged {
			t.Fatalf("after %d of %d: got %q, closed with %d", come, sent, f.Kind, code)
		}
	}
	if n := r.hubs[0].Stats(); n.Endings["slow"] != 1 || n.Endings["behind"] != 0 {
		t.Errorf("endings %v", n.Endings)
	}
	_ = d.conn.CloseNow()
}

// readsOn reads what lies on the connection until it is closed for slowness.
func (d *dev) readsOn(t *testing.T) (come int) {
	t.Helper()
	for {
		f, code := d.read()
		if code == websocket.StatusCode(wire.CloseSlow) {
			return come
		}
		if f.Kind != wire.KindChanged {
			t.Fatalf("got %s, closed with %d", f.Kind, code)
		}
		come++
	}
}

// However much comes, a client that reads is not taken for slow.
func TestWhoReadsGetsAll(t *testing.T) {
	t.Parallel()
	onLoopback(t, 1, func(r *rig) {
		d := r.device(id.NewAccount())
		d.greet("")
		for range 40 {
			for range 100 {
				r.hubs[0].Tell(d.addr.Account)
			}
			for range 100 {
				if f, code := d.read(); f.Kind != wire.KindChanged {
					t.Fatalf("got %q, closed with %d", f.Kind, code)
				}
			}
		}
		_ = d.conn.CloseNow()
	})
}

// What lies in the kernel, unread, is no more than a client can come back to.
func TestLargeFramesWaitForTheReader(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		b.mute()
		large := bytes.Repeat([]byte("A"), 16<<10)
		for range 40 {
			a.send(wire.Head{Kind: wire.KindMedia, Call: c, Body: large}, nil)
			r.rest()
		}
		if n := r.hubs[0].Stats().Endings["slow"]; n != 1 {
			t.Errorf("%d slow, want 1", n)
		}
		b.resume()
		if !b.welcome.Resumed {
			t.Fatal("not resumed")
		}
		if n := len(b.all()[wire.KindMedia]); n != 40 {
			t.Errorf("%d came, want 40", n)
		}
	})
}
