package turntest_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/turntest"
)

type fakeRelay struct {
	minted []string
	urls   []string
	err    error
}

func (f *fakeRelay) URLs() []string { return f.urls }

func (f *fakeRelay) Mint(call, leg string) (username, password string, err error) {
	f.minted = append(f.minted, call+"/"+leg)
	return "user of " + leg, "password of " + leg, f.err
}

type response struct {
	status int
	header http.Header
	body   string
}

func ask(t *testing.T, r turntest.Relay, method, path string, header map[string]string) response {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:9090"+path, http.NoBody)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	turntest.Handler(r).ServeHTTP(w, req)
	return response{w.Code, w.Header(), w.Body.String()}
}

func TestPageIsServedWithItsPolicy(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/turn-test": "text/html", "/turn-test/page.css": "text/css", "/turn-test/page.js": "text/javascript",
	} {
		res := ask(t, &fakeRelay{}, http.MethodGet, path, nil)
		if res.status != http.StatusOK || !strings.HasPrefix(res.header.Get("Content-Type"), want) || len(res.body) < 500 {
			t.Errorf("%s: got %d %s, %d bytes", path, res.status, res.header.Get("Content-Type"), len(res.body))
		}
		csp := res.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: no %s in %q", path, part, csp)
			}
		}
		if res.header.Get("X-Content-Type-Options") != "nosniff" || res.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got headers %v", path, res.header)
		}
	}
	if res := ask(t, &fakeRelay{}, http.MethodGet, "/turn-test/turn-test.html", nil); res.status != http.StatusNotFound {
		t.Errorf("another file: got %d", res.status)
	}
}

// The policy lets nothing inline through, so there must be nothing.
func TestPageKeepsItsOwnPolicy(t *testing.T) {
	t.Parallel()
	res := ask(t, &fakeRelay{}, http.MethodGet, "/turn-test", nil)
	for _, never := range []string{`\sstyle=`, `\son[a-z]+=`, `<script[^>]*>[^<]`, `<style`, `https?://`} {
		if found := regexp.MustCompile(never).FindString(res.body); found != "" {
			t.Errorf("the page holds %q", found)
		}
	}
	for _, link := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(res.body, -1) {
		if link[1] == "data:," {
			continue // nothing, so that nobody asks for an icon
		}
		if res := ask(t, &fakeRelay{}, http.MethodGet, link[1], nil); res.status != http.StatusOK {
			t.Errorf("%s: got %d", link[1], res.status)
		}
	}
	res = ask(t, &fakeRelay{}, http.MethodGet, "/turn-test/page.js", nil)
	for _, never := range []string{"innerHTML", "eval(", "document.write", "localStorage", "console."} {
		if strings.Contains(res.body, never) {
			t.Errorf("the script holds %s", never)
		}
	}
}

func TestEachTestHasAPairOfItsOwn(t *testing.T) {
	t.Parallel()
	r := &fakeRelay{urls: []string{"turn:127.0.0.1:3478?transport=udp"}}
	for range 2 {
		res := ask(t, r, http.MethodPost, "/turn-test/pair", map[string]string{"Sec-Fetch-Site": "same-origin"})
		var got struct {
			URLs []string
			Legs []struct{ Username, Credential string }
		}
		if err := json.Unmarshal([]byte(res.body), &got); err != nil || res.status != http.StatusOK {
			t.Fatalf("got %d, %v", res.status, err)
		}
		if len(got.URLs) != 1 || len(got.Legs) != 2 || got.Legs[0].Username != "user of a" || got.Legs[1].Credential != "password of b" {
			t.Errorf("got %+v", got)
		}
		if res.header.Get("Cache-Control") != "no-store" {
			t.Errorf("got %v", res.header)
		}
	}
	if len(r.minted) != 4 {
		t.Fatalf("minted %q", r.minted)
	}
	call := func(i int) string { call, _, _ := strings.Cut(r.minted[i], "/"); return call }
	if call(0) != call(1) || call(2) != call(3) || call(0) == call(2) || len(call(0)) > 64 {
		t.Errorf("minted %q, want two legs of one call, and another call the next time", r.minted)
	}
}

// Nobody but the page gets a credential: neither another page in the same
// browser, nor a form, nor a link.
func TestOnlyTheOwnPageGetsAPair(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header map[string]string
		in     bool
	}{
		"the page":                  {map[string]string{"Sec-Fetch-Site": "same-origin"}, true},
		"the page, another browser": {map[string]string{"Origin": "http://127.0.0.1:9090"}, true},
		"another port":              {map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:9090"}, false},
		"another site":              {map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"typed in":                  {map[string]string{"Sec-Fetch-Site": "none"}, false},
		"another origin":            {map[string]string{"Origin": "http://evil.example"}, false},
		"another port's origin":     {map[string]string{"Origin": "http://127.0.0.1:9091"}, false},
		"no origin":                 {map[string]string{"Origin": "null"}, false},
		"nothing said":              {nil, false},
	} {
		r := &fakeRelay{}
		res := ask(t, r, http.MethodPost, "/turn-test/pair", c.header)
		if in := res.status == http.StatusOK; in != c.in || (len(r.minted) > 0) != c.in {
			t.Errorf("%s: got %d, minted %q", name, res.status, r.minted)
		}
	}
	r := &fakeRelay{}
	if res := ask(t, r, http.MethodGet, "/turn-test/pair", map[string]string{"Sec-Fetch-Site": "same-origin"}); res.status != http.StatusMethodNotAllowed || len(r.minted) > 0 {
		t.Errorf("GET: got %d", res.status)
	}
}

func TestARelayWithoutCredentialsSaysSo(t *testing.T) {
	t.Parallel()
	r := &fakeRelay{err: errors.New("the reason")}
	res := ask(t, r, http.MethodPost, "/turn-test/pair", map[string]string{"Sec-Fetch-Site": "same-origin"})
	if res.status != http.StatusInternalServerError || strings.Contains(res.body, "the reason") {
		t.Errorf("got %d %q", res.status, res.body)
	}
	res = ask(t, &fakeRelay{}, http.MethodPost, "/turn-test/pair", map[string]string{"Sec-Fetch-Site": "same-origin"})
	if !strings.Contains(res.body, `"urls":[]`) {
		t.Errorf("without any way in: got %q", res.body)
	}
}
