package store

import (
	"context"
	"time"

	"github.com/ringfence/ringfence/internal/id"
)

// AuditEntry says that something security-relevant happened. It holds no
// address and no name; Detail is a closed word, never free text.
type AuditEntry struct {
	Seq     uint64 // given by Append
	At      time.Time
	Account id.Account // whom it concerns; zero for the operator
	Action  AuditAction
	Detail  string
}

// AuditAction is what happened.
type AuditAction string

// The audited actions.
const (
	AuditSignUp          AuditAction = "sign_up"
	AuditSignIn          AuditAction = "sign_in"
	AuditSignInFailed    AuditAction = "sign_in_failed"
	AuditSignOut         AuditAction = "sign_out"
	AuditPasswordReset   AuditAction = "password_reset"
	AuditPasswordChanged AuditAction = "password_changed"
	AuditInviteMade      AuditAction = "invite_made"
	AuditInviteRevoked   AuditAction = "invite_revoked"
	AuditFriends         AuditAction = "friends"
	AuditUnfriended      AuditAction = "unfriended"
	AuditBlocked         AuditAction = "blocked"
	AuditUnblocked       AuditAction = "unblocked"
	AuditKeysRotated     AuditAction = "keys_rotated"
)

// AuditLog only grows.
type AuditLog interface {
	Append(ctx context.Context, e AuditEntry) error
	// Entries pages through the log in order, after the given number.
	Entries(ctx context.Context, after uint64, limit int) ([]AuditEntry, error)
}
