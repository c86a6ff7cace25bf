package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/ratelimit"
)

// callerKey is where a request's context holds who sent it.
type callerKey struct{}

// caller is what the door learned of a request.
type caller struct {
	token  string        // as sent; "" where there is none
	secure bool          // the browser came by TLS
	prefix ratelimit.Key // of the network, blinded
}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// door is what every request to the API passes: limits, origin and body are
// checked here, in one place, and the answer is held back until it is whole.
func (a *api) door(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		apiHeaders(w.Header())
		c := caller{token: a.credential(r), secure: a.Secure(r), prefix: a.prefixKey(r)}
		if err := a.admit(w, r, c); err != nil {
			writeProblem(w, err)
			return
		}
		r.Header.Set("Accept", "application/json") // there is nothing else to negotiate
		rec := newRecorder()
		next.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
		rec.copyTo(w)
	})
}

// admit refuses what no route wants to see.
func (a *api) admit(w http.ResponseWriter, r *http.Request, c caller) error {
	if err := a.cross.Check(r); err != nil {
		return fault.New(fault.Forbidden, "This page may not use the server.")
	}
	if wait := a.limits.network.Allow(c.prefix); wait > 0 {
		return tooOften(wait)
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		r.Body = http.NoBody
		return nil
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// readBody returns a body that is short enough and, unless it is empty, one
// unambiguous JSON object.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	rc := http.NewResponseController(w)
	if rc.SetReadDeadline(time.Now().Add(bodyWait)) == nil {
		defer func() { _ = rc.SetReadDeadline(time.Time{}) }()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, &fault.Error{
			Code: fault.TooLarge, Field: "body", Rule: "max_bytes", Limit: MaxBody, Public: "The request is too large.",
		}
	}
	if err != nil {
		return nil, malformed("json", "The request did not arrive whole.")
	}
	if len(body) == 0 {
		return nil, nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, &statusError{http.StatusUnsupportedMediaType, fault.Field("body", "content_type", 0, "Send application/json.")}
	}
	return body, checkJSON(body)
}

// sameOrigin reports whether a WebSocket may be opened: by a page of this
// host over what the request came by, by one of a trusted origin, or by a
// program, which sends no Origin. Cookies go along with a WebSocket of any
// site, and a GET is no cross-origin request to CrossOriginProtection.
func (a *api) sameOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	if len(origins) > 1 {
		return false
	}
	u, err := url.Parse(origins[0])
	if err != nil || u.Host == "" {
		return false
	}
	scheme := "http"
	if a.Secure(r) {
		scheme = "https"
	}
	return u.Scheme == scheme && u.Host == r.Host || slices.Contains(a.Origins, origins[0])
}

// catch turns a panic into an answer that tells nothing of it. It stands
// before everything else.
func (a *api) catch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer a.recovered(w, r)
		common(w.Header())
		next.ServeHTTP(w, r)
	})
}

// recovered is deferred. What it logs holds function names and lines, not
// values: those may be anybody's.
func (a *api) recovered(w http.ResponseWriter, r *http.Request) {
	x := recover()
	if x == nil {
		return
	}
	if err, ok := x.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(x) // the server's own way to drop a connection
	}
	a.Log.LogAttrs(r.Context(), slog.LevelError, "panic while serving a request",
		slog.String("kind", kindOf(x)), slog.Any("stack", stack()))
	writeProblem(w, nil)
}

// kindOf names the type of a panic; a runtime error's text is its own.
func kindOf(x any) string {
	switch err := x.(type) {
	case runtime.Error:
		return err.Error()
	case error:
		return "error"
	case string:
		return "string"
	}
	return "other"
}

// stack lists the functions that are running, without their arguments.
func stack() []string {
	pcs := make([]uintptr, 32)
	const skip = 4 // runtime.Callers, stack, the deferred function, the panic itself
	frames := runtime.CallersFrames(pcs[:runtime.Callers(skip, pcs)])
	var lines []string
	for {
		f, more := frames.Next()
		lines = append(lines, f.Function+":"+strconv.Itoa(f.Line))
		if !more {
			return lines
		}
	}
}

// recorder holds an answer back until it is whole: huma writes into it, so a
// broken connection never reaches huma's own error output, and a panic leaves
// no half an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{header: http.Header{}} }

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// copyTo sends the answer. The mux's own "not found" and "method not allowed"
// are plain text: they become problems.
func (r *recorder) copyTo(w http.ResponseWriter) {
	text := r.header.Get("Content-Type") == "text/plain; charset=utf-8"
	switch {
	case text && r.status == http.StatusNotFound:
		writeProblem(w, errNoRoute)
		return
	case text && r.status == http.StatusMethodNotAllowed:
		w.Header().Set("Allow", r.header.Get("Allow"))
		writeProblem(w, &statusError{r.status, fault.Field("method", "allowed", 0, "This cannot be done here.")})
		return
	}
	maps.Copy(w.Header(), r.header)
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if r.body.Len() > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(r.body.Len()))
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body.Bytes()) // whoever has gone gets nothing
}
