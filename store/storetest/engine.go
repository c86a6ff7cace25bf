package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/ringfence/ringfence/store"
)

// RunEngine checks the engine that open returns, empty each time, against the
// contract of store.Engine. The suite closes it.
func RunEngine(t *testing.T, open func(t *testing.T) store.Engine) {
	t.Helper()
	tests := map[string]func(*testing.T, store.Engine){
		"get put delete":         engineBasics,
		"values belong to whom":  engineOwnership,
		"rollback":               engineRollback,
		"panic rolls back":       enginePanic,
		"pages":                  enginePages,
		"limits":                 engineLimits,
		"context":                engineContext,
		"one consistent state":   engineSnapshot,
		"one writer at a time":   engineWriters,
		"closed":                 engineClosed,
		"random against a model": engineRandom,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := open(t)
			t.Cleanup(func() { _ = e.Close() })
			test(t, Twice(e))
		})
	}
}

func update(ctx context.Context, t *testing.T, e store.Engine, fn func(store.RowsRW) error) {
	t.Helper()
	if err := e.Update(ctx, fn); err != nil {
		t.Fatalf("Update = %v", err)
	}
}

func view(ctx context.Context, t *testing.T, e store.Engine, fn func(store.Rows) error) {
	t.Helper()
	if err := e.View(ctx, fn); err != nil {
		t.Fatalf("View = %v", err)
	}
}

// wantGet checks one value; want nil means not found.
func wantGet(ctx context.Context, rows store.Rows, table store.Table, key string, want []byte) error {
	got, err := rows.Get(ctx, table, []byte(key))
	switch {
	case want == nil && errors.Is(err, store.ErrNotFound):
		return nil
	case want == nil:
		return fmt.Errorf("Get(%s, %q) = %q, %w, want not found", table, key, got, err)
	case err != nil:
		return fmt.Errorf("Get(%s, %q) = %w, want %q", table, key, err, want)
	case !bytes.Equal(got, want):
		return fmt.Errorf("Get(%s, %q) = %q, want %q", table, key, got, want)
	}
	return nil
}

func engineBasics(t *testing.T, e store.Engine) {
	ctx := t.Context()
	for _, table := range store.Tables() {
		update(ctx, t, e, func(rows store.RowsRW) error {
			return errors.Join(
				wantGet(ctx, rows, table, "k", nil),
				rows.Delete(ctx, table, []byte("k")), // not there: no error
				rows.Put(ctx, table, []byte("k"), []byte("first")),
				wantGet(ctx, rows, table, "k", []byte("first")),
				rows.Put(ctx, table, []byte("k"), []byte("second")),
				rows.Put(ctx, table, []byte("empty"), nil),
				wantGet(ctx, rows, table, "empty", []byte{}),
				rows.Put(ctx, table, []byte("gone"), []byte("x")),
				rows.Delete(ctx, table, []byte("gone")),
				wantGet(ctx, rows, table, "gone", nil),
			)
		})
	}
	view(ctx, t, e, func(rows store.Rows) error {
		var all []error
		for _, table := range store.Tables() {
			all = append(all, wantGet(ctx, rows, table, "k", []byte("second")),
				wantGet(ctx, rows, table, "empty", []byte{}), wantGet(ctx, rows, table, "gone", nil))
		}
		return errors.Join(all...)
	})
}

