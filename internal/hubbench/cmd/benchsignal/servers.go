//go:build linux

package main

import (
	"context"
	"os"
	"slices"
	"time"

	"github.com/ringfence/ringfence/internal/hubbench"
)

// Server is one of those that are measured.
type Server struct {
	Kind    hubbench.Kind `json:"kind"`
	Version string        `json:"version"`
	Command string        `json:"command"`
	Setup   string        `json:"setup"`

	args  []string
	calm  []string // flags besides, where only memory is measured
	rival bool
}

// programs are where the servers' programs lie.
type programs struct{ ringfence, centrifuge, peerjs, node string }

// servers lists those whose programs are there: the hub and the floor always
// are.
func (p programs) servers(rivals map[string]string) []Server {
	own := func(kind hubbench.Kind, setup string) Server {
		return Server{
			Kind: kind, Version: "of this tree", Setup: setup, Command: "ringfence bench signal --serve " + string(kind),
			args: []string{p.ringfence, "bench", "signal", "--serve", string(kind)},
		}
	}
	all := []Server{
		own(hubbench.Hub, "as the program has it, but for accounts; a description passes between the ends of a call"),
		own(hubbench.Floor, "one `epoll_wait` for many sockets, a read and a write"),
	}
	centrifuge := func(kind hubbench.Kind, setup string, calm ...string) {
		if p.centrifuge != "" {
			all = append(all, Server{
				Kind: kind, Version: rivals["centrifuge"], Setup: setup, Command: "centrifuge", args: []string{p.centrifuge}, calm: calm, rival: true,
			})
		}
	}
	centrifuge(hubbench.CentrifugeJSON, "its defaults and `UseWriteBufferPool`; a `publish` to the other's personal channel, to which the server has subscribed it; the publisher gets its answer")
	centrifuge(hubbench.CentrifugeProtobuf, "as before, in its binary protocol")
	centrifuge(hubbench.CentrifugeLean, "the least in everything: its binary protocol; a `send`, which has no answer, that the server publishes to the other's channel; where memory is measured `ReadBufferSize` 512 and `ProcessCommandsOffReadLoop` (`-lean`)", "-lean")
	if p.peerjs != "" {
		all = append(all, Server{
			Kind: hubbench.PeerJS, Version: rivals["peer"] + ", node " + rivals["node"], Command: "node server.mjs", rival: true,
			Setup: "its defaults, but for `concurrent_limit` 50,000 where it has 5,000; an `OFFER`; clients send no heartbeats",
			args:  []string{p.node, p.peerjs},
		})
	}
	return all
}

// settle is how long waiting sessions are left alone.
const settle = time.Minute

// load is what is measured of each server, round after round.
func (s Server) load(quick bool) hubbench.Options {
	o := hubbench.Options{Size: 1500, Windows: []int{1, 32}, Pairs: 16, Measure: 3 * time.Second, Rate: 8000, Among: 10000}
	if s.Kind == hubbench.Hub {
		o.Greet = 10000
	}
	if quick {
		o.Measure, o.Among, o.Greet = time.Second/2, 100, min(o.Greet, 100)
	}
	return o
}

// waiting is how many wait, each number in a process of its own: what a
// process has done before shows in its memory.
func (s Server) waiting(quick bool) []int {
	switch {
	case s.Kind == hubbench.Floor:
		return nil
	case quick:
		return []int{100}
	case s.Kind == hubbench.Hub:
		return []int{1000, 9000, 18000}
	}
	return []int{1000, 9000}
}

// measure starts the server, measures it and stops it.
func (s Server) measure(ctx context.Context, o hubbench.Options, plain, sealed bool) (*hubbench.Report, error) {
	args := slices.Clone(s.args)
	if len(o.Sessions) > 0 {
		args = append(args, s.calm...)
	}
	start := hubbench.Start
	if s.rival {
		start = hubbench.StartRival
	}
	run, err := start(ctx, args, serverCore)
	if err != nil {
		return nil, err
	}
	defer func() { _ = run.Stop() }()
	o.Kind, o.PID, o.CPU = s.Kind, run.PID, loadCore
	o.Progress = func(what string) { _, _ = os.Stderr.WriteString("   " + what + "\n") }
	if plain {
		o.Plain = run.Plain
	}
	if sealed {
		o.TLS = run.TLS
	}
	return hubbench.Measure(ctx, o)
}
