package friends_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/bolt"
	"github.com/ringfence/ringfence/store/sealed"
)

// world is a service over a real, sealed data file.
type world struct {
	*friends.Service
	t      *testing.T
	keys   *keyring.Keyring
	db     *sealed.DB
	engine *counting
	events *events

	mu  sync.Mutex // guards now
	now time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	file, err := bolt.Open(t.Context(), bolt.Options{Path: filepath.Join(t.TempDir(), "data.bolt")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{
		t: t, keys: keyring.Ephemeral(), engine: &counting{Engine: file}, events: &events{},
		now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	w.db = sealed.New(w.engine, w.keys)
	w.Service = friends.New(friends.Options{DB: w.db, Now: w.clock, Events: w.events})
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// person makes an account with a handle.
func (w *world) person(name string) id.Account {
	w.t.Helper()
	a := id.NewAccount()
	if err := w.keys.CreateAccount(w.t.Context(), a); err != nil {
		w.t.Fatal(err)
	}
	w.update(func(tx store.Tx) error {
		handle := name + ".0001"
		return errors.Join(
			tx.Accounts.PutAccount(w.t.Context(), store.Account{ID: a, Handle: handle, DisplayName: "The " + name}),
			tx.Handles.ClaimHandle(w.t.Context(), handle, a))
	})
	return a
}

func (w *world) update(fn func(store.Tx) error) {
	w.t.Helper()
	if err := w.db.Update(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// befriend makes two friends the long way.
func (w *world) befriend(a, b id.Account) {
	w.t.Helper()
	token, _, err := w.CreateInvite(w.t.Context(), a)
	w.ok(err)
	_, err = w.RedeemInvite(w.t.Context(), b, token)
	w.ok(err)
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wants(err error, code fault.Code) {
	w.t.Helper()
	if !fault.Is(err, code) {
		w.t.Errorf("got %v, want %s", err, code)
	}
}

func (w *world) list(a id.Account) friends.List {
	w.t.Helper()
	l, err := w.List(w.t.Context(), a)
	w.ok(err)
	return l
}

func (w *world) audited() (n int) {
	w.t.Helper()
	w.ok(w.db.View(w.t.Context(), func(tx store.Tx) error {
		all, err := tx.Audit.Entries(w.t.Context(), 0, store.MaxPage)
		n = len(all)
		return err
	}))
	return n
}

// events keeps what the service told.
type events struct {
	mu      sync.Mutex
	friends [][2]id.Account
	asks    []id.Account
	notices []id.Account
}

func (e *events) FriendsChanged(a, b id.Account) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.friends = append(e.friends, [2]id.Account{a, b})
}

func (e *events) AsksChanged(a id.Account) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asks = append(e.asks, a)
}

func (e *events) NoticesChanged(a id.Account) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.notices = append(e.notices, a)
}

// counting counts the rows read and written, and runs each Update twice: the
// first time for nothing, as an engine may.
type counting struct {
	store.Engine
	mu    sync.Mutex
	reads []store.Table
	puts  []store.Table
}

var errAgain = errors.New("again")

func (c *counting) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads, c.puts = nil, nil
}

func (c *counting) counts() (reads, puts []store.Table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reads, c.puts
}

func (c *counting) View(ctx context.Context, fn func(store.Rows) error) error {
	return c.Engine.View(ctx, func(r store.Rows) error { return fn(countedRows{r, c}) })
}

func (c *counting) Update(ctx context.Context, fn func(store.RowsRW) error) error {
	err := c.Engine.Update(ctx, func(r store.RowsRW) error {
		if err := fn(r); err != nil {
			return err
		}
		return errAgain
	})
	if !errors.Is(err, errAgain) {
		return err
	}
	return c.Engine.Update(ctx, func(r store.RowsRW) error { return fn(countedRW{countedRows{r, c}, r}) })
}

type countedRows struct {
	store.Rows
	c *counting
}

func (r countedRows) Get(ctx context.Context, table store.Table, key []byte) ([]byte, error) {
	r.c.mu.Lock()
	r.c.reads = append(r.c.reads, table)
	r.c.mu.Unlock()
	return r.Rows.Get(ctx, table, key)
}

func (r countedRows) Page(ctx context.Context, t store.Table, prefix, after []byte, limit int) ([]store.Row, error) {
	r.c.mu.Lock()
	r.c.reads = append(r.c.reads, t)
	r.c.mu.Unlock()
	return r.Rows.Page(ctx, t, prefix, after, limit)
}

type countedRW struct {
	countedRows
	rw store.RowsRW
}

func (r countedRW) Put(ctx context.Context, table store.Table, key, value []byte) error {
	r.c.mu.Lock()
	r.c.puts = append(r.c.puts, table)
	r.c.mu.Unlock()
	return r.rw.Put(ctx, table, key, value)
}

func (r countedRW) Delete(ctx context.Context, table store.Table, key []byte) error {
	return r.rw.Delete(ctx, table, key)
}
