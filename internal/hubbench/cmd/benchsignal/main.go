//go:build linux

// Command benchsignal measures this program's hub beside its floor, round after
// round, and prints docs/bench-signal.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ringfence/ringfence/internal/hubbench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	program := flag.String("program", "bin/ringfence", "the program whose hub is measured")
	rounds := flag.Int("rounds", 3, "how often each server is measured")
	quick := flag.Bool("quick", false, "a moment of everything, to see that it works; no document")
	flag.Parse()
	if err := run(ctx, *program, *rounds, *quick); err != nil {
		fmt.Fprintln(os.Stderr, "benchsignal:", err)
		os.Exit(1)
	}
}

// Cores of the server and of the load.
const (
	serverCore = 0
	loadCore   = 1
)

func run(ctx context.Context, program string, rounds int, quick bool) error {
	reports := map[hubbench.Kind][]*hubbench.Report{}
	kinds := []hubbench.Kind{hubbench.Hub, hubbench.Floor}
	for n := range rounds {
		for i := range kinds {
			kind := kinds[(n+i)%len(kinds)]
			fmt.Fprintf(os.Stderr, "round %d, %s\n", n+1, kind)
			r, err := one(ctx, program, kind, quick, n == 0)
			if err != nil {
				return err
			}
			reports[kind] = append(reports[kind], r)
			if err := r.WriteTable(os.Stderr); err != nil {
				return err
			}
		}
	}
	if quick {
		return nil
	}
	_, err := os.Stdout.WriteString(document(reports))
	return err
}

// one measures one server.
func one(ctx context.Context, program string, kind hubbench.Kind, quick, first bool) (*hubbench.Report, error) {
	o := hubbench.Options{Size: 1500, Windows: []int{1, 32}, Pairs: 16, Measure: 2 * time.Second, Rate: 8000, Among: 10000}
	if kind == hubbench.Hub {
		o.Greet = 5000
	}
	if quick {
		o.Measure, o.Among, o.Greet = time.Second/2, 100, min(o.Greet, 100)
	}
	r, err := measure(ctx, program, kind, o, true, true)
	if err != nil || quick || !first || kind == hubbench.Floor {
		return r, err
	}
	// What waits is measured once, it takes minutes, and each in a process that
	// has done nothing before.
	for _, n := range []int{1000, 9000} {
		for _, sealed := range []bool{false, true} {
			i, err := measure(ctx, program, kind, hubbench.Options{Sessions: []int{n}, Settle: time.Minute}, !sealed, sealed)
			if err != nil {
				return r, err
			}
			r.Idle = append(r.Idle, i.Idle...)
		}
	}
	return r, nil
}

// measure starts a server, measures it and stops it.
func measure(ctx context.Context, program string, kind hubbench.Kind, o hubbench.Options, plain, sealed bool) (*hubbench.Report, error) {
	s, err := hubbench.Start(ctx, []string{program, "bench", "signal", "--serve", string(kind)}, serverCore)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Stop() }()
	o.Kind, o.PID, o.CPU = kind, s.PID, loadCore
	o.Progress = func(what string) { fmt.Fprintln(os.Stderr, "  ", what) }
	if plain {
		o.Plain = s.Plain
	}
	if sealed {
		o.TLS = s.TLS
	}
	return hubbench.Measure(ctx, o)
}

// span is the middle of some numbers and how far they lie apart.
func span(of []float64, format string) string {
	slices.Sort(of)
	return fmt.Sprintf(format+" ("+format+" to "+format+")", of[len(of)/2], of[0], of[len(of)-1])
}

