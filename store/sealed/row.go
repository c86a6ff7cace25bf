package sealed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// tx is one transaction; the tables are views of it.
type tx struct {
	rows   store.RowsRW
	sealer Sealer
}

func (t *tx) tables() store.Tx {
	return store.Tx{
		Accounts: accounts{t}, Handles: handles{t}, Devices: devices{t}, Sessions: sessions{t},
		Friends: friends{t}, Asks: asks{t}, Invites: invites{t}, Notices: notices{t}, Logs: logs{t}, Audit: audit{t},
	}
}

// recordVersion is the version of the records' JSON that this program writes.
const recordVersion = 1

// padding is the step of lengths that a value can have before it is sealed.
const padding = 32

// encode returns version, JSON and spaces.
func encode(record any) ([]byte, error) {
	text, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	size := (1 + len(text) + padding - 1) / padding * padding
	plain := make([]byte, size)
	plain[0] = recordVersion
	n := 1 + copy(plain[1:], text)
	for i := n; i < size; i++ {
		plain[i] = ' '
	}
	return plain, nil
}

// decode is the way back. It returns store.ErrVersion for a record that
// another version wrote.
func decode(plain []byte, record any) error {
	if len(plain) == 0 || len(plain)%padding != 0 {
		return fmt.Errorf("decode: record of %d bytes", len(plain))
	}
	if plain[0] != recordVersion {
		return fmt.Errorf("decode: record version %d: %w", plain[0], store.ErrVersion)
	}
	if err := json.Unmarshal(plain[1:], record); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	return nil
}

// ownerInside tells whether the value of a table's rows is two seals, because
// their key does not say whose they are.
func ownerInside(table store.Table) bool {
	return slices.Contains([]store.Table{store.TableHandles, store.TableSessions, store.TableInvites, store.TableAudit}, table)
}

// errForm says that a table's rows are sealed in the other way: whoever walks
// all rows goes by the table.
var errForm = errors.New("sealed: ownerInside says otherwise of this table")

// put seals record under scope and writes it.
func (t *tx) put(ctx context.Context, scope Scope, table store.Table, key []byte, record any) error {
	if ownerInside(table) {
		return fmt.Errorf("%s: %w", table, errForm)
	}
	plain, err := encode(record)
	if err != nil {
		return fmt.Errorf("%s: %w", table, err)
	}
	row, err := t.sealer.Seal(scope, table, key, plain)
	if err != nil {
		return fmt.Errorf("seal a row of %s: %w", table, err)
	}
	return t.rows.Put(ctx, table, key, row)
}

// get reads and opens into record, or returns store.ErrNotFound.
func (t *tx) get(ctx context.Context, scope Scope, table store.Table, key []byte, record any) error {
	row, err := t.rows.Get(ctx, table, key)
	if err != nil {
		return err
	}
	return t.open(scope, table, key, row, record)
}

// open opens a row that was read.
func (t *tx) open(scope Scope, table store.Table, key, row []byte, record any) error {
	plain, err := t.sealer.Open(scope, table, key, row)
	if err != nil {
		return fmt.Errorf("open a row of %s: %w", table, err)
	}
	if err := decode(plain, record); err != nil {
		return fmt.Errorf("%s: %w", table, err)
	}
	return nil
}

// putOwned seals record under its owner, and that under the system together
// with who the owner is. A zero owner is the system itself: one seal is enough.
func (t *tx) putOwned(ctx context.Context, owner id.Account, table store.Table, key []byte, record any) error {
	if !ownerInside(table) {
		return fmt.Errorf("%s: %w", table, errForm)
	}
	inner, err := encode(record)
	if err != nil {
		return fmt.Errorf("%s: %w", table, err)
	}
	if !owner.IsZero() {
		if inner, err = t.sealer.Seal(owner, table, key, inner); err != nil {
			return fmt.Errorf("seal a row of %s: %w", table, err)
		}
	}
	row, err := t.sealOuter(owner, table, key, inner)
	if err != nil {
		return err
	}
	return t.rows.Put(ctx, table, key, row)
}

// getOwned reads and opens a row of putOwned.
func (t *tx) getOwned(ctx context.Context, table store.Table, key []byte, record any) (id.Account, error) {
	row, err := t.rows.Get(ctx, table, key)
	if err != nil {
		return id.Account{}, err
	}
	return t.openOwned(table, key, row, record)
}

// openOwned opens a row of putOwned that was read.
func (t *tx) openOwned(table store.Table, key, row []byte, record any) (id.Account, error) {
	owner, inner, err := t.openOuter(table, key, row)
	if err != nil {
		return id.Account{}, err
	}
	if owner.IsZero() {
		if err := decode(inner, record); err != nil {
			return id.Account{}, fmt.Errorf("%s: %w", table, err)
		}
		return owner, nil
	}
	if err := t.open(owner, table, key, inner, record); err != nil {
		return id.Account{}, err
	}
	return owner, nil
}

// openOuter tells whose row it is, also when its owner's key is gone.
func (t *tx) openOuter(table store.Table, key, row []byte) (id.Account, []byte, error) {
	plain, err := t.sealer.Open(system, table, key, row)
	if err != nil {
		return id.Account{}, nil, fmt.Errorf("open a row of %s: %w", table, err)
	}
	if len(plain) < id.Size {
		return id.Account{}, nil, fmt.Errorf("row of %s: %d bytes inside", table, len(plain))
	}
	head, inner := plain[:id.Size], plain[id.Size:]
	if bytes.Equal(head, make([]byte, id.Size)) {
		return id.Account{}, inner, nil
	}
	var owner id.Account
	if err := parse(&owner, head); err != nil {
		return id.Account{}, nil, fmt.Errorf("row of %s: %w", table, err)
	}
	return owner, inner, nil
}

// live pages through rows and hands each to use until limit of them were used.
// use returns store.ErrNotFound for a row whose account is gone: it is passed
// over and does not count, so a short page always means the end.
func (t *tx) live(ctx context.Context, table store.Table, prefix, after []byte, limit int, use func(store.Row) error) error {
	if limit < 1 || limit > store.MaxPage {
		return fmt.Errorf("page of %d records: %w", limit, store.ErrLimit)
	}
	from := after
	if after != nil {
		from = concat(prefix, after)
	}
	for used := 0; used < limit; {
		want := limit - used
		page, err := t.rows.Page(ctx, table, prefix, from, want)
		if err != nil {
			return err
		}
		for _, row := range page {
			err := use(row)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			used++
		}
		if len(page) < want {
			return nil
		}
		from = page[len(page)-1].Key
	}
	return nil
}

// concat joins the parts of a key; all but the last have fixed lengths.
func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// parse sets x to the id whose bytes are b.
func parse[K any](x *id.Of[K], b []byte) error {
	y, err := id.FromBytes[K](b)
	*x = y
	return err
}

// tail sets x to the id at the end of a row's key, behind the prefix.
func tail[K any](x *id.Of[K], row store.Row, prefix int) error {
	if err := parse(x, row.Key[min(prefix, len(row.Key)):]); err != nil {
		return fmt.Errorf("key of a row: %w", err)
	}
	return nil
}

// afterID is where a page begins: nil for the zero id.
func afterID[K any](x id.Of[K]) []byte {
	if x.IsZero() {
		return nil
	}
	return x.Bytes()
}

// afterToken is the same for tokens.
func afterToken(x store.TokenHash) []byte {
	if x == (store.TokenHash{}) {
		return nil
	}
	return x[:]
}
