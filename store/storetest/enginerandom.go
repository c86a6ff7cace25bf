package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/store"
)

// seeded returns a source whose seed the test's output names.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// rowModel is what an engine should hold: table, zero byte, key → value.
type rowModel map[string]string

func modelKey(table store.Table, key []byte) string { return string(table) + "\x00" + string(key) }

// page is what Page should return.
func (m rowModel) page(table store.Table, prefix, after []byte, limit int) []store.Row {
	var rows []store.Row
	for k, v := range m {
		key, ok := strings.CutPrefix(k, string(table)+"\x00")
		if ok && strings.HasPrefix(key, string(prefix)) && (after == nil || key > string(after)) {
			rows = append(rows, store.Row{Key: []byte(key), Value: []byte(v)})
		}
	}
	slices.SortFunc(rows, func(a, b store.Row) int { return bytes.Compare(a.Key, b.Key) })
	return rows[:min(limit, len(rows))]
}

// rowOp is one random operation, the same each time it is run.
type rowOp struct {
	kind          int // 0, 1 put · 2 delete · 3 get · 4 page
	table         store.Table
	key, value    []byte
	prefix, after []byte
	limit         int
}

func randomOp(r *rand.Rand) rowOp {
	key := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = "ab\xff"[r.IntN(3)]
		}
		return b
	}
	tables := store.Tables()
	op := rowOp{
		kind: r.IntN(5), table: tables[r.IntN(3)], key: key(1 + r.IntN(5)),
		value: bytes.Repeat([]byte{byte(r.IntN(256))}, r.IntN(600)), prefix: key(r.IntN(3)), limit: 1 + r.IntN(12),
	}
	if r.IntN(3) > 0 {
		op.after = key(r.IntN(5))
	}
	return op
}

// run does the operation and compares with the model, which it changes.
func (o rowOp) run(ctx context.Context, rows store.RowsRW, m rowModel) error {
	switch o.kind {
	case 0, 1:
		m[modelKey(o.table, o.key)] = string(o.value)
		return rows.Put(ctx, o.table, o.key, o.value)
	case 2:
		delete(m, modelKey(o.table, o.key))
		return rows.Delete(ctx, o.table, o.key)
	case 3:
		var want []byte
		if v, ok := m[modelKey(o.table, o.key)]; ok {
			want = append([]byte{}, v...)
		}
		return wantGet(ctx, rows, o.table, string(o.key), want)
	}
	return o.compare(ctx, rows, m)
}

// compare reads a page and compares it with the model.
func (o rowOp) compare(ctx context.Context, rows store.Rows, m rowModel) error {
	got, err := rows.Page(ctx, o.table, o.prefix, o.after, o.limit)
	if err != nil {
		return err
	}
	want := m.page(o.table, o.prefix, o.after, o.limit)
	same := func(a, b store.Row) bool { return bytes.Equal(a.Key, b.Key) && bytes.Equal(a.Value, b.Value) }
	if !slices.EqualFunc(got, want, same) {
		return fmt.Errorf("Page(%s, %q, %q, %d) = %d rows, want %d: %q and %q", o.table, o.prefix, o.after, o.limit, len(got), len(want), got, want)
	}
	return nil
}

// engineRandom runs random transactions, a third of which are given up, and
// compares everything that is read with the model.
func engineRandom(t *testing.T, e store.Engine) {
	r := seeded(t)
	ctx := t.Context()
	model := rowModel{}
	errGiveUp := errors.New("given up")
	for range 60 {
		ops := make([]rowOp, r.IntN(25))
		for i := range ops {
			ops[i] = randomOp(r)
		}
		giveUp := r.IntN(3) == 0
		var after rowModel
		err := e.Update(ctx, func(rows store.RowsRW) error {
			after = maps.Clone(model)
			for _, o := range ops {
				if err := o.run(ctx, rows, after); err != nil {
					return err
				}
			}
			if giveUp {
				return errGiveUp
			}
			return nil
		})
		switch {
		case giveUp && !errors.Is(err, errGiveUp), !giveUp && err != nil:
			t.Fatal(err)
		case !giveUp:
			model = after
		}
		view(ctx, t, e, func(rows store.Rows) error {
			all := rowOp{table: store.Tables()[r.IntN(3)], limit: store.MaxPage}
			return errors.Join(all.compare(ctx, rows, model), randomOp(r).compare(ctx, rows, model))
		})
	}
}
