package relaybench

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"github.com/ringfence/ringfence/internal/benchhost"

	"golang.org/x/sync/errgroup"
)

// SendCost measures what a process that only sends takes for a packet, in
// microseconds of its processor time: start gets the addresses that it has to
// send to and returns its id. What comes is received for as long as d.
func SendCost(ctx context.Context, at netip.Addr, ports int, d time.Duration, start func([]netip.AddrPort) (pid int, err error)) (micros float64, err error) {
	o := Options{Peer: at, PeerPorts: ports}
	g, err := open(&o, 0)
	if err != nil {
		return 0, err
	}
	defer g.close()
	if err := g.openPeers(ports); err != nil {
		return 0, err
	}
	var to []netip.AddrPort
	for _, p := range g.peers {
		to = append(to, p.at)
	}
	if o.PID, err = start(to); err != nil {
		return 0, err
	}
	err = locked(func() error {
		received := 0
		drain := func(end time.Duration) error {
			for g.now() < end {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if _, err := g.poll(func(_ int, _ bool, n int) { received += n }); err != nil {
					return err
				}
			}
			return nil
		}
		if err := drain(g.now() + d); err != nil { // it starts
			return err
		}
		cpu, err := benchhost.ProcessTime(o.PID)
		if err != nil {
			return err
		}
		received = 0
		if err := drain(g.now() + d); err != nil {
			return err
		}
		after, err := benchhost.ProcessTime(o.PID)
		if err != nil {
			return err
		}
		if received == 0 {
			return fmt.Errorf("%v: %w", at, errSilent)
		}
		micros = (after - cpu).Seconds() * 1e6 / float64(received)
		return nil
	})
	return micros, err
}

// Flood sends single packets of a shape to o.Server for as long as d, from as
// many sockets as o.Allocations says first, and takes nothing back.
func Flood(ctx context.Context, o Options, s Shape, d time.Duration) error {
	if err := o.complete(ctx); err != nil {
		return err
	}
	g, err := open(&o, o.Allocations[0])
	if err != nil {
		return err
	}
	defer g.close()
	return locked(func() error { return newLoad(g, ToPeer, s, 0).offer(ctx, g.now()+d) })
}

// locked runs f on a thread of its own, and waits for it.
func locked(f func() error) error {
	var alone errgroup.Group
	alone.Go(func() error {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		return f()
	})
	return alone.Wait()
}
