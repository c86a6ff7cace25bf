package httpapi_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/ringfence/ringfence/internal/httpapi"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

func TestBadBodiesGetAnAnswerOneCanActOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.join("anna")
	long := `{"display_name":"` + strings.Repeat("x", httpapi.MaxBody) + `"}`
	for _, c := range []struct{ route, body, want string }{
		{"PATCH /me", ``, "400 invalid body:required"},
		{"PATCH /me", `{`, "400 invalid body:json"},
		{"PATCH /me", `{"display_name":"x"} {}`, "400 invalid body:json"},
		{"PATCH /me", `{"display_name":"x"}x`, "400 invalid body:json"},
		{"PATCH /me", `["display_name"]`, "400 invalid body:object"},
		{"PATCH /me", `"x"`, "400 invalid body:object"},
		{"PATCH /me", `{"display_name":"x","display_name":"y"}`, "400 invalid body:duplicate_key"},
		{"PATCH /me", `{"display_name":"x","DISPLAY_NAME":"y"}`, "400 invalid body:duplicate_key"},
		{"PATCH /me", `{"display_name":"x","di\u0073play_name":"y"}`, "400 invalid body:duplicate_key"},
		{"PATCH /me", `{"display_name":"x","a":{"b":1,"b":2}}`, "400 invalid body:duplicate_key"},
		{"PATCH /me", "{\"display_name\":\"\xff\"}", "400 invalid body:utf8"},
		{"PATCH /me", strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20), "400 invalid body:depth"},
		{"PATCH /me", long, "413 too_large body:max_bytes(16384)"},
		{"PATCH /me", `{"display_name":5}`, "422 invalid display_name:type"},
		{"PATCH /me", `{}`, "422 invalid display_name:required"},
		{"PATCH /me", `{"display_name":"` + strings.Repeat("x", 41) + `"}`, "422 invalid display_name:max_length(40)"},
		{"POST /friends/requests", `{"handle":"anna"}`, "422 invalid handle:format"},
		{"POST /friends/requests", `{"handle":"` + u.handle + `"}`, "409 conflict handle:self"},
		{"POST /invites/redeem", `{}`, "422 invalid token:required"},
		{"POST /invites/inspect", `{}`, "422 invalid token:required"},
		{"POST /login", `{"password":"x"}`, "422 invalid handle:required"},
		{"POST /signup", `{}`, "422 invalid invite:required name:required display_name:required password:required"},
		{"POST /signup", `{"invite":"x","name":"a","display_name":"\u0000","password":"1234567","device_name":"` +
			strings.Repeat("d", 61) + `"}`, "422 invalid name:min_length(2) display_name:characters " +
			"password:min_length(8) device_name:max_length(60)"},
		{"DELETE /friends/x", ``, "404 not_found"},
		{"DELETE /friends/" + u.id.String(), ``, "409 conflict account:self"},
		{"DELETE /invites/x", ``, "404 not_found"},
		{"DELETE /invites/" + id.NewInvite().String(), ``, "404 not_found"},
		{"GET /nothing", ``, "404 not_found"},
		{"PUT /me", `{}`, "405 invalid method:allowed"},
	} {
		method, path, _ := strings.Cut(c.route, " ")
		if got := problemOf(t, u.do(method, path, c.body)); got != c.want {
			t.Errorf("%s %.60s: got %s, want %s", c.route, c.body, got, c.want)
		}
	}
	invite, _, err := w.accounts.CreateOperatorInvite(t.Context())
	w.OK(err)
	weak := obj{"invite": invite, "name": "zoe", "display_name": "Zoe", "password": "password1"}
	if got := problemOf(t, w.do("POST", "/signup", weak)); got != "422 password_weak password:strength(3)" {
		t.Errorf("got %s", got)
	}
}

func TestContentTypeMustBeJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for contentType, want := range map[string]string{
		"": "415 invalid body:content_type", "text/plain": "415 invalid body:content_type",
		"application/x-www-form-urlencoded": "415 invalid body:content_type", "nonsense/": "415 invalid body:content_type",
		"application/json": "404 invite_invalid", "application/json; charset=utf-8": "404 invite_invalid",
	} {
		r := w.request("POST", httpapi.Prefix+"/invites/inspect", `{"token":"x"}`)
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Accept", "text/html;q=1, json")
		if got := problemOf(t, w.send(r)); got != want {
			t.Errorf("%q: got %s, want %s", contentType, got, want)
		}
	}
}

