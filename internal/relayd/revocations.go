package relayd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/ringfence/ringfence/internal/relayadmin"
	"github.com/ringfence/ringfence/relay"
)

// maxWaiting is how many messages with revocations may wait.
const maxWaiting = 1024

// Revocations are those of a relay that is one of several: what is revoked at
// one is passed on to all, and what others revoked comes in. How they travel
// is not known here.
type Revocations struct {
	relay  *relay.Server
	pass   func(msg []byte) error
	log    *slog.Logger
	others chan []relay.Revocation
}

// NewRevocations returns the revocations of r. pass hands a message to the
// others; it must not wait for them.
func NewRevocations(r *relay.Server, pass func(msg []byte) error, log *slog.Logger) *Revocations {
	return &Revocations{relay: r, pass: pass, log: log, others: make(chan []relay.Revocation, maxWaiting)}
}

// Revoke ends calls and legs here, and asks the others for the same. It returns
// how many allocations ended here.
func (v *Revocations) Revoke(r ...relay.Revocation) int {
	ended := v.relay.Revoke(r...)
	for len(r) > 0 {
		n := min(len(r), relayadmin.MaxRevocations)
		msg, err := encodeRevocations(r[:n])
		if err == nil {
			err = v.pass(msg)
		}
		if err != nil {
			v.log.Warn("revocations were not passed on", slog.Any("error", err))
		}
		r = r[n:]
	}
	return ended
}

// Receive takes a message of another. It never waits.
func (v *Revocations) Receive(msg []byte) {
	r, err := decodeRevocations(msg)
	if err != nil {
		v.log.Warn("no revocations", slog.Any("error", err))
		return
	}
	select {
	case v.others <- r:
	default:
		v.log.Warn("more revocations than the relay can follow")
	}
}

// Serve ends what others revoked, until ctx ends.
func (v *Revocations) Serve(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-v.others:
			v.relay.Revoke(r...)
		}
	}
}

// passed is a revocation as it travels.
type passed struct {
	Call string `json:"call"`
	Leg  string `json:"leg,omitempty"`
}

func encodeRevocations(r []relay.Revocation) ([]byte, error) {
	out := make([]passed, len(r))
	for i, x := range r {
		out[i] = passed(x)
	}
	return json.Marshal(out)
}

var errRevocations = errors.New("not a message with revocations")

func decodeRevocations(msg []byte) ([]relay.Revocation, error) {
	if len(msg) > relayadmin.MaxRevokeBody {
		return nil, errRevocations
	}
	d := json.NewDecoder(bytes.NewReader(msg))
	d.DisallowUnknownFields()
	var in []passed
	if err := d.Decode(&in); err != nil || len(in) > relayadmin.MaxRevocations {
		return nil, errRevocations
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errRevocations
	}
	out := make([]relay.Revocation, len(in))
	for i, x := range in {
		out[i] = relay.Revocation(x)
		if err := out[i].Check(); err != nil {
			return nil, fmt.Errorf("%w: %w", errRevocations, err)
		}
	}
	return out, nil
}
