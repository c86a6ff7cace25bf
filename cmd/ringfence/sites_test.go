package main

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/localca"
)

// TestOfflineLinksAreTheServers has an authority that vouches for an address
// which is not private: a server takes it, and so do commands without one.
func TestOfflineLinksAreTheServers(t *testing.T) {
	t.Parallel()
	keys := t.TempDir()
	own := netip.MustParseAddr("203.0.113.7")
	_, err := localca.Open(localca.Options{
		Dir: keys, Now: now, Names: func() ([]string, []netip.Addr) { return nil, []netip.Addr{own} },
	})
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{"203.0.113.7:8443": "https://203.0.113.7:8443/invite#x", "203.0.113.8:8443": ""} {
		c, err := config.Load(config.Input{Flags: map[string]string{"keys": keys, "tls-listen": at, "listen": "127.0.0.1:8080"}})
		if err != nil {
			t.Fatal(err)
		}
		s, err := offlineSites(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		links := strings.Join(s.links("x"), " ")
		if lan := strings.TrimSpace(strings.TrimPrefix(links, "http://localhost:8080/invite#x")); lan != want {
			t.Errorf("%s: links = %q, want %q among them", at, links, want)
		}
	}
}
