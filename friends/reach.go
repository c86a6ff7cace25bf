package friends

import (
	"context"
	"fmt"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// Purpose is what one account wants of another.
type Purpose int

// The purposes. The zero value is none and reaches nobody.
const (
	_               Purpose = iota
	PurposeRing             // make the other's devices ring
	PurposePresence         // learn whether the other is there
	PurposeRelay            // get relay credentials for a call with the other
	PurposeKeys             // read the other's device log
)

// errUnreachable is one value for stranger, pending, removed, blocked and no
// such account, so that nobody can tell them apart.
var errUnreachable = fault.New(fault.Unreachable, "This person cannot be reached.")

// CheckReach returns nil where from may reach to for this purpose, and
// otherwise one and the same error. It always reads both edges and nothing
// else, so that the work done tells nothing either.
func (s *Service) CheckReach(ctx context.Context, from, to id.Account, purpose Purpose) error {
	return s.db.View(ctx, func(tx store.Tx) error { return reach(ctx, tx, from, to, purpose) })
}

func reach(ctx context.Context, tx store.Tx, from, to id.Account, purpose Purpose) error {
	mine, theirs, err := both(ctx, tx, from, to)
	if err != nil {
		return fmt.Errorf("check reach: %w", err)
	}
	known := purpose == PurposeRing || purpose == PurposePresence || purpose == PurposeRelay || purpose == PurposeKeys
	if !known || from == to || mine != store.EdgeFriend || theirs != store.EdgeFriend {
		return errUnreachable
	}
	return nil
}

// Friends returns everyone whom a takes for a friend, at most MaxFriends, in
// the order of their ids. Whether they can be reached is for CheckReach.
func (s *Service) Friends(ctx context.Context, a id.Account) ([]id.Account, error) {
	var all []id.Account
	err := s.db.View(ctx, func(tx store.Tx) error {
		all = nil
		return edges(ctx, tx, a, func(e store.Edge) bool {
			if e.State == store.EdgeFriend {
				all = append(all, e.To)
			}
			return len(all) < MaxFriends
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list friends: %w", err)
	}
	return all, nil
}
