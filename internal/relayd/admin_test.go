package relayd

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

func adminAt(t *testing.T, a Admin, method, host, path string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	r.Host = host
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	body, _ := io.ReadAll(w.Result().Body)
	if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%s: got headers %v", path, w.Header())
	}
	return w.Code, string(body)
}

func newAdmin(state State) Admin {
	said := func(what string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, what) })
	}
	return Admin{State: func() State { return state }, Metrics: said("numbers"), Hosts: []string{"relay.example.org"}, Revoke: said("revoked"), Test: said("page")}
}

func TestReadyzSaysTheState(t *testing.T) {
	t.Parallel()
	for state, want := range map[State]string{Starting: "503 not ready", Ready: "200 ready", Draining: "503 draining"} {
		code, body := adminAt(t, newAdmin(state), http.MethodGet, "localhost", "/readyz")
		if got := http.StatusText(code); !strings.HasPrefix(want, map[int]string{200: "200", 503: "503"}[code]) || !strings.Contains(want, strings.TrimSpace(body)) {
			t.Errorf("got %s %q, want %s", got, body, want)
		}
		if code, _ := adminAt(t, newAdmin(state), http.MethodGet, "localhost", "/healthz"); code != http.StatusOK {
			t.Errorf("healthz: got %d", code)
		}
	}
}

// A page of a stranger whose name was made to point here reads nothing, and
// does nothing.
func TestAdminIsAskedByItsOwnNamesOnly(t *testing.T) {
	t.Parallel()
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for host, in := range map[string]bool{
		"127.0.0.1:9090": true, "[::1]:9090": true, "10.1.2.3": true, "[2001:db8::1]": true, "localhost:9090": true, "LOCALHOST": true,
		"a.localhost": true, "relay.example.org:9090": true, "Relay.Example.org.": true, strings.ToUpper(own): true,
		"evil.example": false, "evil.example:9090": false, "localhost.evil.example": false, "evillocalhost": false,
		"127.0.0.1.evil.example": false, "x.relay.example.org": false, "": false,
	} {
		for path, method := range map[string]string{
			"/metrics": http.MethodGet, "/healthz": http.MethodGet, "/readyz": http.MethodGet, "/turn-test": http.MethodGet, "/revoke": http.MethodPost,
		} {
			code, body := adminAt(t, newAdmin(Ready), method, host, path)
			if (code == http.StatusOK) != in {
				t.Errorf("%s at %q: got %d, want let in %v", path, host, code, in)
			}
			if !in && (code != http.StatusMisdirectedRequest || !strings.Contains(body, "admin_hosts")) {
				t.Errorf("%s at %q: got %d %q, want what to do", path, host, code, body)
			}
		}
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	a := newAdmin(Ready)
	a.Revoke, a.Test = nil, nil
	for path, method := range map[string]string{"/revoke": http.MethodPost, "/turn-test": http.MethodGet, "/": http.MethodGet} {
		if code, _ := adminAt(t, a, method, "localhost", path); code != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", path, code)
		}
	}
	if code, _ := adminAt(t, newAdmin(Ready), http.MethodGet, "localhost", "/revoke"); code != http.StatusMethodNotAllowed {
		t.Errorf("GET /revoke: got %d, want 405", code)
	}
}
