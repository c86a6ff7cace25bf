// Package storetest owns the suites that every store.Engine and every store.DB
// has to pass, and wrappers that hold code above them to the contract. It
// refuses to know any engine.
package storetest

import (
	"context"
	"errors"
	"sync"

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

// Counter is an engine that notes what is asked of it: for tests that two
// answers cost the same.
type Counter struct {
	store.Engine

	mu   sync.Mutex // guards asks
	asks []Ask
}

// Ask is one operation that was asked of an engine.
type Ask struct {
	Op    string // get, page, put or delete
	Table store.Table
}

// Count returns a Counter over e.
func Count(e store.Engine) *Counter { return &Counter{Engine: e} }

// Take returns what was asked since the last call, in order.
func (c *Counter) Take() []Ask {
	c.mu.Lock()
	defer c.mu.Unlock()
	asks := c.asks
	c.asks = nil
	return asks
}

func (c *Counter) note(op string, table store.Table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asks = append(c.asks, Ask{op, table})
}

// View notes what fn reads.
func (c *Counter) View(ctx context.Context, fn func(store.Rows) error) error {
	return c.Engine.View(ctx, func(rows store.Rows) error { return fn(countedRows{rows, c}) })
}

// Update notes what fn reads and writes.
func (c *Counter) Update(ctx context.Context, fn func(store.RowsRW) error) error {
	return c.Engine.Update(ctx, func(rows store.RowsRW) error { return fn(countedRowsRW{countedRows{rows, c}, rows}) })
}

type countedRows struct {
	rows store.Rows
	c    *Counter
}

func (r countedRows) Get(ctx context.Context, table store.Table, key []byte) ([]byte, error) {
	r.c.note("get", table)
	return r.rows.Get(ctx, table, key)
}

func (r countedRows) Page(ctx context.Context, table store.Table, prefix, after []byte, limit int) ([]store.Row, error) {
	r.c.note("page", table)
	return r.rows.Page(ctx, table, prefix, after, limit)
}

type countedRowsRW struct {
	countedRows
	rw store.RowsRW
}

func (r countedRowsRW) Put(ctx context.Context, table store.Table, key, value []byte) error {
	r.c.note("put", table)
	return r.rw.Put(ctx, table, key, value)
}

func (r countedRowsRW) Delete(ctx context.Context, table store.Table, key []byte) error {
	r.c.note("delete", table)
	return r.rw.Delete(ctx, table, key)
}
