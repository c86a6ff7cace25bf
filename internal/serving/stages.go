// Package serving owns how the long-lived parts of a program run: listeners
// that share themselves out fairly, HTTP with deadlines, and parts that start
// together and stop one after the other. It knows no settings and no service.
package serving

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// Stage is a long-lived part of a program. Serve returns only after everything
// it started has ended.
type Stage struct {
	Name  string
	Serve func(context.Context) error
}

// InOrder serves all stages until ctx ends or one of them does, then stops them
// one after the other: a stage is told to stop when those before it have ended.
// It returns after the last one, with the first error.
func InOrder(ctx context.Context, log *slog.Logger, stages ...Stage) error {
	type running struct {
		name string
		stop context.CancelFunc
		done chan error
	}
	ended := make(chan struct{}, len(stages))
	parts := make([]running, len(stages))
	for i, s := range stages {
		own, stop := context.WithCancel(context.WithoutCancel(ctx))
		parts[i] = running{name: s.Name, stop: stop, done: make(chan error, 1)}
		go func() {
			parts[i].done <- s.guarded(own, log)
			ended <- struct{}{}
		}()
	}
	select {
	case <-ctx.Done():
	case <-ended:
	}
	var failed error
	for _, p := range parts {
		p.stop()
		if err := <-p.done; err != nil && !errors.Is(err, context.Canceled) && failed == nil {
			failed = fmt.Errorf("%s: %w", p.name, err)
		}
		log.DebugContext(ctx, "stopped", slog.String("part", p.name))
	}
	return failed
}

var errPanic = errors.New("crashed, see the log")

// guarded turns a panic into an error, and its trace into a line of the log,
// which holds no address; the runtime would print the bare one.
func (s Stage) guarded(ctx context.Context, log *slog.Logger) (err error) {
	defer func() {
		if v := recover(); v != nil {
			log.ErrorContext(ctx, "panic", slog.String("part", s.Name), slog.Any("value", v), slog.String("stack", string(debug.Stack())))
			err = errPanic
		}
	}()
	return s.Serve(ctx)
}
