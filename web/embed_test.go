package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

const script = "console.log('a script that is long enough to be worth packing')"

func build(t *testing.T) *handler {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, script); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return handlerOf(t, fstest.MapFS{
		".gitkeep":             {},
		"index.html":           {Data: []byte("<!doctype html>page")},
		"favicon.svg":          {Data: []byte("<svg/>")},
		"sw.js":                {Data: []byte("self")},
		"odd.xyz":              {Data: []byte("?")},
		"assets/main-a1.js":    {Data: []byte(script)},
		"assets/main-a1.js.gz": {Data: packed.Bytes()},
		"assets/main-b2.css":   {Data: []byte("a{}")},
	})
}

func handlerOf(t *testing.T, files fstest.MapFS) *handler {
	t.Helper()
	h, err := newHandler(files)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func ask(h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost/", nil)
	r.URL.Path = path
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestClientIsServed(t *testing.T) {
	t.Parallel()
	h := build(t)
	html, js := "text/html; charset=utf-8", "text/javascript; charset=utf-8"
	text := "text/plain; charset=utf-8"
	for _, c := range []struct {
		path   string
		status int
		kind   string
		keep   string
	}{
		{"/", 200, html, askEachTime},
		{"/index.html", 200, html, askEachTime},
		{"/invite", 200, html, askEachTime},
		{"/friends/abc", 200, html, askEachTime},
		{"/assets/main-a1.js", 200, js, keepForEver},
		{"/assets/main-b2.css", 200, "text/css; charset=utf-8", keepForEver},
		{"/favicon.svg", 200, "image/svg+xml", askEachTime},
		{"/sw.js", 200, js, askEachTime},
		{"/odd.xyz", 200, "application/octet-stream", askEachTime},

		{"/assets/main-old.js", 404, text, "no-store"},
		{"/assets/main-a1.js.gz", 404, text, "no-store"},
		{"/assets/other", 404, text, "no-store"},
		{"/assets", 404, text, "no-store"},
		{"/assets/", 404, text, "no-store"},
		{"/missing.png", 404, text, "no-store"},
		{"/.gitkeep", 404, text, "no-store"},
		{"/../embed.go", 404, text, "no-store"},
		{"/a/../b", 404, text, "no-store"},
		{"//invite", 404, text, "no-store"},
		{"/invite/", 404, text, "no-store"},
		{"/api/v1/none", 404, text, "no-store"},
		{"/api", 404, text, "no-store"},
	} {
		t.Run(strings.ReplaceAll(c.path, "/", "|"), func(t *testing.T) {
			t.Parallel()
			w := ask(h, http.MethodGet, c.path)
			if w.Code != c.status {
				t.Errorf("status: got %d, want %d", w.Code, c.status)
			}
			if got := w.Header().Get("Content-Type"); got != c.kind {
				t.Errorf("type: got %q, want %q", got, c.kind)
			}
			if got := w.Header().Get("Cache-Control"); got != c.keep {
				t.Errorf("cache: got %q, want %q", got, c.keep)
			}
		})
	}
}

func TestPackedFormIsServedToWhoTakesIt(t *testing.T) {
	t.Parallel()
	h := build(t)
	for accept, want := range map[string]string{
		"":                  "",
		"br":                "",
		"*":                 "",
		"gzip":              "gzip",
		"br, GZIP":          "gzip",
		"gzip;q=0":          "",
		"gzip; q=0":         "",
		"gzip; q=0.5, br":   "gzip",
		"deflate, xgzip":    "",
		"gzip;q=0.000, br":  "",
		"br;q=1, gzip;q=.2": "gzip",
	} {
		w := ask(h, http.MethodGet, "/assets/main-a1.js", "Accept-Encoding", accept)
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("accept %q: got %q, want %q", accept, got, want)
		}
		if got := w.Header().Get("Vary"); got != "Accept-Encoding" {
			t.Errorf("accept %q: vary %q", accept, got)
		}
		if got := readBody(t, w); got != script {
			t.Errorf("accept %q: got %q", accept, got)
		}
	}
	if w := ask(h, http.MethodGet, "/assets/main-b2.css", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "" {
		t.Error("a file without a packed form came packed")
	}
}

func readBody(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var r io.Reader = w.Body
	if w.Header().Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestUnchangedFileIsNotSentAgain(t *testing.T) {
	t.Parallel()
	h := build(t)
	for _, accept := range []string{"", "gzip"} {
		first := ask(h, http.MethodGet, "/assets/main-a1.js", "Accept-Encoding", accept)
		tag := first.Header().Get("ETag")
		again := ask(h, http.MethodGet, "/assets/main-a1.js", "Accept-Encoding", accept, "If-None-Match", tag)
		if tag == "" || again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("tag %q: got status %d and %d bytes", tag, again.Code, again.Body.Len())
		}
	}
	plain := ask(h, http.MethodGet, "/assets/main-a1.js")
	packed := ask(h, http.MethodGet, "/assets/main-a1.js", "Accept-Encoding", "gzip")
	if plain.Header().Get("ETag") == packed.Header().Get("ETag") {
		t.Error("plain and packed bytes share a tag")
	}
}

func TestOnlyReadingIsAllowed(t *testing.T) {
	t.Parallel()
	h := build(t)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		w := ask(h, method, "/")
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: got %d, allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	if w := ask(h, http.MethodHead, "/"); w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("HEAD: got %d and %d bytes", w.Code, w.Body.Len())
	}
}

func TestProgramWithoutClientSaysWhatToDo(t *testing.T) {
	t.Parallel()
	h := handlerOf(t, fstest.MapFS{".gitkeep": {}})
	w := ask(h, http.MethodGet, "/")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make web") {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
	if w := ask(h, http.MethodGet, "/assets/main.js"); w.Code != http.StatusNotFound {
		t.Errorf("a file: got %d, want 404", w.Code)
	}
}

// The page that the build made must not need what the page's policy forbids.
func TestBuiltPageHasNothingInline(t *testing.T) {
	t.Parallel()
	h, err := Handler()
	if err != nil {
		t.Fatal(err)
	}
	w := ask(h, http.MethodGet, "/")
	if !Built() {
		if w.Code != http.StatusServiceUnavailable {
			t.Fatalf("got %d", w.Code)
		}
		return
	}
	html := w.Body.String()
	for _, forbidden := range []string{"<style", " style=", " onload=", "javascript:", "data:", "http://", "https://"} {
		if strings.Contains(html, forbidden) {
			t.Errorf("the page holds %q", forbidden)
		}
	}
	for part := range strings.SplitSeq(html, "<script") {
		if head, _, ok := strings.Cut(part, "</script>"); ok && !strings.Contains(head, ` src="/`) {
			t.Errorf("an inline script: %q", head)
		}
	}
}
