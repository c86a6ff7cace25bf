package httpapi

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/fault"
)

// Problem is an error as RFC 9457 has it, with a closed code and the fields at
// fault. It never holds a value that was sent.
type Problem struct {
	Type       string       `json:"type" enum:"about:blank"`
	Title      string       `json:"title" doc:"the status in words"`
	Status     int          `json:"status"`
	Detail     string       `json:"detail" doc:"English, for programs without a catalogue"`
	Code       string       `json:"code" doc:"what went wrong, of a closed set"`
	Errors     []FieldError `json:"errors" nullable:"false" doc:"the fields at fault, if any"`
	RetryAfter int64        `json:"retry_after,omitempty" doc:"seconds"`
}

// FieldError is one fault of one field.
type FieldError struct {
	Field string `json:"field"`
	Rule  string `json:"rule" doc:"the rule that the field breaks"`
	Limit int64  `json:"limit,omitempty" doc:"the rule's bound, where it has one"`
}

// problemError is a problem for huma, which takes them for errors.
type problemError struct{ *Problem }

func (e problemError) Error() string { return e.Code }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type of problems.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders returns the headers that go with the problem.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(p.RetryAfter, 10))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	return h
}

var errNoRoute = fault.New(fault.NotFound, "There is nothing here.")

// statusError is a fault whose status is not its code's.
type statusError struct {
	status int
	fault  *fault.Error
}

func (e *statusError) Error() string { return e.fault.Error() }
func (e *statusError) Unwrap() error { return e.fault }

func tooOften(wait time.Duration) error {
	return &fault.Error{
		Code: fault.RateLimited, Public: "Too many attempts. Try again later.",
		RetryAfter: int64((wait + time.Second - 1) / time.Second),
	}
}

// faults returns the faults of an error tree. ok is false where a part of it
// is none: then it is nobody's business but ours.
func faults(err error) (all []*fault.Error, ok bool) {
	if f, is := err.(*fault.Error); is { //nolint:errorlint // the tree is walked here, node by node
		return []*fault.Error{f}, true
	}
	switch e := err.(type) { //nolint:errorlint // as above
	case interface{ Unwrap() []error }:
		for _, child := range e.Unwrap() {
			part, ok := faults(child)
			if !ok {
				return nil, false
			}
			all = append(all, part...)
		}
		return all, len(all) > 0
	case interface{ Unwrap() error }:
		return faults(e.Unwrap())
	}
	return nil, false
}

// problem says what may leave the process about err.
func problem(err error) *Problem {
	all, ok := faults(err)
	if !ok {
		p := fault.Public(nil)
		all = []*fault.Error{&p}
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			all[0] = fault.New(fault.Unavailable, "The server is stopping or busy. Try again.")
		}
	}
	chief := all[0]
	for _, f := range all {
		if formFault(chief) && !formFault(f) {
			chief = f
		}
	}
	p := &Problem{
		Type: "about:blank", Code: string(chief.Code), Detail: chief.Public, Status: status(chief.Code),
		Errors: []FieldError{}, RetryAfter: chief.RetryAfter,
	}
	if formFault(chief) && len(all) > 1 {
		p.Code, p.Detail = string(fault.Invalid), "Some fields need another look."
	}
	for _, f := range all {
		if f.Field != "" && (formFault(chief) || f == chief) {
			p.Errors = append(p.Errors, FieldError{Field: f.Field, Rule: f.Rule, Limit: f.Limit})
		}
	}
	if s, ok := errors.AsType[*statusError](err); ok {
		p.Status = s.status
	}
	p.Title = http.StatusText(p.Status)
	return p
}

// formFault reports whether f is about a field of a form: several of those go
// together.
func formFault(f *fault.Error) bool { return f.Code == fault.Invalid || f.Code == fault.PasswordWeak }

// status gives each code its one HTTP status.
func status(c fault.Code) int {
	switch c {
	case fault.Invalid, fault.PasswordWeak:
		return http.StatusUnprocessableEntity
	case fault.Unauthorized, fault.BadCredentials:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Unreachable, fault.NotFound, fault.InviteInvalid, fault.CallGone:
		return http.StatusNotFound
	case fault.Conflict, fault.NameTaken, fault.TooMany, fault.OutOfTurn:
		return http.StatusConflict
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.UnknownKind, fault.BadFrame, fault.Version:
		return http.StatusBadRequest
	case fault.Internal:
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// ours turns huma's own errors into problems of ours: nothing of their text,
// which quotes what was sent, goes out.
func ours(_ huma.Context, _ string, v any) (any, error) {
	e, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	err := fault.Field("body", "required", 0, "The request has no content.")
	switch {
	case e.Status >= http.StatusInternalServerError:
		return problem(nil), nil
	case len(e.Errors) > 0 && e.Errors[0].Message != "":
		err = fault.Field(e.Errors[0].Message, "type", 0, "The field has a value of the wrong type.")
	case len(e.Errors) > 0:
		err = fault.Field("body", "json", 0, "The request is not JSON.")
	}
	return problem(&statusError{e.Status, err}), nil
}

// writeProblem answers with what may be said about err; nil is our fault.
func writeProblem(w http.ResponseWriter, err error) {
	p := problem(err)
	var body bytes.Buffer
	if marshal(&body, p) != nil { // strings and numbers always do
		p.Status = http.StatusInternalServerError
	}
	h := w.Header()
	maps.Copy(h, p.GetHeaders())
	h.Set("Content-Type", p.ContentType(""))
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body.Bytes()) // whoever has gone gets nothing
}
