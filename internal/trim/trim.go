// Package trim gives memory back to the system that a process held for its
// busiest moment and does not need at rest.
//
// Go's collector lets the heap grow to twice what lives and keeps most of what
// it has freed for the next burst. That is right while there is work. A server
// of connections that wait is at rest most of the time, often beside others on
// a small machine.
package trim

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	every = 10 * time.Second
	// At rest is who allocates less than that in one look's time.
	restful = 8 << 20
	// Giving back costs a collection: less than that is not worth one.
	worth      = 2 << 20
	usualStack = 4 << 10
)

// Run looks every ten seconds until ctx ends.
func Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	last := read()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			now := read()
			if due(last, now) {
				debug.FreeOSMemory()
				now = read()
			}
			last = now
		}
	}
}

// state is what the runtime tells, in bytes.
type state struct {
	allocated uint64 // ever
	live      uint64 // found alive by the last collection, and a stack for each goroutine
	held      uint64 // memory that the system has given for the heap and stacks
}

// due reports whether the process rested since the last look and holds a third
// more than it needs.
func due(last, now state) bool {
	spare := now.held - min(now.live, now.held)
	return now.allocated-last.allocated < restful && spare > max(worth, now.live/3)
}

func read() state {
	s := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/sched/goroutines:goroutines"},
	}
	metrics.Read(s)
	v := func(i int) uint64 { return s[i].Value.Uint64() }
	// Stacks of goroutines that have ended are held until the next collection.
	return state{allocated: v(0), live: v(1) + min(v(2), v(6)*usualStack), held: v(2) + v(3) + v(4) + v(5)}
}
