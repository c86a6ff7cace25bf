// Package fault owns the closed set of error codes and the rule that text for
// people and causes for us never mix. It imports nothing of the project.
package fault

import (
	"errors"
	"fmt"
)

// Code names a kind of failure. Codes are append-only: clients branch on them.
type Code string

// The codes. Internal is what an unclassified error turns into.
const (
	Internal       Code = "internal"        // our fault; nothing the caller can mend
	Invalid        Code = "invalid"         // a field breaks a rule: see Field and Rule
	Unauthorized   Code = "unauthorized"    // no session, or an ended one
	BadCredentials Code = "bad_credentials" // handle or password wrong, never which
	Forbidden      Code = "forbidden"       // signed in, and not allowed
	Unreachable    Code = "unreachable"     // stranger, pending, removed, blocked and no such account alike
	NotFound       Code = "not_found"       // the named thing of the caller's own does not exist
	Conflict       Code = "conflict"        // the thing is in another state than the request needs
	InviteInvalid  Code = "invite_invalid"  // unknown, used or expired invite alike
	PasswordWeak   Code = "password_weak"   // the password scores too low
	NameTaken      Code = "name_taken"      // no free number is left for this name
	RateLimited    Code = "rate_limited"    // too often; RetryAfter says when
	TooLarge       Code = "too_large"       // over the limit that Limit names
	TooMany        Code = "too_many"        // the caller has as many of these as it may
	Unavailable    Code = "unavailable"     // stopping or overloaded; try again
	UnknownKind    Code = "unknown_kind"    // a frame kind this server does not know
	BadFrame       Code = "bad_frame"       // a frame that is not an envelope
	Version        Code = "version"         // no protocol version in common
	OutOfTurn      Code = "out_of_turn"     // the call's state does not allow this frame
	CallGone       Code = "call_gone"       // no such call, or not the caller's
)

// Codes lists every code, for the generated reference and the client's types.
func Codes() []Code {
	return []Code{
		Internal, Invalid, Unauthorized, BadCredentials, Forbidden, Unreachable, NotFound, Conflict,
		InviteInvalid, PasswordWeak, NameTaken, RateLimited, TooLarge, TooMany, Unavailable,
		UnknownKind, BadFrame, Version, OutOfTurn, CallGone,
	}
}

// Error pairs a code and a sentence safe to show with the private cause. The
// parameters are typed so that a client can build its own sentence.
type Error struct {
	Code       Code
	Public     string // English fallback; never built from err.Error()
	Field      string // Invalid: which field, as a path in the request
	Rule       string // Invalid: the rule it breaks, e.g. "max_length"
	Limit      int64  // Invalid, TooLarge, TooMany: the bound, where there is one
	RetryAfter int64  // RateLimited, Unavailable: seconds
	cause      error  // logged, never sent
}

// New returns an error without a cause.
func New(code Code, public string) *Error { return &Error{Code: code, Public: public} }

// Wrap returns an error that keeps cause for the log.
func Wrap(code Code, public string, cause error) *Error {
	return &Error{Code: code, Public: public, cause: cause}
}

// Field returns an Invalid error about one field.
func Field(field, rule string, limit int64, public string) *Error {
	return &Error{Code: Invalid, Public: public, Field: field, Rule: rule, Limit: limit}
}

// Error is for the log, never for a client.
func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %v", e.Code, e.cause)
	}
	return string(e.Code)
}

// Unwrap returns the private cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether err carries code.
func Is(err error, code Code) bool { return Public(err).Code == code }

// Public returns what may leave the process. An error nobody classified is
// Internal: a forgotten case hides text, it never leaks it.
func Public(err error) Error {
	if e, ok := errors.AsType[*Error](err); ok {
		p := *e
		p.cause = nil
		return p
	}
	return Error{Code: Internal, Public: "Something went wrong on our side."}
}
