package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// CreateOwnerInvite makes the link with which the owner signs up, in the place
// of earlier ones that nobody used. made is false, and there is no token, once
// there is an owner.
func (s *Service) CreateOwnerInvite(ctx context.Context) (token string, made bool, err error) {
	owned := false
	err = s.db.View(ctx, func(tx store.Tx) (err error) {
		owned, err = hasOwner(ctx, tx)
		return err
	})
	if err != nil || owned {
		return "", false, wrap("look for the owner", err)
	}
	inv, token := s.operatorInvite(store.RoleOwner)
	err = s.db.Update(ctx, func(tx store.Tx) error {
		if err := dropOwnerInvites(ctx, tx); err != nil {
			return err
		}
		return putInvite(ctx, tx, inv)
	})
	if err != nil {
		return "", false, wrap("create owner invite", err)
	}
	return token, true, nil
}

// CreateOperatorInvite makes a link that brings somebody in as a friend of
// nobody yet.
func (s *Service) CreateOperatorInvite(ctx context.Context) (string, store.Invite, error) {
	inv, token := s.operatorInvite(store.RoleMember)
	err := s.db.Update(ctx, func(tx store.Tx) error { return putInvite(ctx, tx, inv) })
	if err != nil {
		return "", store.Invite{}, wrap("create invite", err)
	}
	return token, inv, nil
}

func (s *Service) operatorInvite(role store.Role) (store.Invite, string) {
	now := s.clock()
	token, hash := store.NewToken()
	return store.Invite{
		Token: hash, ID: id.NewInvite(), Role: role, CreatedAt: now, ExpiresAt: now.Add(InviteLife),
	}, token
}

func putInvite(ctx context.Context, tx store.Tx, inv store.Invite) error {
	if err := tx.Invites.PutInvite(ctx, inv); err != nil {
		return fmt.Errorf("put invite: %w", err)
	}
	return audit(ctx, tx, inv.CreatedAt, id.Account{}, store.AuditInviteMade, string(inv.Role))
}

func hasOwner(ctx context.Context, tx store.Tx) (bool, error) {
	var after id.Account
	for {
		page, err := tx.Accounts.Accounts(ctx, after, store.MaxPage)
		if err != nil {
			return false, fmt.Errorf("read accounts: %w", err)
		}
		for _, a := range page {
			after = a.ID
			if a.Role == store.RoleOwner {
				return true, nil
			}
		}
		if len(page) < store.MaxPage {
			return false, nil
		}
	}
}

func dropOwnerInvites(ctx context.Context, tx store.Tx) error {
	var after store.TokenHash
	for {
		page, err := tx.Invites.InvitesOf(ctx, id.Account{}, after, store.MaxPage)
		if err != nil {
			return fmt.Errorf("read invites: %w", err)
		}
		for _, i := range page {
			after = i.Token
			if i.Role != store.RoleOwner {
				continue
			}
			if err := tx.Invites.DeleteInvite(ctx, i.Token); err != nil {
				return fmt.Errorf("delete invite: %w", err)
			}
		}
		if len(page) < store.MaxPage {
			return nil
		}
	}
}

// ResetPassword gives an account a temporary password, which is returned and
// nowhere else, and ends its sessions.
func (s *Service) ResetPassword(ctx context.Context, handle string) (temporary string, err error) {
	handle, err = ParseHandle(handle)
	if err != nil {
		return "", err
	}
	temporary = temporaryPassword()
	hash, err := s.hasher.make(ctx, temporary)
	if err != nil {
		return "", wrap("reset password", err)
	}
	now := s.clock()
	var ended []id.Session
	err = s.db.Update(ctx, func(tx store.Tx) (err error) {
		ended, err = resetPassword(ctx, tx, handle, hash, now)
		return err
	})
	if err != nil {
		return "", wrap("reset password", err)
	}
	s.signedOut(ended)
	return temporary, nil
}

func resetPassword(ctx context.Context, tx store.Tx, handle, hash string, now time.Time) ([]id.Session, error) {
	a, err := tx.Handles.Handle(ctx, handle)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fault.New(fault.NotFound, "Nobody has this handle.")
	}
	if err != nil {
		return nil, fmt.Errorf("find handle: %w", err)
	}
	acc, err := tx.Accounts.Account(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("read account: %w", err)
	}
	acc.Password, acc.UpdatedAt = hash, now
	if err := tx.Accounts.PutAccount(ctx, acc); err != nil {
		return nil, fmt.Errorf("put account: %w", err)
	}
	ended, err := endSessions(ctx, tx, a, func(store.Session) bool { return true })
	if err != nil {
		return nil, err
	}
	return ended, audit(ctx, tx, now, a, store.AuditPasswordReset, "")
}

// temporaryPassword has 130 bits, in groups that can be read out.
func temporaryPassword() string {
	text := strings.ToLower(rand.Text())
	var groups []string
	for len(text) > 0 {
		n := min(len(text), 5)
		groups = append(groups, text[:n])
		text = text[n:]
	}
	return strings.Join(groups, "-")
}

// ListAccounts pages through everybody in the order of their ids.
func (s *Service) ListAccounts(ctx context.Context, after id.Account, limit int) ([]Profile, error) {
	var out []Profile
	err := s.db.View(ctx, func(tx store.Tx) error {
		out = nil
		page, err := tx.Accounts.Accounts(ctx, after, min(max(limit, 1), store.MaxPage))
		for _, a := range page {
			out = append(out, profile(a))
		}
		return err
	})
	return out, wrap("list accounts", err)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
