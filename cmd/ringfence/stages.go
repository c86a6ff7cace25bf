package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// stage is a long-lived part of the program. serve returns only after
// everything it started has ended.
type stage struct {
	name  string
	serve func(context.Context) error
}

// inOrder serves all stages until ctx ends or one of them does, then stops them
// one after the other: a stage is told to stop when those before it have ended.
// It returns after the last one, with the first error.
func inOrder(ctx context.Context, log *slog.Logger, stages ...stage) error {
	type running struct {
		name string
		stop context.CancelFunc
		done chan error
	}
	ended := make(chan struct{}, len(stages))
	parts := make([]running, len(stages))
	for i, s := range stages {
		own, stop := context.WithCancel(context.WithoutCancel(ctx))
		parts[i] = running{name: s.name, stop: stop, done: make(chan error, 1)}
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
func (s stage) guarded(ctx context.Context, log *slog.Logger) (err error) {
	defer func() {
		if v := recover(); v != nil {
			log.ErrorContext(ctx, "panic", slog.String("part", s.name), slog.Any("value", v), slog.String("stack", string(debug.Stack())))
			err = errPanic
		}
	}()
	return s.serve(ctx)
}
