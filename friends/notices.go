package friends

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// Notice is something its account was not there for.
type Notice struct {
	ID    id.Notice
	Kind  store.NoticeKind
	From  Person
	Video bool
	At    time.Time
}

// MissedCall leaves callee a notice of a call that nobody answered. Where
// caller may not reach callee (any more) it leaves none, and that is no error.
func (s *Service) MissedCall(ctx context.Context, callee, caller id.Account, video bool) error {
	now := s.clock()
	n := store.Notice{
		ID: id.NewNotice(), Account: callee, Kind: store.NoticeMissed, From: caller, Video: video,
		At: now, ExpiresAt: now.Add(NoticeLife),
	}
	err := s.db.Update(ctx, func(tx store.Tx) error {
		if err := reach(ctx, tx, caller, callee, PurposeRing); err != nil {
			return err
		}
		if err := s.makeRoom(ctx, tx, callee, now); err != nil {
			return err
		}
		return tx.Notices.PutNotice(ctx, n)
	})
	switch {
	case errors.Is(err, errUnreachable):
		return nil
	case err != nil:
		return fmt.Errorf("leave notice: %w", err)
	}
	s.events.NoticesChanged(callee)
	return nil
}

// makeRoom deletes what has expired and, at the limit, the oldest.
func (s *Service) makeRoom(ctx context.Context, tx store.Tx, a id.Account, now time.Time) error {
	all, err := notices(ctx, tx, a)
	if err != nil {
		return err
	}
	keep := 0
	for _, n := range all { // newest first
		if !store.Expired(n.ExpiresAt, now) && keep < MaxNotices-1 {
			keep++
			continue
		}
		if err := tx.Notices.DeleteNotice(ctx, a, n.ID); err != nil {
			return fmt.Errorf("delete notice: %w", err)
		}
	}
	return nil
}

// notices reads every notice of a, newest first.
func notices(ctx context.Context, tx store.Tx, a id.Account) ([]store.Notice, error) {
	var all []store.Notice
	err := pages(
		func(after id.Notice, limit int) ([]store.Notice, error) {
			return tx.Notices.Notices(ctx, a, after, limit)
		},
		func(n store.Notice) id.Notice { return n.ID },
		func(n store.Notice) bool { all = append(all, n); return true })
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	slices.SortFunc(all, func(x, y store.Notice) int {
		return cmp.Or(y.At.Compare(x.At), cmp.Compare(x.ID.String(), y.ID.String()))
	})
	return all, nil
}

// Notices returns what waits for a, newest first. Notices from those who are
// no friends any more are passed over: a name looked up for one would be news
// of a stranger.
func (s *Service) Notices(ctx context.Context, a id.Account) ([]Notice, error) {
	now := s.clock()
	var out []Notice
	err := s.db.View(ctx, func(tx store.Tx) error {
		out = nil
		all, err := notices(ctx, tx, a)
		if err != nil {
			return err
		}
		for _, n := range all {
			if store.Expired(n.ExpiresAt, now) {
				continue
			}
			mine, err := edge(ctx, tx, a, n.From)
			if err != nil {
				return err
			}
			if mine.State != store.EdgeFriend {
				continue
			}
			p, ok, err := person(ctx, tx, n.From)
			if err != nil {
				return err
			}
			if ok {
				out = append(out, Notice{ID: n.ID, Kind: n.Kind, From: p, Video: n.Video, At: n.At})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list notices: %w", err)
	}
	return out, nil
}

// Seen deletes one notice. One that is not there is no error: another device
// may have been faster.
func (s *Service) Seen(ctx context.Context, a id.Account, notice id.Notice) error {
	err := s.db.Update(ctx, func(tx store.Tx) error { return tx.Notices.DeleteNotice(ctx, a, notice) })
	if err != nil {
		return fmt.Errorf("delete notice: %w", err)
	}
	s.events.NoticesChanged(a)
	return nil
}

// SeenAll deletes every notice of a.
func (s *Service) SeenAll(ctx context.Context, a id.Account) error {
	err := s.db.Update(ctx, func(tx store.Tx) error {
		all, err := notices(ctx, tx, a)
		if err != nil {
			return err
		}
		for _, n := range all {
			if err := tx.Notices.DeleteNotice(ctx, a, n.ID); err != nil {
				return fmt.Errorf("delete notice: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete notices: %w", err)
	}
	s.events.NoticesChanged(a)
	return nil
}
