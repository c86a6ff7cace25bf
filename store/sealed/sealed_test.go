package sealed_test

import (
	"path/filepath"
	"testing"

	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/bolt"
	"github.com/ringfence/ringfence/store/sealed"
	"github.com/ringfence/ringfence/store/storetest"
)

var _ sealed.Rotator = (*keyring.Keyring)(nil)

func openBolt(t testing.TB) *bolt.Engine {
	t.Helper()
	e, err := bolt.Open(t.Context(), bolt.Options{Path: filepath.Join(t.TempDir(), "data.bolt")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func TestDB(t *testing.T) {
	t.Parallel()
	storetest.RunDB(t, func(t *testing.T) (store.DB, storetest.Keys) {
		t.Helper()
		keys := keyring.Ephemeral()
		return sealed.New(openBolt(t), keys), keys
	})
}
