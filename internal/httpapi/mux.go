package httpapi

import (
	"net/http"
	"strings"
)

// routeMux is two muxes: net/http's refuses both /friends/requests/{account}
// and /friends/{account}/block for one method, because /friends/requests/block
// would fit either. No account's id spells "requests", so what begins like
// that goes to the first.
type routeMux struct{ requests, rest *http.ServeMux }

const requestsPath = Prefix + "/friends/requests"

func newRouteMux() *routeMux {
	return &routeMux{requests: http.NewServeMux(), rest: http.NewServeMux()}
}

func (m *routeMux) of(path string) *http.ServeMux {
	if path == requestsPath || strings.HasPrefix(path, requestsPath+"/") {
		return m.requests
	}
	return m.rest
}

// HandleFunc registers a handler for "METHOD /path".
func (m *routeMux) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	_, path, _ := strings.Cut(pattern, " ")
	m.of(path).HandleFunc(pattern, handler)
}

// ServeHTTP hands r to the mux that its path belongs to.
func (m *routeMux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.of(r.URL.Path).ServeHTTP(w, r)
}
