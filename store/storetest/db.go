package storetest

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// Keys makes and destroys the keys of accounts, as internal/keyring does.
type Keys interface {
	CreateAccount(ctx context.Context, a id.Account) error
	DestroyAccount(ctx context.Context, a id.Account) error
}

// RunDB checks the DB that open returns, empty each time, against the
// contracts of store.DB and its tables.
func RunDB(t *testing.T, open func(t *testing.T) (store.DB, Keys)) {
	t.Helper()
	tests := map[string]func(*testing.T, store.DB, Keys){
		"not found":              dbNotFound,
		"handles":                dbHandles,
		"tokens change hands":    dbTokens,
		"audit":                  dbAudit,
		"limits":                 dbLimits,
		"views cannot write":     dbReadOnly,
		"rollback":               dbRollback,
		"device logs":            dbLogs,
		"records need ids":       dbZeroIDs,
		"destroyed accounts":     dbDestroyed,
		"pages pass over":        dbPagesPassOver,
		"random against a model": dbRandom,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, keys := open(t)
			test(t, TwiceDB(db), keys)
		})
	}
}

func change(t *testing.T, db store.DB, fn func(store.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), fn); err != nil {
		t.Fatalf("Update = %v", err)
	}
}

func look(t *testing.T, db store.DB, fn func(store.Tx) error) {
	t.Helper()
	if err := db.View(t.Context(), fn); err != nil {
		t.Fatalf("View = %v", err)
	}
}

func newAccount(t *testing.T, keys Keys) id.Account {
	t.Helper()
	a := id.NewAccount()
	if err := keys.CreateAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	return a
}

// moment is a time as the store gives it back: UTC, to the nanosecond.
func moment(n int64) time.Time { return time.Unix(1_780_000_000+n, n).UTC() }

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func wantSame(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s = %+v, want %+v", what, got, want)
	}
}

func dbNotFound(t *testing.T, db store.DB, keys Keys) {
	ctx := t.Context()
	for name, a := range map[string]id.Account{"known": newAccount(t, keys), "unknown": id.NewAccount(), "zero": {}} {
		look(t, db, func(tx store.Tx) error {
			b := id.NewAccount()
			wantErr(t, name+" account", second(tx.Accounts.Account(ctx, a)), store.ErrNotFound)
			wantErr(t, name+" device", second(tx.Devices.Device(ctx, a, id.NewDevice())), store.ErrNotFound)
			wantErr(t, name+" edge", second(tx.Friends.Edge(ctx, a, b)), store.ErrNotFound)
			wantErr(t, name+" edge to", second(tx.Friends.Edge(ctx, b, a)), store.ErrNotFound)
			wantErr(t, name+" log entry", second(tx.Logs.LogEntry(ctx, a, 0)), store.ErrNotFound)
			wantErr(t, name+" ask", second(tx.Asks.Ask(ctx, a, b)), store.ErrNotFound)
			return nil
		})
	}
	look(t, db, func(tx store.Tx) error {
		wantErr(t, "session", second(tx.Sessions.Session(ctx, store.TokenHash{1})), store.ErrNotFound)
		wantErr(t, "invite", second(tx.Invites.Invite(ctx, store.TokenHash{1})), store.ErrNotFound)
		wantErr(t, "handle", second(tx.Handles.Handle(ctx, "nobody.0000")), store.ErrNotFound)
		return nil
	})
	change(t, db, func(tx store.Tx) error { // deleting what is not there is no error
		return errors.Join(
			tx.Sessions.DeleteSession(ctx, store.TokenHash{1}), tx.Invites.DeleteInvite(ctx, store.TokenHash{1}),
			tx.Friends.DeleteEdge(ctx, id.NewAccount(), id.NewAccount()), tx.Asks.DeleteAsk(ctx, id.NewAccount(), id.NewAccount()),
			tx.Devices.DeleteDevice(ctx, id.NewAccount(), id.NewDevice()), tx.Notices.DeleteNotice(ctx, id.NewAccount(), id.NewNotice()),
			tx.Logs.DeleteLogEntry(ctx, id.NewAccount(), 0),
		)
	})
}

