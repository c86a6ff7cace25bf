package storetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// dbModel is what a DB should hold.
type dbModel struct {
	accounts map[id.Account]store.Account
	handles  map[string]id.Account // zero: taken, by somebody who is gone
	edges    map[[2]id.Account]store.Edge
	asks     map[[2]id.Account]store.Ask // to, from
	devices  map[id.Device]store.Device
	sessions map[store.TokenHash]store.Session
	invites  map[store.TokenHash]store.Invite
	notices  map[id.Notice]store.Notice
	audit    []store.AuditEntry
	seq      uint64
}

func (m dbModel) clone() dbModel {
	m.accounts, m.handles, m.edges, m.asks = maps.Clone(m.accounts), maps.Clone(m.handles), maps.Clone(m.edges), maps.Clone(m.asks)
	m.devices, m.sessions, m.invites = maps.Clone(m.devices), maps.Clone(m.sessions), maps.Clone(m.invites)
	m.notices, m.audit = maps.Clone(m.notices), slices.Clone(m.audit)
	return m
}

func newDBModel() dbModel {
	return dbModel{
		map[id.Account]store.Account{},
		map[string]id.Account{},
		map[[2]id.Account]store.Edge{},
		map[[2]id.Account]store.Ask{},
		map[id.Device]store.Device{},
		map[store.TokenHash]store.Session{},
		map[store.TokenHash]store.Invite{},
		map[id.Notice]store.Notice{},
		nil, 0,
	}
}

// destroy removes what is sealed under the key of a.
func (m *dbModel) destroy(a id.Account) {
	delete(m.accounts, a)
	for h, owner := range m.handles {
		if owner == a {
			m.handles[h] = id.Account{}
		}
	}
	maps.DeleteFunc(m.edges, func(_ [2]id.Account, e store.Edge) bool { return e.From == a })
	maps.DeleteFunc(m.asks, func(_ [2]id.Account, e store.Ask) bool { return e.From == a })
	maps.DeleteFunc(m.devices, func(_ id.Device, e store.Device) bool { return e.Account == a })
	maps.DeleteFunc(m.sessions, func(_ store.TokenHash, e store.Session) bool { return e.Account == a })
	maps.DeleteFunc(m.invites, func(_ store.TokenHash, e store.Invite) bool { return e.Inviter == a })
	maps.DeleteFunc(m.notices, func(_ id.Notice, e store.Notice) bool { return e.Account == a })
	m.audit = slices.DeleteFunc(m.audit, func(e store.AuditEntry) bool { return e.Account == a })
}

// world is the few ids that random operations are about, so that they meet.
type world struct {
	r        *rand.Rand
	people   []id.Account
	devices  []id.Device
	notices  []id.Notice
	dead     map[id.Account]bool
	lastTime int64
}

func newWorld(t *testing.T, keys Keys) *world {
	t.Helper()
	w := &world{r: seeded(t), dead: map[id.Account]bool{}}
	for range 5 {
		w.people = append(w.people, newAccount(t, keys))
		w.devices, w.notices = append(w.devices, id.NewDevice()), append(w.notices, id.NewNotice())
	}
	return w
}

func pick[T any](w *world, from []T) T { return from[w.r.IntN(len(from))] }

func (w *world) person() id.Account { return pick(w, w.people) }

// living picks somebody who has a key.
func (w *world) living() id.Account {
	for {
		if a := w.person(); !w.dead[a] {
			return a
		}
	}
}

func (w *world) token() store.TokenHash { return store.TokenHash{byte(1 + w.r.IntN(8))} }

// dbOp changes the DB and the model in the same way.
type dbOp func(ctx context.Context, tx store.Tx, m *dbModel) error

