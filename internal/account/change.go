package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

var errCurrent = &fault.Error{
	Code: fault.BadCredentials, Field: "current", Rule: "wrong", Public: "The current password is wrong.",
}

// ChangePassword gives the account of session another password and ends its
// other sessions. Whether current is right is found out as at sign-in; what is
// wrong with next is said before, so that it tells nothing of current.
func (s *Service) ChangePassword(ctx context.Context, session store.Session, current, next string) error {
	err := s.changePassword(ctx, session, norm.NFC.String(current), next)
	return wrap("change password", err)
}

func (s *Service) changePassword(ctx context.Context, session store.Session, current, next string) error {
	me, err := s.Me(ctx, session.Account)
	if err != nil {
		return err
	}
	next, err = checkNext(me, current, next)
	if err != nil {
		return err
	}
	acc, err := s.credentials(ctx, me.Handle, current)
	if errors.Is(err, errCredentials) {
		return errCurrent
	}
	if err != nil {
		return err
	}
	hash, err := s.hasher.make(ctx, next)
	if err != nil {
		return err
	}
	now := s.clock()
	var ended []id.Session
	err = s.db.Update(ctx, func(tx store.Tx) (err error) {
		ended, err = changePassword(ctx, tx, session, acc.Password, hash, now)
		return err
	})
	if err != nil {
		return err
	}
	s.signedOut(ended)
	return nil
}

// checkNext returns the new password in its one spelling, or what is wrong
// with the form.
func checkNext(me Profile, current, next string) (string, error) {
	var missing error
	if current == "" {
		missing = fault.Field("current", "required", 0, "Type the current password.")
	}
	next, err := checkPassword(next)
	if err := errors.Join(missing, err); err != nil {
		return "", err
	}
	if next == current {
		return "", fault.Field("password", "differs", 0, "This is the password that you have.")
	}
	name, _, _ := strings.Cut(me.Handle, ".")
	return next, checkStrength(next, name, me.DisplayName)
}

// changePassword stores hash where the account still has the old one and the
// session goes on: both may have ended while passwords were hashed.
func changePassword(
	ctx context.Context, tx store.Tx, session store.Session, old, hash string, now time.Time,
) ([]id.Session, error) {
	switch found, err := tx.Sessions.Session(ctx, session.Token); {
	case errors.Is(err, store.ErrNotFound):
		return nil, errUnauthorized
	case err != nil:
		return nil, fmt.Errorf("read session: %w", err)
	case found.ID != session.ID:
		return nil, errUnauthorized
	}
	acc, err := read(ctx, tx, session.Account)
	if err != nil {
		return nil, err
	}
	if acc.Password != old {
		return nil, errCurrent
	}
	acc.Password, acc.UpdatedAt = hash, now
	if err := tx.Accounts.PutAccount(ctx, acc); err != nil {
		return nil, fmt.Errorf("put account: %w", err)
	}
	ended, err := endSessions(ctx, tx, acc.ID, func(o store.Session) bool { return o.ID != session.ID })
	if err != nil {
		return nil, err
	}
	return ended, audit(ctx, tx, now, acc.ID, store.AuditPasswordChanged, "")
}