// TestNoRejectedValueComesBack sends a mark in every place that is refused.
func TestNoRejectedValueComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.join("anna")
	const mark = "Zm4rk3d"
	bodies := []any{
		obj{"invite": mark, "name": mark + mark + mark, "display_name": mark + "\u202e", "password": mark, "device_name": mark + "\a"},
		obj{"handle": mark, "password": mark},
		obj{"handle": "anna.0000", "password": mark},
		obj{"token": mark},
		obj{"token": obj{mark: mark}},
		obj{"handle": 1, "display_name": []string{mark}, "password": obj{mark: 1}},
		`{"` + mark + `":1,"` + mark + `":2}`, `{"` + mark, mark, "\xff" + mark,
		obj{"display_name": mark + "\n"},
	}
	for _, route := range []string{
		"POST /signup", "POST /login", "POST /invites/inspect", "POST /invites/redeem", "PATCH /me", "PUT /me/password",
		"POST /friends/requests", "POST /friends/requests/" + mark + "/accept", "DELETE /friends/" + mark,
		"DELETE /invites/" + mark, "GET /" + mark, mark + " /me",
	} {
		for _, body := range bodies {
			method, path, _ := strings.Cut(route, " ")
			rec := u.do(method, path, body)
			if rec.Code < 400 {
				continue
			}
			if strings.Contains(whole(rec), mark) {
				t.Errorf("%s %v: the answer quotes what was sent: %s", route, body, whole(rec))
			}
		}
	}
	if strings.Contains(w.log.String(), mark) {
		t.Errorf("the log quotes what was sent: %s", w.log)
	}
}

func TestPagesOfOtherSitesCannotAct(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) { o.Origins = []string{"https://calls.example"} })
	u := w.join("anna")
	for _, c := range []struct {
		site, origin string
		want         int
	}{
		{"", "", 201},
		{"same-origin", "http://example.com", 201},
		{"", "http://example.com", 201},
		{"cross-site", "https://evil.example", 403},
		{"same-site", "https://x.example.com", 403},
		{"", "https://evil.example", 403},
		{"", "null", 403},
		{"cross-site", "https://calls.example", 201},
	} {
		r := w.request("POST", httpapi.Prefix+"/invites", nil)
		r.Header.Set("Authorization", "Bearer "+u.token)
		if c.site != "" {
			r.Header.Set("Sec-Fetch-Site", c.site)
		}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		rec := w.send(r)
		if rec.Code != c.want {
			t.Errorf("site %q, origin %q: status %d, want %d", c.site, c.origin, rec.Code, c.want)
		}
		if rec.Code == 403 {
			if got := problemOf(t, rec); got != "403 forbidden" {
				t.Errorf("got %s", got)
			}
		}
		for name := range rec.Header() {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("header %s opens the API to other sites", name)
			}
		}
	}
	if _, err := httpapi.New(httpapi.Options{Origins: []string{"not an origin"}}); err == nil {
		t.Error("an origin that is none was taken")
	}
}

func TestSignalIsForTheSignedInAndThisSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) { o.Origins = []string{"https://calls.example"} })
	u := w.join("anna")
	for _, c := range []struct {
		origins []string
		token   string
		want    int
	}{
		{nil, u.token, 200},
		{[]string{"http://example.com"}, u.token, 200},
		{[]string{"https://calls.example"}, u.token, 200},
		{[]string{"https://evil.example"}, u.token, 403},
		{[]string{"null"}, u.token, 403},
		{[]string{""}, u.token, 403},
		{[]string{"http://example.com", "https://evil.example"}, u.token, 403},
		{[]string{"http://example.com.evil.example"}, u.token, 403},
		{[]string{"https://example.com"}, u.token, 403}, // the same host, but not what the request came by
		{[]string{"ws://example.com"}, u.token, 403},
		{nil, "x", 401},
		{nil, "", 401},
	} {
		r := w.request("GET", httpapi.Prefix+"/signal", nil)
		for _, o := range c.origins {
			r.Header.Add("Origin", o)
		}
		if c.token != "" {
			r.AddCookie(&http.Cookie{Name: "ringfence", Value: c.token})
		}
		rec := w.send(r)
		if rec.Code != c.want {
			t.Errorf("origins %q, token %.5s…: status %d, want %d", c.origins, c.token, rec.Code, c.want)
		}
		if rec.Code == 200 && rec.Body.String() != u.id.String() {
			t.Errorf("handed over the session of %s", rec.Body)
		}
	}
}

