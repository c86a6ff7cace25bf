package relay

import (
	"context"
	"time"
)

// drainLook is how often a drain looks whether anything is left.
const drainLook = 100 * time.Millisecond

// Drain makes the server refuse new allocations from now on, with 508 (RFC 8656
// section 7.2), while those that live go on and may be refreshed. It returns nil
// when none is left, or ctx's error when that ends first; new allocations are
// refused even then. It may be called more than once.
func (s *Server) Drain(ctx context.Context) error {
	s.table.drain()
	tick := time.NewTicker(drainLook)
	defer tick.Stop()
	for {
		if live, _ := s.table.counts(); live == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// drain lets nothing more in.
func (t *table) drain() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drained = true
}

func (t *table) draining() bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.drained
}
