//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/ringfence/ringfence/internal/relaybench/bare"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "benchrelay:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: benchrelay [flags], or benchrelay pion|bare|sink ADDRESS, or benchrelay source ADDRESS,ADDRESS")

// run is the comparison, or one of those that are compared.
func run(ctx context.Context, args []string) error {
	if len(args) == 2 && !strings.HasPrefix(args[0], "-") {
		if args[0] == "source" {
			return source(ctx, args[1])
		}
		at, err := netip.ParseAddrPort(args[1])
		if err != nil {
			return fmt.Errorf("%q: %w", args[1], errUsage)
		}
		switch args[0] {
		case "pion":
			return vanilla(ctx, at)
		case "bare":
			return bare.Run(ctx, at)
		case "sink":
			return sink(ctx, at)
		}
		return errUsage
	}
	var o options
	flags := flag.NewFlagSet("benchrelay", flag.ContinueOnError)
	flags.StringVar(&o.program, "ringfence", "bin/ringfence", "this relay's program")
	flags.StringVar(&o.coturn, "coturn", "", "coturn's program; without it coturn is left out")
	flags.StringVar(&o.docs, "docs", "", "folder for bench-relay.md and its pictures; without it only the bounds are said")
	flags.StringVar(&o.from, "from", "", "write the document of this session again, and measure nothing")
	flags.StringVar(&o.only, "only", "", "names of the servers that take part, with commas; without it all")
	flags.IntVar(&o.rounds, "rounds", 3, "how often each server has its turn")
	flags.BoolVar(&o.quick, "quick", false, "few and short cases, to see whether it works")
	flags.BoolVar(&o.namespace, "namespace", false, "say that this runs in a network namespace of its own")
	if err := flags.Parse(args); err != nil {
		return errUsage
	}
	return o.run(ctx)
}
