// Package httpapi owns the HTTP side of the server: the JSON API under
// /api/v1, the door that every request passes, and the headers of the client's
// pages. It is one of the two places where errors turn into text for people;
// the other is the signaling session. It refuses to know how anything is
// stored and how calls work.
//
// Every error is a problem+json document (Problem) with a code of package
// fault and, where a field is at fault, the field, the rule that it breaks and
// the rule's limit; never the value. Beside those that internal/account and
// friends list, the door itself answers:
//
//	invalid       400  body    required, json, object, duplicate_key, utf8, depth
//	invalid       415  body    content_type
//	too_large     413  body    max_bytes
//	invalid       422  <field> type
//	invalid       405  method  allowed
//	not_found     404          no such route
//	unauthorized  401          no session, or an ended one
//	forbidden     403          a page of another site sent the request
//	rate_limited  429          with retry_after
//	internal      500          nothing of the cause
package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/internal/devicelog"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// Prefix is where the API lives.
const Prefix = "/api/v1"

// MaxBody bounds a request's body.
const MaxBody = 16 << 10

// bodyWait is how long a body may take to come.
const bodyWait = 10 * time.Second

// Presence tells who is there. Its implementation decides who may know.
type Presence interface {
	// Online reports whether viewer may know that friend is there, and is.
	Online(ctx context.Context, viewer, friend id.Account) bool
}

// Options is what the API needs. Accounts, Friends and Logs must be set.
type Options struct {
	Accounts *account.Service
	Friends  *friends.Service
	Logs     *devicelog.Service
	// Presence may be nil: nobody is shown as online.
	Presence Presence
	// Signal takes over GET /signal, whose session and origin are checked.
	// Where nil there is no such route.
	Signal func(w http.ResponseWriter, r *http.Request, session store.Session)
	// Web serves the client. Where nil there are no pages.
	Web http.Handler
	// ClientPrefix returns the network a request comes from, as far as it
	// counts for limits. It is used for a blinded key and kept nowhere. Where
	// nil all requests share one.
	ClientPrefix func(r *http.Request) netip.Prefix
	// Secure reports whether the browser came by TLS, which decides the
	// cookie's name and flags. Where nil the connection itself says so.
	Secure func(r *http.Request) bool
	// Origins are origins besides the request's own host whose pages may use
	// the API, as "https://calls.example".
	Origins []string
	// InvitePage returns the address at which somebody on another device opens
	// an invite, by putting # and the token behind it; empty where the page that
	// makes the invite may name its own. Where nil it is empty.
	InvitePage func(ctx context.Context) string
	// Version is the program's, for people.
	Version string
	// Limits is DefaultLimits where zero.
	Limits Limits
	Log    *slog.Logger     // nothing is logged where nil
	Now    func() time.Time // time.Now where nil
}

type api struct {
	Options
	huma    huma.API
	cross   *http.CrossOriginProtection
	limits  limiters
	openapi []byte
}

// New returns the handler of the API and of the client's pages. It starts
// nothing.
func New(o Options) (http.Handler, error) {
	a := &api{Options: o, cross: http.NewCrossOriginProtection()}
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	if a.Now == nil {
		a.Now = time.Now
	}
	if a.Secure == nil {
		a.Secure = func(r *http.Request) bool { return r.TLS != nil }
	}
	if a.Limits == (Limits{}) {
		a.Limits = DefaultLimits()
	}
	a.limits = newLimiters(a.Limits, a.Now)
	for _, origin := range o.Origins {
		if err := a.cross.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("trusted origin: %w", err)
		}
	}
	routes := newRouteMux()
	a.huma = humago.New(routes, config())
	a.serverRoutes()
	a.accountRoutes()
	a.friendRoutes()
	a.inviteRoutes()
	a.noticeRoutes()
	a.logRoutes()
	var err error
	if a.openapi, err = describe(a.huma.OpenAPI()); err != nil {
		return nil, err
	}
	routes.HandleFunc("GET "+Prefix+"/openapi.json", a.serveOpenAPI)

	mux := http.NewServeMux()
	mux.Handle("/api/", a.door(routes))
	if a.Signal != nil {
		mux.HandleFunc("GET "+Prefix+"/signal", a.serveSignal)
	}
	if a.Web != nil {
		mux.Handle("/", pages(a.Web))
	}
	return a.catch(mux), nil
}

// config has nothing of huma's own pages, schemas and error texts.
func config() huma.Config {
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		// The version is the API's, not the program's.
		Info: &huma.Info{
			Title: "Ringfence", Version: "1",
			Description: "Accounts, friends and invites. Calls go over the WebSocket at " + Prefix + "/signal.",
		},
		Components: &huma.Components{
			Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer": {Type: "http", Scheme: "bearer", Description: "The token that sign-up and login return to programs."},
				"cookie": {Type: "apiKey", In: "cookie", Name: secureCookie, Description: "Named " + plainCookie + " without TLS."},
			},
		},
	}
	format := huma.Format{Marshal: marshal, Unmarshal: unmarshal}
	return huma.Config{
		OpenAPI:       doc,
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{ours},
	}
}

func marshal(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }

// typeError is what a value of the wrong type turns into on its way through
// huma, which keeps nothing but its text: the field.
type typeError string

func (e typeError) Error() string { return string(e) }

// unmarshal takes bodies that checkJSON has let through.
func unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return typeError(wrong.Field)
	}
	if err != nil {
		return typeError("")
	}
	return nil
}

// describe returns the OpenAPI document without huma's error types, which no
// route answers with.
func describe(doc *huma.OpenAPI) ([]byte, error) {
	delete(doc.Components.Schemas.Map(), "ErrorModel")
	delete(doc.Components.Schemas.Map(), "ErrorDetail")
	for _, s := range doc.Components.Schemas.Map() {
		s.AdditionalProperties = nil // unknown fields are ignored, which is what saying nothing means
	}
	compact, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("describe the api: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, compact, "", "  "); err != nil {
		return nil, fmt.Errorf("describe the api: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func (a *api) serveOpenAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/openapi+json")
	_, _ = w.Write(a.openapi)
}

// serveSignal checks who asks and from where, and hands over. The answer is
// the handler's own from then on: a WebSocket takes the connection.
func (a *api) serveSignal(w http.ResponseWriter, r *http.Request) {
	apiHeaders(w.Header())
	if !a.sameOrigin(r) {
		writeProblem(w, fault.New(fault.Forbidden, "This page may not use the server."))
		return
	}
	if wait := a.limits.network.Allow(a.prefixKey(r)); wait > 0 {
		writeProblem(w, tooOften(wait))
		return
	}
	session, err := a.session(r.Context(), a.credential(r))
	if err != nil {
		a.logFailure(r.Context(), "signal", err)
		writeProblem(w, err)
		return
	}
	a.Signal(w, r, session)
}