func engineOwnership(t *testing.T, e store.Engine) {
	ctx := t.Context()
	var kept []byte
	update(ctx, t, e, func(rows store.RowsRW) error {
		key, value := []byte("key"), []byte("value")
		if err := rows.Put(ctx, store.TableMeta, key, value); err != nil {
			return err
		}
		copy(key, "xxx")
		copy(value, "yyyyy")
		got, err := rows.Get(ctx, store.TableMeta, []byte("key"))
		if err != nil {
			return err
		}
		copy(got, "zzzzz")
		return wantGet(ctx, rows, store.TableMeta, "key", []byte("value"))
	})
	view(ctx, t, e, func(rows store.Rows) error {
		page, err := rows.Page(ctx, store.TableMeta, nil, nil, 1)
		if err != nil || len(page) != 1 {
			return fmt.Errorf("Page = %d rows, %w", len(page), err)
		}
		page[0].Key[0], page[0].Value[0] = '!', '!'
		kept, err = rows.Get(ctx, store.TableMeta, []byte("key"))
		return err
	})
	update(ctx, t, e, func(rows store.RowsRW) error { return rows.Put(ctx, store.TableMeta, []byte("key"), []byte("other")) })
	if string(kept) != "value" {
		t.Errorf("value kept beyond its transaction = %q, want %q", kept, "value")
	}
}

func engineRollback(t *testing.T, e store.Engine) {
	ctx := t.Context()
	update(ctx, t, e, func(rows store.RowsRW) error { return rows.Put(ctx, store.TableMeta, []byte("k"), []byte("before")) })
	errMine := errors.New("mine")
	err := e.Update(ctx, func(rows store.RowsRW) error {
		if err := rows.Put(ctx, store.TableMeta, []byte("k"), []byte("after")); err != nil {
			return err
		}
		if err := rows.Put(ctx, store.TableAudit, []byte("new"), []byte("x")); err != nil {
			return err
		}
		return fmt.Errorf("wrapped: %w", errMine)
	})
	if !errors.Is(err, errMine) {
		t.Errorf("Update = %v, want the function's own error", err)
	}
	view(ctx, t, e, func(rows store.Rows) error {
		return errors.Join(wantGet(ctx, rows, store.TableMeta, "k", []byte("before")), wantGet(ctx, rows, store.TableAudit, "new", nil))
	})
}

func enginePanic(t *testing.T, e store.Engine) {
	ctx := t.Context()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic of a function did not reach its caller")
			}
		}()
		_ = e.Update(ctx, func(rows store.RowsRW) error {
			_ = rows.Put(ctx, store.TableMeta, []byte("k"), []byte("v"))
			panic("in a transaction")
		})
	}()
	// The engine still works, and nothing was written.
	update(ctx, t, e, func(rows store.RowsRW) error { return wantGet(ctx, rows, store.TableMeta, "k", nil) })
}

func enginePages(t *testing.T, e store.Engine) {
	ctx := t.Context()
	update(ctx, t, e, func(rows store.RowsRW) error {
		var all []error
		for _, k := range []string{"a", "b", "ba", "bb", "bb\x00", "bc", "b\xff", "b\xff\xff", "c"} {
			all = append(all, rows.Put(ctx, store.TableFriends, []byte(k), []byte("v"+k)))
		}
		return errors.Join(all...)
	})
	for _, c := range []struct {
		name, prefix string
		after        []byte
		limit        int
		want         string
	}{
		{"all", "", nil, 256, "a b ba bb bb\x00 bc b\xff b\xff\xff c"},
		{"prefix", "b", nil, 256, "b ba bb bb\x00 bc b\xff b\xff\xff"},
		{"prefix of ff", "b\xff", nil, 256, "b\xff b\xff\xff"},
		{"limit", "b", nil, 2, "b ba"},
		{"after a key", "b", []byte("ba"), 2, "bb bb\x00"},
		{"after what is not there", "b", []byte("bab"), 1, "bb"},
		{"after is before the prefix", "b", []byte("a"), 1, "b"},
		{"after is behind the prefix", "b", []byte("c"), 9, ""},
		{"after the last", "", []byte("c"), 9, ""},
		{"empty after", "", []byte{}, 1, "a"},
		{"no such prefix", "zz", nil, 9, ""},
	} {
		view(ctx, t, e, func(rows store.Rows) error {
			page, err := rows.Page(ctx, store.TableFriends, []byte(c.prefix), c.after, c.limit)
			var keys []string
			for _, r := range page {
				keys = append(keys, string(r.Key))
				if string(r.Value) != "v"+string(r.Key) {
					t.Errorf("%s: value of %q = %q", c.name, r.Key, r.Value)
				}
			}
			if got := strings.Join(keys, " "); got != c.want {
				t.Errorf("%s: Page = %q, want %q", c.name, got, c.want)
			}
			return err
		})
	}
}