func dbHandles(t *testing.T, db store.DB, keys Keys) {
	ctx := t.Context()
	anna, ben := newAccount(t, keys), newAccount(t, keys)
	change(t, db, func(tx store.Tx) error { return tx.Handles.ClaimHandle(ctx, "anna.4821", anna) })
	change(t, db, func(tx store.Tx) error {
		wantErr(t, "claim of a taken handle", tx.Handles.ClaimHandle(ctx, "anna.4821", ben), store.ErrExists)
		wantErr(t, "claim of the own handle", tx.Handles.ClaimHandle(ctx, "anna.4821", anna), store.ErrExists)
		return nil
	})
	look(t, db, func(tx store.Tx) error {
		got, err := tx.Handles.Handle(ctx, "anna.4821")
		wantSame(t, "Handle", got, anna)
		p := tx.Handles.Phantom("nobody.1234")
		wantSame(t, "Phantom twice", tx.Handles.Phantom("nobody.1234"), p)
		if p.IsZero() || p == tx.Handles.Phantom("nobody.1235") || p == anna {
			t.Errorf("Phantom = %v", p)
		}
		return err
	})
	if err := keys.DestroyAccount(ctx, anna); err != nil {
		t.Fatal(err)
	}
	change(t, db, func(tx store.Tx) error {
		wantErr(t, "handle of a destroyed account", second(tx.Handles.Handle(ctx, "anna.4821")), store.ErrNotFound)
		wantErr(t, "claim of a destroyed account's handle", tx.Handles.ClaimHandle(ctx, "anna.4821", ben), store.ErrExists)
		return nil
	})
}

// dbTokens checks that the index follows a token that gets another owner.
func dbTokens(t *testing.T, db store.DB, keys Keys) {
	ctx := t.Context()
	anna, ben := newAccount(t, keys), newAccount(t, keys)
	s := store.Session{Token: store.TokenHash{7}, ID: id.NewSession(), Device: id.NewDevice(), CreatedAt: moment(1), ExpiresAt: moment(2)}
	i := store.Invite{Token: store.TokenHash{8}, ID: id.NewInvite(), CreatedAt: moment(1), ExpiresAt: moment(2)}
	for _, owner := range []id.Account{anna, ben, ben} {
		s.Account, i.Inviter = owner, owner
		change(t, db, func(tx store.Tx) error {
			return errors.Join(tx.Sessions.PutSession(ctx, s), tx.Invites.PutInvite(ctx, i))
		})
	}
	i.Inviter = id.Account{} // now the operator's
	change(t, db, func(tx store.Tx) error { return tx.Invites.PutInvite(ctx, i) })
	look(t, db, func(tx store.Tx) error {
		for _, c := range []struct {
			of                id.Account
			sessions, invites int
		}{{anna, 0, 0}, {ben, 1, 0}} {
			ss, err := tx.Sessions.SessionsOf(ctx, c.of, store.TokenHash{}, 9)
			is, err2 := tx.Invites.InvitesOf(ctx, c.of, store.TokenHash{}, 9)
			if err := errors.Join(err, err2); err != nil || len(ss) != c.sessions || len(is) != c.invites {
				t.Errorf("sessions %d, invites %d, %v, want %+v", len(ss), len(is), err, c)
			}
		}
		is, err := tx.Invites.InvitesOf(ctx, id.Account{}, store.TokenHash{}, 9)
		wantSame(t, "the operator's invites", is, []store.Invite{i})
		return err
	})
}

