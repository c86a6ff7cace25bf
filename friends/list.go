package friends

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// maxScannedAsks bounds how many waiting requests are looked at to find those
// that are shown.
const maxScannedAsks = 4 * store.MaxPage

// Friend is a friend as the other one is shown them.
type Friend struct {
	Person
	Since time.Time
}

// List is all that an account is shown of its relations. Blocked ones carry
// what was known of them when they were blocked, which may be nothing.
type List struct {
	Friends  []Friend
	Incoming []Incoming
	Outgoing []Outgoing
	Blocked  []Person
}

// List returns the relations of a from one consistent state. Somebody who
// blocked a is still in it as a friend.
func (s *Service) List(ctx context.Context, a id.Account) (List, error) {
	now := s.clock()
	var l List
	err := s.db.View(ctx, func(tx store.Tx) error {
		l = List{}
		blocked, err := l.edges(ctx, tx, a)
		if err != nil {
			return err
		}
		if err := l.incoming(ctx, tx, a, blocked, now); err != nil {
			return err
		}
		return l.outgoing(ctx, tx, a, now)
	})
	if err != nil {
		return List{}, fmt.Errorf("list relations: %w", err)
	}
	return l, nil
}

// edges fills in friends and blocked, and returns the blocked.
func (l *List) edges(ctx context.Context, tx store.Tx, a id.Account) (map[id.Account]bool, error) {
	blocked := map[id.Account]bool{}
	var found []store.Edge
	err := edges(ctx, tx, a, func(e store.Edge) bool { found = append(found, e); return true })
	if err != nil {
		return nil, err
	}
	for _, e := range found {
		if e.State == store.EdgeBlocked {
			blocked[e.To] = true
			l.Blocked = append(l.Blocked, Person{Account: e.To, Handle: e.Handle, DisplayName: e.Name})
			continue
		}
		p, ok, err := person(ctx, tx, e.To)
		if err != nil {
			return nil, err
		}
		if ok {
			l.Friends = append(l.Friends, Friend{Person: p, Since: e.Since})
		}
	}
	return blocked, nil
}

// incoming fills in the oldest MaxShownAsks of the requests that a may see.
func (l *List) incoming(
	ctx context.Context, tx store.Tx, a id.Account, blocked map[id.Account]bool, now time.Time,
) error {
	var asks []store.Ask
	scanned := 0
	err := pages(
		func(after id.Account, limit int) ([]store.Ask, error) { return tx.Asks.AsksTo(ctx, a, after, limit) },
		func(x store.Ask) id.Account { return x.From },
		func(x store.Ask) bool {
			scanned++
			if !x.Declined && !blocked[x.From] && !store.Expired(x.ExpiresAt, now) {
				asks = append(asks, x)
			}
			return scanned < maxScannedAsks
		})
	if err != nil {
		return fmt.Errorf("read requests: %w", err)
	}
	slices.SortFunc(asks, func(x, y store.Ask) int {
		return cmp.Or(x.AskedAt.Compare(y.AskedAt), cmp.Compare(x.From.String(), y.From.String()))
	})
	for _, x := range asks[:min(len(asks), MaxShownAsks)] {
		p, ok, err := person(ctx, tx, x.From)
		if err != nil {
			return err
		}
		if ok {
			l.Incoming = append(l.Incoming, Incoming{Person: p, AskedAt: x.AskedAt, ExpiresAt: x.ExpiresAt})
		}
	}
	return nil
}

func (l *List) outgoing(ctx context.Context, tx store.Tx, a id.Account, now time.Time) error {
	asks, err := asksFrom(ctx, tx, a)
	if err != nil {
		return err
	}
	for _, x := range asks {
		if !store.Expired(x.ExpiresAt, now) {
			l.Outgoing = append(l.Outgoing, Outgoing{
				Ref: tx.Handles.Phantom(x.Handle), Handle: x.Handle, AskedAt: x.AskedAt, ExpiresAt: x.ExpiresAt,
			})
		}
	}
	slices.SortFunc(l.Outgoing, func(x, y Outgoing) int {
		return cmp.Or(x.AskedAt.Compare(y.AskedAt), cmp.Compare(x.Handle, y.Handle))
	})
	return nil
}
