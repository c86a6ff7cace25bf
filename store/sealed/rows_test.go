package sealed_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/sealed"
	"github.com/ringfence/ringfence/store/storetest"
)

// people is one record of every table.
type people struct{ anna, ben id.Account }

// fill writes at least one row into every table.
func fill(t testing.TB, db store.DB, keys storetest.Keys) people {
	t.Helper()
	ctx := t.Context()
	p := people{id.NewAccount(), id.NewAccount()}
	for _, a := range []id.Account{p.anna, p.ben} {
		if err := keys.CreateAccount(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2030, 1, 2, 3, 4, 5, 6, time.UTC)
	err := db.Update(ctx, func(tx store.Tx) error {
		return errors.Join(
			tx.Accounts.PutAccount(ctx, store.Account{ID: p.anna, Handle: "anna.4821", DisplayName: "Anna Beispiel", Role: store.RoleOwner, Password: "$argon2id$v=19$x", CreatedAt: at}),
			tx.Accounts.PutAccount(ctx, store.Account{ID: p.ben, Handle: "ben.1234", DisplayName: "Ben Beispiel", CreatedAt: at}),
			tx.Handles.ClaimHandle(ctx, "anna.4821", p.anna),
			tx.Handles.ClaimHandle(ctx, "ben.1234", p.ben),
			tx.Devices.PutDevice(ctx, store.Device{ID: id.NewDevice(), Account: p.anna, Name: "Firefox on Debian", CreatedAt: at}),
			tx.Devices.PutDevice(ctx, store.Device{ID: id.NewDevice(), Account: p.ben, Name: "Chromium", CreatedAt: at}),
			tx.Sessions.PutSession(ctx, store.Session{Token: store.TokenHash{1}, ID: id.NewSession(), Account: p.anna, Device: id.NewDevice(), CreatedAt: at}),
			tx.Sessions.PutSession(ctx, store.Session{Token: store.TokenHash{2}, ID: id.NewSession(), Account: p.ben, Device: id.NewDevice(), CreatedAt: at}),
			tx.Friends.PutEdge(ctx, store.Edge{From: p.anna, To: p.ben, State: store.EdgeFriend, Since: at}),
			tx.Friends.PutEdge(ctx, store.Edge{From: p.ben, To: p.anna, State: store.EdgeBlocked, Since: at}),
			tx.Asks.PutAsk(ctx, store.Ask{From: p.anna, To: p.ben, Handle: "ben.1234", AskedAt: at}),
			tx.Asks.PutAsk(ctx, store.Ask{From: p.ben, To: p.anna, Handle: "anna.4821", AskedAt: at}),
			tx.Invites.PutInvite(ctx, store.Invite{Token: store.TokenHash{1}, ID: id.NewInvite(), Inviter: p.anna, CreatedAt: at}),
			tx.Invites.PutInvite(ctx, store.Invite{Token: store.TokenHash{2}, ID: id.NewInvite(), Role: store.RoleOwner, CreatedAt: at}),
			tx.Notices.PutNotice(ctx, store.Notice{ID: id.NewNotice(), Account: p.anna, Kind: store.NoticeMissed, From: p.ben, At: at}),
			tx.Notices.PutNotice(ctx, store.Notice{ID: id.NewNotice(), Account: p.ben, Kind: store.NoticeMissed, From: p.anna, At: at}),
			tx.Logs.PutLogEntry(ctx, p.anna, 0, []byte("of anna's devices")),
			tx.Logs.PutLogEntry(ctx, p.ben, 0, []byte("of ben's devices")),
			tx.Audit.Append(ctx, store.AuditEntry{At: at, Account: p.anna, Action: store.AuditSignUp}),
			tx.Audit.Append(ctx, store.AuditEntry{At: at, Action: store.AuditInviteMade, Detail: "operator"}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// allRows reads every row of every table.
func allRows(t *testing.T, e store.Engine) map[store.Table][]store.Row {
	t.Helper()
	all := map[store.Table][]store.Row{}
	err := e.View(t.Context(), func(rows store.Rows) error {
		for _, table := range store.Tables() {
			page, err := rows.Page(t.Context(), table, nil, nil, store.MaxPage)
			if err != nil {
				return err
			}
			all[table] = page
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// wantHidden checks that neither people nor words show in a row; a key may
// hold accounts, and that of an index its own name.
func wantHidden(t *testing.T, table store.Table, row store.Row, words []string, p people) {
	t.Helper()
	for _, a := range []id.Account{p.anna, p.ben} {
		if bytes.Contains(row.Value, a.Bytes()) || strings.Contains(string(row.Value), a.String()) {
			t.Errorf("%s: an account shows in a value", table)
		}
	}
	key := row.Key
	if table == store.TableIndexes {
		_, key, _ = bytes.Cut(key, []byte{0})
	}
	for _, w := range words {
		if bytes.Contains(row.Value, []byte(w)) || bytes.Contains(key, []byte(w)) {
			t.Errorf("%s: %q shows in a row", table, w)
		}
	}
}

func TestEveryValueIsSealed(t *testing.T) {
	t.Parallel()
	e, keys := openBolt(t), keyring.Ephemeral()
	p := fill(t, sealed.New(e, keys), keys)
	words := []string{"anna", "Anna", "ben.", "Beispiel", "argon2id", "Firefox", "Chromium", "owner", "friend", "blocked", "missed", "sign_up", "operator", "2030"}
	lengths := map[store.Table]map[int]bool{}
	for table, rows := range allRows(t, e) {
		if len(rows) == 0 {
			t.Errorf("%s has no row: the test would miss it", table)
		}
		lengths[table] = map[int]bool{}
		for _, row := range rows {
			lengths[table][len(row.Value)] = true
			if len(row.Value) < keyring.Overhead || row.Value[0] != 1 {
				t.Errorf("%s: a value of %d bytes is not sealed", table, len(row.Value))
			}
			wantHidden(t, table, row, words, p)
		}
	}
	// One bit of meaning does not show by the length.
	for _, table := range []store.Table{store.TableFriends, store.TableNotices, store.TableIndexes, store.TableHandles, store.TableSessions, store.TableAsks} {
		if len(lengths[table]) != 1 {
			t.Errorf("%s: values of %d lengths, want one", table, len(lengths[table]))
		}
	}
}

// TestRowsCannotBeMoved puts the value of each row into the place of another
// of its table, as somebody who can write the data would: it must not open.
func TestRowsCannotBeMoved(t *testing.T) {
	t.Parallel()
	e, keys := openBolt(t), keyring.Ephemeral()
	db := sealed.New(e, keys)
	p := fill(t, db, keys)
	for table, rows := range allRows(t, e) {
		if len(rows) < 2 {
			t.Errorf("%s has %d rows, want two to swap", table, len(rows))
			continue
		}
		swap := func(a, b []byte) {
			err := e.Update(t.Context(), func(w store.RowsRW) error {
				return errors.Join(w.Put(t.Context(), table, rows[0].Key, a), w.Put(t.Context(), table, rows[1].Key, b))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		swap(rows[1].Value, rows[0].Value)
		if err := readAll(t, db, p, table); !errors.Is(err, keyring.ErrDamaged) {
			t.Errorf("%s with two values swapped = %v, want %v", table, err, keyring.ErrDamaged)
		}
		swap(rows[0].Value, rows[1].Value)
		if err := readAll(t, db, p, table); err != nil {
			t.Errorf("%s as it was: %v", table, err)
		}
	}
}

// readAll reads everything of a table through the DB.
func readAll(t *testing.T, db store.DB, p people, table store.Table) error {
	t.Helper()
	ctx := t.Context()
	if table == store.TableMeta {
		return db.Update(ctx, func(tx store.Tx) error { return tx.Audit.Append(ctx, store.AuditEntry{}) })
	}
	read := map[store.Table]func(tx store.Tx, a id.Account, n byte) (any, error){
		store.TableAccounts: func(tx store.Tx, a id.Account, _ byte) (any, error) { return tx.Accounts.Account(ctx, a) },
		store.TableDevices: func(tx store.Tx, a id.Account, _ byte) (any, error) {
			return tx.Devices.Devices(ctx, a, id.Device{}, 9)
		},
		store.TableFriends: func(tx store.Tx, a id.Account, _ byte) (any, error) { return tx.Friends.Edges(ctx, a, id.Account{}, 9) },
		store.TableAsks:    func(tx store.Tx, a id.Account, _ byte) (any, error) { return tx.Asks.AsksTo(ctx, a, id.Account{}, 9) },
		store.TableIndexes: func(tx store.Tx, a id.Account, _ byte) (any, error) { return tx.Asks.AsksFrom(ctx, a, id.Account{}, 9) },
		store.TableNotices: func(tx store.Tx, a id.Account, _ byte) (any, error) {
			return tx.Notices.Notices(ctx, a, id.Notice{}, 9)
		},
		store.TableLogs: func(tx store.Tx, a id.Account, _ byte) (any, error) { return tx.Logs.LogEntries(ctx, a, 0, 9) },
		store.TableHandles: func(tx store.Tx, _ id.Account, n byte) (any, error) {
			return tx.Handles.Handle(ctx, []string{"anna.4821", "ben.1234"}[n])
		},
		store.TableSessions: func(tx store.Tx, _ id.Account, n byte) (any, error) {
			return tx.Sessions.Session(ctx, store.TokenHash{n + 1})
		},
		store.TableInvites: func(tx store.Tx, _ id.Account, n byte) (any, error) {
			return tx.Invites.Invite(ctx, store.TokenHash{n + 1})
		},
		store.TableAudit: func(tx store.Tx, _ id.Account, _ byte) (any, error) { return tx.Audit.Entries(ctx, 0, 9) },
	}[table]
	return db.View(ctx, func(tx store.Tx) error {
		_, err := read(tx, p.anna, 0)
		_, err2 := read(tx, p.ben, 1)
		return errors.Join(err, err2)
	})
}

func TestRecordOfANewerVersion(t *testing.T) {
	t.Parallel()
	e, keys := openBolt(t), keyring.Ephemeral()
	db := sealed.New(e, keys)
	a := id.NewAccount()
	if err := keys.CreateAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		plain []byte
		want  error
	}{
		"version 2": {append([]byte{2}, bytes.Repeat([]byte{' '}, 31)...), store.ErrVersion},
		"no json":   {append([]byte{1}, bytes.Repeat([]byte{' '}, 31)...), nil},
		"no step":   {[]byte("\x01{}"), nil},
		"empty":     {nil, nil},
	} {
		row, err := keys.Seal(a, store.TableAccounts, a.Bytes(), c.plain)
		if err != nil {
			t.Fatal(err)
		}
		err = e.Update(t.Context(), func(w store.RowsRW) error { return w.Put(t.Context(), store.TableAccounts, a.Bytes(), row) })
		if err != nil {
			t.Fatal(err)
		}
		err = db.View(t.Context(), func(tx store.Tx) error {
			_, err := tx.Accounts.Account(t.Context(), a)
			return err
		})
		if err == nil || errors.Is(err, store.ErrNotFound) || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want an error, %v", name, err, c.want)
		}
	}
}

// TestReachCostsTwoReads holds that an edge costs one read, there or not.
func TestReachCostsTwoReads(t *testing.T) {
	t.Parallel()
	keys := keyring.Ephemeral()
	counter := storetest.Count(openBolt(t))
	db := sealed.New(counter, keys)
	p := fill(t, db, keys)
	counter.Take()
	for name, to := range map[string]id.Account{"friend": p.ben, "stranger": id.NewAccount()} {
		_ = db.View(t.Context(), func(tx store.Tx) error {
			_, _ = tx.Friends.Edge(t.Context(), to, p.anna)
			_, _ = tx.Friends.Edge(t.Context(), p.anna, to)
			return nil
		})
		edge := storetest.Ask{Op: "get", Table: store.TableFriends}
		if got, want := counter.Take(), []storetest.Ask{edge, edge}; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestAskOfAPhantomCostsTheSame holds the same for writing an ask.
func TestAskOfAPhantomCostsTheSame(t *testing.T) {
	t.Parallel()
	keys := keyring.Ephemeral()
	counter := storetest.Count(openBolt(t))
	db := sealed.New(counter, keys)
	p := fill(t, db, keys)
	counter.Take()
	var costs [][]storetest.Ask
	for _, handle := range []string{"ben.1234", "nobody.0000"} {
		err := db.Update(t.Context(), func(tx store.Tx) error {
			to := tx.Handles.Phantom(handle)
			if a, err := tx.Handles.Handle(t.Context(), handle); err == nil {
				to = a
			}
			return tx.Asks.PutAsk(t.Context(), store.Ask{From: p.anna, To: to, Handle: handle})
		})
		if err != nil {
			t.Fatal(err)
		}
		costs = append(costs, counter.Take())
	}
	if !slices.Equal(costs[0], costs[1]) {
		t.Errorf("an ask costs %v, one of a phantom %v", costs[0], costs[1])
	}
}

func TestHandleIsNoPlainHash(t *testing.T) {
	t.Parallel()
	a, b := keyring.Ephemeral(), keyring.Ephemeral()
	if hex.EncodeToString(a.Index("handle", []byte("anna.4821"))) == hex.EncodeToString(b.Index("handle", []byte("anna.4821"))) {
		t.Error("the blind index of a handle is the same under other keys")
	}
	if got := fmt.Sprint(len(a.Index("handle", nil))); got != "16" {
		t.Errorf("an index has %s bytes, want 16", got)
	}
}
