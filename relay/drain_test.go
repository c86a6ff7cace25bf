package relay

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// A relay that is drained takes nobody new and says 508; what lives is
// refreshed and carries packets, and the drain ends with it.
func TestDrainLetsCallsEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	a, b := r.allocate(t, "udp", "call1", "a"), r.allocate(t, "udp", "call1", "b")
	exchange(t, a, b)

	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := r.Drain(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("with two allocations: got %v", err)
	}
	if !r.Stats().Draining {
		t.Error("the counters do not tell")
	}
	ended := make(chan error, 1)
	go func() { ended <- r.Drain(t.Context()) }()

	for _, network := range []string{"udp", "tcp"} {
		_, err := r.client(t, network, r.mint(t, "call1", "c")).Allocate()
		if refused, ok := errors.AsType[*stun.TurnError](err); !ok || refused.ErrorCodeAttr.Code != stun.CodeInsufficientCapacity {
			t.Errorf("a new one over %s: got %v, want 508", network, err)
		}
	}
	exchange(t, a, b)
	if err := refresh(a, 10*time.Minute); err != nil {
		t.Errorf("a refresh while draining: %v", err)
	}
	if err := refresh(a, 0); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		t.Fatalf("ended with an allocation left: %v", err)
	default:
	}
	if err := refresh(b, 0); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("did not end with the last allocation")
	}
}

// A leg that is full loses nothing to an allocation that is refused anyway.
func TestDrainMakesNoRoom(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Limits.PerLeg = 1 })
	a, b := r.allocate(t, "udp", "call1", "a"), r.allocate(t, "udp", "call1", "b")
	r.Server.clock.Add(idleAfter + 1)
	r.table.drain()
	if _, err := r.client(t, "udp", r.mint(t, "call1", "a")).Allocate(); err == nil {
		t.Fatal("let in")
	}
	exchange(t, a, b)
}