func dbAudit(t *testing.T, db store.DB, keys Keys) {
	ctx := t.Context()
	anna := newAccount(t, keys)
	entry := store.AuditEntry{At: moment(1), Account: anna, Action: store.AuditSignUp, Detail: "by_invite"}
	change(t, db, func(tx store.Tx) error { return errors.Join(tx.Audit.Append(ctx, entry), tx.Audit.Append(ctx, entry)) })
	errMine := errors.New("mine")
	wantErr(t, "Update", db.Update(ctx, func(tx store.Tx) error { return errors.Join(tx.Audit.Append(ctx, entry), errMine) }), errMine)
	entry.Account, entry.Seq = id.Account{}, 77 // the number given does not count
	change(t, db, func(tx store.Tx) error { return tx.Audit.Append(ctx, entry) })
	look(t, db, func(tx store.Tx) error {
		all, err := tx.Audit.Entries(ctx, 0, 9)
		var seqs []uint64
		for _, e := range all {
			seqs = append(seqs, e.Seq)
		}
		wantSame(t, "numbers of the entries", seqs, []uint64{1, 2, 3})
		rest, err2 := tx.Audit.Entries(ctx, 2, 9)
		entry.Seq = 3
		wantSame(t, "entries after 2", rest, []store.AuditEntry{entry})
		return errors.Join(err, err2)
	})
}

func dbLimits(t *testing.T, db store.DB, keys Keys) {
	ctx := t.Context()
	a := newAccount(t, keys)
	for _, limit := range []int{-1, 0, store.MaxPage + 1} {
		look(t, db, func(tx store.Tx) error {
			for name, err := range map[string]error{
				"Accounts":   second(tx.Accounts.Accounts(ctx, id.Account{}, limit)),
				"Devices":    second(tx.Devices.Devices(ctx, a, id.Device{}, limit)),
				"SessionsOf": second(tx.Sessions.SessionsOf(ctx, a, store.TokenHash{}, limit)),
				"Edges":      second(tx.Friends.Edges(ctx, a, id.Account{}, limit)),
				"AsksTo":     second(tx.Asks.AsksTo(ctx, a, id.Account{}, limit)),
				"AsksFrom":   second(tx.Asks.AsksFrom(ctx, a, id.Account{}, limit)),
				"InvitesOf":  second(tx.Invites.InvitesOf(ctx, a, store.TokenHash{}, limit)),
				"Notices":    second(tx.Notices.Notices(ctx, a, id.Notice{}, limit)),
				"LogEntries": second(tx.Logs.LogEntries(ctx, a, 0, limit)),
				"Entries":    second(tx.Audit.Entries(ctx, 0, limit)),
			} {
				wantErr(t, name, err, store.ErrLimit)
			}
			return nil
		})
	}
	big := store.Account{ID: a, DisplayName: strings.Repeat("x", store.MaxValue)}
	err := db.Update(ctx, func(tx store.Tx) error { return tx.Accounts.PutAccount(ctx, big) })
	wantErr(t, "a record too big", err, store.ErrLimit)
}

func dbReadOnly(t *testing.T, db store.DB, keys Keys) {
	ctx := t.Context()
	a := newAccount(t, keys)
	look(t, db, func(tx store.Tx) error {
		for name, err := range map[string]error{
			"PutAccount":  tx.Accounts.PutAccount(ctx, store.Account{ID: a}),
			"ClaimHandle": tx.Handles.ClaimHandle(ctx, "a.1111", a),
			"PutEdge":     tx.Friends.PutEdge(ctx, store.Edge{From: a, To: id.NewAccount()}),
			"DeleteEdge":  tx.Friends.DeleteEdge(ctx, a, id.NewAccount()),
			"Append":      tx.Audit.Append(ctx, store.AuditEntry{}),
		} {
			if err == nil {
				t.Errorf("%s in a View = nil, want an error", name)
			}
		}
		return nil
	})
}

func dbRollback(t *testing.T, db store.DB, keys Keys) {
	ctx := t.Context()
	a := newAccount(t, keys)
	errMine := errors.New("mine")
	err := db.Update(ctx, func(tx store.Tx) error {
		return errors.Join(tx.Accounts.PutAccount(ctx, store.Account{ID: a}), tx.Handles.ClaimHandle(ctx, "a.1111", a), errMine)
	})
	wantErr(t, "Update", err, errMine)
	look(t, db, func(tx store.Tx) error {
		wantErr(t, "account", second(tx.Accounts.Account(ctx, a)), store.ErrNotFound)
		wantErr(t, "handle", second(tx.Handles.Handle(ctx, "a.1111")), store.ErrNotFound)
		return nil
	})
}

