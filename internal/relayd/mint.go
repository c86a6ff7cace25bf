package relayd

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/relay"
)

// Order says which credential is wanted.
type Order struct {
	Secret string // its name; empty for the first
	Name   string // in a TURN REST user name; may be empty
	Call   string // not empty: one of a call
	Leg    string // empty: made up
	TTL    uint32 // seconds; 0: as long as is usual
	Bytes  int64  // budget of the leg of a call; 0: none
	Lookup Lookup
	Now    func() time.Time
}

// usualTTL is how long a TURN REST credential lives.
const usualTTL = time.Hour

var (
	errOnlyOfCalls = errors.New("--leg and --bytes are for the credential of a call; name it with --call")
	errNotOfCalls  = errors.New("the credential of a call has no --name and no --secret; name the leg with --leg")
	errNoSecret    = errors.New("there is no secret to mint with; name its file with --secret-file, the one that the relay runs with")
	errNotOwn      = errors.New("the first secret is too short to mint credentials of calls; leave --call away, or make one with: openssl rand -hex 32")
)

// Mint returns a credential as people read it: with the URLs that it is for,
// and as the configuration of a browser's connection.
func (d *Doors) Mint(ctx context.Context, c *config.LoadedRelay, o Order) (string, error) {
	made, err := d.mint(o)
	if err != nil {
		return "", err
	}
	urls, err := advertised(ctx, c, d, o)
	if err != nil {
		return "", err
	}
	list, err := json.Marshal([]iceServer{{urls, made.Username, made.Password}})
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	var t strings.Builder
	fmt.Fprintf(&t, "username  %s\npassword  %s\nexpires   %s\n", made.Username, made.Password, made.Expires.Local().Format(time.RFC1123))
	for _, u := range urls {
		fmt.Fprintf(&t, "url       %s\n", u)
	}
	fmt.Fprintf(&t, "\nnew RTCPeerConnection({iceServers: %s, iceTransportPolicy: \"relay\"})\n", list)
	return t.String(), nil
}

// iceServer is what a browser calls it.
type iceServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username"`
	Credential string   `json:"credential"`
}

func (d *Doors) mint(o Order) (relay.Credential, error) {
	if len(d.Secrets) == 0 {
		return relay.Credential{}, errNoSecret
	}
	if o.Call != "" {
		return d.mintCall(o)
	}
	if o.Leg != "" || o.Bytes != 0 {
		return relay.Credential{}, errOnlyOfCalls
	}
	s, ok := d.secret(o.Secret)
	if !ok {
		return relay.Credential{}, fmt.Errorf("%w: none is called %q", errNoSecret, o.Secret)
	}
	ttl := usualTTL
	if o.TTL != 0 {
		ttl = time.Duration(o.TTL) * time.Second
	}
	return relay.MintREST(s, d.Separator, o.Name, o.Now(), ttl)
}

func (d *Doors) mintCall(o Order) (relay.Credential, error) {
	switch {
	case o.Name != "", o.Secret != "":
		return relay.Credential{}, errNotOfCalls
	case !d.Own:
		return relay.Credential{}, errNotOwn
	}
	if o.Leg == "" {
		o.Leg = strings.ToLower(rand.Text())
	}
	ttl := relay.MaxTTL
	if o.TTL != 0 {
		ttl = time.Duration(o.TTL) * time.Second
	}
	keys, err := relay.NewKeys(d.Call)
	if err != nil {
		return relay.Credential{}, err
	}
	m, err := relay.NewMinter(keys, ttl, o.Now)
	if err != nil {
		return relay.Credential{}, err
	}
	return m.MintWith(relay.Claim{Call: o.Call, Leg: o.Leg, Budget: o.Bytes})
}

// advertised returns the URLs under which clients find a relay with these
// settings, which may run or not.
func advertised(ctx context.Context, c *config.LoadedRelay, d *Doors, o Order) ([]string, error) {
	external, err := NewPublicIP(ctx, o.Lookup, c.TURN.PublicIP, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	six, err := NewPublicIP6(ctx, o.Lookup, c.TURN.PublicIP6, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	keys, err := relay.NewKeys(d.Call)
	if err != nil {
		return nil, err
	}
	// Whoever mints may be somebody who cannot read the key of the certificate.
	certs, _ := OpenCertificates(c.TURN, c.Origins, nil)
	n := Node{Settings: c.TURN, Doors: *d, Keys: keys, Certificates: certs, OwnAddresses: c.OwnAddresses(), External: external, External6: six, Now: o.Now}
	at, err := relay.Advertised(n.config())
	if err != nil {
		return nil, err
	}
	urls := []string{}
	for _, e := range at {
		urls = append(urls, e.TURN())
	}
	return urls, nil
}
