// Package ratelimit owns the bounded, in-memory answer to "too often?". It
// keeps token buckets under opaque keys for as long as they matter, writes
// nothing anywhere, and refuses to know what a key stands for: callers make
// addresses and handles opaque first (Blind).
package ratelimit

import (
	"container/list"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

// Rule says how often something may happen.
type Rule struct {
	// Burst is how often it may happen at once.
	Burst int
	// Every is how long it takes for one more.
	Every time.Duration
	// Penalty is the first wait after the burst is used up. One attempt is
	// free after it, and the next wait is twice as long, up to MaxPenalty.
	// Whoever makes none for MaxPenalty starts anew. Zero: no wait but Every.
	Penalty, MaxPenalty time.Duration
	// Keys bounds how many keys are kept; the one idle for longest gives way.
	Keys int
}

// Limiter applies one rule to many keys. It is safe for concurrent use and
// starts nothing.
type Limiter[K comparable] struct {
	rule Rule
	now  func() time.Time

	mu      sync.Mutex // guards what follows
	buckets map[K]*list.Element
	order   *list.List // of *bucket[K], the most recently used in front
}

type bucket[K comparable] struct {
	key     K
	full    time.Time // when it will be, or was, full again
	until   time.Time // no attempt succeeds before
	strikes int
}

// New returns a limiter. A rule that says nothing allows nothing.
func New[K comparable](rule Rule, now func() time.Time) *Limiter[K] {
	if now == nil {
		now = time.Now
	}
	rule.Keys = max(rule.Keys, 1)
	return &Limiter[K]{rule: rule, now: now, buckets: map[K]*list.Element{}, order: list.New()}
}

// Allow takes one attempt from key. It returns zero where there was one, and
// otherwise how long to wait.
func (l *Limiter[K]) Allow(key K) (wait time.Duration) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.useLocked(key, now)
	if now.Before(b.until) {
		return b.until.Sub(now)
	}
	// The bucket holds Burst attempts less one for each Every that it is away
	// from being full.
	spare := now.Add(time.Duration(l.rule.Burst) * l.rule.Every)
	if next := b.full.Add(l.rule.Every); !next.After(spare) {
		b.full = next
		return 0
	}
	wait = b.full.Add(l.rule.Every).Sub(spare)
	if l.rule.Penalty > 0 {
		wait = max(wait, l.penaltyLocked(b))
		b.until = now.Add(wait)
		b.full = b.until.Add(time.Duration(l.rule.Burst-1) * l.rule.Every) // one is left then
	}
	return wait
}

// penaltyLocked doubles with each strike.
func (l *Limiter[K]) penaltyLocked(b *bucket[K]) time.Duration {
	p := l.rule.Penalty
	for range b.strikes {
		if p *= 2; p >= l.rule.MaxPenalty {
			return l.rule.MaxPenalty
		}
	}
	b.strikes++
	return p
}

// Refund gives an attempt back, for one that turned out to be harmless.
func (l *Limiter[K]) Refund(key K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.buckets[key]; ok {
		b := of[K](e)
		b.full = b.full.Add(-l.rule.Every)
	}
}

// Len returns how many keys are kept.
func (l *Limiter[K]) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.buckets)
}

// useLocked returns the bucket of key as the most recently used. Keys that
// have nothing to be remembered for are let go of, two for each call, so that
// the table shrinks without a goroutine that sweeps it.
func (l *Limiter[K]) useLocked(key K, now time.Time) *bucket[K] {
	for range 2 {
		if e := l.order.Back(); e != nil && l.idle(of[K](e), now) {
			l.dropLocked(e)
		}
	}
	if e, ok := l.buckets[key]; ok {
		l.order.MoveToFront(e)
		b := of[K](e)
		if l.idle(b, now) {
			*b = bucket[K]{key: key, full: now}
		}
		if b.full.Before(now) {
			b.full = now
		}
		return b
	}
	if len(l.buckets) >= l.rule.Keys {
		l.dropLocked(l.order.Back())
	}
	b := &bucket[K]{key: key, full: now}
	l.buckets[key] = l.order.PushFront(b)
	return b
}

// idle reports whether nothing of b matters any more.
func (l *Limiter[K]) idle(b *bucket[K], now time.Time) bool {
	forget := b.full
	if b.strikes > 0 {
		forget = later(forget, b.until.Add(l.rule.MaxPenalty))
	}
	return !now.Before(forget)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (l *Limiter[K]) dropLocked(e *list.Element) {
	delete(l.buckets, of[K](e).key)
	l.order.Remove(e)
}

func of[K comparable](e *list.Element) *bucket[K] {
	b, _ := e.Value.(*bucket[K]) // the list holds nothing else
	return b
}

// Key is an opaque key: it tells nothing of what it was made from.
type Key [16]byte

// Blinder makes opaque keys. Its secret is drawn when it is made and ends with
// the process, so a key found in a memory dump or a log leads nowhere.
type Blinder struct{ secret [32]byte }

// NewBlinder returns a blinder with a secret of its own.
func NewBlinder() *Blinder {
	var b Blinder
	_, _ = rand.Read(b.secret[:])
	return &b
}

// Blind returns the key for a value of a kind.
func (b *Blinder) Blind(kind string, value []byte) Key {
	mac := hmac.New(sha256.New, b.secret[:])
	mac.Write([]byte(kind))
	mac.Write([]byte{0})
	mac.Write(value)
	return Key(mac.Sum(nil)[:len(Key{})])
}
