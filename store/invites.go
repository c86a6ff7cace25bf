package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ringfence/ringfence/internal/id"
)

// Invite is a one-time link. Inviter is zero for one made by the operator.
type Invite struct {
	Token     TokenHash
	ID        id.Invite
	Inviter   id.Account
	Role      Role // given to who signs up with it; only the operator sets it
	CreatedAt time.Time
	ExpiresAt time.Time
}

// InviteTable holds the invites that are still open; a used one is deleted in
// the transaction that uses it.
type InviteTable interface {
	// Invite returns expired invites too: the caller has the clock.
	Invite(ctx context.Context, token TokenHash) (Invite, error)
	PutInvite(ctx context.Context, i Invite) error
	DeleteInvite(ctx context.Context, token TokenHash) error
	// InvitesOf pages through the open invites of one inviter (zero: the
	// operator's) in the order of their tokens' hashes.
	InvitesOf(ctx context.Context, inviter id.Account, after TokenHash, limit int) ([]Invite, error)
}

// OpenInvite returns the invite that a link's token opens at now, and
// ErrNotFound alike for one that never was, is used up or has expired.
func OpenInvite(ctx context.Context, tx Tx, token string, now time.Time) (Invite, error) {
	inv, err := tx.Invites.Invite(ctx, HashToken(token))
	if err != nil {
		return Invite{}, fmt.Errorf("read invite: %w", err)
	}
	if Expired(inv.ExpiresAt, now) {
		return Invite{}, fmt.Errorf("read invite: %w", ErrNotFound)
	}
	return inv, nil
}