// op returns one random operation, the same each time it is run.
func (w *world) op() dbOp {
	w.lastTime++
	from, to, token, at := w.living(), w.person(), w.token(), moment(w.lastTime)
	switch w.r.IntN(12) {
	case 0:
		return w.accountOp(from)
	case 1:
		return w.edgeOp(from, to)
	case 2:
		return w.askOp(from, to)
	case 3:
		s := store.Session{Token: token, ID: id.NewSession(), Account: from, Device: pick(w, w.devices), CreatedAt: at, ExpiresAt: at}
		return func(ctx context.Context, tx store.Tx, m *dbModel) error {
			m.sessions[token] = s
			return tx.Sessions.PutSession(ctx, s)
		}
	case 4:
		return func(ctx context.Context, tx store.Tx, m *dbModel) error {
			delete(m.sessions, token)
			return tx.Sessions.DeleteSession(ctx, token)
		}
	case 5:
		i := store.Invite{Token: token, ID: id.NewInvite(), Inviter: pick(w, []id.Account{from, {}}), CreatedAt: at, ExpiresAt: at}
		return func(ctx context.Context, tx store.Tx, m *dbModel) error {
			m.invites[token] = i
			return tx.Invites.PutInvite(ctx, i)
		}
	case 6:
		return func(ctx context.Context, tx store.Tx, m *dbModel) error {
			delete(m.invites, token)
			return tx.Invites.DeleteInvite(ctx, token)
		}
	case 7, 8:
		return w.deviceOp(from)
	case 9, 10:
		return w.noticeOp(from, to)
	}
	e := store.AuditEntry{At: at, Account: pick(w, []id.Account{from, {}}), Action: store.AuditSignIn}
	return func(ctx context.Context, tx store.Tx, m *dbModel) error {
		m.seq++
		kept := e
		kept.Seq = m.seq
		m.audit = append(m.audit, kept)
		return tx.Audit.Append(ctx, e)
	}
}

func (w *world) accountOp(a id.Account) dbOp {
	handle := fmt.Sprintf("name.%d", w.r.IntN(6))
	rec := store.Account{ID: a, Handle: handle, DisplayName: "Ä\"<", Role: pick(w, []store.Role{store.RoleOwner, store.RoleMember}), CreatedAt: moment(w.lastTime)}
	return func(ctx context.Context, tx store.Tx, m *dbModel) error {
		m.accounts[a] = rec
		err := tx.Handles.ClaimHandle(ctx, handle, a)
		if _, taken := m.handles[handle]; taken {
			if !errors.Is(err, store.ErrExists) {
				return fmt.Errorf("claim of a taken handle = %w", err)
			}
			err = nil
		} else {
			m.handles[handle] = a
		}
		return errors.Join(err, tx.Accounts.PutAccount(ctx, rec))
	}
}

func (w *world) edgeOp(from, to id.Account) dbOp {
	if w.r.IntN(3) == 0 {
		return func(ctx context.Context, tx store.Tx, m *dbModel) error {
			delete(m.edges, [2]id.Account{from, to})
			return tx.Friends.DeleteEdge(ctx, from, to)
		}
	}
	e := store.Edge{From: from, To: to, State: pick(w, []store.EdgeState{store.EdgeFriend, store.EdgeBlocked}), Since: moment(w.lastTime)}
	return func(ctx context.Context, tx store.Tx, m *dbModel) error {
		m.edges[[2]id.Account{from, to}] = e
		return tx.Friends.PutEdge(ctx, e)
	}
}

func (w *world) askOp(from, to id.Account) dbOp {
	if w.r.IntN(3) == 0 {
		return func(ctx context.Context, tx store.Tx, m *dbModel) error {
			delete(m.asks, [2]id.Account{to, from})
			return tx.Asks.DeleteAsk(ctx, to, from)
		}
	}
	a := store.Ask{From: from, To: to, Handle: "x.1234", AskedAt: moment(w.lastTime), ExpiresAt: moment(w.lastTime + 1)}
	return func(ctx context.Context, tx store.Tx, m *dbModel) error {
		m.asks[[2]id.Account{to, from}] = a
		return tx.Asks.PutAsk(ctx, a)
	}
}

