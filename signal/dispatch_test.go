package signal

import (
	"context"
	"errors"
	"testing"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// A session that has ended takes no frame more, and neither does one from a
// connection that it has left: its client sends those again.
func TestFramesOfDeadSessionsAndOldConnections(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*session{
		"ended":          {dead: true, gen: 1},
		"left the other": {gen: 2},
	} {
		s.hub = New(Options{})
		acted := false
		s.hub.handlers[wire.KindHangup] = func(context.Context, *session, *wire.Head) error {
			acted = true
			return nil
		}
		frame := wire.AppendFrame(nil, &wire.Head{Kind: wire.KindHangup, Call: id.NewCall()})
		if err := s.handle(t.Context(), frame, &link{gen: 1}); !errors.Is(err, errDead) || acted || s.received != 0 {
			t.Errorf("%s: %v, acted %v, counted %d", name, err, acted, s.received)
		}
		s.dead = false
		if err := s.handle(t.Context(), frame, &link{gen: s.gen}); err != nil || !acted || s.received != 1 {
			t.Errorf("%s: the same otherwise: %v, acted %v, counted %d", name, err, acted, s.received)
		}
	}
}

// Looking at the limits costs no memory: what a refusal says is made up only
// where there is one.
func TestLimitsAllocateNothing(t *testing.T) {
	s := &session{hub: New(Options{FrameRate: 1e12})}
	s.hub.handlers[wire.KindHangup] = func(context.Context, *session, *wire.Head) error { return nil }
	conn := &link{hub: s.hub, account: &meter[id.Account]{}, address: &meter[addressKey]{}}
	frame := wire.AppendFrame(nil, &wire.Head{Kind: wire.KindHangup, Call: id.NewCall()})
	const most = 1 // the head, which handlers may keep
	n := testing.AllocsPerRun(100, func() {
		if s.handle(t.Context(), frame, conn) != nil {
			t.Fatal("not taken")
		}
	})
	if n > most {
		t.Errorf("%v allocations, want %d", n, most)
	}
}
