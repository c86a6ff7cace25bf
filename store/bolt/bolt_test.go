package bolt_test

import (
	"path/filepath"
	"testing"

	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/bolt"
	"github.com/ringfence/ringfence/store/storetest"
)

func open(t *testing.T, path string) *bolt.Engine {
	t.Helper()
	e, err := bolt.Open(t.Context(), bolt.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func TestEngine(t *testing.T) {
	t.Parallel()
	storetest.RunEngine(t, func(t *testing.T) store.Engine {
		t.Helper()
		return open(t, filepath.Join(t.TempDir(), "data.bolt"))
	})
}
