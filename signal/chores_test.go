package signal

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// However much comes, few goroutines do it, no key is done twice at a time, and
// nothing is lost: what finds no room is done by whoever brings it.
func TestChores(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at, most, done, inline atomic.Int32
		var doing [10]atomic.Bool
		g := &group{caught: func() {}}
		var adding atomic.Bool
		c := &chores[int, int]{group: g, hands: 3, most: 8, join: func(a, b int) int { return a + b }}
		c.do = func(k, n int) {
			if adding.Load() {
				inline.Add(1)
			} else {
				if doing[k].Swap(true) {
					t.Errorf("%d twice at a time", k)
				}
				most.Store(max(most.Load(), at.Add(1)))
				<-time.After(time.Second)
				at.Add(-1)
				doing[k].Store(false)
			}
			done.Add(int32(n))
		}
		for k := range 3 { // all hands are busy
			c.add(k, 1)
		}
		synctest.Wait()
		adding.Store(true)
		for n := range 100 {
			c.add(n%10, 1)
		}
		adding.Store(false)
		if c.size() != 8 || inline.Load() != 20 {
			t.Errorf("%d wait and %d were done at once, want 8 and 20", c.size(), inline.Load())
		}
		g.Close()
		if done.Load() != 103 || most.Load() != 3 {
			t.Errorf("%d done by %d, want 103 by 3", done.Load(), most.Load())
		}
		c.add(1, 1)
		if done.Load() != 104 {
			t.Error("lost after the end")
		}
	})
}

// However many come and go, a bounded number of them is remembered.
func TestMetersAreBounded(t *testing.T) {
	t.Parallel()
	var m meters[int]
	now := time.Now() // a busy machine takes longer than the bucket
	for k := range 3 * maxIdle {
		one := m.hold(k)
		one.takeFrame(now, 1, 10)
		m.release(one)
	}
	if n := m.size(); n != maxIdle {
		t.Errorf("%d are kept, want %d", n, maxIdle)
	}
	again := m.hold(0)
	if again.empty(now) {
		t.Error("one that came back is forgotten")
	}
	m.release(again)
	m.sweep(now.Add(time.Minute))
	if n := m.size(); n != 0 || m.idle != 0 {
		t.Errorf("%d are left, %d idle", n, m.idle)
	}
}

// A clock that is set back, or forth, by hours costs nobody more than the
// burst.
func TestBucketsAndClocks(t *testing.T) {
	t.Parallel()
	var b bucket
	now := time.Now()
	for range 10 {
		if b.take(now, 5, 10) != 0 {
			t.Fatal("not let through")
		}
	}
	if wait := b.take(now, 5, 10); wait != 200*time.Millisecond {
		t.Errorf("wait %v, want 200 ms", wait)
	}
	back := now.Add(-time.Hour)
	if wait := b.take(back, 5, 10); wait != 200*time.Millisecond {
		t.Errorf("after the clock was set back: wait %v, want 200 ms", wait)
	}
	if b.take(back.Add(200*time.Millisecond), 5, 10) != 0 || b.empty(back) || !b.empty(now) {
		t.Error("not as it should be after the wait")
	}
}
