package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/privacy"
)

func says(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
}

func TestGate(t *testing.T) {
	t.Parallel()
	var public config.URL
	if err := public.UnmarshalText([]byte("https://call.example.org")); err != nil {
		t.Fatal(err)
	}
	secure := privacy.Secure([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	lan := gate{app: says("app"), trust: says("trust"), secure: secure}
	proxied := gate{app: says("app"), secure: secure, public: public}
	bare := gate{app: says("app"), secure: secure}
	const stranger, proxy = "198.51.100.23:9", "127.0.0.1:9"
	for name, c := range map[string]struct {
		g                 gate
		method, url, from string
		proto             string
		status            int
		body, location    string
	}{
		"this machine":              {g: lan, url: "http://localhost:8080/", status: 200, body: "app"},
		"this machine by address":   {g: lan, url: "http://127.0.0.1:8080/x", status: 200, body: "app"},
		"this machine by IPv6":      {g: lan, url: "http://[::1]:8080/x", status: 200, body: "app"},
		"subdomain of localhost":    {g: lan, url: "http://a.localhost/x", status: 200, body: "app"},
		"network, plain":            {g: lan, url: "http://192.168.1.5:8080/invite", status: 302, location: "/trust"},
		"network, plain, API":       {g: lan, method: "POST", url: "http://192.168.1.5:8080/api/v1/login", status: 403, body: "/trust"},
		"network, trust page":       {g: lan, url: "http://192.168.1.5:8080/trust", status: 200, body: "trust"},
		"network, certificate":      {g: lan, url: "http://192.168.1.5:8080/trust/ringfence.crt", status: 200, body: "trust"},
		"not the trust page":        {g: lan, url: "http://192.168.1.5:8080/trusted", status: 302, location: "/trust"},
		"network, TLS":              {g: lan, url: "https://192.168.1.5:8443/", status: 200, body: "app"},
		"name that looks like ours": {g: lan, url: "http://localhost.example.org/", status: 302, location: "/trust"},
		// A page whose name was made to lead to this machine writes what headers it likes.
		"another page, rebound":      {g: lan, url: "http://evil.example:8080/", from: proxy, proto: "https", status: 302, location: "/trust"},
		"another page, rebound, API": {g: lan, method: "POST", url: "http://evil.example:8080/api/v1/login", from: proxy, proto: "https", status: 403, body: "/trust"},
		"by the proxy":               {g: proxied, url: "http://call.example.org/", from: proxy, proto: "https", status: 200, body: "app"},
		"by the proxy, plain":        {g: proxied, url: "http://call.example.org/a?b", from: proxy, proto: "http", status: 302, location: "https://call.example.org/"},
		"by a proxy not believed":    {g: proxied, url: "http://call.example.org/", from: stranger, proto: "https", status: 421, body: "trusted_proxies"},
		"by a silent proxy":          {g: proxied, url: "http://call.example.org/", from: proxy, status: 421, body: "X-Forwarded-Proto"},
		"past the proxy":             {g: proxied, url: "http://203.0.113.7:8080/", from: stranger, status: 302, location: "https://call.example.org/"},
		"past the proxy, API":        {g: proxied, method: "POST", url: "http://203.0.113.7:8080/api/v1/login", from: stranger, status: 403, body: "https://call.example.org"},
		"no way in":                  {g: bare, url: "http://192.168.1.5:8080/", status: 403, body: "tls_listen"},
		"metrics":                    {g: lan, url: "http://localhost:8080/metrics", status: 404},
		"health":                     {g: lan, url: "https://192.168.1.5:8443/healthz", status: 404},
		"readiness":                  {g: proxied, url: "http://call.example.org/readyz", from: proxy, proto: "https", status: 404},
	} {
		r := httptest.NewRequest(cmpOr(c.method, http.MethodGet), c.url, http.NoBody)
		r.RemoteAddr = cmpOr(c.from, stranger)
		if c.proto != "" {
			r.Header.Set("X-Forwarded-Proto", c.proto)
		}
		w := httptest.NewRecorder()
		c.g.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) || w.Header().Get("Location") != c.location {
			t.Errorf("%s: %d %q to %q, want %d %q to %q", name, w.Code, w.Body, w.Header().Get("Location"), c.status, c.body, c.location)
		}
	}
}