// deviceOp keeps each device with one account, as the program does.
func (w *world) deviceOp(a id.Account) dbOp {
	d := w.devices[slices.Index(w.people, a)]
	if w.r.IntN(3) == 0 {
		return func(ctx context.Context, tx store.Tx, m *dbModel) error {
			delete(m.devices, d)
			return tx.Devices.DeleteDevice(ctx, a, d)
		}
	}
	rec := store.Device{ID: d, Account: a, Name: "Firefox", CreatedAt: moment(w.lastTime), SeenOn: moment(w.lastTime)}
	return func(ctx context.Context, tx store.Tx, m *dbModel) error {
		m.devices[d] = rec
		return tx.Devices.PutDevice(ctx, rec)
	}
}

func (w *world) noticeOp(a, from id.Account) dbOp {
	n := w.notices[slices.Index(w.people, a)]
	if w.r.IntN(3) == 0 {
		return func(ctx context.Context, tx store.Tx, m *dbModel) error {
			delete(m.notices, n)
			return tx.Notices.DeleteNotice(ctx, a, n)
		}
	}
	rec := store.Notice{ID: n, Account: a, Kind: store.NoticeMissed, From: from, Video: w.r.IntN(2) == 0, At: moment(w.lastTime), ExpiresAt: moment(w.lastTime)}
	return func(ctx context.Context, tx store.Tx, m *dbModel) error {
		m.notices[n] = rec
		return tx.Notices.PutNotice(ctx, rec)
	}
}

// dbRandom runs random transactions, some of them given up, destroys a key now
// and then, and compares everything with the model.
func dbRandom(t *testing.T, db store.DB, keys Keys) {
	w := newWorld(t, keys)
	ctx := t.Context()
	model := newDBModel()
	errGiveUp := errors.New("given up")
	for range 40 {
		ops := make([]dbOp, 1+w.r.IntN(12))
		for i := range ops {
			ops[i] = w.op()
		}
		giveUp := w.r.IntN(4) == 0
		var after dbModel
		err := db.Update(ctx, func(tx store.Tx) error {
			after = model.clone()
			for _, op := range ops {
				if err := op(ctx, tx, &after); err != nil {
					return err
				}
			}
			if err := after.compare(ctx, tx, w); err != nil {
				return fmt.Errorf("inside: %w", err)
			}
			if giveUp {
				return errGiveUp
			}
			return nil
		})
		switch {
		case giveUp && !errors.Is(err, errGiveUp), !giveUp && err != nil:
			t.Fatal(err)
		case !giveUp:
			model = after
		}
		w.fate(t, keys, &model)
		look(t, db, func(tx store.Tx) error { return model.compare(ctx, tx, w) })
	}
}

