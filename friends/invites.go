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

// errInvite is one value for unknown, used and expired links.
var errInvite = fault.New(fault.InviteInvalid, "This invite link is not valid any more. Ask for a new one.")

// CreateInvite makes a link that works once. The token is not stored and
// cannot be shown again.
func (s *Service) CreateInvite(ctx context.Context, inviter id.Account) (string, store.Invite, error) {
	now := s.clock()
	token, hash := store.NewToken()
	inv := store.Invite{
		Token: hash, ID: id.NewInvite(), Inviter: inviter, CreatedAt: now, ExpiresAt: now.Add(InviteLife),
	}
	err := s.db.Update(ctx, func(tx store.Tx) error {
		open, err := invitesOf(ctx, tx, inviter)
		if err != nil {
			return err
		}
		n := 0
		for _, o := range open {
			if !store.Expired(o.ExpiresAt, now) {
				n++
			} else if err := tx.Invites.DeleteInvite(ctx, o.Token); err != nil {
				return fmt.Errorf("delete expired invite: %w", err)
			}
		}
		if n >= MaxInvites {
			return tooMany("invites", MaxInvites, "You have too many open invite links. Revoke one first.")
		}
		if err := tx.Invites.PutInvite(ctx, inv); err != nil {
			return fmt.Errorf("put invite: %w", err)
		}
		return audit(ctx, tx, now, inviter, store.AuditInviteMade, "")
	})
	if err != nil {
		return "", store.Invite{}, fmt.Errorf("create invite: %w", err)
	}
	s.events.AsksChanged(inviter)
	return token, inv, nil
}

// Invites returns the open invites of one account.
func (s *Service) Invites(ctx context.Context, inviter id.Account) ([]store.Invite, error) {
	now := s.clock()
	var open []store.Invite
	err := s.db.View(ctx, func(tx store.Tx) error {
		open = nil
		all, err := invitesOf(ctx, tx, inviter)
		for _, i := range all {
			if !store.Expired(i.ExpiresAt, now) {
				open = append(open, i)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list invites: %w", err)
	}
	return open, nil
}

// RevokeInvite makes one of inviter's links worthless.
func (s *Service) RevokeInvite(ctx context.Context, inviter id.Account, invite id.Invite) error {
	now := s.clock()
	err := s.db.Update(ctx, func(tx store.Tx) error {
		all, err := invitesOf(ctx, tx, inviter)
		if err != nil {
			return err
		}
		for _, i := range all {
			if i.ID != invite || store.Expired(i.ExpiresAt, now) {
				continue
			}
			if err := tx.Invites.DeleteInvite(ctx, i.Token); err != nil {
				return fmt.Errorf("delete invite: %w", err)
			}
			return audit(ctx, tx, now, inviter, store.AuditInviteRevoked, "")
		}
		return notFound("invite")
	})
	if err != nil {
		return fmt.Errorf("revoke invite: %w", err)
	}
	s.events.AsksChanged(inviter)
	return nil
}

func invitesOf(ctx context.Context, tx store.Tx, inviter id.Account) ([]store.Invite, error) {
	var all []store.Invite
	err := pages(
		func(after store.TokenHash, limit int) ([]store.Invite, error) {
			return tx.Invites.InvitesOf(ctx, inviter, after, limit)
		},
		func(i store.Invite) store.TokenHash { return i.Token },
		func(i store.Invite) bool { all = append(all, i); return true })
	if err != nil {
		return nil, fmt.Errorf("read invites: %w", err)
	}
	return all, nil
}

// Inspected is what whoever holds a link is shown of it.
type Inspected struct {
	Operator  bool   // made by the operator
	Inviter   Person // zero where Operator
	ExpiresAt time.Time
}

// InspectInvite shows a link to whoever holds it, signed in or not.
func (s *Service) InspectInvite(ctx context.Context, token string) (Inspected, error) {
	now := s.clock()
	var in Inspected
	err := s.db.View(ctx, func(tx store.Tx) error {
		in = Inspected{}
		inv, err := openInvite(ctx, tx, token, now)
		if err != nil {
			return err
		}
		in.ExpiresAt = inv.ExpiresAt
		if inv.Inviter.IsZero() {
			in.Operator = true
			return nil
		}
		p, ok, err := person(ctx, tx, inv.Inviter)
		if err == nil && !ok {
			err = errInvite
		}
		in.Inviter = p
		return err
	})
	if err != nil {
		return Inspected{}, fmt.Errorf("inspect invite: %w", err)
	}
	return in, nil
}

func openInvite(ctx context.Context, tx store.Tx, token string, now time.Time) (store.Invite, error) {
	inv, err := store.OpenInvite(ctx, tx, token, now)
	if errors.Is(err, store.ErrNotFound) {
		return store.Invite{}, errInvite
	}
	return inv, err
}

// RedeemInvite makes friends of me and whoever made the link, and uses it up.
// Where the inviter has blocked me, me is answered the same and sees a friend
// who is never there. An operator's link is for signing up only.
func (s *Service) RedeemInvite(ctx context.Context, me id.Account, token string) (Person, error) {
	now := s.clock()
	var p Person
	err := s.db.Update(ctx, func(tx store.Tx) (err error) {
		p, err = redeem(ctx, tx, me, token, now)
		return err
	})
	if err != nil {
		return Person{}, fmt.Errorf("redeem invite: %w", err)
	}
	s.events.FriendsChanged(me, p.Account)
	s.events.AsksChanged(p.Account)
	return p, nil
}

func redeem(ctx context.Context, tx store.Tx, me id.Account, token string, now time.Time) (Person, error) {
	inv, err := openInvite(ctx, tx, token, now)
	if err != nil {
		return Person{}, err
	}
	if inv.Inviter.IsZero() {
		return Person{}, errInvite
	}
	p, ok, err := person(ctx, tx, inv.Inviter)
	if err != nil {
		return Person{}, err
	}
	if !ok {
		return Person{}, errInvite
	}
	mine, theirs, err := both(ctx, tx, me, inv.Inviter)
	if err != nil {
		return Person{}, err
	}
	if mine == store.EdgeFriend && theirs == store.EdgeNone {
		mine = store.EdgeNone // they lifted a block and now hand out their hand
	}
	if err := mayAsk("token", me, inv.Inviter, mine); err != nil {
		return Person{}, err
	}
	if err := tx.Invites.DeleteInvite(ctx, inv.Token); err != nil {
		return Person{}, fmt.Errorf("delete invite: %w", err)
	}
	if theirs == store.EdgeBlocked {
		return p, befriendAlone(ctx, tx, me, p, now)
	}
	return p, befriend(ctx, tx, me, inv.Inviter, now, "invited")
}

// befriendAlone gives me a friend who has blocked me. All that me can see is as
// befriend leaves it: the limits, the edge, and no request any more.
func befriendAlone(ctx context.Context, tx store.Tx, me id.Account, p Person, now time.Time) error {
	if err := haveRoom(ctx, tx, me, p.Account); err != nil {
		return err
	}
	err := tx.Friends.PutEdge(ctx, store.Edge{
		From: me, To: p.Account, State: store.EdgeFriend, Since: now, Handle: p.Handle, Name: p.DisplayName,
	})
	if err != nil {
		return fmt.Errorf("put edge: %w", err)
	}
	if err := tx.Asks.DeleteAsk(ctx, p.Account, me); err != nil {
		return fmt.Errorf("delete request: %w", err)
	}
	return nil
}
