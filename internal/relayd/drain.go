package relayd

import (
	"context"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/ringfence/ringfence/relay"
)

// Drain lets relayed calls end before the relay does.
type Drain struct {
	relay *relay.Server
	time  time.Duration // for how long, when the program is told to end
	log   *slog.Logger
	on    atomic.Bool
}

// NewDrain returns the drain of a relay.
func NewDrain(r *relay.Server, forTime time.Duration, log *slog.Logger) *Drain {
	return &Drain{relay: r, time: forTime, log: log}
}

// Draining reports whether the relay takes no more allocations.
func (d *Drain) Draining() bool { return d.on.Load() }

// Serve waits until ctx ends, and then as long as there are relayed calls and
// the time allows. Something on now starts a drain before that; with last,
// Serve returns when it is over.
func (d *Drain) Serve(ctx context.Context, now <-chan os.Signal, last bool) error {
	select {
	case <-ctx.Done():
	case <-now:
		d.run(ctx)
		if last && ctx.Err() == nil {
			return nil
		}
		<-ctx.Done()
	}
	if d.time <= 0 {
		return nil
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.time)
	defer cancel()
	d.run(bounded)
	return nil
}

func (d *Drain) run(ctx context.Context) {
	d.on.Store(true)
	d.log.InfoContext(ctx, "draining", slog.Int("allocations", d.relay.Stats().AllocationsLive))
	if err := d.relay.Drain(ctx); err != nil {
		d.log.InfoContext(ctx, "relayed calls are left", slog.Int("allocations", d.relay.Stats().AllocationsLive))
		return
	}
	d.log.InfoContext(ctx, "no relayed call is left")
}
