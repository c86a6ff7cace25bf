package friends

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// Outgoing is a request as the one who made it is shown it. Ref names it for
// Withdraw; it depends on the handle alone and is no account's id, so that a
// handle that comes into being later does not change it.
type Outgoing struct {
	Ref       id.Account
	Handle    string
	AskedAt   time.Time
	ExpiresAt time.Time
}

// Incoming is a request as the one who is asked is shown it.
type Incoming struct {
	Person
	AskedAt   time.Time
	ExpiresAt time.Time
}

// AskByHandle asks whoever has the handle to become a friend. A handle that
// nobody has goes through the same reads and the same writes and gives the
// same answer; so does somebody who blocked from, who never sees the request.
// Where the other one asked first, the two are friends at once. Asking again
// while a request waits gives the first one.
//
// handle must be in its one spelling.
func (s *Service) AskByHandle(ctx context.Context, from id.Account, handle string) (Outgoing, error) {
	now := s.clock()
	var asked asked
	err := s.db.Update(ctx, func(tx store.Tx) (err error) {
		asked, err = ask(ctx, tx, from, handle, now)
		return err
	})
	if err != nil {
		return Outgoing{}, fmt.Errorf("ask by handle: %w", err)
	}
	if asked.met {
		s.events.FriendsChanged(from, asked.to)
		s.events.AsksChanged(asked.to)
	} else if asked.shown {
		s.events.AsksChanged(asked.to)
	}
	s.events.AsksChanged(from)
	return asked.Outgoing, nil
}

type asked struct {
	Outgoing
	to    id.Account
	met   bool // the other one had asked too
	shown bool // the other one may learn of it
}

func ask(ctx context.Context, tx store.Tx, from id.Account, handle string, now time.Time) (asked, error) {
	a := asked{Outgoing: Outgoing{
		Ref: tx.Handles.Phantom(handle), Handle: handle, AskedAt: now, ExpiresAt: now.Add(AskLife),
	}}
	var err error
	if a.to, err = tx.Handles.Handle(ctx, handle); errors.Is(err, store.ErrNotFound) {
		a.to = a.Ref
	} else if err != nil {
		return asked{}, fmt.Errorf("find handle: %w", err)
	}
	mine, theirs, err := both(ctx, tx, from, a.to)
	if err != nil {
		return asked{}, err
	}
	if err := mayAsk("handle", from, a.to, mine); err != nil {
		return asked{}, err
	}
	cross, err := waiting(ctx, tx, from, a.to, now)
	if err != nil {
		return asked{}, err
	}
	open, err := openAsks(ctx, tx, from, now)
	if err != nil {
		return asked{}, err
	}
	if cross != nil && theirs != store.EdgeBlocked {
		a.met = true
		return a, befriend(ctx, tx, from, a.to, now, "asked")
	}
	for _, o := range open {
		if o.Handle == handle {
			a.AskedAt, a.ExpiresAt = o.AskedAt, o.ExpiresAt
			return a, nil
		}
	}
	if len(open) >= MaxOpenAsks {
		return asked{}, tooMany("requests", MaxOpenAsks, "Too many of your requests are waiting. Withdraw one first.")
	}
	a.shown = theirs != store.EdgeBlocked
	err = tx.Asks.PutAsk(ctx, store.Ask{From: from, To: a.to, Handle: handle, AskedAt: now, ExpiresAt: a.ExpiresAt})
	if err != nil {
		return asked{}, fmt.Errorf("put request: %w", err)
	}
	return a, nil
}

// mayAsk refuses by what from knows anyway: who it is, and its own edge.
func mayAsk(field string, from, to id.Account, mine store.EdgeState) error {
	switch {
	case from == to:
		return conflict(field, "self", "That is you.")
	case mine == store.EdgeFriend:
		return conflict(field, "friends", "You are friends already.")
	case mine == store.EdgeBlocked:
		return conflict(field, "blocked", "You have blocked this person. Unblock them first.")
	}
	return nil
}

