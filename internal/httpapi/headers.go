package httpapi

import "net/http"

// contentSecurity is what the client's pages may do: nothing inline, nothing
// from elsewhere, one Trusted Types policy. Effects on picture and sound are
// WebAssembly of our own, which 'wasm-unsafe-eval' allows and which opens no
// other way for a string to become a script (docs/adr/0014).
const contentSecurity = "default-src 'none'; " +
	"script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
	"connect-src 'self'; font-src 'self'; worker-src 'self'; manifest-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types ringfence"

// effectsSecurity is for the script that runs effects beside the page. It
// reads files of our own, draws nothing and starts nothing.
const (
	effectsScript   = "/effects.js"
	effectsSecurity = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; " +
		"base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

// common go with every answer. Strict-Transport-Security is left to whoever
// ends TLS with a certificate of a public authority: with one of our own it
// would lock people out once they remove it.
func common(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

func apiHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
}

// pages adds the headers of the client's pages; how long each may be kept is
// for the handler to say.
func pages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurity)
		if r.URL.Path == effectsScript {
			h.Set("Content-Security-Policy", effectsSecurity)
		}
		h.Set("Permissions-Policy", "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()")
		next.ServeHTTP(w, r)
	})
}
