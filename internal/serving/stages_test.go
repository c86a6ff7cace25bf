package serving

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringfence/ringfence/internal/privacy"
)

// record notes what happens in which order.
type record struct {
	mu  sync.Mutex
	log []string
}

func (r *record) add(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, s)
}

// part serves until it is stopped, then takes a while to end.
func (r *record) part(name string, takes time.Duration) Stage {
	return Stage{name, func(ctx context.Context) error {
		<-ctx.Done()
		r.add(name + " stops")
		<-time.After(takes)
		r.add(name + " ended")
		return ctx.Err()
	}}
}

func TestStagesStopOneAfterTheOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r record
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := InOrder(ctx, slog.New(slog.DiscardHandler), r.part("a", 3*time.Second), r.part("b", 0), r.part("c", time.Second))
		if err != nil {
			t.Errorf("InOrder = %v, want nil", err)
		}
		want := []string{"a stops", "a ended", "b stops", "b ended", "c stops", "c ended"}
		if !slices.Equal(r.log, want) {
			t.Errorf("order %v, want %v", r.log, want)
		}
	})
}

func TestStageThatFailsEndsTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r record
		failed := errors.New("disk gone")
		err := InOrder(t.Context(), slog.New(slog.DiscardHandler), r.part("a", 0),
			Stage{"store", func(context.Context) error { return failed }}, r.part("c", 0))
		if !errors.Is(err, failed) || !strings.HasPrefix(err.Error(), "store: ") {
			t.Errorf("InOrder = %v, want it to name the stage", err)
		}
		if len(r.log) != 4 {
			t.Errorf("not everything ended: %v", r.log)
		}
	})
}

func TestPanicOfAStageIsLoggedWithoutAddresses(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(privacy.NewHandler(slog.NewTextHandler(&out, nil)))
	err := InOrder(t.Context(), log, Stage{"hub", func(context.Context) error { panic("read from 198.51.100.23:7: boom") }})
	if !errors.Is(err, errPanic) {
		t.Errorf("InOrder = %v, want errPanic", err)
	}
	if s := out.String(); strings.Contains(s, "198.51.") || !strings.Contains(s, "boom") || !strings.Contains(s, "stages_test.go") {
		t.Errorf("logged %s", s)
	}
}
