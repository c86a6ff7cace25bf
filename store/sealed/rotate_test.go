package sealed_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/sealed"
)

// sealedBy returns the number of the key in the head of a sealed value.
func sealedBy(value []byte) uint32 { return binary.BigEndian.Uint32(value[1:]) }

// rowsOf returns every row of every table.
func rowsOf(t *testing.T, e store.Engine) map[store.Table][]store.Row {
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

func TestRotationReachesEveryRow(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	e, keys := p.open(t)
	db := sealed.New(e, keys)
	r := v1(t)
	r.write(t, db, keys)
	r.phantom.ID = phantomOf(t, db)
	before, oldKeys := rowsOf(t, e), p.readKeys(t)

	var last sealed.Progress
	var halfway []byte
	err := db.Rotate(t.Context(), keys, func(now sealed.Progress) {
		if last = now; halfway == nil {
			halfway = p.readKeys(t)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if keys.Rotating() {
		t.Error("there are old keys left")
	}
	const old = 4 // the system's, Anna's, Ben's and that of who is gone
	rows := 0
	for table, page := range rowsOf(t, e) {
		if len(page) == 0 {
			t.Errorf("no row in %s: this test has to write to every table", table)
		}
		for i, row := range page {
			rows++
			gone := sealedBy(before[table][i].Value) == old // destroyed: stays as it is
			if n := sealedBy(row.Value); n <= old && !gone {
				t.Errorf("row %d of %s is sealed by key %d, of before", i, table, n)
			}
		}
	}
	if last.Done != rows || last.Total != rows {
		t.Errorf("last progress %+v, want %d of %d", last, rows, rows)
	}
	r.check(t, db)

	// The folders open again; with keys of before, or of halfway, they don't.
	if err := errors.Join(e.Close(), keys.Close()); err != nil {
		t.Fatal(err)
	}
	e, keys = p.open(t)
	r.check(t, sealed.New(e, keys))
	for _, copied := range [][]byte{oldKeys, halfway} {
		if err := errors.Join(e.Close(), keys.Close(), os.WriteFile(p.keyFile(), copied, 0o600)); err != nil {
			t.Fatal(err)
		}
		e, keys = p.open(t)
		if err := sealed.New(e, keys).Check(t.Context()); !errors.Is(err, sealed.ErrKeys) {
			t.Errorf("keys of before: %v, want %v", err, sealed.ErrKeys)
		}
	}
}

func (p place) keyFile() string { return filepath.Join(p.keys, "keyring") }

func (p place) readKeys(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(p.keyFile())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func phantomOf(t *testing.T, db store.DB) (a id.Account) {
	t.Helper()
	err := db.View(t.Context(), func(tx store.Tx) error {
		a = tx.Handles.Phantom("nobody.0000")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestRotationGoesOn ends a rotation after each number of rows, and goes on
// with folders that were closed and opened.
func TestRotationGoesOn(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	e, keys := p.open(t)
	r := v1(t)
	r.write(t, sealed.New(e, keys), keys)
	r.phantom.ID = phantomOf(t, sealed.New(e, keys))
	ended := 0
	for stop := 1; ; stop++ {
		if stop > 100 {
			t.Fatal("it never comes to its end")
		}
		ctx, cancel := context.WithCancel(t.Context())
		reports := 0
		db := sealed.New(e, keys)
		err := db.Rotate(ctx, keys, func(sealed.Progress) {
			if reports++; reports == stop {
				cancel()
			}
		})
		cancel()
		if err == nil {
			break
		}
		ended++
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if !keys.Rotating() {
			t.Errorf("ended after %d reports, and nothing is left to do", reports)
		}
		r.check(t, db)
		if err := errors.Join(e.Close(), keys.Close()); err != nil {
			t.Fatal(err)
		}
		e, keys = p.open(t)
	}
	if ended < len(store.Tables()) {
		t.Errorf("the rotation was ended %d times", ended)
	}
	// The keys were renewed once, however often it went on.
	for table, page := range rowsOf(t, e) {
		for _, row := range page {
			if n := sealedBy(row.Value); n > 7 {
				t.Errorf("a row of %s is sealed by key %d: more keys were made than needed", table, n)
			}
		}
	}
	r.check(t, sealed.New(e, keys))
}

// TestRotationWaitsForWriters holds a transaction that sealed by the keys of
// before: what it writes must not be lost.
func TestRotationWaitsForWriters(t *testing.T) {
	t.Parallel()
	e, keys := openBolt(t), keyring.Ephemeral()
	db := sealed.New(e, keys)
	a := id.NewAccount()
	if err := keys.CreateAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	sealedIt, rotated := make(chan struct{}), make(chan error, 1)
	go func() {
		<-sealedIt
		rotated <- db.Rotate(context.WithoutCancel(t.Context()), keys, nil)
	}()
	err := db.Update(t.Context(), func(tx store.Tx) error {
		if err := tx.Accounts.PutAccount(t.Context(), store.Account{ID: a, DisplayName: "Anna"}); err != nil {
			return err
		}
		before := keys.Generation()
		close(sealedIt)
		for keys.Generation() == before { // the keys change while this one writes
			<-time.After(time.Millisecond)
		}
		return nil
	})
	if err := errors.Join(err, <-rotated); err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), func(tx store.Tx) error {
		_, err := tx.Accounts.Account(t.Context(), a)
		return err
	})
	if err != nil {
		t.Errorf("what was written while the keys changed: %v", err)
	}
	if err := db.Rotate(t.Context(), keys, func(sealed.Progress) {
		if err := db.Rotate(t.Context(), keys, nil); !errors.Is(err, sealed.ErrRotating) {
			t.Errorf("a second rotation beside one: %v, want %v", err, sealed.ErrRotating)
		}
	}); err != nil {
		t.Error(err)
	}
}
