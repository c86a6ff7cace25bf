package httpapi_test

import (
	"fmt"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/httpapi"
	"github.com/ringfence/ringfence/internal/ratelimit"
)

// from sends a request from an address.
func (w *world) from(addr, method, path string, body any) *httptest.ResponseRecorder {
	w.TB.Helper()
	r := w.request(method, httpapi.Prefix+path, body)
	r.RemoteAddr = addr + ":1234"
	return w.send(r)
}

func TestFailedSignInsAreLimitedByHandleAndByNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.join("anna")
	wrong := obj{"handle": u.handle, "password": "wrong"}
	right := obj{"handle": u.handle, "password": password}
	for i := range 10 {
		if code := w.from(fmt.Sprintf("198.51.100.%d", i), "POST", "/login", wrong).Code; code != 401 {
			t.Fatalf("attempt %d: status %d, want 401", i, code)
		}
	}
	rec := w.from("198.51.100.99", "POST", "/login", right)
	if got := problemOf(t, rec); got != "429 rate_limited" {
		t.Errorf("the handle's eleventh attempt, from anywhere: %s", got)
	}
	wait, err := strconv.Atoi(rec.Header().Get("Retry-After"))
	if err != nil || wait < 1 || wait > 900 {
		t.Errorf("Retry-After %q", rec.Header().Get("Retry-After"))
	}
	w.Pass(time.Duration(wait) * time.Second)
	if code := w.from("198.51.100.99", "POST", "/login", right).Code; code != 200 {
		t.Errorf("after the wait: status %d, want 200", code)
	}

	for i := range 10 {
		w.from("203.0.113.7", "POST", "/login", obj{"handle": fmt.Sprintf("zoe.%04d", i), "password": "wrong"})
	}
	for _, form := range []obj{{"handle": "ben.0001", "password": "wrong"}, {"handle": "zoe.9999", "password": "wrong"}} {
		if code := w.from("203.0.113.7", "POST", "/login", form).Code; code != 429 {
			t.Errorf("the network's eleventh attempt, at any handle: status %d, want 429", code)
		}
	}
	if code := w.from("203.0.113.8", "POST", "/login", obj{"handle": "ben.0001", "password": "wrong"}).Code; code != 401 {
		t.Errorf("another network: status %d, want 401", code)
	}
}

func TestWhoSucceedsIsNotLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.join("anna")
	for i := range 30 {
		if code := w.do("POST", "/login", obj{"handle": u.handle, "password": password}).Code; code != 200 {
			t.Fatalf("sign-in %d: status %d", i, code)
		}
		invite, _, err := w.accounts.CreateOperatorInvite(t.Context())
		w.OK(err)
		form := obj{"invite": invite, "name": "ben", "display_name": "Ben", "password": password}
		if code := w.do("POST", "/signup", form).Code; code != 201 {
			t.Fatalf("sign-up %d: status %d", i, code)
		}
	}
}

func TestGuessingInvitesIsLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var code int
	for i := range 21 {
		code = w.do("POST", "/invites/inspect", obj{"token": fmt.Sprint(i)}).Code
	}
	if code != 429 {
		t.Errorf("status %d, want 429", code)
	}
}

func TestSessionsAndNetworksAreLimited(t *testing.T) {
	t.Parallel()
	limits := httpapi.DefaultLimits()
	limits.Session = ratelimit.Rule{Burst: 3, Every: time.Minute, Keys: 10}
	limits.Network = ratelimit.Rule{Burst: 5, Every: time.Minute, Keys: 10}
	w := newWorld(t, func(o *httpapi.Options) { o.Limits = limits })
	u := w.join("anna")
	var codes []int
	for range 5 {
		codes = append(codes, u.do("GET", "/me", nil).Code)
	}
	if fmt.Sprint(codes) != "[200 200 200 429 429]" {
		t.Errorf("a session: %v", codes)
	}
	if code := w.do("GET", "/server", nil).Code; code != 429 {
		t.Errorf("a network: status %d, want 429", code)
	}
	if code := w.from("203.0.113.8", "GET", "/server", nil).Code; code != 200 {
		t.Errorf("another network: status %d, want 200", code)
	}
}

// Sessions cannot be guessed at the WebSocket any faster than elsewhere.
func TestSignalCountsAgainstTheNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range httpapi.DefaultLimits().Network.Burst {
		if code := w.from("203.0.113.7", "GET", "/signal", nil).Code; code != 401 {
			t.Fatalf("attempt %d: status %d, want 401", i, code)
		}
	}
	if code := w.from("203.0.113.7", "GET", "/signal", nil).Code; code != 429 {
		t.Errorf("one more: status %d, want 429", code)
	}
	if code := w.from("203.0.113.8", "GET", "/signal", nil).Code; code != 401 {
		t.Errorf("another network: status %d, want 401", code)
	}
}