// Whoever can answer for this host over plain HTTP must not get at the
// WebSocket of those who use it over TLS: not every browser takes that for
// another site and keeps the cookie back.
func TestSignalOverTLSIsForPagesOverTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) { o.Secure = func(*http.Request) bool { return true } })
	u := w.join("anna")
	for origin, want := range map[string]int{"https://example.com": 200, "http://example.com": 403} {
		r := w.request("GET", httpapi.Prefix+"/signal", nil)
		r.Header.Set("Origin", origin)
		r.AddCookie(&http.Cookie{Name: "__Host-ringfence", Value: u.token})
		if code := w.send(r).Code; code != want {
			t.Errorf("a page of %s: status %d, want %d", origin, code, want)
		}
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{true, false} {
		w := newWorld(t, func(o *httpapi.Options) { o.Secure = func(*http.Request) bool { return secure } })
		u := w.join("anna")
		rec := w.do("POST", "/login", obj{"handle": u.handle, "password": password})
		got := rec.Header().Get("Set-Cookie")
		want := "ringfence=TOKEN; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict"
		if secure {
			want = "__Host-ringfence=TOKEN; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Strict"
		}
		token := rec.Result().Cookies()[0].Value
		if got = strings.Replace(got, token, "TOKEN", 1); got != want {
			t.Errorf("secure %v: cookie %s, want %s", secure, got, want)
		}
		for name, status := range map[string]int{"__Host-ringfence": 401, "ringfence": 401} {
			if secure == (name == "__Host-ringfence") {
				status = 200
			}
			r := w.request("GET", httpapi.Prefix+"/me", nil)
			r.AddCookie(&http.Cookie{Name: name, Value: token})
			if code := w.send(r).Code; code != status {
				t.Errorf("secure %v, cookie %s: status %d, want %d", secure, name, code, status)
			}
			// A header is meant; the cookie beside it does not count.
			r.Header.Set("Authorization", "Basic YTpi")
			if code := w.send(r).Code; code != 401 {
				t.Errorf("a cookie beside another credential: status %d, want 401", code)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.join("anna")
	answers := map[string]*httptest.ResponseRecorder{
		"server": w.do("GET", "/server", nil), "problem": w.do("GET", "/me", nil), "me": u.do("GET", "/me", nil),
		"unknown": w.do("GET", "/x", nil), "openapi": w.do("GET", "/openapi.json", nil), "signal": w.do("GET", "/signal", nil),
	}
	for name, rec := range answers {
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		} {
			if got := rec.Header().Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
		if name != "signal" && strings.Contains(rec.Body.String(), "$schema") {
			t.Errorf("%s has a $schema", name)
		}
	}
	if got := answers["problem"].Header().Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("WWW-Authenticate is %q", got)
	}
	page := w.send(w.request("GET", "/", nil)).Header()
	csp := page.Get("Content-Security-Policy")
	for _, want := range []string{
		"default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "base-uri 'none'", "frame-ancestors 'none'",
		"require-trusted-types-for 'script'", "trusted-types ringfence",
	} {
		if !strings.Contains(csp+";", want+";") {
			t.Errorf("the pages' policy lacks %s: %s", want, csp)
		}
	}
	for _, bad := range []string{"unsafe", "http:", "https:", "*", "'nonce", "allow-duplicates"} {
		if strings.Contains(strings.Replace(csp, "'wasm-unsafe-eval'", "", 1), bad) {
			t.Errorf("the pages' policy has %s: %s", bad, csp)
		}
	}
	effects := w.send(w.request("GET", "/effects.js", nil)).Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self'", "trusted-types 'none'"} {
		if !strings.Contains(effects+";", want+";") {
			t.Errorf("the policy of /effects.js lacks %s: %s", want, effects)
		}
	}
	if got := page.Get("Permissions-Policy"); !strings.Contains(got, "camera=(self), microphone=(self)") {
		t.Errorf("Permissions-Policy is %q", got)
	}
	if page.Get("Strict-Transport-Security") != "" {
		t.Error("Strict-Transport-Security would outlive a certificate of one's own")
	}
}

func TestABodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := httptest.NewRequestWithContext(t.Context(), "POST", httpapi.Prefix+"/login", iotest.ErrReader(io.ErrUnexpectedEOF))
	r.Header.Set("Content-Type", "application/json")
	if got := problemOf(t, w.send(r)); got != "400 invalid body:json" {
		t.Errorf("got %s", got)
	}
}

type panics struct{ with any }

func (p panics) Online(context.Context, id.Account, id.Account) bool { panic(p.with) }

func TestAPanicTellsNothing(t *testing.T) {
	t.Parallel()
	const secret = "198.51.100.23"
	for _, with := range []any{secret, fmt.Errorf("read tcp %s:443", secret), time.Second} {
		w := newWorld(t, func(o *httpapi.Options) {
			o.Presence = panics{with}
			o.Web = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(with) })
			o.Signal = func(http.ResponseWriter, *http.Request, store.Session) { panic(with) }
		})
		a, b := w.join("anna"), w.join("ben")
		w.befriend(a, b)
		page := w.request("GET", "/", nil)
		page.RemoteAddr = secret + ":1234"
		for name, rec := range map[string]*httptest.ResponseRecorder{
			"api": a.do("GET", "/friends", nil), "signal": a.do("GET", "/signal", nil), "page": w.send(page),
		} {
			answer := whole(rec)
			if got := problemOf(t, rec); got != "500 internal" {
				t.Errorf("%s: got %s", name, got)
			}
			if strings.Contains(answer, secret) || strings.Contains(answer, "goroutine") {
				t.Errorf("%s: the answer tells of the panic: %s", name, answer)
			}
		}
		if log := w.log.String(); strings.Contains(log, secret) || !strings.Contains(log, "panic while serving a request") ||
			!strings.Contains(log, "httpapi_test.panics.Online") {
			t.Errorf("log: %s", log)
		}
	}
}

func TestServerTellsItsRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := get[struct {
		Name, Version, Signup string
		Protocol              struct{ Min, Max int }
		Password              struct {
			MinLength int `json:"min_length"`
		}
	}](t, w.do("GET", "/server", nil), 200)
	if s.Name != "Ringfence" || s.Version != "test" || s.Signup != "invite" || s.Protocol.Min < 1 || s.Password.MinLength != 8 {
		t.Errorf("server %+v", s)
	}
}