func dbZeroIDs(t *testing.T, db store.DB, keys Keys) {
	ctx := t.Context()
	a := newAccount(t, keys)
	for name, op := range map[string]func(store.Tx) error{
		"account":        func(tx store.Tx) error { return tx.Accounts.PutAccount(ctx, store.Account{}) },
		"handle":         func(tx store.Tx) error { return tx.Handles.ClaimHandle(ctx, "a.1111", id.Account{}) },
		"device":         func(tx store.Tx) error { return tx.Devices.PutDevice(ctx, store.Device{Account: a}) },
		"device of none": func(tx store.Tx) error { return tx.Devices.PutDevice(ctx, store.Device{ID: id.NewDevice()}) },
		"session":        func(tx store.Tx) error { return tx.Sessions.PutSession(ctx, store.Session{}) },
		"edge":           func(tx store.Tx) error { return tx.Friends.PutEdge(ctx, store.Edge{From: a}) },
		"edge of none":   func(tx store.Tx) error { return tx.Friends.PutEdge(ctx, store.Edge{To: a}) },
		"ask":            func(tx store.Tx) error { return tx.Asks.PutAsk(ctx, store.Ask{From: a}) },
		"ask of none":    func(tx store.Tx) error { return tx.Asks.PutAsk(ctx, store.Ask{To: a}) },
		"log entry":      func(tx store.Tx) error { return tx.Logs.PutLogEntry(ctx, id.Account{}, 0, nil) },
		"notice":         func(tx store.Tx) error { return tx.Notices.PutNotice(ctx, store.Notice{Account: a}) },
		"edges of none":  func(tx store.Tx) error { return second(tx.Friends.Edges(ctx, id.Account{}, id.Account{}, 1)) },
		"asks to none":   func(tx store.Tx) error { return second(tx.Asks.AsksTo(ctx, id.Account{}, id.Account{}, 1)) },
	} {
		if err := db.Update(ctx, op); err == nil {
			t.Errorf("%s = nil, want an error", name)
		}
	}
}

// dbDestroyed checks that nothing of an account is left when its key is gone,
// and that nothing of others is lost with it.
func dbDestroyed(t *testing.T, db store.DB, keys Keys) {
	ctx := t.Context()
	anna, ben := newAccount(t, keys), newAccount(t, keys)
	d := id.NewDevice()
	change(t, db, func(tx store.Tx) error {
		var all []error
		for n, a := range []id.Account{anna, ben} {
			other := []id.Account{ben, anna}[n]
			all = append(
				all, tx.Accounts.PutAccount(ctx, store.Account{ID: a}), tx.Devices.PutDevice(ctx, store.Device{ID: d, Account: a}),
				tx.Sessions.PutSession(ctx, store.Session{Token: store.TokenHash{byte(n + 1)}, Account: a}),
				tx.Friends.PutEdge(ctx, store.Edge{From: a, To: other}), tx.Asks.PutAsk(ctx, store.Ask{From: a, To: other}),
				tx.Invites.PutInvite(ctx, store.Invite{Token: store.TokenHash{byte(n + 1)}, Inviter: a}),
				tx.Notices.PutNotice(ctx, store.Notice{ID: id.NewNotice(), Account: a, From: other}),
				tx.Logs.PutLogEntry(ctx, a, 0, []byte("entry")), tx.Audit.Append(ctx, store.AuditEntry{Account: a}),
			)
		}
		return errors.Join(all...)
	})
	if err := keys.DestroyAccount(ctx, anna); err != nil {
		t.Fatal(err)
	}
	look(t, db, func(tx store.Tx) error {
		wantErr(t, "account", second(tx.Accounts.Account(ctx, anna)), store.ErrNotFound)
		wantErr(t, "device", second(tx.Devices.Device(ctx, anna, d)), store.ErrNotFound)
		wantErr(t, "session", second(tx.Sessions.Session(ctx, store.TokenHash{1})), store.ErrNotFound)
		wantErr(t, "edge", second(tx.Friends.Edge(ctx, anna, ben)), store.ErrNotFound)
		wantErr(t, "ask", second(tx.Asks.Ask(ctx, ben, anna)), store.ErrNotFound)
		wantErr(t, "invite", second(tx.Invites.Invite(ctx, store.TokenHash{1})), store.ErrNotFound)
		wantErr(t, "ben's edge", second(tx.Friends.Edge(ctx, ben, anna)), nil)
		wantErr(t, "ben's ask", second(tx.Asks.Ask(ctx, anna, ben)), nil)
		wantErr(t, "ben's session", second(tx.Sessions.Session(ctx, store.TokenHash{2})), nil)
		wantCounts(ctx, t, tx, anna, 0)
		wantCounts(ctx, t, tx, ben, 1)
		return nil
	})
	err := db.Update(ctx, func(tx store.Tx) error { return tx.Accounts.PutAccount(ctx, store.Account{ID: anna}) })
	wantErr(t, "a new record of a destroyed account", err, store.ErrNotFound)
	change(t, db, func(tx store.Tx) error { // its rows can still be cleared away
		return errors.Join(tx.Sessions.DeleteSession(ctx, store.TokenHash{1}), tx.Invites.DeleteInvite(ctx, store.TokenHash{1}),
			tx.Asks.DeleteAsk(ctx, ben, anna), tx.Friends.DeleteEdge(ctx, anna, ben))
	})
}

