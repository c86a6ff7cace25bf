package store

import (
	"context"
	"time"

	"github.com/ringfence/ringfence/internal/id"
)

// EdgeState is what one account thinks of another.
type EdgeState string

// The states. The zero value is no relation at all.
const (
	EdgeNone    EdgeState = ""
	EdgeFriend  EdgeState = "friend"
	EdgeBlocked EdgeState = "blocked"
)

// Edge is one record per ordered pair: what From thinks of To. It is sealed
// under From's key. Two accounts are friends when both edges say so. Handle
// and Name are what From knew of To when the state was set: a list of the
// blocked shows those, so that it tells nothing newer and nothing of strangers.
// Friends' edges have them too, so that a block does not show by its length.
type Edge struct {
	From, To id.Account
	State    EdgeState
	Since    time.Time
	Handle   string
	Name     string
}

// FriendTable holds the edges.
type FriendTable interface {
	// Edge returns ErrNotFound where From thinks nothing of To.
	Edge(ctx context.Context, from, to id.Account) (Edge, error)
	PutEdge(ctx context.Context, e Edge) error
	DeleteEdge(ctx context.Context, from, to id.Account) error
	// Edges pages through the edges of from in the order of To.
	Edges(ctx context.Context, from, after id.Account, limit int) ([]Edge, error)
}

// Ask is a friend request that waits. It is sealed under From's key, so that
// an ask to a phantom needs no key of its own and dies with its author. Handle
// is what From typed: all that From is ever shown of To until To accepts. A
// Declined ask is hidden from To and looks to From as if it still waited, so
// that no answer and a refusal and a handle that nobody has are alike.
type Ask struct {
	From, To  id.Account
	Handle    string
	AskedAt   time.Time
	ExpiresAt time.Time
	Declined  bool
}

// AskTable holds friend requests by the one who is asked.
type AskTable interface {
	Ask(ctx context.Context, to, from id.Account) (Ask, error)
	PutAsk(ctx context.Context, a Ask) error
	DeleteAsk(ctx context.Context, to, from id.Account) error
	// AsksTo pages through what waits for to, in the order of From; asks of
	// erased accounts are passed over.
	AsksTo(ctx context.Context, to, after id.Account, limit int) ([]Ask, error)
	// AsksFrom pages through what from has asked, in the order of To.
	AsksFrom(ctx context.Context, from, after id.Account, limit int) ([]Ask, error)
}
