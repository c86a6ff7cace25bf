package keyring_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/bolt"
	"github.com/ringfence/ringfence/store/sealed"
)

// openStore is how a program opens its store: keys first, then data, then the
// comparison of both. The caller closes the engine, then the keys.
func openStore(ctx context.Context, keysDir, path string) (*keyring.Keyring, *bolt.Engine, *sealed.DB, error) {
	existing, err := bolt.Exists(path)
	if err != nil {
		return nil, nil, nil, err
	}
	keys, err := keyring.Open(ctx, keyring.Options{Dir: keysDir, DataDir: filepath.Dir(path), Existing: existing})
	if err != nil {
		return nil, nil, nil, err
	}
	engine, err := bolt.Open(ctx, bolt.Options{Path: path, Migrations: sealed.Migrations(keys)})
	if err != nil {
		return nil, nil, nil, err // a program ends here; one that does not closes the keys
	}
	db := sealed.New(engine, keys)
	return keys, engine, db, db.Check(ctx)
}

func Example() {
	dir, err := os.MkdirTemp("", "ringfence")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	keys, engine, db, err := openStore(ctx, filepath.Join(dir, "keys"), filepath.Join(dir, "data", "ringfence.bolt"))
	if err != nil {
		fmt.Println(err)
		return
	}
	anna := id.NewAccount()
	if err := keys.CreateAccount(ctx, anna); err != nil { // before its first record
		fmt.Println(err)
		return
	}
	err = db.Update(ctx, func(tx store.Tx) error {
		return tx.Accounts.PutAccount(ctx, store.Account{ID: anna, Handle: "anna.4821", CreatedAt: time.Now()})
	})
	fmt.Println("stored:", err == nil)
	fmt.Println("closed:", engine.Close() == nil, keys.Close() == nil)
	// Output:
	// stored: true
	// closed: true true
}
