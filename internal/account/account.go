// Package account owns who somebody is: names, handles, passwords, devices and
// sessions, and the ways in, which are invites. It refuses to know about
// friends beyond the one that an invite brings, and about sockets and HTTP.
//
// Errors are fault.Error values; several faults of one form come joined.
//
//	invalid         name          required, min_length, max_length, first_letter, characters
//	invalid         display_name  required, max_length, max_bytes, characters, visible
//	invalid         device_name   max_length, max_bytes, characters
//	invalid         handle        required, format
//	invalid         password      required, min_length, max_length
//	invalid         password      differs, from the current one
//	invalid         current       required
//	invalid         invite        required
//	password_weak   password      strength, with the score that is needed
//	invite_invalid                unknown, used and expired alike
//	name_taken      name          taken: every number of this name is given
//	bad_credentials               handle or password, never which
//	bad_credentials current       wrong: when the password is changed
//	unauthorized                  no session, or an ended one
//	unavailable                   too many passwords are being checked
package account

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// How long things last, and how many an account has of them.
const (
	SessionLife = 30 * 24 * time.Hour
	InviteLife  = 7 * 24 * time.Hour
	MaxDevices  = 50 // the one not seen for longest gives way
)

// Keys makes the key under which an account's records are sealed.
type Keys interface {
	// CreateAccount is durable when it returns and may be called again.
	CreateAccount(ctx context.Context, a id.Account) error
}

// Friends makes friends of a newcomer and who invited them.
type Friends interface {
	// Befriend runs inside the transaction that creates newcomer.
	Befriend(ctx context.Context, tx store.Tx, inviter, newcomer id.Account, now time.Time) error
	// Announce is called once that transaction has committed.
	Announce(inviter, newcomer id.Account)
}

// Events hears of changes after they are committed. Its methods must not
// block; they may be called from any goroutine.
type Events interface {
	// SignedOut says that a session is no more, for whatever reason.
	SignedOut(session id.Session)
}

// Options is what a Service needs.
type Options struct {
	DB      store.DB
	Keys    Keys
	Friends Friends
	Events  Events           // nobody hears where nil
	Now     func() time.Time // time.Now where nil
	Cost    Cost             // of a password's hash; DefaultCost where zero
	Hashers int              // passwords hashed at once; GOMAXPROCS where zero
}

// Service makes accounts and sessions. It is safe for concurrent use.
type Service struct {
	db      store.DB
	keys    Keys
	friends Friends
	events  Events
	now     func() time.Time
	hasher  *hasher
	dummy   phc // what a password is compared with where nobody has the handle
}

// New returns a service. It starts nothing.
func New(o Options) *Service {
	s := &Service{db: o.DB, keys: o.Keys, friends: o.Friends, events: o.Events, now: o.Now}
	if s.now == nil {
		s.now = time.Now
	}
	if s.events == nil {
		s.events = deaf{}
	}
	if o.Cost == (Cost{}) {
		o.Cost = DefaultCost
	}
	if o.Hashers == 0 {
		o.Hashers = runtime.GOMAXPROCS(0)
	}
	s.hasher = newHasher(o.Cost, o.Hashers)
	s.dummy = phc{cost: o.Cost, salt: make([]byte, saltSize), hash: make([]byte, hashSize)}
	return s
}

// clock is the time that records get: UTC, whole seconds, so that nothing
// finer than a second is kept.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Second) }

type deaf struct{}

func (deaf) SignedOut(id.Session) {}

// Errors that must not differ are one value each.
var (
	errUnauthorized = fault.New(fault.Unauthorized, "Sign in first.")
	errCredentials  = fault.New(fault.BadCredentials, "Handle or password is wrong.")
	errInvite       = fault.New(fault.InviteInvalid, "This invite link is not valid any more. Ask for a new one.")
)

// Profile is what an account is shown of itself.
type Profile struct {
	ID          id.Account
	Handle      string
	DisplayName string
	Role        store.Role
	CreatedAt   time.Time
}

func profile(a store.Account) Profile {
	return Profile{ID: a.ID, Handle: a.Handle, DisplayName: a.DisplayName, Role: a.Role, CreatedAt: a.CreatedAt}
}

// Me returns the profile of a.
func (s *Service) Me(ctx context.Context, a id.Account) (Profile, error) {
	var p Profile
	err := s.db.View(ctx, func(tx store.Tx) error {
		acc, err := read(ctx, tx, a)
		p = profile(acc)
		return err
	})
	if err != nil {
		return Profile{}, fmt.Errorf("read profile: %w", err)
	}
	return p, nil
}

// SetDisplayName changes how a is shown to friends.
func (s *Service) SetDisplayName(ctx context.Context, a id.Account, name string) (Profile, error) {
	name, err := ParseDisplayName(name)
	if err != nil {
		return Profile{}, err
	}
	now := s.clock()
	var p Profile
	err = s.db.Update(ctx, func(tx store.Tx) error {
		acc, err := read(ctx, tx, a)
		if err != nil {
			return err
		}
		acc.DisplayName, acc.UpdatedAt = name, now
		p = profile(acc)
		return tx.Accounts.PutAccount(ctx, acc)
	})
	if err != nil {
		return Profile{}, fmt.Errorf("set display name: %w", err)
	}
	return p, nil
}

// read returns the account of a session; one that is gone ends the session.
func read(ctx context.Context, tx store.Tx, a id.Account) (store.Account, error) {
	acc, err := tx.Accounts.Account(ctx, a)
	if errors.Is(err, store.ErrNotFound) {
		return store.Account{}, errUnauthorized
	}
	if err != nil {
		return store.Account{}, fmt.Errorf("read account: %w", err)
	}
	return acc, nil
}

func audit(ctx context.Context, tx store.Tx, at time.Time, a id.Account, what store.AuditAction, detail string) error {
	err := tx.Audit.Append(ctx, store.AuditEntry{At: at, Account: a, Action: what, Detail: detail})
	if err != nil {
		return fmt.Errorf("append to audit log: %w", err)
	}
	return nil
}
