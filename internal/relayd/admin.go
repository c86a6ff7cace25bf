package relayd

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// State is what /readyz says.
type State uint8

// The states. The zero value is not ready.
const (
	Starting State = iota
	Ready
	Draining // no more allocations
)

// Admin is what the admin listener answers.
type Admin struct {
	State   func() State
	Metrics http.Handler

	// Hosts are the names under which it is asked, besides this machine's.
	Hosts []string

	Revoke http.Handler // POST /revoke; nil: there is none
	Test   http.Handler // what is below /turn-test; nil: there is none
}

// Handler returns the handler of the admin listener. A request that names a
// host which is not this machine's is refused: a page from elsewhere may make
// its own name point at this machine, and so read what no page may read.
func (a Admin) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n") // the asker has gone
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		switch a.State() {
		case Ready:
			_, _ = io.WriteString(w, "ready\n") // the asker has gone
		case Draining:
			http.Error(w, "draining", http.StatusServiceUnavailable)
		case Starting:
			http.Error(w, "not ready", http.StatusServiceUnavailable)
		}
	})
	mux.Handle("GET /metrics", a.Metrics)
	if a.Revoke != nil {
		mux.Handle("POST /revoke", a.Revoke)
	}
	if a.Test != nil {
		mux.Handle("/turn-test", a.Test)
		mux.Handle("/turn-test/", a.Test)
	}
	own := a.Hosts
	if name, err := os.Hostname(); err == nil {
		own = append(slices.Clone(own), strings.ToLower(name))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if !ownHost(r.Host, own) {
			http.Error(w, "This listener is not asked by that name. Ask it by IP address or as localhost, or name it in admin_hosts.", http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// ownHost reports whether a Host header names this machine in a way that no
// stranger's page can: by an address, as localhost, or by a name of names.
func ownHost(host string, names []string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || slices.Contains(names, host)
}
