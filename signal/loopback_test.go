package signal_test

import (
	"math/rand/v2"
	"net"
	"strings"
	"testing"
)

// TestInterleavingsOnLoopback is TestInterleavings over sockets of the system,
// in real time: what the kernel and parked connections do to a call. Here
// people do one thing after another, and no limit of time is reached.
func TestInterleavingsOnLoopback(t *testing.T) {
	t.Parallel()
	seed := number(t, "SIGNAL_SEED", rand.Uint64()>>1)
	worlds := uint64(20)
	if testing.Short() {
		worlds = 3
	}
	t.Logf("SIGNAL_SEED=%d", seed)
	for n := uint64(0); n < worlds && !t.Failed(); n++ {
		onLoopback(t, 2, func(r *rig) {
			w := newWorld(t, r, rand.New(rand.NewPCG(seed, n)))
			w.m.untimed = true
			w.runOnLoopback(80)
			if t.Failed() {
				t.Logf("world %d; the last steps:\n%s", n, strings.Join(w.log[max(0, len(w.log)-40):], "\n"))
			}
		})
	}
}

// onLoopback runs fn with a rig of n hubs that listen on loopback.
func onLoopback(t *testing.T, n int, fn func(r *rig)) {
	t.Helper()
	r := &rig{t: t, graph: newGraph(), relay: &fakeRelay{}}
	r.serve(n, func() net.Listener {
		ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		r.addrs = append(r.addrs, ln.Addr().String())
		return ln
	})
	defer r.stop()
	for _, h := range r.hubs {
		r.until(h.Ready)
	}
	fn(r)
}

func (w *world) runOnLoopback(steps int) {
	for n := 0; n < steps && !w.t.Failed(); n++ {
		switch n := w.rnd.IntN(100); {
		case n < 25:
			w.comeAndGo()
		case n < 32:
			w.feel()
		case n < 50:
			w.at(w.ring())
		case n < 55:
			w.twice()
		case n < 60:
			for _, h := range w.r.hubs {
				h.ParkAll()
			}
		default:
			w.at(w.frame())
		}
	}
	if w.t.Failed() {
		return
	}
	w.note("everybody goes")
	for _, v := range w.views {
		if v.session >= 0 && w.m.sessions[v.session].on {
			w.leave(v)
		}
	}
}
