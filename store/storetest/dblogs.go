package storetest

import (
	"errors"
	"testing"

	"github.com/ringfence/ringfence/store"
)

// dbLogs checks that entries come in the order of their numbers, across the
// bytes of a number and across pages, and that each account has its own.
func dbLogs(t *testing.T, db store.DB, keys Keys) {
	ctx := t.Context()
	anna, ben := newAccount(t, keys), newAccount(t, keys)
	seqs := []uint32{0, 1, 255, 256, 1023}
	change(t, db, func(tx store.Tx) error {
		var all []error
		for _, n := range seqs {
			all = append(all, tx.Logs.PutLogEntry(ctx, anna, n, []byte{byte(n), byte(n >> 8)}))
		}
		return errors.Join(append(all, tx.Logs.PutLogEntry(ctx, ben, 0, []byte("ben's")))...)
	})
	look(t, db, func(tx store.Tx) error {
		all, err := tx.Logs.LogEntries(ctx, anna, 0, 9)
		wantSame(t, "LogEntries", all, [][]byte{{0, 0}, {1, 0}, {255, 0}, {0, 1}, {255, 3}})
		some, err2 := tx.Logs.LogEntries(ctx, anna, 255, 2)
		wantSame(t, "LogEntries from 255", some, [][]byte{{255, 0}, {0, 1}})
		return errors.Join(err, err2)
	})
	change(t, db, func(tx store.Tx) error { return tx.Logs.DeleteLogEntry(ctx, anna, 1023) })
	look(t, db, func(tx store.Tx) error {
		wantErr(t, "an entry that was deleted", second(tx.Logs.LogEntry(ctx, anna, 1023)), store.ErrNotFound)
		one, err := tx.Logs.LogEntry(ctx, ben, 0)
		wantSame(t, "ben's entry", one, []byte("ben's"))
		return err
	})
}
