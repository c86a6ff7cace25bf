package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
	"github.com/ringfence/ringfence/store"
)

// op names a route: "POST /friends/requests".
func op(name, route, summary string) huma.Operation {
	method, path, _ := strings.Cut(route, " ")
	return huma.Operation{OperationID: name, Method: method, Path: Prefix + path, Summary: summary}
}

// created makes 201 the answer of a route.
func created(o huma.Operation) huma.Operation {
	o.DefaultStatus = http.StatusCreated
	return o
}

// accepted makes 202 the answer of a route.
func accepted(o huma.Operation) huma.Operation {
	o.DefaultStatus = http.StatusAccepted
	return o
}

// none is a request or an answer without content.
type none struct{}

// public registers a route for everybody.
func public[I, O any](a *api, o huma.Operation, fn func(context.Context, *I) (*O, error)) {
	o.MaxBodyBytes = MaxBody + 1 // the door has counted already
	o.SkipValidateBody = true    // the services have their own, better rules
	o.Responses = map[string]*huma.Response{"default": {
		Description: "Error",
		Content: map[string]*huma.MediaType{"application/problem+json": {
			Schema: a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, ""),
		}},
	}}
	huma.Register(a.huma, o, func(ctx context.Context, in *I) (*O, error) {
		out, err := fn(ctx, in)
		if err != nil {
			a.logFailure(ctx, o.OperationID, err)
			return nil, problemError{problem(err)}
		}
		return out, nil
	})
}

// private registers a route for those who are signed in. There is no other way
// to get at a session, so a route that needs one cannot forget to ask for it.
func private[I, O any](a *api, o huma.Operation, fn func(context.Context, store.Session, *I) (*O, error)) {
	o.Security = []map[string][]string{{"cookie": {}}, {"bearer": {}}}
	public(a, o, func(ctx context.Context, in *I) (*O, error) {
		s, err := a.session(ctx, callerOf(ctx).token)
		if err != nil {
			return nil, err
		}
		return fn(ctx, s, in)
	})
}

// logFailure logs what is our fault; the rest is between us and the client.
func (a *api) logFailure(ctx context.Context, operation string, err error) {
	if _, ok := faults(err); ok || errors.Is(err, context.Canceled) {
		return
	}
	a.Log.LogAttrs(ctx, slog.LevelError, "request failed", slog.String("operation", operation), slog.Any("error", err))
}

// accountPath is a route about an account or, for one's own requests, their
// reference.
type accountPath struct {
	Account string `path:"account" doc:"id"`
}

// id parses the path. Text that no id has names nobody.
func (p accountPath) id() (id.Account, error) {
	a, err := id.ParseAccount(p.Account)
	if err != nil || a.IsZero() {
		return id.Account{}, fault.New(fault.NotFound, "There is no such account.")
	}
	return a, nil
}

type serverLimits struct {
	NameMin        int `json:"name_min"`
	NameMax        int `json:"name_max"`
	DisplayNameMax int `json:"display_name_max"`
	DeviceNameMax  int `json:"device_name_max"`
	Friends        int `json:"friends"`
	OpenRequests   int `json:"open_requests"`
	OpenInvites    int `json:"open_invites"`
	InviteSeconds  int `json:"invite_seconds"`
	RequestSeconds int `json:"request_seconds"`
	Body           int `json:"body" doc:"bytes of a request"`
}

type passwordRules struct {
	MinLength int `json:"min_length"`
	MaxLength int `json:"max_length"`
	MinScore  int `json:"min_score" doc:"of 0 to 4"`
}

type protocolRange struct {
	Min int `json:"min"`
	Max int `json:"max"`
}

type serverInfo struct {
	Body struct {
		Name     string        `json:"name"`
		Version  string        `json:"version" doc:"the program's"`
		Protocol protocolRange `json:"protocol" doc:"versions of the signaling protocol"`
		Signup   string        `json:"signup" enum:"invite"`
		Password passwordRules `json:"password"`
		Limits   serverLimits  `json:"limits"`
	} `nameHint:"Server"`
}

func (a *api) serverRoutes() {
	var info serverInfo
	b := &info.Body
	b.Name, b.Version, b.Signup = "Ringfence", a.Version, "invite"
	b.Protocol = protocolRange{Min: wire.MinVersion, Max: wire.MaxVersion}
	b.Password = passwordRules{
		MinLength: account.MinPassword, MaxLength: account.MaxPassword, MinScore: account.MinScore,
	}
	b.Limits = serverLimits{
		NameMin: account.MinName, NameMax: account.MaxName, DisplayNameMax: account.MaxDisplayName,
		DeviceNameMax: account.MaxDeviceName, Friends: friends.MaxFriends, OpenRequests: friends.MaxOpenAsks,
		OpenInvites: friends.MaxInvites, InviteSeconds: int(friends.InviteLife.Seconds()),
		RequestSeconds: int(friends.AskLife.Seconds()), Body: MaxBody,
	}
	public(a, op("getServer", "GET /server", "What this server is and takes"),
		func(context.Context, *none) (*serverInfo, error) { return &info, nil })
}
