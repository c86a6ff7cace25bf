// Package worldtest owns the ground on which the services are tested: a real,
// sealed data file that runs every update twice and notes what is asked of it,
// and a clock that moves only when told. It refuses to know the services.
package worldtest

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/store/bolt"
	"github.com/ringfence/ringfence/store/sealed"
	"github.com/ringfence/ringfence/store/storetest"
)

// World is for the worlds of each package's tests to embed.
type World struct {
	TB     testing.TB
	Keys   *keyring.Keyring
	Engine *storetest.Counter
	DB     *sealed.DB

	mu  sync.Mutex // guards now
	now time.Time
}

// New opens a world that ends with the test.
func New(tb testing.TB) *World {
	tb.Helper()
	file, err := bolt.Open(tb.Context(), bolt.Options{Path: filepath.Join(tb.TempDir(), "data.bolt")})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := file.Close(); err != nil {
			tb.Error(err)
		}
	})
	w := &World{
		TB: tb, Keys: keyring.Ephemeral(), Engine: storetest.Count(storetest.Twice(file)),
		now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	w.DB = sealed.New(w.Engine, w.Keys)
	return w
}

// Now is the world's clock.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Pass lets d go by.
func (w *World) Pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// OK ends the test where err is one.
func (w *World) OK(err error) {
	w.TB.Helper()
	if err != nil {
		w.TB.Fatal(err)
	}
}

// Wants fails the test unless err is of code.
func (w *World) Wants(err error, code fault.Code) {
	w.TB.Helper()
	if !fault.Is(err, code) {
		w.TB.Errorf("got %v, want %s", err, code)
	}
}
