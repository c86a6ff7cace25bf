package relaybench

import (
	"runtime"
	"sync/atomic"

	"github.com/ringfence/ringfence/internal/benchhost"

	"golang.org/x/sync/errgroup"
)

// neighbour is a thread that never rests, on the core of the server: that has
// half of the core then, and is offered more than it can carry even where the
// generator could not offer more than a whole core takes.
type neighbour struct {
	stop atomic.Bool
	own  errgroup.Group
}

// sits starts one on a core; negative for none.
func sits(core int) *neighbour {
	n := &neighbour{}
	if core < 0 {
		return n
	}
	if runtime.GOMAXPROCS(0) < 2 {
		runtime.GOMAXPROCS(2) // the generator has the other
	}
	began := make(chan struct{})
	n.own.Go(func() error {
		runtime.LockOSThread() // and never unlocked: the thread ends with its core
		err := benchhost.StayOn(core)
		close(began)
		for err == nil && !n.stop.Load() {
			continue // it is there to be busy
		}
		return err
	})
	<-began
	return n
}

// end ends it.
func (n *neighbour) end() error {
	n.stop.Store(true)
	return n.own.Wait()
}
