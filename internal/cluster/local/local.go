// Package local owns the bus of a single node: messages never leave the
// process. Each subscription has a bounded queue and is drained by a goroutine
// that exists only while there is something to deliver.
package local

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ringfence/ringfence/internal/cluster"
)

// DefaultQueue is how many messages may wait for one subscriber.
const DefaultQueue = 4096

var errClosed = errors.New("bus is closed")

// Bus is a cluster.Bus within the process. Several hubs may share one. Make it
// with New.
type Bus struct {
	queue   int
	dropped atomic.Uint64
	drains  sync.WaitGroup

	mu     sync.Mutex // guards following; never held while a subscriber runs
	subs   map[cluster.Subject][]*sub
	closed bool
}

var _ cluster.Bus = (*Bus)(nil)

// sub is one subscription. Its fields are guarded by the bus's mu.
type sub struct {
	fn       func([]byte)
	queue    [][]byte
	draining bool
	gone     bool
}

// New returns a bus on which at most queue messages wait for one subscriber;
// zero means DefaultQueue.
func New(queue int) *Bus {
	if queue <= 0 {
		queue = DefaultQueue
	}
	return &Bus{queue: queue, subs: map[cluster.Subject][]*sub{}}
}

// Publish queues msg for every subscriber of the subject. A subscriber whose
// queue is full misses it: delivery is at most once.
func (b *Bus) Publish(_ context.Context, to cluster.Subject, msg []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errClosed
	}
	for _, s := range b.subs[to] {
		if len(s.queue) >= b.queue {
			b.dropped.Add(1)
			continue
		}
		s.queue = append(s.queue, msg)
		if !s.draining {
			s.draining = true
			b.drains.Go(func() { b.drain(s) })
		}
	}
	return nil
}

// drain delivers until the queue is empty.
func (b *Bus) drain(s *sub) {
	var batch [][]byte
	for {
		b.mu.Lock()
		clear(batch)
		batch, s.queue = s.queue, batch[:0]
		if len(batch) == 0 || s.gone {
			s.draining, s.queue = false, nil
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
		for _, msg := range batch {
			s.fn(msg)
		}
	}
}

// Subscribe calls fn for each message of the subject until cancel is called.
func (b *Bus) Subscribe(to cluster.Subject, fn func([]byte)) (func(), error) {
	s := &sub{fn: fn}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, errClosed
	}
	b.subs[to] = append(b.subs[to], s)
	return func() { b.cancel(to, s) }, nil
}

func (b *Bus) cancel(to cluster.Subject, s *sub) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.gone = true
	rest := slices.DeleteFunc(slices.Clone(b.subs[to]), func(x *sub) bool { return x == s })
	if len(rest) == 0 {
		delete(b.subs, to)
		return
	}
	b.subs[to] = rest
}

// Dropped counts messages that a full queue refused.
func (b *Bus) Dropped() uint64 { return b.dropped.Load() }

// Close refuses further messages and waits until those taken are delivered.
func (b *Bus) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.drains.Wait()
	return nil
}
