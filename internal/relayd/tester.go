package relayd

import (
	"net/http"
	"time"

	"github.com/ringfence/ringfence/internal/turntest"
	"github.com/ringfence/ringfence/relay"
)

// tester is a relay that the page of the admin listener tests.
type tester struct {
	relay  *relay.Server
	minter *relay.Minter
}

// TestPage returns the page that tests a relay, by credentials of calls that
// keys sign. It must be mounted behind [Admin].
func TestPage(r *relay.Server, keys *relay.Keys, now func() time.Time) (http.Handler, error) {
	m, err := relay.NewMinter(keys, turntest.TTL, now)
	if err != nil {
		return nil, err
	}
	return turntest.Handler(tester{r, m}), nil
}

// URLs implements turntest.Relay.
func (t tester) URLs() []string {
	_, turn := t.relay.ICEURLs()
	return turn
}

// Mint implements turntest.Relay.
func (t tester) Mint(call, leg string) (username, password string, err error) {
	c, err := t.minter.MintWith(relay.Claim{Call: call, Leg: leg, Budget: turntest.Budget})
	return c.Username, c.Password, err
}
