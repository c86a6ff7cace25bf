// Command ringfence is the server: signaling hub, media relay and browser
// client in one program, and the operator's commands. This package owns the
// wiring and nothing else.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if err := withRuntime(os.Args, os.Environ()); err != nil {
		fmt.Fprintln(os.Stderr, "ringfence: goes on as it was started, and may keep more in memory than it should:", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	p := process{args: os.Args[1:], environ: os.Environ(), stdout: os.Stdout, stderr: os.Stderr, drain: drainSignal(), reload: reloadSignal, terminal: findTerminal(os.Stdin, os.Stderr)}
	if err := run(ctx, p); err != nil {
		fmt.Fprintln(os.Stderr, "ringfence:", err)
		os.Exit(1)
	}
}
