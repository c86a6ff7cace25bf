package local_test

import (
	"testing"

	"github.com/ringfence/ringfence/internal/cluster"
	"github.com/ringfence/ringfence/internal/cluster/clustertest"
	"github.com/ringfence/ringfence/internal/cluster/local"
)

func TestBus(t *testing.T) {
	t.Parallel()
	clustertest.Run(t, func(t *testing.T) (cluster.Bus, cluster.Bus) {
		t.Helper()
		b := local.New(0)
		return b, b
	})
}

func TestFullQueueDropsAndCounts(t *testing.T) {
	t.Parallel()
	b := local.New(4)
	enter, leave := make(chan struct{}), make(chan struct{})
	got := 0
	if _, err := b.Subscribe("s", func([]byte) {
		got++
		if got == 1 {
			close(enter)
			<-leave
		}
	}); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if err := b.Publish(t.Context(), "s", []byte("x")); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			<-enter
		}
	}
	close(leave)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if got != 5 || b.Dropped() != 5 { // one in hand, four in the queue
		t.Errorf("delivered %d, dropped %d, want 5 and 5", got, b.Dropped())
	}
	if err := b.Publish(t.Context(), "s", nil); err == nil {
		t.Error("a closed bus took a message")
	}
}
