package sealed

import (
	"context"
	"errors"
	"fmt"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// ErrRotating says that the keys are being rotated already.
var ErrRotating = errors.New("the keys are being rotated")

// Rotator is a Sealer whose keys can be changed.
type Rotator interface {
	Sealer
	// Renew makes new keys, which seal from now on, for the system and every
	// account. Where that was begun before and not ended it makes none. It
	// returns what Retire wants to have.
	Renew(ctx context.Context) (below uint32, err error)
	// Retire destroys the keys that were before.
	Retire(ctx context.Context, below uint32) error
}

// Progress is how far a walk over all rows is.
type Progress struct {
	Done  int `json:"done"`  // rows that are sealed by the newest keys
	Total int `json:"total"` // rows that there were when the walk began
}

// resealStep is how many rows one transaction changes at most: others wait for
// it, some milliseconds.
const resealStep = 512

// Rotate gives everybody new keys, seals every row by them, and destroys the
// old ones. keys are those of New. It may be ended at any moment, also by a
// crash; called again it goes on. Others read and write meanwhile. report may
// be nil; it is called now and then, and once at the end. Only one runs at a
// time: ErrRotating.
//
// It relies on transactions that write coming one after the other: what was
// sealed by an older key is committed before the second of its own begins.
func (d *DB) Rotate(ctx context.Context, keys Rotator, report func(Progress)) error {
	if !d.rotating.TryLock() {
		return ErrRotating
	}
	defer d.rotating.Unlock()
	below, err := keys.Renew(ctx)
	if err != nil {
		return err
	}
	// Whoever is writing now may have sealed before the keys changed. This
	// waits for them, and has the data remember that there are newer keys.
	if err := d.Update(ctx, nothing); err != nil {
		return err
	}
	if err := d.resealAll(ctx, report); err != nil {
		return err
	}
	if err := keys.Retire(ctx, below); err != nil {
		return err
	}
	return d.Update(ctx, nothing) // from now on a copy of the old keys is refused
}

func nothing(store.Tx) error { return nil }

// resealAll walks every table. When it returns nil no row needs an older key.
func (d *DB) resealAll(ctx context.Context, report func(Progress)) error {
	if report == nil {
		report = func(Progress) {}
	}
	p, err := d.countRows(ctx)
	if err != nil {
		return err
	}
	for _, table := range store.Tables() {
		err := d.resealTable(ctx, table, func(rows int) {
			p.Done += rows
			p.Total = max(p.Total, p.Done) // some came meanwhile
			report(p)
		})
		if err != nil {
			return fmt.Errorf("seal %s again: %w", table, err)
		}
	}
	p.Total = p.Done // some went
	report(p)
	return nil
}

func (d *DB) countRows(ctx context.Context) (Progress, error) {
	var p Progress
	for _, table := range store.Tables() {
		var after []byte
		for more := true; more; {
			err := d.engine.View(ctx, func(rows store.Rows) error {
				page, err := rows.Page(ctx, table, nil, after, store.MaxPage)
				p.Total += len(page)
				if more = len(page) == store.MaxPage; more {
					after = page[len(page)-1].Key
				}
				return err
			})
			if err != nil {
				return p, err
			}
		}
	}
	return p, nil
}

// resealTable walks one table. Rows that are as they should be cost a read and
// no commit.
func (d *DB) resealTable(ctx context.Context, table store.Table, done func(rows int)) error {
	var from []byte // before the first row that may need it
	for {
		passed, next, more, err := d.staleAfter(ctx, table, from)
		if err != nil {
			return err
		}
		done(passed)
		if from = next; !more {
			return nil
		}
		var n int
		err = d.engine.Update(ctx, func(rows store.RowsRW) error {
			n, next = 0, from // fn may run more than once
			t := &tx{rows, d.sealer}
			for n < resealStep {
				page, err := rows.Page(ctx, table, nil, next, min(store.MaxPage, resealStep-n))
				if err != nil || len(page) == 0 {
					return err
				}
				for _, row := range page {
					if err := t.reseal(ctx, table, row); err != nil {
						return err
					}
				}
				n += len(page)
				next = page[len(page)-1].Key
			}
			return nil
		})
		if err != nil {
			return err
		}
		done(n)
		from = next
	}
}

// staleAfter passes over rows behind from that need nothing, and returns how
// many, the last of them, and whether one behind it needs something.
func (d *DB) staleAfter(ctx context.Context, table store.Table, from []byte) (passed int, last []byte, more bool, err error) {
	last = from
	for {
		var page []store.Row
		stale := false
		err := d.engine.View(ctx, func(rows store.Rows) (err error) {
			if page, err = rows.Page(ctx, table, nil, last, store.MaxPage); err != nil {
				return err
			}
			t := &tx{readOnly{rows}, d.sealer}
			for _, row := range page {
				if _, stale, err = t.resealed(table, row); err != nil || stale {
					return err
				}
				passed++
				last = row.Key
			}
			return nil
		})
		if err != nil || stale || len(page) < store.MaxPage {
			return passed, last, stale, err
		}
	}
}

func (t *tx) reseal(ctx context.Context, table store.Table, row store.Row) error {
	value, changed, err := t.resealed(table, row)
	if err != nil || !changed {
		return err
	}
	return t.rows.Put(ctx, table, row.Key, value)
}

// resealed returns the value of a row by the newest keys. Seals whose key was
// destroyed stay as they are: nobody opens them.
func (t *tx) resealed(table store.Table, row store.Row) (value []byte, changed bool, err error) {
	if !ownerInside(table) {
		return t.resealedOnce(table, row.Key, row.Value)
	}
	owner, inner, err := t.openOuter(table, row.Key, row.Value)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, fmt.Errorf("row of %s: %w", table, ErrKeys) // the system's key is never destroyed before this is through
	}
	if err != nil {
		return nil, false, err
	}
	innerChanged := false
	if !owner.IsZero() {
		if inner, innerChanged, err = t.resealedOnce(table, row.Key, inner); err != nil {
			return nil, false, err
		}
	}
	if innerChanged {
		value, err = t.sealOuter(owner, table, row.Key, inner)
		return value, err == nil, err
	}
	return t.resealedOnce(table, row.Key, row.Value)
}

func (t *tx) resealedOnce(table store.Table, key, sealed []byte) ([]byte, bool, error) {
	out, changed, err := t.sealer.Reseal(table, key, sealed)
	if errors.Is(err, store.ErrNotFound) {
		return sealed, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("row of %s: %w", table, err)
	}
	return out, changed, nil
}

// sealOuter puts an owner and what is sealed under them under the system.
func (t *tx) sealOuter(owner id.Account, table store.Table, key, inner []byte) ([]byte, error) {
	row, err := t.sealer.Seal(system, table, key, append(owner.Bytes(), inner...))
	if err != nil {
		return nil, fmt.Errorf("seal a row of %s: %w", table, err)
	}
	return row, nil
}
