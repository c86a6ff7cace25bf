package friends

import (
	"context"
	"fmt"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// Befriend makes inviter and newcomer friends inside the transaction that
// creates newcomer. The caller calls Announce once it has committed.
func (s *Service) Befriend(ctx context.Context, tx store.Tx, inviter, newcomer id.Account, now time.Time) error {
	return befriend(ctx, tx, newcomer, inviter, now, "invited")
}

// Announce tells the listener that inviter's link made friends of the two.
func (s *Service) Announce(inviter, newcomer id.Account) {
	s.events.FriendsChanged(inviter, newcomer)
	s.events.AsksChanged(inviter)
}

// befriend writes both edges, clears the requests between the two and counts.
func befriend(ctx context.Context, tx store.Tx, me, other id.Account, now time.Time, detail string) error {
	if err := haveRoom(ctx, tx, me, other); err != nil {
		return err
	}
	for _, e := range []store.Edge{{From: me, To: other}, {From: other, To: me}} {
		p, _, err := person(ctx, tx, e.To)
		if err != nil {
			return err
		}
		e.State, e.Since, e.Handle, e.Name = store.EdgeFriend, now, p.Handle, p.DisplayName
		if err := tx.Friends.PutEdge(ctx, e); err != nil {
			return fmt.Errorf("put edge: %w", err)
		}
		if err := tx.Asks.DeleteAsk(ctx, e.From, e.To); err != nil {
			return fmt.Errorf("delete request: %w", err)
		}
	}
	return audit(ctx, tx, now, me, store.AuditFriends, detail)
}

// haveRoom reports whether both may have one more friend.
func haveRoom(ctx context.Context, tx store.Tx, me, other id.Account) error {
	for _, a := range []id.Account{me, other} {
		n, err := count(ctx, tx, a, store.EdgeFriend)
		if err != nil {
			return err
		}
		if n >= MaxFriends {
			return tooMany("friends", MaxFriends, "One of you has as many friends as there may be.")
		}
	}
	return nil
}

func errSelf() error { return conflict("account", "self", "That is you.") }

// Remove ends a friendship for both. Somebody who is no friend is left as they
// are, without an error: the other one may have been faster.
func (s *Service) Remove(ctx context.Context, me, other id.Account) error {
	if me == other {
		return errSelf()
	}
	now := s.clock()
	return s.change(ctx, "remove", me, other, func(tx store.Tx) (bool, error) {
		mine, theirs, err := both(ctx, tx, me, other)
		if err != nil || mine != store.EdgeFriend {
			return false, err
		}
		if err := tx.Friends.DeleteEdge(ctx, me, other); err != nil {
			return false, fmt.Errorf("delete edge: %w", err)
		}
		if theirs == store.EdgeFriend { // a block of theirs stays theirs
			if err := tx.Friends.DeleteEdge(ctx, other, me); err != nil {
				return false, fmt.Errorf("delete edge: %w", err)
			}
		}
		return true, audit(ctx, tx, now, me, store.AuditUnfriended, "")
	})
}

// Block keeps other from reaching me. Other is not told: its own edge and its
// requests stay as they are, and me looks like a friend who is never there.
// Any account can be blocked, also one that does not exist.
func (s *Service) Block(ctx context.Context, me, other id.Account) error {
	if me == other {
		return errSelf()
	}
	now := s.clock()
	return s.change(ctx, "block", me, other, func(tx store.Tx) (bool, error) {
		mine, err := edge(ctx, tx, me, other)
		if err != nil || mine.State == store.EdgeBlocked {
			return false, err
		}
		n, err := count(ctx, tx, me, store.EdgeBlocked)
		if err != nil {
			return false, err
		}
		if n >= MaxBlocked {
			return false, tooMany("blocked", MaxBlocked, "You have blocked as many people as you may.")
		}
		e := store.Edge{From: me, To: other, State: store.EdgeBlocked, Since: now}
		if e.Handle, e.Name, err = lastKnown(ctx, tx, me, other, mine.State, now); err != nil {
			return false, err
		}
		if err := tx.Friends.PutEdge(ctx, e); err != nil {
			return false, fmt.Errorf("put edge: %w", err)
		}
		if err := tx.Asks.DeleteAsk(ctx, other, me); err != nil {
			return false, fmt.Errorf("delete request: %w", err)
		}
		return true, audit(ctx, tx, now, me, store.AuditBlocked, "")
	})
}

// lastKnown returns what me is shown of other at this moment: something for a
// friend and for one who asks, nothing for a stranger.
func lastKnown(
	ctx context.Context, tx store.Tx, me, other id.Account, mine store.EdgeState, now time.Time,
) (handle, name string, err error) {
	a, err := waiting(ctx, tx, me, other, now)
	if err != nil || (mine != store.EdgeFriend && a == nil) {
		return "", "", err
	}
	p, _, err := person(ctx, tx, other)
	return p.Handle, p.DisplayName, err
}

// Unblock lifts a block. It leaves no relation: to be friends again, one has
// to ask.
func (s *Service) Unblock(ctx context.Context, me, other id.Account) error {
	if me == other {
		return errSelf()
	}
	now := s.clock()
	return s.change(ctx, "unblock", me, other, func(tx store.Tx) (bool, error) {
		mine, err := edge(ctx, tx, me, other)
		if err != nil || mine.State != store.EdgeBlocked {
			return false, err
		}
		if err := tx.Friends.DeleteEdge(ctx, me, other); err != nil {
			return false, fmt.Errorf("delete edge: %w", err)
		}
		return true, audit(ctx, tx, now, me, store.AuditUnblocked, "")
	})
}

// change runs one transition in one transaction and tells of it afterwards.
func (s *Service) change(
	ctx context.Context, what string, me, other id.Account, fn func(store.Tx) (bool, error),
) error {
	var changed bool
	err := s.db.Update(ctx, func(tx store.Tx) (err error) {
		changed, err = fn(tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if changed {
		s.events.FriendsChanged(me, other)
	}
	return nil
}
