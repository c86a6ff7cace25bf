package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/store"
)

// The session cookie's names. The prefix makes browsers refuse it without
// Secure, with a Domain or with another Path; plain http, which is for this
// machine alone, cannot have it.
const (
	secureCookie = "__Host-ringfence"
	plainCookie  = "ringfence"
)

// maxToken bounds what is looked up; our tokens have 43 characters.
const maxToken = 128

// credential returns the token that a request carries. A header is an
// intention, a cookie is not: where there is a header the cookie does not
// count, also when the header is no good.
func (a *api) credential(r *http.Request) string {
	if values := r.Header.Values("Authorization"); len(values) > 0 {
		if len(values) > 1 {
			return ""
		}
		token, _ := parseBearer(values[0])
		return token
	}
	c, err := r.Cookie(cookieName(a.Secure(r)))
	if err != nil || !isToken(c.Value) {
		return ""
	}
	return c.Value
}

// parseBearer reads an Authorization header as RFC 6750 has it.
func parseBearer(header string) (token string, ok bool) {
	scheme, token, found := strings.Cut(header, " ")
	if !found || !strings.EqualFold(scheme, "Bearer") || !isToken(token) {
		return "", false
	}
	return token, true
}

// isToken reports whether s could be one of our tokens: base64url.
func isToken(s string) bool {
	if s == "" || len(s) > maxToken {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

func cookieName(secure bool) string {
	if secure {
		return secureCookie
	}
	return plainCookie
}

// setCookie returns the header that keeps a session in the browser, or ends
// it where the token is empty.
func setCookie(secure bool, token string) string {
	c := http.Cookie{ //nolint:gosec // Secure wherever the browser came by TLS; plain http is for this machine
		Name: cookieName(secure), Value: token, Path: "/", Secure: secure, HttpOnly: true,
		SameSite: http.SameSiteStrictMode, MaxAge: int(account.SessionLife.Seconds()),
	}
	if token == "" {
		c.MaxAge = -1
	}
	return c.String()
}

// session returns the session of a token and counts against its limit.
func (a *api) session(ctx context.Context, token string) (store.Session, error) {
	if token == "" {
		return store.Session{}, fault.New(fault.Unauthorized, "Sign in first.")
	}
	s, err := a.Accounts.Session(ctx, token)
	if err != nil {
		return store.Session{}, err
	}
	if wait := a.limits.session.Allow(s.ID); wait > 0 {
		return store.Session{}, tooOften(wait)
	}
	return s, nil
}
