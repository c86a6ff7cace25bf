package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/internal/httpapi"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/bolt"
	"github.com/ringfence/ringfence/store/sealed"
)

const password = "orange quiet lantern 7"

// world is the whole API over a real, sealed data file.
type world struct {
	t *testing.T
	http.Handler
	accounts *account.Service
	friends  *friends.Service
	engine   *counting
	log      *bytes.Buffer

	mu  sync.Mutex // guards now
	now time.Time
}

func newWorld(t *testing.T, change ...func(*httpapi.Options)) *world {
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
		t: t, engine: &counting{Engine: file}, log: &bytes.Buffer{},
		now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	keys := keyring.Ephemeral()
	db := sealed.New(w.engine, keys)
	w.friends = friends.New(friends.Options{DB: db, Now: w.clock})
	w.accounts = account.New(account.Options{
		DB: db, Keys: keys, Friends: w.friends, Now: w.clock, Cost: account.Cost{Memory: 64, Time: 1, Threads: 1},
	})
	o := httpapi.Options{
		Accounts: w.accounts, Friends: w.friends, Now: w.clock, Version: "test",
		Log: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		ClientPrefix: func(r *http.Request) netip.Prefix {
			p, _ := netip.MustParseAddrPort(r.RemoteAddr).Addr().Prefix(32)
			return p
		},
		Web: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") }),
		Signal: func(w http.ResponseWriter, _ *http.Request, s store.Session) {
			_, _ = io.WriteString(w, s.Account.String())
		},
	}
	for _, c := range change {
		c(&o)
	}
	if w.Handler, err = httpapi.New(o); err != nil {
		t.Fatal(err)
	}
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

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// user is somebody who is signed in with a bearer token.
type user struct {
	w      *world
	id     id.Account
	handle string
	token  string
}

func (w *world) join(name string) user {
	w.t.Helper()
	invite, _, err := w.accounts.CreateOperatorInvite(w.t.Context())
	w.ok(err)
	s, err := w.accounts.SignUp(w.t.Context(), account.SignUp{
		Invite: invite, Name: name, DisplayName: "The " + name, Password: password,
	})
	w.ok(err)
	return user{w: w, id: s.Profile.ID, handle: s.Profile.Handle, token: s.Token}
}

func (w *world) befriend(a, b user) {
	w.t.Helper()
	token, _, err := w.friends.CreateInvite(w.t.Context(), a.id)
	w.ok(err)
	_, err = w.friends.RedeemInvite(w.t.Context(), b.id, token)
	w.ok(err)
}

// request builds one; body may be nil, a string or what marshals.
func (w *world) request(method, path string, body any) *http.Request {
	w.t.Helper()
	var text string
	switch b := body.(type) {
	case nil:
	case string:
		text = b
	default:
		j, err := json.Marshal(b)
		w.ok(err)
		text = string(j)
	}
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, strings.NewReader(text))
	if text != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func (w *world) send(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec
}

func (w *world) do(method, path string, body any) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.send(w.request(method, httpapi.Prefix+path, body))
}

func (u user) do(method, path string, body any) *httptest.ResponseRecorder {
	u.w.t.Helper()
	r := u.w.request(method, httpapi.Prefix+path, body)
	r.Header.Set("Authorization", "Bearer "+u.token)
	return u.w.send(r)
}

// get decodes the answer to a request that must succeed with status.
func get[T any](t *testing.T, rec *httptest.ResponseRecorder, status int) T {
	t.Helper()
	var v T
	if rec.Code != status {
		t.Fatalf("status %d, want %d: %s", rec.Code, status, rec.Body)
	}
	if rec.Body.Len() > 0 {
		if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// wantProblem checks a problem and returns "code field:rule(limit) …".
func problemOf(t *testing.T, rec *httptest.ResponseRecorder) string {
	t.Helper()
	var p httpapi.Problem
	if ct := rec.Header().Get("Content-Type"); ct != "application/problem+json" {
		t.Fatalf("status %d, type %q: %s", rec.Code, ct, rec.Body)
	}
	dec := json.NewDecoder(rec.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		t.Fatal(err)
	}
	if p.Status != rec.Code || p.Title != http.StatusText(rec.Code) || p.Type != "about:blank" || p.Detail == "" || p.Errors == nil {
		t.Errorf("problem %+v with status %d", p, rec.Code)
	}
	s := fmt.Sprint(p.Status, " ", p.Code)
	for _, e := range p.Errors {
		s += fmt.Sprintf(" %s:%s", e.Field, e.Rule)
		if e.Limit != 0 {
			s += fmt.Sprintf("(%d)", e.Limit)
		}
	}
	return s
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

func (c *counting) counts() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("read %v, wrote %v", c.reads, c.puts)
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

func (r countedRows) count(list *[]store.Table, t store.Table) {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	*list = append(*list, t)
}

func (r countedRows) Get(ctx context.Context, table store.Table, key []byte) ([]byte, error) {
	r.count(&r.c.reads, table)
	return r.Rows.Get(ctx, table, key)
}

func (r countedRows) Page(ctx context.Context, t store.Table, prefix, after []byte, limit int) ([]store.Row, error) {
	r.count(&r.c.reads, t)
	return r.Rows.Page(ctx, t, prefix, after, limit)
}

type countedRW struct {
	countedRows
	rw store.RowsRW
}

func (r countedRW) Put(ctx context.Context, table store.Table, key, value []byte) error {
	r.count(&r.c.puts, table)
	return r.rw.Put(ctx, table, key, value)
}

func (r countedRW) Delete(ctx context.Context, table store.Table, key []byte) error {
	r.count(&r.c.puts, table)
	return r.rw.Delete(ctx, table, key)
}
