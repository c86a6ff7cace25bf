package store

import (
	"context"
	"time"

	"github.com/ringfence/ringfence/internal/id"
)

// NoticeKind says what a notice is about.
type NoticeKind string

// NoticeMissed is a call that nobody answered.
const NoticeMissed NoticeKind = "missed_call"

// Notice is something an account was not there for. It is sealed under the
// account's key and goes when seen, or when it expires.
type Notice struct {
	ID        id.Notice
	Account   id.Account
	Kind      NoticeKind
	From      id.Account
	Video     bool
	At        time.Time
	ExpiresAt time.Time
}

// NoticeTable holds notices below their account.
type NoticeTable interface {
	PutNotice(ctx context.Context, n Notice) error
	DeleteNotice(ctx context.Context, a id.Account, n id.Notice) error
	Notices(ctx context.Context, a id.Account, after id.Notice, limit int) ([]Notice, error)
}
