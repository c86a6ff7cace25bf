// Package relayd is the relay as a program: from its settings to listeners,
// the admin listener, and parts that start together and end in order. The
// server embeds the same relay and takes what it needs from here.
//
// It owns how secrets are read, what the admin listener answers and how a
// relay is drained. It knows nothing of the hub, of accounts or of any store:
// a relay that runs alone keeps nothing.
package relayd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/metrics"
	"github.com/ringfence/ringfence/internal/serving"
	"github.com/ringfence/ringfence/relay"
)

// Options is what [Run] needs.
type Options struct {
	Settings *config.LoadedRelay
	Coturn   *Coturn // nil where there is no such file
	Stdout   io.Writer
	Log      *slog.Logger
	Lookup   Lookup // nil: the system's
	Version  string // one line
	Now      func() time.Time

	// Drain gets something when the relay is to take no more allocations, and
	// to end with its last one. May be nil.
	Drain <-chan os.Signal

	// Reload gets something when certificates are to be read again. May be
	// nil; it is called where there are some.
	Reload func() <-chan os.Signal
}

// program holds the parts of a relay that runs.
type program struct {
	o        Options
	c        *config.LoadedRelay
	doors    Doors
	external *PublicIP
	six      *PublicIP           // of turn.public_ip6
	certs    *relay.Certificates // nil without turn.cert
	relay    *relay.Server
	drain    *Drain
	admin    http.Handler
	ready    atomic.Bool
}

// Run is the relay as a program. It opens everything, says where it is, and
// serves until ctx ends or a part of it fails; then it waits for relayed calls
// as long as turn.drain_time says. It returns after the last part has ended.
func Run(ctx context.Context, o Options) error {
	p := &program{o: o, c: o.Settings}
	var err error
	if p.doors, err = OpenDoors(p.c.TURN, o.Coturn); err != nil {
		return err
	}
	if err := p.doors.Usable(p.c); err != nil {
		return err
	}
	if p.certs, err = OpenCertificates(p.c.TURN, p.c.Origins, o.Log); err != nil {
		return err
	}
	adminLn, err := listenAdmin(ctx, p.c)
	if err != nil {
		return err
	}
	if adminLn != nil {
		defer func() { _ = adminLn.Close() }() // does nothing once it was served
	}
	if err := p.build(ctx); err != nil {
		return err
	}
	defer func() { _ = p.relay.Close() }() // nor does this
	b := Banner{Version: o.Version, Settings: p.c, Doors: p.doors, Coturn: o.Coturn, Admin: serving.Where(adminLn), Endpoints: p.relay.Endpoints()}
	if err := b.Write(o.Stdout); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	p.ready.Store(true)
	stages := []serving.Stage{
		{Name: "drain", Serve: func(ctx context.Context) error { return p.drain.Serve(ctx, o.Drain, true) }},
		{Name: "public address", Serve: p.external.Serve},
		{Name: "public address of IPv6", Serve: p.six.Serve},
		{Name: "relay", Serve: p.relay.Serve},
		{Name: "admin", Serve: func(ctx context.Context) error { return serving.HTTP(ctx, adminLn, p.admin, nil, o.Log) }},
	}
	if p.certs != nil {
		stages = append(stages, CertificateStages(p.certs, o.Reload)...)
	}
	o.Log.InfoContext(ctx, "serving")
	err = serving.InOrder(ctx, o.Log, stages...)
	o.Log.InfoContext(ctx, "stopped")
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// build makes every part. Nothing runs yet.
func (p *program) build(ctx context.Context) (err error) {
	if p.external, err = NewPublicIP(ctx, p.o.Lookup, p.c.TURN.PublicIP, p.o.Log); err != nil {
		return err
	}
	if p.six, err = NewPublicIP6(ctx, p.o.Lookup, p.c.TURN.PublicIP6, p.o.Log); err != nil {
		return err
	}
	keys, err := relay.NewKeys(p.doors.Call)
	if err != nil {
		return err
	}
	p.relay, err = Listen(ctx, Node{
		Settings: p.c.TURN, Doors: p.doors, Keys: keys, Certificates: p.certs, OwnAddresses: p.c.OwnAddresses(), External: p.external, External6: p.six, Log: p.o.Log, Now: p.o.Now,
	})
	if err != nil {
		return err
	}
	p.drain = NewDrain(p.relay, time.Duration(p.c.TURN.DrainTime)*time.Second, p.o.Log)
	a := Admin{State: p.state, Hosts: p.c.AdminHosts, Revoke: p.doors.RevokeHandler(p.relay)}
	if !p.doors.STUNOnly {
		a.Test, err = TestPage(p.relay, keys, p.o.Now)
	}
	if err == nil {
		a.Metrics, err = metrics.Handler(metrics.Ready(func() bool { return p.state() == Ready }), metrics.Relay(p.relay.Stats))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("admin listener: %w", err), p.relay.Close())
	}
	p.admin = a.Handler()
	return nil
}

func (p *program) state() State {
	switch {
	case p.drain.Draining():
		return Draining
	case p.ready.Load():
		return Ready
	}
	return Starting
}
