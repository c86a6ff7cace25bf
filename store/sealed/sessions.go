package sealed

import (
	"context"
	"errors"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// The names of the secondary indexes: what follows in a key of TableIndexes.
const (
	indexAsksFrom   = "asks_from\x00"   // from account, to account
	indexSessionsOf = "sessions_of\x00" // account, token's hash
	indexInvitesOf  = "invites_of\x00"  // inviter or zeros, token's hash
)

type indexRecord struct{}

// putIndex writes the row that leads from an account to a record of its own.
func (t *tx) putIndex(ctx context.Context, name string, a id.Account, key []byte) error {
	return t.put(ctx, a, store.TableIndexes, concat([]byte(name), a.Bytes(), key), indexRecord{})
}

func (t *tx) deleteIndex(ctx context.Context, name string, a id.Account, key []byte) error {
	return t.rows.Delete(ctx, store.TableIndexes, concat([]byte(name), a.Bytes(), key))
}

// indexed pages through the keys that an index leads to.
func (t *tx) indexed(ctx context.Context, name string, a id.Account, after []byte, limit int, use func(key []byte) error) error {
	prefix := concat([]byte(name), a.Bytes())
	return t.live(ctx, store.TableIndexes, prefix, after, limit, func(row store.Row) error {
		var r indexRecord
		if err := t.open(a, store.TableIndexes, row.Key, row.Value, &r); err != nil {
			return err
		}
		return use(row.Key[len(prefix):])
	})
}

// putToken writes a row below a token's hash and its index, and takes the
// index of a former owner away.
func (t *tx) putToken(ctx context.Context, owner id.Account, table store.Table, index string, token store.TokenHash, record any) error {
	former, err := t.tokenOwner(ctx, table, token)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return err
	case former != owner:
		if err := t.deleteIndex(ctx, index, former, token[:]); err != nil {
			return err
		}
	}
	if err := t.putOwned(ctx, owner, table, token[:], record); err != nil {
		return err
	}
	return t.putIndex(ctx, index, owner, token[:])
}

// deleteToken removes a row and its index.
func (t *tx) deleteToken(ctx context.Context, table store.Table, index string, token store.TokenHash) error {
	owner, err := t.tokenOwner(ctx, table, token)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	if err := t.deleteIndex(ctx, index, owner, token[:]); err != nil {
		return err
	}
	return t.rows.Delete(ctx, table, token[:])
}

// tokenOwner tells whose row it is, or store.ErrNotFound where there is none.
func (t *tx) tokenOwner(ctx context.Context, table store.Table, token store.TokenHash) (id.Account, error) {
	row, err := t.rows.Get(ctx, table, token[:])
	if err != nil {
		return id.Account{}, err
	}
	owner, _, err := t.openOuter(table, token[:], row)
	return owner, err
}

// sessions is store.SessionTable. The key of a row is the token's hash.
type sessions struct{ *tx }

type sessionRecord struct {
	ID      id.Session `json:"i"`
	Device  id.Device  `json:"d"`
	Created time.Time  `json:"c"`
	Expires time.Time  `json:"e"`
}

func (t sessions) Session(ctx context.Context, token store.TokenHash) (store.Session, error) {
	var r sessionRecord
	a, err := t.getOwned(ctx, store.TableSessions, token[:], &r)
	if err != nil {
		return store.Session{}, err
	}
	return store.Session{
		Token: token, ID: r.ID, Account: a, Device: r.Device, CreatedAt: r.Created, ExpiresAt: r.Expires,
	}, nil
}

func (t sessions) PutSession(ctx context.Context, s store.Session) error {
	if err := named(s.Account); err != nil {
		return err
	}
	return t.putToken(ctx, s.Account, store.TableSessions, indexSessionsOf, s.Token, sessionRecord{
		ID: s.ID, Device: s.Device, Created: s.CreatedAt.UTC(), Expires: s.ExpiresAt.UTC(),
	})
}

func (t sessions) DeleteSession(ctx context.Context, token store.TokenHash) error {
	return t.deleteToken(ctx, store.TableSessions, indexSessionsOf, token)
}

func (t sessions) SessionsOf(ctx context.Context, a id.Account, after store.TokenHash, limit int) ([]store.Session, error) {
	if err := named(a); err != nil {
		return nil, err
	}
	var all []store.Session
	err := t.indexed(ctx, indexSessionsOf, a, afterToken(after), limit, func(key []byte) error {
		s, err := t.Session(ctx, store.TokenHash(key))
		if err == nil {
			all = append(all, s)
		}
		return err
	})
	return all, err
}

// invites is store.InviteTable. The key of a row is the token's hash.
type invites struct{ *tx }

type inviteRecord struct {
	ID      id.Invite  `json:"i"`
	Role    store.Role `json:"r,omitempty"`
	Created time.Time  `json:"c"`
	Expires time.Time  `json:"e"`
}

func (t invites) Invite(ctx context.Context, token store.TokenHash) (store.Invite, error) {
	var r inviteRecord
	inviter, err := t.getOwned(ctx, store.TableInvites, token[:], &r)
	if err != nil {
		return store.Invite{}, err
	}
	return store.Invite{
		Token: token, ID: r.ID, Inviter: inviter, Role: r.Role, CreatedAt: r.Created, ExpiresAt: r.Expires,
	}, nil
}

func (t invites) PutInvite(ctx context.Context, i store.Invite) error {
	return t.putToken(ctx, i.Inviter, store.TableInvites, indexInvitesOf, i.Token, inviteRecord{
		ID: i.ID, Role: i.Role, Created: i.CreatedAt.UTC(), Expires: i.ExpiresAt.UTC(),
	})
}

func (t invites) DeleteInvite(ctx context.Context, token store.TokenHash) error {
	return t.deleteToken(ctx, store.TableInvites, indexInvitesOf, token)
}

func (t invites) InvitesOf(ctx context.Context, inviter id.Account, after store.TokenHash, limit int) ([]store.Invite, error) {
	var all []store.Invite
	err := t.indexed(ctx, indexInvitesOf, inviter, afterToken(after), limit, func(key []byte) error {
		i, err := t.Invite(ctx, store.TokenHash(key))
		if err == nil {
			all = append(all, i)
		}
		return err
	})
	return all, err
}
