package account_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/bolt"
	"github.com/ringfence/ringfence/store/sealed"
)

// cheap is a cost at which tests are quick.
var cheap = account.Cost{Memory: 64, Time: 1, Threads: 1}

// world is the services over a real, sealed data file.
type world struct {
	*account.Service
	t       *testing.T
	friends *friends.Service
	db      *sealed.DB
	engine  *counting
	keys    *keys

	mu    sync.Mutex // guards what follows
	now   time.Time
	ended []id.Session
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
	ring := keyring.Ephemeral()
	w := &world{
		t: t, engine: &counting{Engine: file}, keys: &keys{Keyring: ring},
		now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	w.db = sealed.New(w.engine, ring)
	w.friends = friends.New(friends.Options{DB: w.db, Now: w.clock})
	w.Service = account.New(account.Options{
		DB: w.db, Keys: w.keys, Friends: w.friends, Events: w, Now: w.clock, Cost: cheap,
	})
	return w
}

func (w *world) SignedOut(s id.Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = append(w.ended, s)
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

const password = "orange quiet lantern 7"

// join signs somebody up by the operator's invite.
func (w *world) join(name string) account.Signed {
	w.t.Helper()
	token, _, err := w.CreateOperatorInvite(w.t.Context())
	w.ok(err)
	s, err := w.SignUp(w.t.Context(), form(token, name))
	w.ok(err)
	return s
}

func form(token, name string) account.SignUp {
	return account.SignUp{Invite: token, Name: name, DisplayName: "The " + name, Password: password, DeviceName: "test"}
}

// keys notes when keys are made.
type keys struct {
	*keyring.Keyring
	mu   sync.Mutex
	made []id.Account
}

func (k *keys) CreateAccount(ctx context.Context, a id.Account) error {
	k.mu.Lock()
	k.made = append(k.made, a)
	k.mu.Unlock()
	return k.Keyring.CreateAccount(ctx, a)
}

// counting counts the rows read and the transactions written, and runs each
// Update twice: the first time for nothing, as an engine may.
type counting struct {
	store.Engine
	mu             sync.Mutex
	reads, commits int
}

var errAgain = errors.New("again")

func (c *counting) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads, c.commits = 0, 0
}

func (c *counting) View(ctx context.Context, fn func(store.Rows) error) error {
	return c.Engine.View(ctx, func(r store.Rows) error { return fn(countedRows{r, c}) })
}

func (c *counting) Update(ctx context.Context, fn func(store.RowsRW) error) error {
	err := c.Engine.Update(ctx, func(r store.RowsRW) error { return errors.Join(fn(r), errAgain) })
	if !errors.Is(err, errAgain) {
		return err
	}
	c.mu.Lock()
	c.commits++
	c.mu.Unlock()
	return c.Engine.Update(ctx, fn)
}

type countedRows struct {
	store.Rows
	c *counting
}

func (r countedRows) Get(ctx context.Context, table store.Table, key []byte) ([]byte, error) {
	r.c.mu.Lock()
	r.c.reads++
	r.c.mu.Unlock()
	return r.Rows.Get(ctx, table, key)
}
