// Package friends owns who may reach whom: requests, friendships, blocks,
// invite links between people, and the notices of what a person missed. It
// answers the one question that everything else asks, "may A reach B, for
// this?", and refuses to know about sockets, calls and passwords.
//
// An edge is one account's own opinion of another; two are friends when both
// edges say so. What a method tells its caller comes from the caller's own
// edge alone: whether the other one removed, blocked, declined or never
// existed is nobody's to learn.
//
// Errors are fault.Error values:
//
//	unreachable                     CheckReach, for every reason
//	not_found                       no such request, invite or notice of one's own
//	conflict       handle|token|account: friends, blocked, self
//	invite_invalid                  unknown, used and expired alike
//	too_many       friends|requests|invites|blocked: max, with the limit
package friends

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// Limits of one account.
const (
	MaxFriends   = 1000 // friends
	MaxBlocked   = 1000 // blocked accounts
	MaxOpenAsks  = 50   // requests that wait elsewhere
	MaxShownAsks = 200  // requests that wait here and are shown; later ones wait unseen
	MaxInvites   = 20   // open invite links
	MaxNotices   = 200  // notices; the oldest gives way
)

// How long things wait.
const (
	AskLife    = 14 * 24 * time.Hour
	InviteLife = 7 * 24 * time.Hour
	NoticeLife = 30 * 24 * time.Hour
)

// Events hears of changes after they are committed. Its methods must not
// block; they may be called from any goroutine.
type Events interface {
	// FriendsChanged says that the relation of a and b changed in some way.
	FriendsChanged(a, b id.Account)
	// AsksChanged says that a's requests or invites changed.
	AsksChanged(a id.Account)
	// NoticesChanged says that a's notices changed.
	NoticesChanged(a id.Account)
}

// Options is what a Service needs.
type Options struct {
	DB     store.DB
	Now    func() time.Time // time.Now where nil
	Events Events           // nobody hears where nil
}

// Service answers and changes who may reach whom. It is safe for concurrent
// use.
type Service struct {
	db     store.DB
	now    func() time.Time
	events Events
}

// New returns a service. It starts nothing.
func New(o Options) *Service {
	s := &Service{db: o.DB, now: o.Now, events: o.Events}
	if s.now == nil {
		s.now = time.Now
	}
	if s.events == nil {
		s.events = deaf{}
	}
	return s
}

// clock is the time that records get: UTC, whole seconds, so that nothing
// finer than a second is kept.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Second) }

type deaf struct{}

func (deaf) FriendsChanged(_, _ id.Account) {}
func (deaf) AsksChanged(id.Account)         {}
func (deaf) NoticesChanged(id.Account)      {}

// Person is what one account is shown of another.
type Person struct {
	Account     id.Account
	Handle      string
	DisplayName string
}

func notFound(what string) error { return fault.New(fault.NotFound, "There is no such "+what+".") }

func conflict(field, rule, public string) error {
	return &fault.Error{Code: fault.Conflict, Field: field, Rule: rule, Public: public}
}

func tooMany(field string, limit int64, public string) error {
	return &fault.Error{Code: fault.TooMany, Field: field, Rule: "max", Limit: limit, Public: public}
}

// edge reads what from thinks of to; nothing at all is the zero edge.
func edge(ctx context.Context, tx store.Tx, from, to id.Account) (store.Edge, error) {
	e, err := tx.Friends.Edge(ctx, from, to)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Edge{From: from, To: to}, nil
	case err != nil:
		return store.Edge{}, fmt.Errorf("read edge: %w", err)
	}
	return e, nil
}

// both reads the two edges of a pair: always two reads, whatever is in them.
func both(ctx context.Context, tx store.Tx, me, other id.Account) (mine, theirs store.EdgeState, err error) {
	t, err := edge(ctx, tx, other, me)
	if err != nil {
		return "", "", err
	}
	m, err := edge(ctx, tx, me, other)
	if err != nil {
		return "", "", err
	}
	return m.State, t.State, nil
}

// pages calls fn with each item of a table read page by page, until it
// returns false. next turns an item into the key that the next page is after.
func pages[T, K any](read func(after K, limit int) ([]T, error), next func(T) K, fn func(T) bool) error {
	var after K
	for {
		page, err := read(after, store.MaxPage)
		if err != nil {
			return err
		}
		for _, item := range page {
			if !fn(item) {
				return nil
			}
			after = next(item)
		}
		if len(page) < store.MaxPage {
			return nil
		}
	}
}

// edges calls fn with each edge of a.
func edges(ctx context.Context, tx store.Tx, a id.Account, fn func(store.Edge) bool) error {
	err := pages(
		func(after id.Account, limit int) ([]store.Edge, error) {
			return tx.Friends.Edges(ctx, a, after, limit)
		},
		func(e store.Edge) id.Account { return e.To }, fn)
	if err != nil {
		return fmt.Errorf("read edges: %w", err)
	}
	return nil
}

// count returns how many edges of a are in a state.
func count(ctx context.Context, tx store.Tx, a id.Account, state store.EdgeState) (n int, err error) {
	err = edges(ctx, tx, a, func(e store.Edge) bool {
		if e.State == state {
			n++
		}
		return true
	})
	return n, err
}

// person reads what others are shown of a; ok is false where a is no more.
func person(ctx context.Context, tx store.Tx, a id.Account) (p Person, ok bool, err error) {
	acc, err := tx.Accounts.Account(ctx, a)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Person{}, false, nil
	case err != nil:
		return Person{}, false, fmt.Errorf("read account: %w", err)
	}
	return Person{Account: a, Handle: acc.Handle, DisplayName: acc.DisplayName}, true, nil
}

func audit(ctx context.Context, tx store.Tx, at time.Time, a id.Account, what store.AuditAction, detail string) error {
	err := tx.Audit.Append(ctx, store.AuditEntry{At: at, Account: a, Action: what, Detail: detail})
	if err != nil {
		return fmt.Errorf("append to audit log: %w", err)
	}
	return nil
}
