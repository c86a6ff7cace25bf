package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

func newSession(token store.TokenHash, a id.Account, d id.Device, now time.Time) store.Session {
	return store.Session{
		Token: token, ID: id.NewSession(), Account: a, Device: d, CreatedAt: now, ExpiresAt: now.Add(SessionLife),
	}
}

// Session returns the session of a token; unknown, ended and expired alike are
// unauthorized.
func (s *Service) Session(ctx context.Context, token string) (store.Session, error) {
	return s.session(ctx, store.HashToken(token))
}

// Alive returns nil as long as a session goes on, and otherwise unauthorized.
func (s *Service) Alive(ctx context.Context, session store.Session) error {
	found, err := s.session(ctx, session.Token)
	if err == nil && found.ID != session.ID {
		return errUnauthorized
	}
	return err
}

func (s *Service) session(ctx context.Context, token store.TokenHash) (store.Session, error) {
	now := s.clock()
	var session store.Session
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		session, err = tx.Sessions.Session(ctx, token)
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Session{}, errUnauthorized
	case err != nil:
		return store.Session{}, fmt.Errorf("read session: %w", err)
	case store.Expired(session.ExpiresAt, now):
		return store.Session{}, errUnauthorized
	}
	return session, nil
}

// SignOut ends a session. One that has ended already is no error.
func (s *Service) SignOut(ctx context.Context, session store.Session) error {
	now := s.clock()
	err := s.db.Update(ctx, func(tx store.Tx) error {
		if err := tx.Sessions.DeleteSession(ctx, session.Token); err != nil {
			return fmt.Errorf("delete session: %w", err)
		}
		return audit(ctx, tx, now, session.Account, store.AuditSignOut, "")
	})
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	s.events.SignedOut(session.ID)
	return nil
}

func (s *Service) signedOut(ended []id.Session) {
	for _, session := range ended {
		s.events.SignedOut(session)
	}
}

// endSessions deletes those sessions of a that match and returns their ids.
func endSessions(
	ctx context.Context, tx store.Tx, a id.Account, match func(store.Session) bool,
) ([]id.Session, error) {
	var ended []id.Session
	var after store.TokenHash
	for {
		page, err := tx.Sessions.SessionsOf(ctx, a, after, store.MaxPage)
		if err != nil {
			return nil, fmt.Errorf("read sessions: %w", err)
		}
		for _, o := range page {
			after = o.Token
			if !match(o) {
				continue
			}
			if err := tx.Sessions.DeleteSession(ctx, o.Token); err != nil {
				return nil, fmt.Errorf("delete session: %w", err)
			}
			ended = append(ended, o.ID)
		}
		if len(page) < store.MaxPage {
			return ended, nil
		}
	}
}
