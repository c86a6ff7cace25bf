package sealed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// accounts is store.AccountTable. The key of a row is the account.
type accounts struct{ *tx }

type accountRecord struct {
	Handle   string     `json:"h"`
	Name     string     `json:"n"`
	Role     store.Role `json:"r,omitempty"`
	Password string     `json:"p"`
	Created  time.Time  `json:"c"`
	Updated  time.Time  `json:"u"`
}

func (r accountRecord) account(a id.Account) store.Account {
	return store.Account{
		ID: a, Handle: r.Handle, DisplayName: r.Name, Role: r.Role, Password: r.Password,
		CreatedAt: r.Created, UpdatedAt: r.Updated,
	}
}

func (t accounts) Account(ctx context.Context, a id.Account) (store.Account, error) {
	var r accountRecord
	if err := t.get(ctx, a, store.TableAccounts, a.Bytes(), &r); err != nil {
		return store.Account{}, err
	}
	return r.account(a), nil
}

func (t accounts) PutAccount(ctx context.Context, a store.Account) error {
	if err := named(a.ID); err != nil {
		return err
	}
	return t.put(ctx, a.ID, store.TableAccounts, a.ID.Bytes(), accountRecord{
		Handle: a.Handle, Name: a.DisplayName, Role: a.Role, Password: a.Password,
		Created: a.CreatedAt.UTC(), Updated: a.UpdatedAt.UTC(),
	})
}

func (t accounts) Accounts(ctx context.Context, after id.Account, limit int) ([]store.Account, error) {
	var all []store.Account
	err := t.live(ctx, store.TableAccounts, nil, afterID(after), limit, func(row store.Row) error {
		var a id.Account
		if err := tail(&a, row, 0); err != nil {
			return err
		}
		var r accountRecord
		if err := t.open(a, store.TableAccounts, row.Key, row.Value, &r); err != nil {
			return err
		}
		all = append(all, r.account(a))
		return nil
	})
	return all, err
}

// errNamesNothing says that a record lacks an id that its key needs. A zero
// account would be sealed under the system's key instead of its own.
var errNamesNothing = errors.New("a record needs an id that is not zero")

// named refuses zero ids.
func named(ids ...interface{ IsZero() bool }) error {
	for _, x := range ids {
		if x.IsZero() {
			return errNamesNothing
		}
	}
	return nil
}

// handles is store.HandleTable. The key of a row is the handle's blind index;
// the owner of a row is who has the handle. A handle is never given twice, not
// even when its account was destroyed.
type handles struct{ *tx }

type handleRecord struct{}

// The names of the blind indexes.
const (
	indexHandle  = "handle"
	indexPhantom = "phantom"
)

func (t handles) Handle(ctx context.Context, handle string) (id.Account, error) {
	var r handleRecord
	return t.getOwned(ctx, store.TableHandles, t.sealer.Index(indexHandle, []byte(handle)), &r)
}

func (t handles) ClaimHandle(ctx context.Context, handle string, a id.Account) error {
	if err := named(a); err != nil {
		return err
	}
	key := t.sealer.Index(indexHandle, []byte(handle))
	switch _, err := t.rows.Get(ctx, store.TableHandles, key); {
	case err == nil:
		return store.ErrExists
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	return t.putOwned(ctx, a, store.TableHandles, key, handleRecord{})
}

func (t handles) Phantom(handle string) id.Account {
	var a id.Account
	if err := parse(&a, t.sealer.Index(indexPhantom, []byte(handle))); err != nil {
		panic(fmt.Sprintf("sealed: index is no id: %v", err)) // one of 2^128, or a broken Sealer
	}
	return a
}
