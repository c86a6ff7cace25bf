package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/sealed"
)

type adminKeys struct {
	Rotate adminRotate `cmd:"" help:"Seal everything by new keys and destroy the old ones, while the server runs or not. Begun and ended early, it goes on where it was."`
}

// keeper changes the keys, of a running server or of the folders themselves.
type keeper interface {
	archive
	// Keys tells about the keys that there are.
	Keys(ctx context.Context) (keysState, error)
	// Rotate seals everything by new keys and destroys the old ones.
	Rotate(ctx context.Context, report func(sealed.Progress)) error
}

// keysState says which data a copy of the keys opens.
type keysState struct {
	Oldest   uint32 `json:"oldest"`   // rises when old keys are destroyed
	Rotating bool   `json:"rotating"` // a rotation was begun and not ended
}

type adminRotate struct {
	JSON bool `name:"json" help:"Print progress and outcome as JSON, a line each."`
}

const (
	goingOn = "A rotation was begun and not ended; it goes on.\n"
	rotated = "%d rows are sealed by new keys, and the old keys are destroyed.\n" +
		"Back up data and keys now: a backup of the data from before opens only with its own backup of the keys, which still opens everything that was kept then. Delete both after 30 days.\n"
	endedEarly = "%w. Nothing is lost: what is sealed by the old keys still opens. Run the command again, and it goes on"
)

// Run rotates the keys.
func (a adminRotate) Run(ctx context.Context, p *process, in *config.Input) error {
	c, err := config.Load(*in)
	if err != nil {
		return err
	}
	k, closeIt, err := openArchive(ctx, p, c)
	if err != nil {
		return err
	}
	return errors.Join(publicly(a.rotate(ctx, p, k)), closeIt())
}

func (a adminRotate) rotate(ctx context.Context, p *process, k keeper) error {
	state, err := k.Keys(ctx)
	if err != nil {
		return err
	}
	if state.Rotating && !a.JSON {
		if _, err := io.WriteString(p.stderr, goingOn); err != nil {
			return err
		}
	}
	var last sealed.Progress
	say := a.sayer(p)
	err = k.Rotate(ctx, func(now sealed.Progress) { last = now; say(now) })
	switch {
	case fault.Is(err, fault.Conflict):
		return err
	case err != nil:
		return fmt.Errorf(endedEarly, err)
	case a.JSON:
		return json.NewEncoder(p.stdout).Encode(struct {
			Rows int `json:"rows"`
		}{last.Total})
	}
	_, err = fmt.Fprintf(p.stdout, rotated, last.Total)
	return err
}

// sayer tells at most twice a second how far it is.
func (a adminRotate) sayer(p *process) func(sealed.Progress) {
	began := time.Now()
	said := began
	return func(now sealed.Progress) {
		at := time.Now()
		if at.Sub(said) < time.Second/2 || now.Total == 0 {
			return
		}
		said = at
		if a.JSON {
			_ = json.NewEncoder(p.stdout).Encode(now) // the outcome counts
			return
		}
		left := "…"
		if now.Done > 0 {
			left = (at.Sub(began) * time.Duration(now.Total-now.Done) / time.Duration(now.Done)).Round(time.Second).String()
		}
		_, _ = fmt.Fprintf(p.stderr, "%d of %d rows (%d %%), about %s left\n", now.Done, now.Total, 100*now.Done/now.Total, left)
	}
}

// Keys implements keeper over an open vault.
func (v *vault) Keys(context.Context) (keysState, error) {
	return keysState{Oldest: v.keys.Oldest(), Rotating: v.keys.Rotating()}, nil
}

// Rotate implements keeper over an open vault.
func (v *vault) Rotate(ctx context.Context, report func(sealed.Progress)) error {
	err := v.db.Rotate(ctx, v.keys, report)
	if errors.Is(err, sealed.ErrRotating) {
		return fault.Wrap(fault.Conflict, "The keys are being rotated already; wait for that to end.", err)
	}
	if err != nil {
		return err
	}
	return v.db.Update(ctx, func(tx store.Tx) error {
		return tx.Audit.Append(ctx, store.AuditEntry{At: now(), Action: store.AuditKeysRotated})
	})
}

// rotationLine is one line of what the socket answers: how far it is, or how
// it ended.
type rotationLine struct {
	sealed.Progress
	Ended  bool     `json:"ended,omitempty"`
	Failed *refused `json:"failed,omitempty"`
}

// serveRotation rotates for as long as somebody waits for it.
func serveRotation(w http.ResponseWriter, r *http.Request, k keeper, log *slog.Logger) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	c := http.NewResponseController(w)
	out := json.NewEncoder(&patient{w: w, c: c})
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	var last sealed.Progress
	var said time.Time
	err := k.Rotate(ctx, func(now sealed.Progress) {
		last = now
		if at := time.Now(); at.Sub(said) >= time.Second/4 {
			said = at
			if errors.Join(out.Encode(rotationLine{Progress: now}), c.Flush()) != nil {
				cancel()
			}
		}
	})
	line := rotationLine{Progress: last, Ended: err == nil}
	if err != nil {
		log.WarnContext(ctx, "the rotation of the keys ended early", slog.Any("error", err))
		public := fault.Public(err)
		line.Failed = &refused{Code: public.Code, Public: public.Public}
	}
	if err := out.Encode(line); err != nil { // whoever reads sees that it is missing
		log.DebugContext(ctx, "who asked for the rotation has gone", slog.Any("error", err))
	}
}

// Keys implements keeper.
func (r *remote) Keys(ctx context.Context) (out keysState, err error) {
	return out, r.call(ctx, http.MethodGet, "/keys", nil, &out)
}

// Rotate implements keeper.
func (r *remote) Rotate(ctx context.Context, report func(sealed.Progress)) error {
	res, err := r.stream(ctx, "/keys/rotate")
	if err != nil {
		return err
	}
	defer func() { _ = res.Close() }()
	lines := bufio.NewScanner(res)
	for lines.Scan() {
		var line rotationLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return fmt.Errorf("read the running server's answer: %w", err)
		}
		if line.Failed != nil {
			return fault.New(line.Failed.Code, line.Failed.Public)
		}
		report(line.Progress)
		if line.Ended {
			return nil
		}
	}
	if err := errors.Join(ctx.Err(), lines.Err()); err != nil {
		return fmt.Errorf("the rotation ended early: %w", err)
	}
	return errors.New("the server stopped before the rotation had ended")
}
