package sealed

import (
	"context"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// friends is store.FriendTable. The key of a row is From, To.
type friends struct{ *tx }

type edgeRecord struct {
	State  store.EdgeState `json:"s"`
	Since  time.Time       `json:"t"`
	Handle string          `json:"h,omitempty"`
	Name   string          `json:"n,omitempty"`
}

func (r edgeRecord) edge(from, to id.Account) store.Edge {
	return store.Edge{From: from, To: to, State: r.State, Since: r.Since, Handle: r.Handle, Name: r.Name}
}

func pair(a, b id.Account) []byte { return concat(a.Bytes(), b.Bytes()) }

func (t friends) Edge(ctx context.Context, from, to id.Account) (store.Edge, error) {
	var r edgeRecord
	if err := t.get(ctx, from, store.TableFriends, pair(from, to), &r); err != nil {
		return store.Edge{}, err
	}
	return r.edge(from, to), nil
}

func (t friends) PutEdge(ctx context.Context, e store.Edge) error {
	if err := named(e.From, e.To); err != nil {
		return err
	}
	return t.put(ctx, e.From, store.TableFriends, pair(e.From, e.To), edgeRecord{
		State: e.State, Since: e.Since.UTC(), Handle: e.Handle, Name: e.Name,
	})
}

func (t friends) DeleteEdge(ctx context.Context, from, to id.Account) error {
	return t.rows.Delete(ctx, store.TableFriends, pair(from, to))
}

func (t friends) Edges(ctx context.Context, from, after id.Account, limit int) ([]store.Edge, error) {
	if err := named(from); err != nil {
		return nil, err
	}
	var all []store.Edge
	err := t.live(ctx, store.TableFriends, from.Bytes(), afterID(after), limit, func(row store.Row) error {
		var to id.Account
		if err := tail(&to, row, id.Size); err != nil {
			return err
		}
		var r edgeRecord
		if err := t.open(from, store.TableFriends, row.Key, row.Value, &r); err != nil {
			return err
		}
		all = append(all, r.edge(from, to))
		return nil
	})
	return all, err
}

// asks is store.AskTable. The key of a row is To, From, and its seal is
// From's; an index leads from From to To.
type asks struct{ *tx }

type askRecord struct {
	Handle  string    `json:"h"`
	Asked   time.Time `json:"a"`
	Expires time.Time `json:"e"`

	Declined int `json:"d"` // 1 for yes: it does not show by the length
}

func (r askRecord) ask(to, from id.Account) store.Ask {
	return store.Ask{From: from, To: to, Handle: r.Handle, AskedAt: r.Asked, ExpiresAt: r.Expires, Declined: r.Declined != 0}
}

func (t asks) Ask(ctx context.Context, to, from id.Account) (store.Ask, error) {
	var r askRecord
	if err := t.get(ctx, from, store.TableAsks, pair(to, from), &r); err != nil {
		return store.Ask{}, err
	}
	return r.ask(to, from), nil
}

func (t asks) PutAsk(ctx context.Context, a store.Ask) error {
	if err := named(a.From, a.To); err != nil {
		return err
	}
	r := askRecord{Handle: a.Handle, Asked: a.AskedAt.UTC(), Expires: a.ExpiresAt.UTC()}
	if a.Declined {
		r.Declined = 1
	}
	err := t.put(ctx, a.From, store.TableAsks, pair(a.To, a.From), r)
	if err != nil {
		return err
	}
	return t.putIndex(ctx, indexAsksFrom, a.From, a.To.Bytes())
}

func (t asks) DeleteAsk(ctx context.Context, to, from id.Account) error {
	if err := t.deleteIndex(ctx, indexAsksFrom, from, to.Bytes()); err != nil {
		return err
	}
	return t.rows.Delete(ctx, store.TableAsks, pair(to, from))
}

func (t asks) AsksTo(ctx context.Context, to, after id.Account, limit int) ([]store.Ask, error) {
	if err := named(to); err != nil {
		return nil, err
	}
	var all []store.Ask
	err := t.live(ctx, store.TableAsks, to.Bytes(), afterID(after), limit, func(row store.Row) error {
		var from id.Account
		if err := tail(&from, row, id.Size); err != nil {
			return err
		}
		var r askRecord
		if err := t.open(from, store.TableAsks, row.Key, row.Value, &r); err != nil {
			return err
		}
		all = append(all, r.ask(to, from))
		return nil
	})
	return all, err
}

func (t asks) AsksFrom(ctx context.Context, from, after id.Account, limit int) ([]store.Ask, error) {
	if err := named(from); err != nil {
		return nil, err
	}
	var all []store.Ask
	err := t.indexed(ctx, indexAsksFrom, from, afterID(after), limit, func(key []byte) error {
		var to id.Account
		if err := parse(&to, key); err != nil {
			return err
		}
		a, err := t.Ask(ctx, to, from)
		if err == nil {
			all = append(all, a)
		}
		return err
	})
	return all, err
}