func engineLimits(t *testing.T, e store.Engine) {
	ctx := t.Context()
	long, big := make([]byte, store.MaxKey+1), make([]byte, store.MaxValue+1)
	long[0] = 'k'
	k, v := []byte("k"), []byte("v")
	for name, op := range map[string]func(store.RowsRW) error{
		"put an empty key":    func(r store.RowsRW) error { return r.Put(ctx, store.TableMeta, nil, v) },
		"put a long key":      func(r store.RowsRW) error { return r.Put(ctx, store.TableMeta, long, v) },
		"put a big value":     func(r store.RowsRW) error { return r.Put(ctx, store.TableMeta, k, big) },
		"put into no table":   func(r store.RowsRW) error { return r.Put(ctx, "nothing", k, v) },
		"delete an empty key": func(r store.RowsRW) error { return r.Delete(ctx, store.TableMeta, nil) },
		"delete in no table":  func(r store.RowsRW) error { return r.Delete(ctx, "nothing", k) },
		"get an empty key":    func(r store.RowsRW) error { _, err := r.Get(ctx, store.TableMeta, nil); return err },
		"get a long key":      func(r store.RowsRW) error { _, err := r.Get(ctx, store.TableMeta, long); return err },
		"get in no table":     func(r store.RowsRW) error { _, err := r.Get(ctx, "nothing", k); return err },
		"page of none":        func(r store.RowsRW) error { _, err := r.Page(ctx, store.TableMeta, nil, nil, 0); return err },
		"page of less":        func(r store.RowsRW) error { _, err := r.Page(ctx, store.TableMeta, nil, nil, -1); return err },
		"page too long": func(r store.RowsRW) error {
			_, err := r.Page(ctx, store.TableMeta, nil, nil, store.MaxPage+1)
			return err
		},
		"page of no table":      func(r store.RowsRW) error { _, err := r.Page(ctx, "nothing", nil, nil, 1); return err },
		"page of a long prefix": func(r store.RowsRW) error { _, err := r.Page(ctx, store.TableMeta, long, nil, 1); return err },
	} {
		if err := e.Update(ctx, op); !errors.Is(err, store.ErrLimit) {
			t.Errorf("%s = %v, want %v", name, err, store.ErrLimit)
		}
	}
	// The bounds themselves are allowed, and a page is full at MaxPage.
	update(ctx, t, e, func(rows store.RowsRW) error {
		all := []error{rows.Put(ctx, store.TableMeta, long[:store.MaxKey], big[:store.MaxValue])}
		for i := range store.MaxPage + 10 {
			all = append(all, rows.Put(ctx, store.TableAudit, fmt.Appendf(nil, "%04d", i), v))
		}
		page, err := rows.Page(ctx, store.TableAudit, nil, nil, store.MaxPage)
		if len(page) != store.MaxPage {
			t.Errorf("Page = %d rows, want %d", len(page), store.MaxPage)
		}
		return errors.Join(append(all, err)...)
	})
}

