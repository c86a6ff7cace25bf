//go:build linux

package hubbench

import (
	"crypto/tls"
	"testing"

	"github.com/ringfence/ringfence/internal/id"
)

func certificates(t *testing.T) *tls.Config {
	t.Helper()
	conf, err := Certificates()
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

func newToken() string { return id.NewAccount().String() }
