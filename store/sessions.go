package store

import (
	"context"
	"time"

	"github.com/ringfence/ringfence/internal/id"
)

// TokenHash is the SHA-256 of a random token. Tokens themselves are never
// stored.
type TokenHash [32]byte

// Session lets a device act for its account until it expires.
type Session struct {
	Token     TokenHash
	ID        id.Session
	Account   id.Account
	Device    id.Device
	CreatedAt time.Time
	ExpiresAt time.Time
}

// SessionTable holds sessions by the hash of their token.
type SessionTable interface {
	// Session returns expired sessions too: the caller has the clock.
	Session(ctx context.Context, token TokenHash) (Session, error)
	PutSession(ctx context.Context, s Session) error
	DeleteSession(ctx context.Context, token TokenHash) error
	// SessionsOf pages through the sessions of one account in the order of
	// their tokens' hashes.
	SessionsOf(ctx context.Context, a id.Account, after TokenHash, limit int) ([]Session, error)
}
