package signal

import (
	"slices"
	"sync"
)

// chores does jobs by key. It belongs to a group, holds a bounded number of
// jobs and runs a bounded number of goroutines, which live only while there is
// something to do. No key is done twice at the same time, and a job whose key
// still waits is joined with it.
type chores[K comparable, V any] struct {
	group *group
	hands int // goroutines
	most  int // jobs that wait
	do    func(K, V)
	join  func(old, more V) V

	mu      sync.Mutex // guards following; never held while doing
	waiting map[K]V
	order   []K // the keys of waiting, oldest first
	doing   map[K]bool
	busy    int
}

// add has a job done soon. Where too many wait already, or the group is
// closed, whoever brings it does it.
func (c *chores[K, V]) add(k K, v V) {
	if !c.queue(k, v) {
		c.group.guarded(func() { c.do(k, v) })
	}
}

func (c *chores[K, V]) queue(k K, v V) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, waits := c.waiting[k]; waits {
		c.waiting[k] = c.join(old, v)
		return true
	}
	if len(c.order) >= c.most || c.busy == 0 && !c.group.Go(c.work) {
		return false
	}
	if c.busy == 0 {
		c.busy++
	} else if c.busy < c.hands && c.group.Go(c.work) {
		c.busy++
	}
	if c.waiting == nil {
		c.waiting, c.doing = map[K]V{}, map[K]bool{}
	}
	c.waiting[k] = v
	c.order = append(c.order, k)
	return true
}

func (c *chores[K, V]) work() {
	for {
		k, v, ok := c.next()
		if !ok {
			return
		}
		c.group.guarded(func() { c.do(k, v) })
		c.mu.Lock()
		delete(c.doing, k)
		c.mu.Unlock()
	}
}

// next takes the oldest job whose key nobody is at. Where there is none, the
// goroutine is done: whoever is at a key looks again after it.
func (c *chores[K, V]) next() (k K, v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, k := range c.order {
		if c.doing[k] {
			continue
		}
		if i == 0 {
			c.order = c.order[1:] // or a long queue would be moved for each
		} else {
			c.order = slices.Delete(c.order, i, i+1)
		}
		v := c.waiting[k]
		delete(c.waiting, k)
		c.doing[k] = true
		return k, v, true
	}
	if c.busy--; c.busy == 0 {
		c.waiting, c.doing, c.order = nil, nil, nil // those who rest keep nothing
	}
	return k, v, false
}

// size is how many jobs wait.
func (c *chores[K, V]) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.order)
}
