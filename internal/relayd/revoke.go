package relayd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/relay"
)

const (
	revokeTimeout = 10 * time.Second
	maxAnswer     = 64 << 10
)

var (
	errNoRevokeKey = errors.New("there is no key to revoke with; name the file that the relay runs with, with --turn-revoke-key-file")
	errAdminOff    = errors.New("admin_listen is off, and there is no other way to ask a relay; name where it listens with --admin-listen")
)

// Revoked is what a relay says it did.
type Revoked struct {
	Revoked int `json:"revoked"` // calls and legs
	Ended   int `json:"ended"`   // allocations
}

// AskToRevoke asks the relay that runs with these settings, by its admin
// listener, to end a call or a leg of one.
func AskToRevoke(ctx context.Context, at config.Listen, t config.TURN, r relay.Revocation) (Revoked, error) {
	if err := r.Check(); err != nil {
		return Revoked{}, err
	}
	switch {
	case t.RevokeKeyFile == "":
		return Revoked{}, errNoRevokeKey
	case !at.On():
		return Revoked{}, errAdminOff
	}
	var key relay.Secret
	if fault, _ := readRevokeKey(t.RevokeKeyFile, &key); fault != nil {
		return Revoked{}, config.FaultErrors{*fault}
	}
	body, err := json.Marshal(map[string]any{"revoke": []any{map[string]string{"call": r.Call, "leg": r.Leg}}})
	if err != nil {
		return Revoked{}, fmt.Errorf("encode: %w", err)
	}
	url := "http://" + adminAddr(at) + "/revoke"
	ctx, cancel := context.WithTimeout(ctx, revokeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return Revoked{}, fmt.Errorf("ask the relay: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+key.Reveal())
	// No proxy of the environment gets to see the key.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return Revoked{}, fmt.Errorf("no relay answers at %s; is it running, and is that its admin_listen? (%w)", url, err)
	}
	defer func() { _ = res.Body.Close() }()
	return answered(res)
}

func answered(res *http.Response) (out Revoked, err error) {
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return out, fmt.Errorf("read the relay's answer: %w", err)
	}
	switch res.StatusCode {
	case http.StatusOK:
		if err := json.Unmarshal(text, &out); err != nil {
			return out, fmt.Errorf("read the relay's answer: %w", err)
		}
		return out, nil
	case http.StatusNotFound:
		return out, errors.New("the relay takes no revocations: it runs without turn.revoke_key_file")
	case http.StatusUnauthorized:
		return out, errors.New("the relay runs with another key in turn.revoke_key_file")
	}
	return out, fmt.Errorf("the relay answered %d: %s", res.StatusCode, bytes.TrimSpace(text))
}

// adminAddr is where to ask a listener from this machine.
func adminAddr(at config.Listen) string {
	host := at.Addr()
	if !host.IsValid() || host.IsUnspecified() {
		host = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return net.JoinHostPort(host.String(), strconv.Itoa(int(at.Port())))
}