func wantCounts(ctx context.Context, t *testing.T, tx store.Tx, a id.Account, want int) {
	t.Helper()
	devices, err1 := tx.Devices.Devices(ctx, a, id.Device{}, 9)
	sessions, err2 := tx.Sessions.SessionsOf(ctx, a, store.TokenHash{}, 9)
	edges, err3 := tx.Friends.Edges(ctx, a, id.Account{}, 9)
	asks, err4 := tx.Asks.AsksFrom(ctx, a, id.Account{}, 9)
	invites, err5 := tx.Invites.InvitesOf(ctx, a, store.TokenHash{}, 9)
	notices, err6 := tx.Notices.Notices(ctx, a, id.Notice{}, 9)
	entriesOfLog, err7 := tx.Logs.LogEntries(ctx, a, 0, 9)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7); err != nil {
		t.Error(err)
	}
	for name, n := range map[string]int{
		"devices": len(devices), "sessions": len(sessions), "edges": len(edges), "asks": len(asks), "invites": len(invites), "notices": len(notices), "log entries": len(entriesOfLog),
	} {
		if n != want {
			t.Errorf("%d %s are left, want %d", n, name, want)
		}
	}
	all, err := tx.Accounts.Accounts(ctx, id.Account{}, 9)
	entries, err2 := tx.Audit.Entries(ctx, 0, 9)
	if len(all) != 1 || len(entries) != 1 || errors.Join(err, err2) != nil {
		t.Errorf("%d accounts and %d audit entries are left, %v, want the other's", len(all), len(entries), errors.Join(err, err2))
	}
}

// dbPagesPassOver checks that a page is full though rows in it are dead.
func dbPagesPassOver(t *testing.T, db store.DB, keys Keys) {
	ctx := t.Context()
	to := newAccount(t, keys)
	var dead, alive []id.Account
	for n := range 20 {
		from := newAccount(t, keys)
		change(t, db, func(tx store.Tx) error { return tx.Asks.PutAsk(ctx, store.Ask{From: from, To: to}) })
		if n%4 != 0 {
			dead = append(dead, from)
		} else {
			alive = append(alive, from)
		}
	}
	for _, a := range dead {
		if err := keys.DestroyAccount(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	var got []id.Account
	look(t, db, func(tx store.Tx) error {
		after := id.Account{}
		for {
			page, err := tx.Asks.AsksTo(ctx, to, after, 2)
			if err != nil {
				return err
			}
			for _, a := range page {
				got = append(got, a.From)
			}
			if len(page) < 2 {
				return nil
			}
			after = page[1].From
		}
	})
	if len(got) != len(alive) {
		t.Errorf("%d asks in pages of two, want %d", len(got), len(alive))
	}
	for n := 1; n < len(got); n++ {
		if bytes.Compare(got[n-1].Bytes(), got[n].Bytes()) >= 0 {
			t.Errorf("pages are out of order at %d", n)
		}
	}
}
