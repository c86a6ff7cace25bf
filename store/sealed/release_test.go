package sealed_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/bolt"
	"github.com/ringfence/ringfence/store/sealed"
)

// makeRelease writes testdata for a release that has none yet:
//
//	go test ./store/sealed -run TestReleasesOpen -make-release v1
var makeRelease = flag.String("make-release", "", "write store/sealed/testdata for this release")

// release is what the testdata of format 1 holds. It is never changed: a later
// format gets testdata of its own, and this must go on opening to the same.
type release struct {
	anna, ben, phantom store.Account
	device             store.Device
	session            store.Session
	edge               store.Edge
	ask                store.Ask
	invite             store.Invite
	notice             store.Notice
	audit              store.AuditEntry
}

func v1(t testing.TB) release {
	t.Helper()
	var r release
	at := time.Date(2030, 1, 2, 3, 4, 5, 678, time.UTC)
	const a, b = "ahiipz3aaaaaaaaaaaaaaaaaaa", "bhiipz3aaaaaaaaaaaaaaaaaaa"
	setID := func(x interface{ UnmarshalText(b []byte) error }, text string) {
		if err := x.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	setID(&r.anna.ID, a)
	setID(&r.ben.ID, b)
	setID(&r.device.ID, "dhiipz3aaaaaaaaaaaaaaaaaaa")
	setID(&r.session.ID, "shiipz3aaaaaaaaaaaaaaaaaaa")
	setID(&r.invite.ID, "ihiipz3aaaaaaaaaaaaaaaaaaa")
	setID(&r.notice.ID, "nhiipz3aaaaaaaaaaaaaaaaaaa")
	r.anna = store.Account{ID: r.anna.ID, Handle: "anna.4821", DisplayName: "Anna \u00c4\u00df", Role: store.RoleOwner, Password: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", CreatedAt: at, UpdatedAt: at.Add(time.Hour)}
	r.ben = store.Account{ID: r.ben.ID, Handle: "ben.1234", DisplayName: "Ben", Password: "x", CreatedAt: at, UpdatedAt: at}
	r.device = store.Device{ID: r.device.ID, Account: r.anna.ID, Name: "Firefox on Debian", CreatedAt: at, SeenOn: at}
	r.session = store.Session{Token: store.TokenHash{1, 2, 3}, ID: r.session.ID, Account: r.anna.ID, Device: r.device.ID, CreatedAt: at, ExpiresAt: at.Add(time.Hour)}
	r.edge = store.Edge{From: r.anna.ID, To: r.ben.ID, State: store.EdgeFriend, Since: at}
	r.ask = store.Ask{From: r.ben.ID, To: r.anna.ID, Handle: "anna.4821", AskedAt: at, ExpiresAt: at.Add(time.Hour)}
	r.invite = store.Invite{Token: store.TokenHash{4, 5, 6}, ID: r.invite.ID, Inviter: r.ben.ID, Role: store.RoleOwner, CreatedAt: at, ExpiresAt: at.Add(time.Hour)}
	r.notice = store.Notice{ID: r.notice.ID, Account: r.anna.ID, Kind: store.NoticeMissed, From: r.ben.ID, Video: true, At: at, ExpiresAt: at.Add(time.Hour)}
	r.audit = store.AuditEntry{Seq: 1, At: at, Account: r.anna.ID, Action: store.AuditSignUp, Detail: "operator_invite"}
	return r
}

func (r release) write(t *testing.T, db store.DB, keys *keyring.Keyring) {
	t.Helper()
	ctx := t.Context()
	gone := id.NewAccount()
	for _, a := range []id.Account{r.anna.ID, r.ben.ID, gone} {
		if err := keys.CreateAccount(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	err := db.Update(ctx, func(tx store.Tx) error {
		return errors.Join(
			tx.Accounts.PutAccount(ctx, r.anna), tx.Accounts.PutAccount(ctx, r.ben), tx.Accounts.PutAccount(ctx, store.Account{ID: gone}),
			tx.Handles.ClaimHandle(ctx, r.anna.Handle, r.anna.ID), tx.Handles.ClaimHandle(ctx, r.ben.Handle, r.ben.ID),
			tx.Handles.ClaimHandle(ctx, "gone.1111", gone), tx.Devices.PutDevice(ctx, r.device), tx.Sessions.PutSession(ctx, r.session),
			tx.Friends.PutEdge(ctx, r.edge), tx.Asks.PutAsk(ctx, r.ask), tx.Invites.PutInvite(ctx, r.invite),
			tx.Notices.PutNotice(ctx, r.notice), tx.Logs.PutLogEntry(ctx, r.notice.Account, 0, []byte("of devices")), tx.Audit.Append(ctx, r.audit),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.DestroyAccount(ctx, gone); err != nil {
		t.Fatal(err)
	}
}

// check reads every record by every way there is.
func (r release) check(t *testing.T, db store.DB) {
	t.Helper()
	ctx := t.Context()
	same := func(what string, got, want any, err error) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %+v, %v, want %+v", what, got, err, want)
		}
	}
	err := db.View(ctx, func(tx store.Tx) error {
		accounts, err := tx.Accounts.Accounts(ctx, id.Account{}, 9)
		same("accounts", accounts, []store.Account{r.anna, r.ben}, err)
		anna, err := tx.Handles.Handle(ctx, r.anna.Handle)
		same("handle", anna, r.anna.ID, err)
		devices, err := tx.Devices.Devices(ctx, r.anna.ID, id.Device{}, 9)
		same("devices", devices, []store.Device{r.device}, err)
		session, err := tx.Sessions.Session(ctx, r.session.Token)
		same("session", session, r.session, err)
		sessions, err := tx.Sessions.SessionsOf(ctx, r.anna.ID, store.TokenHash{}, 9)
		same("sessions", sessions, []store.Session{r.session}, err)
		edge, err := tx.Friends.Edge(ctx, r.anna.ID, r.ben.ID)
		same("edge", edge, r.edge, err)
		asks, err := tx.Asks.AsksTo(ctx, r.anna.ID, id.Account{}, 9)
		same("asks to anna", asks, []store.Ask{r.ask}, err)
		asks, err = tx.Asks.AsksFrom(ctx, r.ben.ID, id.Account{}, 9)
		same("asks from ben", asks, []store.Ask{r.ask}, err)
		invites, err := tx.Invites.InvitesOf(ctx, r.ben.ID, store.TokenHash{}, 9)
		same("invites", invites, []store.Invite{r.invite}, err)
		notices, err := tx.Notices.Notices(ctx, r.anna.ID, id.Notice{}, 9)
		same("notices", notices, []store.Notice{r.notice}, err)
		entries, err := tx.Audit.Entries(ctx, 0, 9)
		same("audit", entries, []store.AuditEntry{r.audit}, err)
		same("phantom", tx.Handles.Phantom("nobody.0000"), r.phantom.ID, nil)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// phantomV1 is what the keys of testdata/v1 make of a handle that nobody has.
const phantomV1 = "yff7jqtvbipv5uwaxcfc56gpr4"

// TestReleasesOpen opens the data and keys that each release wrote: they must
// open for ever.
func TestReleasesOpen(t *testing.T) {
	t.Parallel()
	if *makeRelease != "" {
		writeRelease(t, filepath.Join("testdata", *makeRelease))
	}
	r := v1(t)
	r.phantom.ID = mustPhantom(t, phantomV1)
	p := newPlace(t)
	copyRelease(t, filepath.Join("testdata", "v1"), p)
	e, keys := p.open(t)
	db := sealed.New(e, keys)
	if err := db.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.check(t, db)
	// It can be written to as well.
	if err := keys.CreateAccount(t.Context(), id.NewAccount()); err != nil {
		t.Error(err)
	}
	err := db.Update(t.Context(), func(tx store.Tx) error { return tx.Accounts.PutAccount(t.Context(), r.ben) })
	if err != nil {
		t.Error(err)
	}
}

func mustPhantom(t *testing.T, text string) id.Account {
	t.Helper()
	a, err := id.ParseAccount(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// place is a data file and a key folder.
type place struct{ data, keys string }

func newPlace(t testing.TB) place {
	t.Helper()
	dir := t.TempDir()
	return place{filepath.Join(dir, "data", "ringfence.bolt"), filepath.Join(dir, "keys")}
}

// open opens both, with as few iterations as the program allows.
func (p place) open(t testing.TB) (*bolt.Engine, *keyring.Keyring) {
	t.Helper()
	keys, err := keyring.Open(t.Context(), keyring.Options{Dir: p.keys, DataDir: filepath.Dir(p.data), Iterations: keyring.MinIterations})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	e, err := bolt.Open(t.Context(), bolt.Options{Path: p.data, Migrations: sealed.Migrations(keys)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e, keys
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// copyRelease copies testdata out of the tree, where version control has
// changed the rights.
func copyRelease(t *testing.T, from string, p place) {
	t.Helper()
	for _, dir := range []string{filepath.Dir(p.data), p.keys} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	copyFile(t, filepath.Join(from, "ringfence.bolt"), p.data)
	for _, name := range []string{"keyring", "passphrase"} {
		copyFile(t, filepath.Join(from, "keys", name), filepath.Join(p.keys, name))
	}
}

// writeRelease makes testdata where there is none.
func writeRelease(t *testing.T, to string) {
	t.Helper()
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s is there already, and testdata of a release is never changed", to)
	}
	if err := os.MkdirAll(filepath.Join(to, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := newPlace(t)
	e, keys := p.open(t)
	db := sealed.New(e, keys)
	v1(t).write(t, db, keys)
	_ = db.View(t.Context(), func(tx store.Tx) error {
		t.Logf("phantom: %v", tx.Handles.Phantom("nobody.0000"))
		return nil
	})
	if err := errors.Join(e.Close(), keys.Close()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"keyring", "passphrase"} {
		copyFile(t, filepath.Join(p.keys, name), filepath.Join(to, "keys", name))
	}
	raw, err := bbolt.Open(p.data, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = raw.View(func(tx *bbolt.Tx) error { return tx.CopyFile(filepath.Join(to, "ringfence.bolt"), 0o600) })
	if err := errors.Join(err, raw.Close()); err != nil {
		t.Fatal(err)
	}
}
