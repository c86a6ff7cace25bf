// Package web holds the built browser client and serves it: the page for every
// address of the app, its files under names that carry their content's hash.
// It knows no account, no API and no security header; those are the door's.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed all:dist
var dist embed.FS

const (
	page = "index.html"
	// hashed is where the build puts files whose name changes with their content.
	hashed = "assets/"

	keepForEver = "public, max-age=31536000, immutable"
	askEachTime = "no-cache"

	notBuilt = "The browser client is not part of this program. Run \"make web\", then build again.\n"
)

// types lists what the build may hold. Whatever else is found is served as
// bytes that no browser runs or shows.
var types = map[string]string{
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".json":        "application/json",
	".webmanifest": "application/manifest+json",
	".svg":         "image/svg+xml",
	".png":         "image/png",
	".ico":         "image/x-icon",
	".webp":        "image/webp",
	".woff2":       "font/woff2",
	".wasm":        "application/wasm",
	".mp3":         "audio/mpeg",
	".ogg":         "audio/ogg",
	".txt":         "text/plain; charset=utf-8",
}

// file is one file of the build, with its gzip form where the build made one.
type file struct {
	plain, gzip []byte
	tag         string // strong, of the plain bytes
	kind        string
	keep        string
}

// Handler serves the client that was built into the program. Built tells
// whether there is one.
func Handler() (http.Handler, error) {
	root, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return newHandler(root)
}

// Built reports whether the client is inside; without it Handler only says so.
func Built() bool {
	_, err := fs.Stat(dist, "dist/"+page)
	return err == nil
}

type handler struct{ files map[string]file }

func newHandler(root fs.FS) (*handler, error) {
	h := &handler{files: map[string]file{}}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") || strings.HasSuffix(name, ".gz") {
			return err
		}
		f, err := load(root, name)
		if err != nil {
			return err
		}
		h.files[name] = f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return h, nil
}

func load(root fs.FS, name string) (file, error) {
	plain, err := fs.ReadFile(root, name)
	if err != nil {
		return file{}, fmt.Errorf("read %s: %w", name, err)
	}
	sum := sha256.Sum256(plain)
	f := file{plain: plain, tag: hex.EncodeToString(sum[:12]), kind: "application/octet-stream", keep: askEachTime}
	if kind, ok := types[path.Ext(name)]; ok {
		f.kind = kind
	}
	if strings.HasPrefix(name, hashed) {
		f.keep = keepForEver
	}
	if packed, err := fs.ReadFile(root, name+".gz"); err == nil {
		f.gzip = packed
	}
	return f, nil
}

// ServeHTTP serves a file of the build under its name, and the page under
// every address that the app may have given itself: those without an extension.
// A missing file is missing, so that no browser takes a page for a script.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	f, found := h.files[name]
	switch {
	case found && name != page:
		f.serve(w, r)
	case !isRoute(name):
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
	default:
		h.servePage(w, r)
	}
}

func (h *handler) servePage(w http.ResponseWriter, r *http.Request) {
	f, built := h.files[page]
	if !built {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, notBuilt, http.StatusServiceUnavailable)
		return
	}
	f.serve(w, r)
}

// isRoute reports whether name is an address of the app rather than a file's.
func isRoute(name string) bool {
	if name == "" || name == page {
		return true
	}
	return path.Clean("/"+name) == "/"+name && !strings.Contains(name, ".") &&
		!strings.HasPrefix(name, hashed) && name+"/" != hashed &&
		!strings.HasPrefix(name, "api/") && name != "api"
}

func (f file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.kind)
	header.Set("Cache-Control", f.keep)
	body, tag := f.plain, f.tag
	if f.gzip != nil {
		header.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Values("Accept-Encoding")) {
			header.Set("Content-Encoding", "gzip")
			body, tag = f.gzip, tag+"-gz"
		}
	}
	header.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip reads Accept-Encoding (RFC 9110, section 12.5.3). It takes gzip
// only by its name: whoever sends a star alone gets plain bytes.
func acceptsGzip(values []string) bool {
	for _, value := range values {
		for item := range strings.SplitSeq(value, ",") {
			coding, weight, _ := strings.Cut(item, ";")
			if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
				continue
			}
			q := strings.ReplaceAll(weight, " ", "")
			return q != "q=0" && !strings.HasPrefix(q, "q=0.000")
		}
	}
	return false
}
