// Package clustertest owns the one suite that every bus passes.
package clustertest

import (
	"encoding/binary"
	"sync"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/cluster"
)

// patience is how long the suite waits for what must come.
const patience = 5 * time.Second

// Run checks the bus that open returns against the contract of cluster.Bus.
// The buses of one test must be connected: open is called once for each node.
func Run(t *testing.T, open func(t *testing.T) (a, b cluster.Bus)) {
	t.Helper()
	t.Run("every subscriber of the subject and nobody else", func(t *testing.T) { everySubscriber(t, open) })
	t.Run("in the order of one publisher, one at a time", func(t *testing.T) { inOrder(t, open) })
	t.Run("nothing after cancel", func(t *testing.T) { afterCancel(t, open) })
	t.Run("publishing never waits for a subscriber", func(t *testing.T) { neverWaits(t, open) })
	t.Run("a subscriber may publish and cancel", func(t *testing.T) { fromWithin(t, open) })
	t.Run("nobody listens", func(t *testing.T) {
		a, _ := open(t)
		publish(t, a, "nobody", []byte("x"))
	})
}

func publish(t *testing.T, b cluster.Bus, to cluster.Subject, msg []byte) {
	t.Helper()
	if err := b.Publish(t.Context(), to, msg); err != nil {
		t.Fatalf("publish: %v", err)
	}
}

func subscribe(t *testing.T, b cluster.Bus, to cluster.Subject, fn func([]byte)) func() {
	t.Helper()
	cancel, err := b.Subscribe(to, fn)
	if err != nil {
		t.Fatalf("subscribe: %v", err)
	}
	t.Cleanup(cancel)
	return cancel
}

func receive(t *testing.T, c <-chan string, want string) {
	t.Helper()
	select {
	case got := <-c:
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("%q never came", want)
	}
}

// into returns a subscriber that copies, because it must not keep msg.
func into(c chan<- string) func([]byte) { return func(m []byte) { c <- string(m) } }

func everySubscriber(t *testing.T, open func(t *testing.T) (a, b cluster.Bus)) {
	a, b := open(t)
	one, two, other := make(chan string, 8), make(chan string, 8), make(chan string, 8)
	subscribe(t, a, "account:x", into(one))
	subscribe(t, b, "account:x", into(two))
	subscribe(t, b, "account:y", into(other))
	publish(t, a, "account:x", []byte("first"))
	publish(t, b, "account:y", []byte("second"))
	receive(t, one, "first")
	receive(t, two, "first")
	receive(t, other, "second")
	if len(one)+len(two)+len(other) != 0 {
		t.Error("a message came where nobody asked for it")
	}
}

func inOrder(t *testing.T, open func(t *testing.T) (a, b cluster.Bus)) {
	a, b := open(t)
	const n = 1000
	done := make(chan struct{})
	var busy sync.Mutex
	next := uint32(0)
	subscribe(t, b, "call:x", func(m []byte) {
		if !busy.TryLock() {
			t.Error("two calls at a time")
			return
		}
		defer busy.Unlock()
		if got := binary.BigEndian.Uint32(m); got != next {
			t.Errorf("got message %d, want %d", got, next)
		}
		if next++; next == n {
			close(done)
		}
	})
	for i := range uint32(n) {
		publish(t, a, "call:x", binary.BigEndian.AppendUint32(nil, i))
	}
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("not all messages came")
	}
}

func afterCancel(t *testing.T, open func(t *testing.T) (a, b cluster.Bus)) {
	a, b := open(t)
	gone, stays := make(chan string, 8), make(chan string, 8)
	cancel := subscribe(t, b, "s", into(gone))
	subscribe(t, b, "s", into(stays))
	cancel()
	cancel() // twice does no harm
	publish(t, a, "s", []byte("late"))
	receive(t, stays, "late")
	if len(gone) != 0 {
		t.Error("a message came after cancel")
	}
}

func neverWaits(t *testing.T, open func(t *testing.T) (a, b cluster.Bus)) {
	a, b := open(t)
	stuck, entered := make(chan struct{}), make(chan struct{}, 1)
	subscribe(t, b, "slow", func([]byte) {
		select {
		case entered <- struct{}{}:
		default:
		}
		<-stuck
	})
	defer close(stuck)
	quick := make(chan string, 8)
	subscribe(t, b, "quick", into(quick))
	publish(t, a, "slow", []byte("x"))
	<-entered
	for range 20_000 { // far more than any queue: the rest is dropped
		publish(t, a, "slow", []byte("x"))
	}
	publish(t, a, "quick", []byte("not held up"))
	receive(t, quick, "not held up")
}

func fromWithin(t *testing.T, open func(t *testing.T) (a, b cluster.Bus)) {
	a, b := open(t)
	out := make(chan string, 8)
	subscribe(t, a, "reply", into(out))
	var cancel func()
	ready := make(chan struct{})
	cancel = subscribe(t, b, "ask", func([]byte) {
		<-ready
		cancel()
		publish(t, b, "reply", []byte("answer"))
	})
	close(ready)
	publish(t, a, "ask", []byte("x"))
	receive(t, out, "answer")
}
