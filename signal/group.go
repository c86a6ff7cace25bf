package signal

import (
	"sync"

	"github.com/ringfence/ringfence/internal/cluster"
	"github.com/ringfence/ringfence/internal/id"
)

// group owns goroutines that outlive the call that started them.
type group struct {
	caught func() // deferred around each of them: what becomes of a panic

	mu     sync.Mutex // guards closed; held while the count goes up, so that Close misses none
	closed bool
	wg     sync.WaitGroup
}

// Go runs fn, unless the group is closed.
func (g *group) Go(fn func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.wg.Go(func() { g.guarded(fn) })
	return true
}

// guarded runs fn here. A fault in it costs what it was at, and nothing else.
func (g *group) guarded(fn func()) {
	defer g.caught()
	fn()
}

// Close refuses more and waits for those that run.
func (g *group) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.wg.Wait()
}

// subscriptions holds one subscription per account, however many sessions and
// calls need it.
type subscriptions struct {
	bus cluster.Bus

	mu        sync.Mutex // guards following; held while subscribing, so that two never do at once
	byAccount map[id.Account]*subscription
}

type subscription struct {
	users  int
	cancel func()
}

// hold makes sure that fn hears of an account until release is called.
func (s *subscriptions) hold(a id.Account, fn func([]byte)) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := s.byAccount[a]
	if sub == nil {
		cancel, err := s.bus.Subscribe(ofAccount(a), fn)
		if err != nil {
			return nil, err
		}
		sub = &subscription{cancel: cancel}
		s.byAccount[a] = sub
	}
	sub.users++
	return sync.OnceFunc(func() { s.release(a, sub) }), nil
}

func (s *subscriptions) release(a id.Account, sub *subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sub.users--; sub.users == 0 {
		sub.cancel()
		delete(s.byAccount, a)
	}
}
