// Package sealed owns how records become rows: a store.DB over any
// store.Engine. Every value is sealed under the key of the account it belongs
// to, or of the system, before the engine sees it. The package refuses to know
// how sealing works and where keys are kept.
//
// A row's value is the seal over one version byte and the record as JSON,
// padded with spaces to a multiple of 32 bytes, so that enumerations,
// yes-or-no and names do not show by their length. The ids in a row's key are
// not repeated inside: the seal binds the value to its table and key.
//
// Where the account is not part of the row's key (handles, sessions, invites,
// audit entries) the value is two seals: the system's, over the account's id
// and the account's own seal over the record. So nothing of an account is
// readable once its key is destroyed, while its rows can still be told apart.
package sealed

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// ErrKeys says that the keys do not fit the data: another key folder, or an
// older copy of it.
var ErrKeys = errors.New("the keys do not belong to this data")

// errReadOnly says that a View tried to write.
var errReadOnly = errors.New("write in a read-only transaction")

// Scope is whose key seals a value: an account's, or the system's where zero.
type Scope = id.Account

// system is the scope of what belongs to no account.
var system Scope

// Sealer seals values and makes blind indexes. It is safe for concurrent use.
type Sealer interface {
	// Seal returns plain sealed for one place: it opens only for the same
	// scope, table and key. It returns store.ErrNotFound where the account
	// has no key. It keeps no reference to its arguments.
	Seal(scope Scope, table store.Table, key, plain []byte) ([]byte, error)
	// Open returns store.ErrNotFound where the key of the account was
	// destroyed, and another error where the value was changed or moved.
	Open(scope Scope, table store.Table, key, sealed []byte) ([]byte, error)
	// Reseal returns a value sealed by the newest key of whoever it belongs
	// to, and whether that is a change. Errors are those of Open.
	Reseal(table store.Table, key, sealed []byte) (out []byte, changed bool, err error)
	// Index returns 16 bytes that are the same for the same value and tell
	// nothing about it without the key. Each name has a key of its own.
	Index(name string, value []byte) []byte
	// Generation counts the changes of the keys since they were made. The
	// data remembers it: older keys than the data has seen are a rollback.
	Generation() uint64
}

// DB is a store.DB whose rows are sealed. It is safe for concurrent use.
type DB struct {
	engine store.Engine
	sealer Sealer
	noted  atomic.Uint64 // generation that the data is known to remember

	rotating sync.Mutex
}

var _ store.DB = (*DB)(nil)

// New returns a DB over engine. It reads nothing; the caller closes engine.
// Call Check once before using data that may be older than the process.
func New(engine store.Engine, sealer Sealer) *DB {
	return &DB{engine: engine, sealer: sealer}
}

// View runs fn over one consistent state.
func (d *DB) View(ctx context.Context, fn func(store.Tx) error) error {
	return d.engine.View(ctx, func(rows store.Rows) error {
		return fn((&tx{readOnly{rows}, d.sealer}).tables())
	})
}

// Update runs fn and commits when it returns nil. fn may run more than once.
func (d *DB) Update(ctx context.Context, fn func(store.Tx) error) error {
	var gen uint64
	err := d.engine.Update(ctx, func(rows store.RowsRW) error {
		t := &tx{rows, d.sealer}
		if err := fn(t.tables()); err != nil {
			return err
		}
		gen = d.sealer.Generation()
		if gen == d.noted.Load() {
			return nil
		}
		return t.noteGeneration(ctx, gen)
	})
	if err == nil {
		d.noted.Store(gen)
	}
	return err
}

// metaGeneration is where the data remembers the generation of its keys.
const metaGeneration = "keys/generation"

// Check compares data and keys, and notes the keys in data that is new. It
// returns ErrKeys where they do not belong together or the keys are older than
// the data: an old copy of the key folder, or one whose end is damaged.
func (d *DB) Check(ctx context.Context) error {
	gen := d.sealer.Generation()
	err := d.engine.Update(ctx, func(rows store.RowsRW) error {
		t := &tx{rows, d.sealer}
		seen, err := t.counter(ctx, metaGeneration)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return t.noteGeneration(ctx, gen)
		case errors.Is(err, errStorage):
			return err
		case err != nil:
			return fmt.Errorf("%w: %w", ErrKeys, err)
		case seen > gen:
			return fmt.Errorf("%w: the data has seen generation %d of the keys and the key folder holds %d", ErrKeys, seen, gen)
		}
		return t.noteGeneration(ctx, gen)
	})
	if err == nil {
		d.noted.Store(gen)
	}
	return err
}

// errStorage marks failures below the seal.
var errStorage = errors.New("storage")

// noteGeneration never lowers what is remembered.
func (t *tx) noteGeneration(ctx context.Context, gen uint64) error {
	seen, err := t.counter(ctx, metaGeneration)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil && seen >= gen {
		return nil
	}
	return t.setCounter(ctx, metaGeneration, gen)
}

// counter reads a sealed number from the meta table.
func (t *tx) counter(ctx context.Context, name string) (uint64, error) {
	row, err := t.rows.Get(ctx, store.TableMeta, []byte(name))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return 0, err
	case err != nil:
		return 0, fmt.Errorf("%w: read %s: %w", errStorage, name, err)
	}
	plain, err := t.sealer.Open(system, store.TableMeta, []byte(name), row)
	if errors.Is(err, store.ErrNotFound) {
		return 0, fmt.Errorf("open %s: the system's key is gone", name) // not "no such row"
	}
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", name, err)
	}
	if len(plain) != 8 {
		return 0, fmt.Errorf("%s of %d bytes", name, len(plain))
	}
	return binary.BigEndian.Uint64(plain), nil
}

func (t *tx) setCounter(ctx context.Context, name string, n uint64) error {
	row, err := t.sealer.Seal(system, store.TableMeta, []byte(name), binary.BigEndian.AppendUint64(nil, n))
	if err != nil {
		return fmt.Errorf("seal %s: %w", name, err)
	}
	return t.rows.Put(ctx, store.TableMeta, []byte(name), row)
}

// readOnly lets a View share the code of an Update and refuses its writes.
type readOnly struct{ store.Rows }

func (readOnly) Put(context.Context, store.Table, []byte, []byte) error { return errReadOnly }
func (readOnly) Delete(context.Context, store.Table, []byte) error      { return errReadOnly }
