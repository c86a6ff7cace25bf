package localca

import (
	"embed"
	"html/template"
	"net/http"
)

//go:embed page
var page embed.FS

// Paths of the page that says how to trust the authority, all below PagePath.
const (
	PagePath        = "/trust"
	CertificatePath = "/trust/ringfence.crt"
)

// pagePolicy lets the page load its own style and script, and nothing else.
const pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Page serves the page, its style and script, and the certificate. site is the
// https address to go on to for a request, without a path.
func (a *Authority) Page(site func(*http.Request) string) (http.Handler, error) {
	t, err := template.ParseFS(page, "page/trust.html")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+PagePath, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = t.Execute(w, struct{ Site, Fingerprint, Name, Certificate string }{
			site(r), a.Fingerprint(), a.cert.Subject.CommonName, CertificatePath,
		}) // the reader has gone
	})
	mux.HandleFunc("GET "+CertificatePath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-x509-ca-cert")
		w.Header().Set("Content-Disposition", `attachment; filename="ringfence.crt"`)
		_, _ = w.Write(a.cert.Raw) // the reader has gone
	})
	for path, file := range map[string]string{"trust.css": "text/css; charset=utf-8", "trust.js": "text/javascript; charset=utf-8"} {
		mux.HandleFunc("GET "+PagePath+"/"+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", file)
			http.ServeFileFS(w, r, page, "page/"+path)
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	}), nil
}
