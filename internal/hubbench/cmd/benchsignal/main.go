//go:build linux

// Command benchsignal measures this program's hub beside its floor and beside
// others, round after round. It prints what it measured as JSON, and of that, in another
// run, docs/bench-signal.md; scripts/bench-signal.sh does both.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/ringfence/ringfence/internal/hubbench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var o options
	flag.StringVar(&o.programs.ringfence, "ringfence", "bin/ringfence", "the program whose hub is measured")
	flag.StringVar(&o.programs.centrifuge, "centrifuge", "", "the server of internal/hubbench/rivals/centrifuge; none: left out")
	flag.StringVar(&o.programs.peerjs, "peerjs", "", "server.mjs of internal/hubbench/rivals/peerjs; none: left out")
	flag.StringVar(&o.programs.node, "node", "node", "what runs it")
	flag.StringVar(&o.versions, "versions", "", "of the others: NAME=VERSION,...")
	flag.StringVar(&o.only, "only", "", "measure no others: KIND;KIND...")
	flag.StringVar(&o.parts, "parts", "load,idle", "what to measure; nothing: print the document of what was")
	flag.StringVar(&o.raw, "raw", "", "what was measured before, as this printed it; parts that are not measured stay")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each server is measured")
	flag.BoolVar(&o.quick, "quick", false, "a moment of everything, to see that it works; no document")
	flag.Parse()
	if err := run(ctx, &o); err != nil {
		fmt.Fprintln(os.Stderr, "benchsignal:", err)
		os.Exit(1)
	}
}

type options struct {
	programs                   programs
	versions, only, parts, raw string
	rounds                     int
	quick                      bool
}

// Cores of the server and of the load.
const (
	serverCore = 0
	loadCore   = 1
)

// Session is what was measured.
type Session struct {
	Servers []Server                             `json:"servers"`
	Load    map[hubbench.Kind][]*hubbench.Report `json:"load"` // a report for each round
	Idle    map[hubbench.Kind][]*hubbench.Report `json:"idle"` // and for each process
}

var (
	errMissed  = errors.New("a bound is missed: see the document")
	errNothing = errors.New("there are no figures of the hub and the floor: see -raw")
)

func run(ctx context.Context, o *options) error {
	versions := map[string]string{}
	for one := range strings.SplitSeq(o.versions, ",") {
		name, v, _ := strings.Cut(one, "=")
		versions[name] = v
	}
	s := &Session{Load: map[hubbench.Kind][]*hubbench.Report{}, Idle: map[hubbench.Kind][]*hubbench.Report{}}
	if err := s.read(o.raw); err != nil {
		return err
	}
	all := o.programs.servers(versions)
	if o.parts != "" || len(s.Servers) == 0 {
		s.Servers = all
	}
	if o.only != "" {
		all = slices.DeleteFunc(slices.Clone(all), func(x Server) bool { return !slices.Contains(strings.Split(o.only, ";"), string(x.Kind)) })
	}
	if strings.Contains(o.parts, "load") {
		if err := s.load(ctx, all, o); err != nil {
			return err
		}
	}
	if strings.Contains(o.parts, "idle") {
		if err := s.idle(ctx, all, o); err != nil {
			return err
		}
	}
	return s.print(os.Stdout, o)
}

// print writes what was measured, or, where nothing was, the document of it.
func (s *Session) print(w io.Writer, o *options) error {
	switch {
	case o.quick:
		return nil
	case o.parts != "":
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(s)
	case len(s.Load[hubbench.Hub]) == 0, len(s.Load[hubbench.Floor]) == 0:
		return errNothing
	}
	text, met := s.document()
	if _, err := io.WriteString(w, text); err != nil {
		return err
	}
	if !met {
		return errMissed
	}
	return nil
}

// load measures the servers in turn, and begins each round with another.
func (s *Session) load(ctx context.Context, all []Server, o *options) error {
	for _, x := range all {
		s.Load[x.Kind] = nil
	}
	for n := range o.rounds {
		for i := range all {
			x := all[(n+i)%len(all)]
			fmt.Fprintf(os.Stderr, "round %d, %s\n", n+1, x.Kind)
			r, err := x.measure(ctx, x.load(o.quick), true, x.Kind == hubbench.Hub)
			if err != nil {
				return fmt.Errorf("%s: %w", x.Kind, err)
			}
			s.Load[x.Kind] = append(s.Load[x.Kind], r)
			if err := r.WriteTable(os.Stderr); err != nil {
				return err
			}
		}
	}
	return nil
}

// idle measures what waits, once: it takes minutes.
func (s *Session) idle(ctx context.Context, all []Server, o *options) error {
	for _, x := range all {
		s.Idle[x.Kind] = nil
		for _, n := range x.waiting(o.quick) {
			for _, sealed := range []bool{false, true} {
				if sealed && x.Kind != hubbench.Hub {
					continue
				}
				fmt.Fprintf(os.Stderr, "%s, %d that wait\n", x.Kind, n)
				part := hubbench.Options{Sessions: []int{n}, Settle: settle}
				if o.quick {
					part.Settle = settle / 30
				}
				r, err := x.measure(ctx, part, !sealed, sealed)
				if err != nil {
					return fmt.Errorf("%s: %w", x.Kind, err)
				}
				s.Idle[x.Kind] = append(s.Idle[x.Kind], r)
				if err := r.WriteTable(os.Stderr); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *Session) read(file string) error {
	if file == "" {
		return nil
	}
	raw, err := os.ReadFile(filepath.Clean(file))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, s)
}
