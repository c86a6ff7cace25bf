package relaybench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/ringfence/ringfence/internal/benchhost"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// Measure runs everything that o asks for, and ends every allocation that it
// made. With an error it returns what was measured before that.
func Measure(ctx context.Context, o Options) (*Report, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if err := o.complete(ctx); err != nil {
		return nil, err
	}
	r := &Report{
		Format: Format, Began: time.Now().UTC().Format(time.RFC3339), Machine: benchhost.ThisMachine(), Server: o.Server.String(), PID: o.PID, GSO: o.GSO, Peers: o.PeerPorts,
	}
	// The thread that was bound to a core is nobody else's afterwards.
	var alone errgroup.Group
	alone.Go(func() error {
		runtime.LockOSThread()
		if o.CPU < 0 {
			defer runtime.UnlockOSThread()
		}
		if err := benchhost.StayOn(o.CPU); err != nil {
			return err
		}
		for k, n := range o.Allocations {
			if err := r.allocations(ctx, &o, n, k > 0); err != nil {
				return err
			}
		}
		return nil
	})
	return r, alone.Wait()
}

// allocations measures all cases with n allocations.
func (r *Report) allocations(ctx context.Context, o *Options, n int, again bool) error {
	g, err := open(o, n)
	if err != nil {
		return err
	}
	defer g.close()
	if o.Bare {
		g.permitted = g.now()
		if err := g.hello(ctx); err != nil {
			return err
		}
		return r.measureAll(ctx, g)
	}
	defer g.release(ctx)
	s, err := g.setUp(ctx)
	if err != nil {
		return err
	}
	s.Released = again
	r.Setups = append(r.Setups, s)
	if o.SetupOnly {
		return nil
	}
	return r.measureAll(ctx, g)
}

// measureAll measures all cases.
func (r *Report) measureAll(ctx context.Context, g *generator) error {
	o, many := g.o, len(g.clients)
	cases := o.cases(many)
	for k, c := range cases {
		o.progress(fmt.Sprintf("%d allocations, %s, %s, %s", many, c.way, c.shape.Text(), loadName(c.rate)), k+1, len(cases))
		if err := g.permit(ctx, c.way == Pair); err != nil {
			return err
		}
		core := o.Beside
		if c.rate > 0 {
			core = -1
		}
		n := sits(core)
		run, err := g.quietest(ctx, c)
		if err = errors.Join(err, n.end()); err != nil {
			return err
		}
		run.Shared = core >= 0
		r.Runs = append(r.Runs, run)
	}
	return nil
}

// quietest measures a case until other work on the machine leaves it alone, as
// often as it may, and returns the one that was disturbed least.
func (g *generator) quietest(ctx context.Context, c oneCase) (Run, error) {
	best, err := newLoad(g, c.way, c.shape, c.rate).measure(ctx)
	for range g.o.Again {
		if err != nil || best.Others <= Disturbed {
			break
		}
		var run Run
		if run, err = newLoad(g, c.way, c.shape, c.rate).measure(ctx); run.Others < best.Others {
			best = run
		}
	}
	return best, err
}

// oneCase is what is measured at a time.
type oneCase struct {
	rate  int
	shape Shape
	way   Direction
}

// cases lists all of those with n allocations; one alone makes no pair.
func (o *Options) cases(n int) []oneCase {
	var all []oneCase
	for _, rate := range o.Rates {
		for _, shape := range o.Shapes {
			for _, way := range o.Directions {
				if way != Pair || n > 1 {
					all = append(all, oneCase{rate, shape, way})
				}
			}
		}
	}
	return all
}

func (o *Options) progress(doing string, done, all int) {
	if o.Progress != nil {
		o.Progress(doing, done, all)
	}
}

// setUp makes the allocations and measures that.
func (g *generator) setUp(ctx context.Context) (Setup, error) {
	n := float64(len(g.clients))
	s := Setup{Allocations: len(g.clients), RSSBefore: benchhost.ResidentBytes(g.o.PID)}
	slab := benchhost.SlabBytes()
	cpu, err := benchhost.ProcessTime(g.o.PID)
	if err != nil {
		return s, err
	}
	began := g.now()
	if err := g.control(ctx, g.toPeers(challenge)); err != nil {
		return s, err
	}
	g.permitted = g.now()
	took := (g.permitted - began).Seconds()
	after, err := benchhost.ProcessTime(g.o.PID)
	if err != nil {
		return s, err
	}
	s.Seconds, s.PerSecond, s.Retries = took, n/took, g.retries
	s.CPUMicros = (after - cpu).Seconds() * 1e6 / n
	s.RSSAfter = benchhost.ResidentBytes(g.o.PID)
	s.RSSBytes, s.SlabBytes = float64(s.RSSAfter-s.RSSBefore)/n, float64(benchhost.SlabBytes()-slab)/n
	return s, nil
}

func closeSocket(fd int) { _ = unix.Close(fd) }
