// Package turntest owns the page on the admin listener that tests a relay from
// the browser that opens it: by each way in, two connections that only know the
// relay send a message to each other.
//
// It mints nothing itself, and it must be mounted where the Host of requests is
// checked: a page of a stranger that could ask here would have a credential.
package turntest

import (
	"crypto/rand"
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

//go:embed page
var page embed.FS

// Path is where the page is; all that belongs to it is below.
const Path = "/turn-test"

const (
	// TTL is how long the credentials of a test can be used.
	TTL = 60 * time.Second

	// Budget is how many bytes may be relayed with one.
	Budget = 1 << 20
)

// policy lets the page load its own style and script and ask its own server,
// and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Relay is what the page tests.
type Relay interface {
	// URLs are the ways in, as clients are told.
	URLs() []string
	// Mint returns a credential for one leg of a call that nobody else has. It
	// must live no longer than [TTL], for [Budget] bytes.
	Mint(call, leg string) (username, password string, err error)
}

// pair is what one test is made with.
type pair struct {
	URLs []string   `json:"urls"`
	Legs [2]account `json:"legs"`
}

type account struct {
	Username   string `json:"username"`
	Credential string `json:"credential"`
}

// Handler serves the page, its style and script, and POST /turn-test/pair.
func Handler(r Relay) http.Handler {
	mux := http.NewServeMux()
	for path, file := range map[string][2]string{
		"":          {"turn-test.html", "text/html; charset=utf-8"},
		"/page.css": {"turn-test.css", "text/css; charset=utf-8"},
		"/page.js":  {"turn-test.js", "text/javascript; charset=utf-8"},
	} {
		mux.HandleFunc("GET "+Path+path, func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Content-Type", file[1])
			http.ServeFileFS(w, req, page, "page/"+file[0])
		})
	}
	mux.HandleFunc("POST "+Path+"/pair", func(w http.ResponseWriter, req *http.Request) {
		if !ownPage(req) {
			http.Error(w, "Only the page of this server may ask for that.", http.StatusForbidden)
			return
		}
		p, err := newPair(r)
		if err != nil {
			http.Error(w, "No credential could be made.", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(p) // the page has gone
	})
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		mux.ServeHTTP(w, req)
	})
}

func newPair(r Relay) (pair, error) {
	p := pair{URLs: r.URLs()}
	if p.URLs == nil {
		p.URLs = []string{} // a list for the page, too
	}
	call := "test-" + strings.ToLower(rand.Text())
	for i, leg := range [2]string{"a", "b"} {
		username, password, err := r.Mint(call, leg)
		if err != nil {
			return pair{}, fmt.Errorf("mint: %w", err)
		}
		p.Legs[i] = account{username, password}
	}
	return p, nil
}

// ownPage reports whether the page itself asks, and no other that is open in
// the same browser: it says so by a header that no page can set.
func ownPage(req *http.Request) bool {
	if site := req.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	// Browsers send the former to sites that they deem secure. This header they
	// send with each POST.
	origin, err := url.Parse(req.Header.Get("Origin"))
	return err == nil && origin.Host != "" && strings.EqualFold(origin.Host, req.Host)
}