// fate destroys somebody's key, or gives somebody who has none a new one: what
// the old one sealed must stay lost.
func (w *world) fate(t *testing.T, keys Keys, m *dbModel) {
	t.Helper()
	a := w.person()
	switch {
	case w.dead[a]:
		delete(w.dead, a)
		if err := keys.CreateAccount(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	case w.r.IntN(4) == 0 && len(w.dead) < len(w.people)-1:
		w.dead[a] = true
		m.destroy(a)
		if err := keys.DestroyAccount(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
}

// paged reads all pages and compares them with the values of the model that
// keep says yes to, in the order of less.
func paged[T, K any](
	w *world, what string, model []T, keep func(T) bool, key func(T) K, order func(a, b K) int, page func(after K, limit int) ([]T, error),
) error {
	var want, got []T
	for _, v := range model {
		if keep(v) {
			want = append(want, v)
		}
	}
	slices.SortFunc(want, func(a, b T) int { return order(key(a), key(b)) })
	limit := 1 + w.r.IntN(4)
	for after := *new(K); ; {
		p, err := page(after, limit)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		got = append(got, p...)
		if len(p) < limit {
			break
		}
		after = key(p[len(p)-1])
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("%s in pages of %d:\n got %+v\nwant %+v", what, limit, got, want)
	}
	return nil
}

func byID[K any](a, b id.Of[K]) int { return bytes.Compare(a.Bytes(), b.Bytes()) }

func byToken(a, b store.TokenHash) int { return bytes.Compare(a[:], b[:]) }

func values[K comparable, V any](m map[K]V) []V { return slices.Collect(maps.Values(m)) }

// compare reads everything.
func (m dbModel) compare(ctx context.Context, tx store.Tx, w *world) error {
	all := []error{
		paged(w, "accounts", values(m.accounts), func(store.Account) bool { return true },
			func(a store.Account) id.Account { return a.ID }, byID,
			func(after id.Account, n int) ([]store.Account, error) { return tx.Accounts.Accounts(ctx, after, n) }),
		paged(w, "audit", m.audit, func(store.AuditEntry) bool { return true },
			func(e store.AuditEntry) uint64 { return e.Seq }, cmp.Compare[uint64],
			func(after uint64, n int) ([]store.AuditEntry, error) { return tx.Audit.Entries(ctx, after, n) }),
		m.compareInvites(ctx, tx, w, id.Account{}),
	}
	for handle, want := range m.handles {
		got, err := tx.Handles.Handle(ctx, handle)
		if got != want || (err != nil) != want.IsZero() || (err != nil && !errors.Is(err, store.ErrNotFound)) {
			all = append(all, fmt.Errorf("handle %s: got %v, %w, want %v", handle, got, err, want))
		}
	}
	for _, a := range w.people {
		all = append(all, m.comparePerson(ctx, tx, w, a), m.compareInvites(ctx, tx, w, a))
	}
	return errors.Join(all...)
}

func (m dbModel) compareInvites(ctx context.Context, tx store.Tx, w *world, a id.Account) error {
	return paged(w, "invites", values(m.invites), func(i store.Invite) bool { return i.Inviter == a },
		func(i store.Invite) store.TokenHash { return i.Token }, byToken,
		func(after store.TokenHash, n int) ([]store.Invite, error) {
			return tx.Invites.InvitesOf(ctx, a, after, n)
		})
}

func (m dbModel) comparePerson(ctx context.Context, tx store.Tx, w *world, a id.Account) error {
	return errors.Join(
		paged(w, "edges", values(m.edges), func(e store.Edge) bool { return e.From == a },
			func(e store.Edge) id.Account { return e.To }, byID,
			func(after id.Account, n int) ([]store.Edge, error) { return tx.Friends.Edges(ctx, a, after, n) }),
		paged(w, "asks to", values(m.asks), func(e store.Ask) bool { return e.To == a },
			func(e store.Ask) id.Account { return e.From }, byID,
			func(after id.Account, n int) ([]store.Ask, error) { return tx.Asks.AsksTo(ctx, a, after, n) }),
		paged(w, "asks from", values(m.asks), func(e store.Ask) bool { return e.From == a },
			func(e store.Ask) id.Account { return e.To }, byID,
			func(after id.Account, n int) ([]store.Ask, error) { return tx.Asks.AsksFrom(ctx, a, after, n) }),
		paged(w, "devices", values(m.devices), func(e store.Device) bool { return e.Account == a },
			func(e store.Device) id.Device { return e.ID }, byID,
			func(after id.Device, n int) ([]store.Device, error) { return tx.Devices.Devices(ctx, a, after, n) }),
		paged(w, "sessions", values(m.sessions), func(e store.Session) bool { return e.Account == a },
			func(e store.Session) store.TokenHash { return e.Token }, byToken,
			func(after store.TokenHash, n int) ([]store.Session, error) {
				return tx.Sessions.SessionsOf(ctx, a, after, n)
			}),
		paged(w, "notices", values(m.notices), func(e store.Notice) bool { return e.Account == a },
			func(e store.Notice) id.Notice { return e.ID }, byID,
			func(after id.Notice, n int) ([]store.Notice, error) { return tx.Notices.Notices(ctx, a, after, n) }),
	)
}
