package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/internal/devicelog"
	"github.com/ringfence/ringfence/internal/httpapi"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/worldtest"
	"github.com/ringfence/ringfence/store"
)

const password = "orange quiet lantern 7"

// world is the whole API over a real, sealed data file.
type world struct {
	*worldtest.World
	http.Handler
	accounts *account.Service
	friends  *friends.Service
	log      *bytes.Buffer
}

func newWorld(t *testing.T, change ...func(*httpapi.Options)) *world {
	t.Helper()
	w := &world{World: worldtest.New(t), log: &bytes.Buffer{}}
	w.friends = friends.New(friends.Options{DB: w.DB, Now: w.Now})
	w.accounts = account.New(account.Options{
		DB: w.DB, Keys: w.Keys, Friends: w.friends, Now: w.Now, Cost: account.Cost{Memory: 64, Time: 1, Threads: 1},
	})
	o := httpapi.Options{
		Accounts: w.accounts, Friends: w.friends, Logs: devicelog.New(devicelog.Options{DB: w.DB, Reach: w.friends}), Now: w.Now, Version: "test",
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
	var err error
	w.Handler, err = httpapi.New(o)
	w.OK(err)
	return w
}

// user is somebody who is signed in with a bearer token.
type user struct {
	w      *world
	id     id.Account
	handle string
	token  string
}

func (w *world) join(name string) user {
	w.TB.Helper()
	invite, _, err := w.accounts.CreateOperatorInvite(w.TB.Context())
	w.OK(err)
	s, err := w.accounts.SignUp(w.TB.Context(), account.SignUp{
		Invite: invite, Name: name, DisplayName: "The " + name, Password: password,
	})
	w.OK(err)
	return user{w: w, id: s.Profile.ID, handle: s.Profile.Handle, token: s.Token}
}

func (w *world) befriend(a, b user) {
	w.TB.Helper()
	token, _, err := w.friends.CreateInvite(w.TB.Context(), a.id)
	w.OK(err)
	_, err = w.friends.RedeemInvite(w.TB.Context(), b.id, token)
	w.OK(err)
}

// request builds one; body may be nil, a string or what marshals.
func (w *world) request(method, path string, body any) *http.Request {
	w.TB.Helper()
	var text string
	switch b := body.(type) {
	case nil:
	case string:
		text = b
	default:
		j, err := json.Marshal(b)
		w.OK(err)
		text = string(j)
	}
	r := httptest.NewRequestWithContext(w.TB.Context(), method, path, strings.NewReader(text))
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
	w.TB.Helper()
	return w.send(w.request(method, httpapi.Prefix+path, body))
}

func (u user) do(method, path string, body any) *httptest.ResponseRecorder {
	u.w.TB.Helper()
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

// problemOf checks a problem and returns "code field:rule(limit) …".
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
