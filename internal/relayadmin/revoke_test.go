package relayadmin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/relayadmin"
	"github.com/ringfence/ringfence/relay"
)

// heard keeps what it was asked to revoke.
type heard struct{ got []relay.Revocation }

func (h *heard) Revoke(r ...relay.Revocation) int {
	h.got = append(h.got, r...)
	return 2 * len(r)
}

const rightKey = "0123456789abcdef0123456789abcdef"

func key(t testing.TB, text string) relay.Secret {
	t.Helper()
	if text == "" {
		return relay.Secret{}
	}
	s, err := relay.NewSecret([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends a request that is right but for what change does.
func ask(t testing.TB, h http.Handler, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/revoke", strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+rightKey)
	req.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(req)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

func entries(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,{"call":"call%d"}`, i)
	}
	return `{"revoke":[` + strings.TrimPrefix(b.String(), ",") + `]}`
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	var r heard
	h := relayadmin.RevokeHandler(key(t, rightKey), &r)
	for range 2 { // again is harmless
		res := ask(t, h, `{"revoke":[{"call":"call1"},{"call":"call2","leg":"a"}]}`, nil)
		var answer map[string]int
		if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.Code != http.StatusOK {
			t.Fatalf("got %d, %v", res.Code, err)
		}
		if answer["revoked"] != 2 || answer["ended"] != 4 || len(answer) != 2 {
			t.Errorf("got %v", answer)
		}
	}
	want := []relay.Revocation{{Call: "call1"}, {Call: "call2", Leg: "a"}}
	if !slices.Equal(r.got, append(want, want...)) {
		t.Errorf("got %v", r.got)
	}
}

func TestRevokeRefuses(t *testing.T) {
	t.Parallel()
	const good = `{"revoke":[{"call":"c"}]}`
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, c := range map[string]struct {
		body   string
		change func(*http.Request)
		want   int
	}{
		"no key":             {good, func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		"wrong key":          {good, header("Authorization", "Bearer "+rightKey+"x"), 401},
		"part of the key":    {good, header("Authorization", "Bearer "+rightKey[:31]), 401},
		"another scheme":     {good, header("Authorization", "Basic "+rightKey), 401},
		"no key, GET":        {good, func(r *http.Request) { r.Header.Del("Authorization"); r.Method = "GET" }, 401},
		"GET":                {"", func(r *http.Request) { r.Method = "GET" }, 405},
		"a form":             {good, header("Content-Type", "application/x-www-form-urlencoded"), 415},
		"no type":            {good, func(r *http.Request) { r.Header.Del("Content-Type") }, 415},
		"with charset":       {good, header("Content-Type", "application/json; charset=utf-8"), 200},
		"none at all":        {`{"revoke":[]}`, nil, 200},
		"all that there may": {entries(relayadmin.MaxRevocations), nil, 200},
		"too many":           {entries(relayadmin.MaxRevocations + 1), nil, 413},
		"too long":           {good + strings.Repeat(" ", relayadmin.MaxRevokeBody), nil, 413},
		"one long string":    {`{"revoke":[{"call":"` + strings.Repeat("c", relayadmin.MaxRevokeBody), nil, 413},
		"empty":              {"", nil, 400},
		"no list":            {"{}", nil, 400},
		"null":               {`{"revoke":null}`, nil, 400},
		"unknown field":      {`{"revoke":[{"call":"c","user":"u"}]}`, nil, 400},
		"unknown at the top": {`{"revoke":[],"all":true}`, nil, 400},
		"another follows":    {good + good, nil, 400},
		"no call":            {`{"revoke":[{"leg":"a"}]}`, nil, 400},
		"no tag":             {`{"revoke":[{"call":"c"},{"call":"c d"}]}`, nil, 400},
		"number":             {`{"revoke":[{"call":1}]}`, nil, 400},
	} {
		var r heard
		res := ask(t, relayadmin.RevokeHandler(key(t, rightKey), &r), c.body, c.change)
		if res.Code != c.want {
			t.Errorf("%s: got %d, want %d", name, res.Code, c.want)
		}
		if c.want != http.StatusOK && len(r.got) > 0 {
			t.Errorf("%s: revoked %v", name, r.got)
		}
		if (res.Header().Get("WWW-Authenticate") != "") != (c.want == 401) || (res.Header().Get("Allow") != "") != (c.want == 405) {
			t.Errorf("%s: got headers %v", name, res.Header())
		}
	}
}

func TestNoKeyIsOff(t *testing.T) {
	t.Parallel()
	var r heard
	h := relayadmin.RevokeHandler(key(t, ""), &r)
	for _, authorization := range []string{"", "Bearer ", "Bearer x"} {
		res := ask(t, h, `{"revoke":[{"call":"c"}]}`, func(r *http.Request) { r.Header.Set("Authorization", authorization) })
		if res.Code != http.StatusNotFound || len(r.got) > 0 {
			t.Errorf("%q: got %d and %v, want 404", authorization, res.Code, r.got)
		}
	}
}

func FuzzRevokeBody(f *testing.F) {
	f.Add(`{"revoke":[{"call":"call1","leg":"a"}]}`)
	f.Add(`{"revoke":[{}]} x`)
	h := &heard{}
	handler := relayadmin.RevokeHandler(key(f, rightKey), h)
	f.Fuzz(func(t *testing.T, body string) {
		h.got = nil
		res := ask(t, handler, body, nil)
		for _, r := range h.got {
			if err := r.Check(); err != nil || res.Code != http.StatusOK {
				t.Errorf("%d: revoked %q: %v", res.Code, r, err)
			}
		}
	})
}