// waiting returns the request of from that waits at to, or nil.
func waiting(ctx context.Context, tx store.Tx, to, from id.Account, now time.Time) (*store.Ask, error) {
	a, err := tx.Asks.Ask(ctx, to, from)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read request: %w", err)
	case store.Expired(a.ExpiresAt, now):
		return nil, nil
	}
	return &a, nil
}

// openAsks returns the requests of from that wait, and deletes the expired.
func openAsks(ctx context.Context, tx store.Tx, from id.Account, now time.Time) ([]store.Ask, error) {
	all, err := asksFrom(ctx, tx, from)
	if err != nil {
		return nil, err
	}
	open := all[:0]
	for _, a := range all {
		if !store.Expired(a.ExpiresAt, now) {
			open = append(open, a)
			continue
		}
		if err := tx.Asks.DeleteAsk(ctx, a.To, a.From); err != nil {
			return nil, fmt.Errorf("delete expired request: %w", err)
		}
	}
	return open, nil
}

// asksFrom reads every request of from, which MaxOpenAsks bounds.
func asksFrom(ctx context.Context, tx store.Tx, from id.Account) ([]store.Ask, error) {
	var all []store.Ask
	err := pages(
		func(after id.Account, limit int) ([]store.Ask, error) {
			return tx.Asks.AsksFrom(ctx, from, after, limit)
		},
		func(a store.Ask) id.Account { return a.To },
		func(a store.Ask) bool { all = append(all, a); return true })
	if err != nil {
		return nil, fmt.Errorf("read own requests: %w", err)
	}
	return all, nil
}

// Accept makes friends of me and whoever asked.
func (s *Service) Accept(ctx context.Context, me, from id.Account) error {
	now := s.clock()
	err := s.db.Update(ctx, func(tx store.Tx) error {
		if _, err := answerable(ctx, tx, me, from, now); err != nil {
			return err
		}
		return befriend(ctx, tx, me, from, now, "accepted")
	})
	if err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	s.events.FriendsChanged(me, from)
	s.events.AsksChanged(me)
	s.events.AsksChanged(from)
	return nil
}

// Decline hides the request from me. To the one who asked it goes on waiting
// until it expires.
func (s *Service) Decline(ctx context.Context, me, from id.Account) error {
	now := s.clock()
	err := s.db.Update(ctx, func(tx store.Tx) error {
		a, err := answerable(ctx, tx, me, from, now)
		if err != nil {
			return err
		}
		a.Declined = true
		if err := tx.Asks.PutAsk(ctx, a); err != nil {
			return fmt.Errorf("put request: %w", err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("decline: %w", err)
	}
	s.events.AsksChanged(me)
	return nil
}

// answerable returns the request of from that me is shown.
func answerable(ctx context.Context, tx store.Tx, me, from id.Account, now time.Time) (store.Ask, error) {
	mine, theirs, err := both(ctx, tx, me, from)
	if err != nil {
		return store.Ask{}, err
	}
	a, err := waiting(ctx, tx, me, from, now)
	if err != nil {
		return store.Ask{}, err
	}
	if a == nil || a.Declined || mine == store.EdgeBlocked || theirs == store.EdgeBlocked {
		return store.Ask{}, notFound("request")
	}
	return *a, nil
}

// Withdraw takes back a request that me made, named by its reference.
func (s *Service) Withdraw(ctx context.Context, me, ref id.Account) error {
	now := s.clock()
	var to id.Account
	err := s.db.Update(ctx, func(tx store.Tx) error {
		open, err := openAsks(ctx, tx, me, now)
		if err != nil {
			return err
		}
		for _, a := range open {
			if tx.Handles.Phantom(a.Handle) != ref {
				continue
			}
			to = a.To
			if err := tx.Asks.DeleteAsk(ctx, a.To, me); err != nil {
				return fmt.Errorf("delete request: %w", err)
			}
			return nil
		}
		return notFound("request")
	})
	if err != nil {
		return fmt.Errorf("withdraw: %w", err)
	}
	s.events.AsksChanged(me)
	s.events.AsksChanged(to)
	return nil
}
