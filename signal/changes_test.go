package signal_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/privacy"
	"github.com/ringfence/ringfence/signal/wire"
	"github.com/ringfence/ringfence/store"
)

// Somebody who asks for friendship and takes it back in a loop does not have
// the other side fetch as often; the last change is told all the same.
func TestChangesInALoopAreToldAFewTimes(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		a.all()
		b.all()
		count := func() int { return len(b.all()[wire.KindChanged]) }
		r.hubs[0].NoticesChanged(b.addr.Account)
		if n := count(); n != 1 {
			t.Errorf("one change was told %d times", n)
		}
		n := 0
		for range 950 { // 9.5 s
			r.hubs[0].FriendsChanged(a.addr.Account, b.addr.Account)
			r.hubs[0].AsksChanged(b.addr.Account)
			<-time.After(10 * time.Millisecond)
			n += count()
		}
		if n < 8 || n > 24 { // friends and invites: 5 at once and one in 2 s, each
			t.Errorf("%d frames for 1900 changes", n)
		}
		<-time.After(4 * time.Second)
		if n := count(); n != 2 {
			t.Errorf("%d frames after the last change, want 2", n)
		}
		<-time.After(time.Minute)
		if n := count(); n != 0 {
			t.Errorf("%d frames for nothing", n)
		}
		r.hubs[0].AsksChanged(b.addr.Account)
		if n := count(); n != 2 {
			t.Errorf("%d frames for a change after a rest, want 2 at once", n)
		}
	})
}

// A fault in what the hub does of its own accord costs that one thing, and the
// log shows where it was, but nothing of what it was about.
func TestFaultsOfTheHubsOwn(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	inBubbleWith(t, privacy.NewHandler(slog.NewTextHandler(&out, nil)), func(t *testing.T, r *rig) {
		a, b := r.pair()
		r.hubs[0].Busy(func() { panic(fmt.Sprintf("198.51.100.7 of %v", a.addr.Account)) })
		r.rest()
		r.running(a, b)
		r.graph.set(a.addr.Account, b.addr.Account, store.EdgeBlocked)
		broken := r.graph.breakReach()
		r.hubs[0].FriendsChanged(b.addr.Account, a.addr.Account)
		r.rest()
		broken()
		r.hubs[0].FriendsChanged(b.addr.Account, a.addr.Account)
		a.wantEnded(wire.ReasonReach)
		b.wantEnded(wire.ReasonReach)
	})
	log := out.String()
	if n := strings.Count(log, "while=\"at work\""); n < 2 {
		t.Errorf("%d faults in the log:\n%s", n, log)
	}
	if !strings.Contains(log, "signal_test") || strings.Contains(log, "198.51") {
		t.Errorf("no place, or a value, in the log:\n%s", log)
	}
}
