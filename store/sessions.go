package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/ringfence/ringfence/internal/id"
)

// TokenHash is the SHA-256 of a random token. Tokens themselves are never
// stored.
type TokenHash [32]byte

// NewToken returns a random token of 256 bits as base64url text, and its hash.
func NewToken() (string, TokenHash) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails, it ends the program
	token := base64.RawURLEncoding.EncodeToString(b[:])
	return token, HashToken(token)
}

// HashToken returns the hash under which a token is looked up. Text that no
// token has gives a hash that nothing has.
func HashToken(token string) TokenHash { return sha256.Sum256([]byte(token)) }

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
