package ratelimit_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringfence/ringfence/internal/ratelimit"
)

func TestBurstThenOnePerEvery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New[string](ratelimit.Rule{Burst: 3, Every: time.Minute, Keys: 10}, nil)
		for i := range 3 {
			if wait := l.Allow("a"); wait != 0 {
				t.Fatalf("attempt %d: wait %v, want none", i, wait)
			}
		}
		if wait := l.Allow("a"); wait != time.Minute {
			t.Errorf("after the burst: wait %v, want a minute", wait)
		}
		if wait := l.Allow("b"); wait != 0 {
			t.Errorf("another key: wait %v, want none", wait)
		}
		<-time.After(time.Minute)
		if wait := l.Allow("a"); wait != 0 {
			t.Errorf("a minute later: wait %v, want none", wait)
		}
		if wait := l.Allow("a"); wait != time.Minute {
			t.Errorf("and at once again: wait %v, want a minute", wait)
		}
	})
}

func TestPenaltyDoublesAndIsForgottenWhenIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rule := ratelimit.Rule{
			Burst: 2, Every: 30 * time.Second, Penalty: time.Minute, MaxPenalty: 3 * time.Minute, Keys: 10,
		}
		l := ratelimit.New[string](rule, nil)
		l.Allow("a")
		l.Allow("a")
		strike := func(want time.Duration) {
			t.Helper()
			wait := l.Allow("a")
			if wait != want {
				t.Fatalf("wait %v, want %v", wait, want)
			}
			if again := l.Allow("a"); again != wait {
				t.Errorf("asking while waiting made the wait %v, want %v", again, wait)
			}
			<-time.After(wait)
			if wait := l.Allow("a"); wait != 0 {
				t.Fatalf("wait %v after the penalty, want none", wait)
			}
		}
		strike(time.Minute)
		strike(2 * time.Minute)
		strike(3 * time.Minute)
		strike(3 * time.Minute)
		<-time.After(rule.MaxPenalty + time.Second)
		l.Allow("a")
		l.Allow("a")
		strike(time.Minute)
	})
}

func TestRefund(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New[int](ratelimit.Rule{Burst: 1, Every: time.Hour, Keys: 10}, nil)
		for range 5 {
			if wait := l.Allow(1); wait != 0 {
				t.Fatalf("wait %v after a refund, want none", wait)
			}
			l.Refund(1)
		}
		l.Allow(1)
		if l.Allow(1) == 0 {
			t.Fatal("the second attempt went through")
		}
		l.Refund(2) // unknown: nothing happens
		if n := l.Len(); n != 1 {
			t.Errorf("%d keys, want 1", n)
		}
	})
}

func TestTableIsBoundedAndEmpties(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const keys = 100
		l := ratelimit.New[int](ratelimit.Rule{Burst: 1, Every: time.Minute, Keys: keys}, nil)
		for i := range 10 * keys {
			l.Allow(i)
			if n := l.Len(); n > keys {
				t.Fatalf("%d keys kept, want at most %d", n, keys)
			}
		}
		<-time.After(2 * time.Minute)
		for range keys {
			l.Allow(-1)
		}
		if n := l.Len(); n != 1 {
			t.Errorf("%d keys kept when all are idle, want 1", n)
		}
	})
}

func TestZeroRuleAllowsNothing(t *testing.T) {
	t.Parallel()
	l := ratelimit.New[int](ratelimit.Rule{Every: time.Second}, nil)
	if l.Allow(1) == 0 {
		t.Error("a rule without a burst let an attempt through")
	}
}

func TestBlindKeysTellNothing(t *testing.T) {
	t.Parallel()
	a, b := ratelimit.NewBlinder(), ratelimit.NewBlinder()
	v := []byte{198, 51, 100, 23}
	if first, again := a.Blind("prefix", v), a.Blind("prefix", v); first != again {
		t.Error("one value has two keys")
	}
	if a.Blind("prefix", v) == a.Blind("handle", v) {
		t.Error("two kinds share a key")
	}
	if a.Blind("prefix", v) == b.Blind("prefix", v) {
		t.Error("two blinders give the same key: the secret does not count")
	}
}