func document(all map[hubbench.Kind][]*hubbench.Report) string {
	hub, floor := all[hubbench.Hub], all[hubbench.Floor]
	m := hub[0].Machine
	var b strings.Builder
	put := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format, args...) } // a Builder takes all
	put("# What the hub costs\n\n")
	put("Written by `make bench-signal`: %d rounds, hub and floor in turn, on %s, %d cores, Linux %s, %s, %s. The server has one core and\n", len(hub), m.CPU, m.Cores, m.Kernel, m.Go, hub[0].Began)
	put("one processor of Go's, the load the other core. Numbers are the median of the rounds, with the least and the most. CPU is the server's\n")
	put("process alone, by the kernel's count. The floor reads a frame from one socket and writes it to another, with one `epoll_wait`\nfor many; it has no sessions, no limits and no TLS.\n\n")
	put("`ringfence bench signal` measures the same by hand, of a hub that it starts or of any other (`--help`).\n\n")
	put("## A frame that passes\n\nA description of 1.5 KB, from one leg of a running call to the other, 16 calls at once, as fast as they go.\n\n")
	put("| | on their way in a call | CPU µs | of the floor | a second of one core |\n|---|---|---|---|---|\n")
	for i, p := range hub[0].Passed {
		cpu := column(hub, func(r *hubbench.Report) float64 { return r.Passed[i].CPUMicros })
		j := i % len(floor[0].Passed)
		low := column(floor, func(r *hubbench.Report) float64 { return r.Passed[j].CPUMicros })
		ratios := make([]float64, len(cpu))
		for n := range cpu {
			ratios[n] = cpu[n] / low[n]
		}
		per := make([]float64, len(cpu))
		for n := range cpu {
			per[n] = 1e6 / cpu[n]
		}
		put("| %s | %d | %s | %s | %s |\n", way(p.TLS), p.Window, span(cpu, "%.1f"), span(ratios, "%.2f"), span(per, "%.0f"))
	}
	put("\n## At an even pace\n\n%d frames a second, each between another two of %d sessions, from client to client. At this pace the core rests between\nframes; waking it is most of the cost, of the floor as of the hub.\n\n", hub[0].Paced[0].Rate, hub[0].Paced[0].Sessions)
	put("| | CPU µs | p50 µs | p99 µs |\n|---|---|---|---|\n")
	for _, s := range []struct {
		name string
		of   []*hubbench.Report
	}{{"hub", hub}, {"floor", floor}} {
		for i, p := range s.of[0].Paced {
			put("| %s, %s | %s | %s | %s |\n", s.name, way(p.TLS),
				span(column(s.of, func(r *hubbench.Report) float64 { return r.Paced[i].CPUMicros }), "%.1f"),
				span(column(s.of, func(r *hubbench.Report) float64 { return r.Paced[i].P50 }), "%.0f"),
				span(column(s.of, func(r *hubbench.Report) float64 { return r.Paced[i].P99 }), "%.0f"))
		}
	}
	put("\n## Connections\n\nFrom nothing to `welcome`, 32 at a time; client and server share the machine.\n\n| | %d take | CPU µs of the server, each |\n|---|---|---|\n", hub[0].Greeted[0].Count)
	for i, g := range hub[0].Greeted {
		put("| %s | %s s | %s |\n", g.Key, span(column(hub, func(r *hubbench.Report) float64 { return r.Greeted[i].Seconds }), "%.1f"),
			span(column(hub, func(r *hubbench.Report) float64 { return r.Greeted[i].CPUMicros }), "%.0f"))
	}
	put("\n## Sessions that wait\n\nResident memory of the process, %.0f s after the last of them connected, less that with ten; the collector as it is by\ndefault. One round.\n\n| sessions | | KB each |\n|---|---|---|\n", hub[0].Idle[0].Seconds)
	for _, i := range hub[0].Idle {
		put("| %d | %s | %.1f |\n", i.Sessions, way(i.TLS), i.Bytes/1024)
	}
	return b.String()
}

func way(tls bool) string {
	if tls {
		return "TLS"
	}
	return "plain"
}

func column(of []*hubbench.Report, pick func(*hubbench.Report) float64) []float64 {
	var c []float64
	for _, r := range of {
		c = append(c, pick(r))
	}
	return c
}
