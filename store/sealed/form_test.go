package sealed

import (
	"context"
	"errors"
	"testing"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/store"
)

// sink takes every row.
type sink struct{ store.RowsRW }

func (sink) Put(context.Context, store.Table, []byte, []byte) error { return nil }

// TestEveryTableHasOneForm writes rows in both ways: a walk over all rows goes
// by the table, and would pass over what is sealed in the other one.
func TestEveryTableHasOneForm(t *testing.T) {
	t.Parallel()
	keys, a := keyring.Ephemeral(), id.NewAccount()
	if err := keys.CreateAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	tx := &tx{sink{}, keys}
	for _, table := range store.Tables() {
		one := tx.put(t.Context(), a, table, []byte("key"), struct{}{})
		two := tx.putOwned(t.Context(), a, table, []byte("key"), struct{}{})
		if errors.Is(one, errForm) == errors.Is(two, errForm) || (one != nil) == (two != nil) {
			t.Errorf("%s: %v, and with the owner inside %v: want one of them", table, one, two)
		}
	}
}
