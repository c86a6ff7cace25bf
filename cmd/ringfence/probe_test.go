package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

// background is the root of contexts outside tests' own.
func background() context.Context { return context.Background() }

// probeMain is the program with a handler that panics.
func probeMain() {
	ctx, stop := signal.NotifyContext(background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, process{
		args: os.Args[1:], environ: os.Environ(), stdout: os.Stdout, stderr: os.Stderr,
		probe: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			panic(fmt.Errorf("probe for %s: %w", r.RemoteAddr, errors.New("boom")))
		}),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "ringfence:", err)
		os.Exit(1)
	}
}
