package main

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/localca"
)

// gate stands before the client and its API. Browsers give camera and
// microphone only to https and to this very machine, so over plain HTTP every
// other host gets the way to a site that works, and nothing else.
type gate struct {
	app    http.Handler
	trust  http.Handler // the page about the local authority; nil without one
	secure func(*http.Request) bool
	public config.URL
	probe  http.Handler // nil but in tests
}

// ServeHTTP passes a request on or shows the way.
func (g gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case isInternal(r.URL.Path):
		http.NotFound(w, r) // these live on the admin listener alone
	case g.probe != nil && strings.HasPrefix(r.URL.Path, "/probe/"):
		g.probe.ServeHTTP(w, r)
	case g.trust != nil && (r.URL.Path == localca.PagePath || strings.HasPrefix(r.URL.Path, localca.PagePath+"/")):
		g.trust.ServeHTTP(w, r)
	case g.overTLS(r), isLoopbackHost(r.Host):
		g.app.ServeHTTP(w, r)
	case !g.public.IsZero():
		g.toPublic(w, r)
	case g.trust != nil:
		g.toTrust(w, r)
	default:
		hint(w, http.StatusForbidden, "Browsers allow calls only over https or at http://localhost. Set public_url and a reverse proxy, or tls_listen; docs/operations.md says how.")
	}
}

// overTLS reports whether the browser came by TLS. What a proxy says of that
// counts only where there is one, and so a public site: this machine is believed
// by default, and pages in a browser on it can write such headers, too.
func (g gate) overTLS(r *http.Request) bool {
	return r.TLS != nil || !g.public.IsZero() && g.secure(r)
}

// toPublic sends a browser on to the public site. A request that claims to be
// there already came by a proxy that does not say so: sending it on would lead
// in a circle.
func (g gate) toPublic(w http.ResponseWriter, r *http.Request) {
	if strings.EqualFold(r.Host, g.public.Host()) && r.Header.Get("X-Forwarded-Proto") != "http" {
		hint(w, http.StatusMisdirectedRequest, "The reverse proxy is not believed. Name its address in trusted_proxies, and let it set X-Forwarded-For and X-Forwarded-Proto; docs/operations.md says how.")
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		hint(w, http.StatusForbidden, "This server is used at "+g.public.String()+".")
		return
	}
	http.Redirect(w, r, g.public.String()+"/", http.StatusFound)
}

// toTrust shows a browser how to trust this server. It keeps the fragment, in
// which an invite may be.
func (g gate) toTrust(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		hint(w, http.StatusForbidden, "Over plain HTTP this server only says how to trust it: see "+localca.PagePath+".")
		return
	}
	http.Redirect(w, r, localca.PagePath, http.StatusFound)
}

func hint(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // the reader has gone
}

func isInternal(path string) bool {
	return path == "/metrics" || path == "/healthz" || path == "/readyz"
}

// isLoopbackHost reports whether a Host header names the machine on which the
// browser itself runs, which is all that makes http a secure context.
func isLoopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// netipHost joins a name and a port as URLs have them.
func netipHost(name string, port uint16) string {
	if port == 80 {
		return name
	}
	return net.JoinHostPort(name, portText(port))
}
