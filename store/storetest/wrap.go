// Package storetest owns the suites that every store.Engine and every store.DB
// has to pass, and wrappers that hold code above them to the contract. It
// refuses to know any engine.
package storetest

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/ringfence/ringfence/store"
)

// errUndo makes a transaction leave no trace.
var errUndo = errors.New("undone to be run again")

// Twice returns an engine that runs the function of each Update, undoes it and
// runs it again, as an engine may after a conflict.
func Twice(e store.Engine) store.Engine { return twiceEngine{e} }

type twiceEngine struct{ store.Engine }

func (e twiceEngine) Update(ctx context.Context, fn func(store.RowsRW) error) error {
	err := e.Engine.Update(ctx, func(rows store.RowsRW) error {
		_ = fn(rows) // what it says counts only when it stays
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		return err
	}
	return e.Engine.Update(ctx, fn)
}

// TwiceDB does the same to a DB: for tests of code that runs transactions.
func TwiceDB(db store.DB) store.DB { return twiceDB{db} }

type twiceDB struct{ store.DB }

func (d twiceDB) Update(ctx context.Context, fn func(store.Tx) error) error {
	err := d.DB.Update(ctx, func(tx store.Tx) error {
		_ = fn(tx) // what it says counts only when it stays
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		return err
	}
	return d.DB.Update(ctx, fn)
}

// Counter is an engine that counts what is asked of it: for tests that two
// answers cost the same.
type Counter struct {
	store.Engine

	gets, pages, puts, deletes atomic.Int64
}

// Count returns a Counter over e.
func Count(e store.Engine) *Counter { return &Counter{Engine: e} }

// Counts is how often each operation was asked for.
type Counts struct{ Gets, Pages, Puts, Deletes int64 }

// Take returns the counts since the last call.
func (c *Counter) Take() Counts {
	return Counts{c.gets.Swap(0), c.pages.Swap(0), c.puts.Swap(0), c.deletes.Swap(0)}
}

// View counts what fn reads.
func (c *Counter) View(ctx context.Context, fn func(store.Rows) error) error {
	return c.Engine.View(ctx, func(rows store.Rows) error { return fn(countedRows{rows, c}) })
}

// Update counts what fn reads and writes.
func (c *Counter) Update(ctx context.Context, fn func(store.RowsRW) error) error {
	return c.Engine.Update(ctx, func(rows store.RowsRW) error { return fn(countedRowsRW{countedRows{rows, c}, rows}) })
}

type countedRows struct {
	rows store.Rows
	c    *Counter
}

func (r countedRows) Get(ctx context.Context, table store.Table, key []byte) ([]byte, error) {
	r.c.gets.Add(1)
	return r.rows.Get(ctx, table, key)
}

func (r countedRows) Page(ctx context.Context, table store.Table, prefix, after []byte, limit int) ([]store.Row, error) {
	r.c.pages.Add(1)
	return r.rows.Page(ctx, table, prefix, after, limit)
}

type countedRowsRW struct {
	countedRows
	rw store.RowsRW
}

func (r countedRowsRW) Put(ctx context.Context, table store.Table, key, value []byte) error {
	r.c.puts.Add(1)
	return r.rw.Put(ctx, table, key, value)
}

func (r countedRowsRW) Delete(ctx context.Context, table store.Table, key []byte) error {
	r.c.deletes.Add(1)
	return r.rw.Delete(ctx, table, key)
}
