package account

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
)

func TestPHCHasOneSpelling(t *testing.T) {
	t.Parallel()
	h := newHasher(Cost{Memory: 64, Time: 1, Threads: 1}, 1)
	s, err := h.make(t.Context(), "secret")
	if err != nil {
		t.Fatal(err)
	}
	p, err := parsePHC(s)
	if err != nil || p.String() != s {
		t.Fatalf("%q parsed to %q, %v", s, p, err)
	}
	for _, password := range []string{"secret", "Secret", ""} {
		if ok, err := h.matches(t.Context(), p, password); err != nil || ok != (password == "secret") {
			t.Errorf("matches(%q) = %v, %v", password, ok, err)
		}
	}
	other, err := h.make(t.Context(), "secret")
	if err != nil || other == s {
		t.Errorf("two hashes of one password are the same, %v", err)
	}
	for _, bad := range []string{
		"", strings.Replace(s, "m=64", "m=064", 1), strings.Replace(s, "m=64", "m=4294967295", 1),
		strings.Replace(s, "m=64", "t=64", 1), strings.Replace(s, "argon2id", "argon2i", 1),
		strings.Replace(s, "v=19", "v=16", 1), strings.Replace(s, "t=1", "t=0", 1), s + "=", s + "$", s[:len(s)-2],
		strings.Replace(s, ",p=1", "", 1),
	} {
		if _, err := parsePHC(bad); err == nil {
			t.Errorf("parsePHC(%q) = nil, want an error", bad)
		}
	}
}

// TestNobodysHashCostsTheSame: what is compared where nobody has the handle is
// as dear as a real hash, and no password fits it.
func TestNobodysHashCostsTheSame(t *testing.T) {
	t.Parallel()
	for _, cost := range []Cost{{}, {Memory: 64, Time: 3, Threads: 1}} {
		s := New(Options{Cost: cost})
		if s.dummy.cost != s.hasher.cost || len(s.dummy.salt) != saltSize || len(s.dummy.hash) != hashSize {
			t.Errorf("nobody's hash is %v, a new one costs %v", s.dummy, s.hasher.cost)
		}
		if cost == (Cost{}) && s.hasher.cost != DefaultCost {
			t.Errorf("the cost is %v, want the default", s.hasher.cost)
		}
	}
}

func FuzzPHC(f *testing.F) {
	f.Add(phc{cost: DefaultCost, salt: make([]byte, saltSize), hash: bytes.Repeat([]byte{7}, hashSize)}.String())
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePHC(s)
		if err != nil {
			return
		}
		if p.String() != s || p.cost.Memory > maxMemory || p.cost.Time > maxTime || p.cost.Threads > maxThreads {
			t.Fatalf("%q parsed to %q", s, p)
		}
	})
}

func FuzzPasswordStrength(f *testing.F) {
	f.Add("password", "anna")
	f.Add("2001-01-01qwerty\xff", "\x00")
	f.Fuzz(func(t *testing.T, password, name string) {
		p, err := checkPassword(password)
		if err != nil {
			return
		}
		start := time.Now()
		_ = checkStrength(p, name) // must not panic
		if d := time.Since(start); d > 5*time.Second {
			t.Fatalf("scoring %q took %v", p, d)
		}
	})
}

func TestPasswordLengths(t *testing.T) {
	t.Parallel()
	for in, rule := range map[string]string{
		"": "required", "1234567": "min_length", strings.Repeat("a", 129): "max_length",
		strings.Repeat("👍", 129): "max_length", strings.Repeat("a", 8): "", strings.Repeat("👍", 128): "",
	} {
		_, err := checkPassword(in)
		if f := fault.Public(err); err != nil && f.Rule != rule || err == nil && rule != "" {
			t.Errorf("checkPassword(%d bytes): %v, want %q", len(in), err, rule)
		}
	}
	composed, _ := checkPassword("caf\u00e9 caf\u00e9")
	decomposed, _ := checkPassword("cafe\u0301 cafe\u0301")
	if composed != decomposed {
		t.Error("one password typed on two keyboards is two")
	}
}

func TestHashingIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const slots = 2
		h := newHasher(Cost{Memory: 64, Time: 1, Threads: 1}, slots)
		var done []func()
		for range slots {
			d, err := h.turn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			done = append(done, d)
		}
		results := make(chan error, hashQueue)
		for range hashQueue {
			go func() {
				_, err := h.turn(t.Context())
				results <- err
			}()
		}
		synctest.Wait()
		if _, err := h.turn(t.Context()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("the queue is full: %v, want unavailable at once", err)
		}
		done[0]() // one of those who wait gets its turn
		start := time.Now()
		late := 0
		for range hashQueue {
			if err := <-results; fault.Is(err, fault.Unavailable) {
				late++
			} else if err != nil {
				t.Errorf("got %v", err)
			}
		}
		if late != hashQueue-1 || time.Since(start) != hashWait {
			t.Errorf("%d gave up after %v, want %d after %v", late, time.Since(start), hashQueue-1, hashWait)
		}
		done[1]()
		ctx, cancel := context.WithCancel(t.Context())
		d, err := h.turn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := h.turn(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want canceled", err)
		}
		d()
	})
}

func BenchmarkSignInCost(b *testing.B) {
	h := newHasher(DefaultCost, 1)
	for b.Loop() {
		if _, err := h.make(b.Context(), "correct horse battery staple"); err != nil {
			b.Fatal(err)
		}
	}
}