func engineContext(t *testing.T, e store.Engine) {
	if twice, ok := e.(twiceEngine); ok {
		e = twice.Engine // a second run would notice what the first has to
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	ran := false
	if err := e.View(ended, func(store.Rows) error { ran = true; return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("View with an ended context = %v", err)
	}
	if err := e.Update(ended, func(store.RowsRW) error { ran = true; return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Update with an ended context = %v", err)
	}
	if ran {
		t.Error("a transaction ran with an ended context")
	}
	endsInside(t, e)
	ctx := t.Context()
	view(ctx, t, e, func(rows store.Rows) error { return wantGet(ctx, rows, store.TableMeta, "k", nil) })
	waitEnds(t, e)
}

// endsInside checks a context that ends while the function runs.
func endsInside(t *testing.T, e store.Engine) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	err := e.Update(ctx, func(rows store.RowsRW) error {
		if err := rows.Put(ctx, store.TableMeta, []byte("k"), []byte("v")); err != nil {
			return err
		}
		cancel()
		for name, err := range map[string]error{
			"Get":    second(rows.Get(ctx, store.TableMeta, []byte("k"))),
			"Page":   second(rows.Page(ctx, store.TableMeta, nil, nil, 1)),
			"Put":    rows.Put(ctx, store.TableMeta, []byte("k"), nil),
			"Delete": rows.Delete(ctx, store.TableMeta, []byte("k")),
		} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s with an ended context = %v", name, err)
			}
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update whose context ended inside = %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// waitEnds checks that waiting for another writer ends with the context.
func waitEnds(t *testing.T, e store.Engine) {
	t.Helper()
	inside, leave, left := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var once sync.Once
	go func() {
		defer close(left)
		_ = e.Update(t.Context(), func(store.RowsRW) error {
			once.Do(func() { close(inside) })
			<-leave
			return nil
		})
	}()
	<-inside
	ctx, cancel := context.WithCancel(t.Context())
	w := &watched{Context: ctx, waiting: make(chan struct{})}
	done := make(chan error, 1)
	go func() { done <- w.update(e) }()
	<-w.waiting
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Update that waits, after its context ended = %v", err)
	}
	close(leave)
	<-left
}

// watched is a context that tells when somebody begins to wait for its end.
type watched struct {
	context.Context //nolint:containedctx // it is one

	once    sync.Once
	waiting chan struct{}
}

func (w *watched) Done() <-chan struct{} {
	w.once.Do(func() { close(w.waiting) })
	return w.Context.Done()
}

func (w *watched) update(e store.Engine) error {
	return e.Update(w, func(store.RowsRW) error { return nil })
}

func engineSnapshot(t *testing.T, e store.Engine) {
	ctx := t.Context()
	set := func(v string) {
		update(ctx, t, e, func(rows store.RowsRW) error {
			return errors.Join(rows.Put(ctx, store.TableMeta, []byte("a"), []byte(v)), rows.Put(ctx, store.TableAudit, []byte("b"), []byte(v)))
		})
	}
	set("1")
	reading, written := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- e.View(ctx, func(rows store.Rows) error {
			first := wantGet(ctx, rows, store.TableMeta, "a", []byte("1"))
			close(reading)
			<-written
			return errors.Join(first, wantGet(ctx, rows, store.TableAudit, "b", []byte("1")))
		})
	}()
	<-reading
	set("2")
	close(written)
	if err := <-done; err != nil {
		t.Error(err)
	}
	view(ctx, t, e, func(rows store.Rows) error { return wantGet(ctx, rows, store.TableAudit, "b", []byte("2")) })
}

func engineWriters(t *testing.T, e store.Engine) {
	ctx := t.Context()
	const writers, each = 4, 10
	update(ctx, t, e, func(rows store.RowsRW) error { return rows.Put(ctx, store.TableMeta, []byte("n"), []byte{0}) })
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				err := e.Update(ctx, func(rows store.RowsRW) error {
					v, err := rows.Get(ctx, store.TableMeta, []byte("n"))
					if err != nil {
						return err
					}
					return rows.Put(ctx, store.TableMeta, []byte("n"), []byte{v[0] + 1})
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	view(ctx, t, e, func(rows store.Rows) error { return wantGet(ctx, rows, store.TableMeta, "n", []byte{writers * each}) })
}

func engineClosed(t *testing.T, e store.Engine) {
	if err := e.Close(); err != nil {
		t.Fatalf("Close = %v", err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("second Close = %v", err)
	}
	if err := e.View(t.Context(), func(store.Rows) error { return nil }); err == nil {
		t.Error("View after Close = nil, want an error")
	}
	if err := e.Update(t.Context(), func(store.RowsRW) error { return nil }); err == nil {
		t.Error("Update after Close = nil, want an error")
	}
}
