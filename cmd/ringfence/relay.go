package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/relayd"
	"github.com/ringfence/ringfence/relay"
)

// relayCommands are those of a relay that runs alone. They need no data and no
// keys, and make no files.
type relayCommands struct {
	Serve      relayServe      `cmd:"" default:"withargs" help:"Run the relay; ringfence relay without a command does the same. All it needs is --secret-file."`
	Credential relayCredential `cmd:"" help:"Mint a credential, with the secret file that the relay runs with."`
	Revoke     relayRevoke     `cmd:"" help:"End a call, or a leg of one, at the relay that runs here."`
}

// checkRelay finds what is wrong with the settings of a relay and the files
// that they name.
func checkRelay(in config.Input) (notes []string, err error) {
	c, other, err := relayd.Load(in)
	if err != nil {
		return nil, err
	}
	doors, err := openRelayFiles(c.TURN, c.Origins, other)
	if err != nil {
		return nil, err
	}
	if other != nil {
		notes = other.Notes
	}
	b := relayd.Banner{Settings: c, Doors: doors}
	return append(notes, b.Notes()...), doors.Usable(c)
}

// openRelayFiles reads every file that the settings of a relay name.
func openRelayFiles(t config.TURN, from config.Origins, other *relayd.Coturn) (relayd.Doors, error) {
	doors, err := relayd.OpenDoors(t, other)
	if err != nil {
		return relayd.Doors{}, err
	}
	_, err = relayd.OpenCertificates(t, from, nil)
	return doors, err
}

type relayServe struct{}

// Run relays until ctx ends.
func (relayServe) Run(ctx context.Context, p *process, in *config.Input) error {
	c, other, err := relayd.Load(*in)
	if err != nil {
		return err
	}
	log := newLog(p.stderr, c.Log)
	slog.SetDefault(log) // libraries that log by themselves, with package log too, do it through ours
	if err := noCore(); err != nil {
		log.WarnContext(ctx, "core dumps stay on", slog.Any("error", err))
	}
	err = relayd.Run(ctx, relayd.Options{
		Settings: c, Coturn: other, Stdout: p.stdout, Log: log, Lookup: p.lookup, Version: readVersion().String(), Now: now, Drain: p.drain, Reload: p.reload,
	})
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

type relayCredential struct {
	Secret string `help:"Name of the secret, where the file has several." placeholder:"NAME"`
	Name   string `help:"Name to put into a TURN REST credential." placeholder:"NAME"`
	Call   string `help:"Mint a credential of this call instead." placeholder:"CALL"`
	Leg    string `help:"Leg of the call; made up where it is left out." placeholder:"LEG"`
	TTL    uint32 `name:"ttl" help:"Seconds in which it can be used: 3600, of a call 120 at most." placeholder:"SECONDS"`
	Bytes  int64  `help:"Bytes that may be relayed for the leg of a call; 0 for any number." placeholder:"BYTES"`
}

// Run mints a credential and prints it.
func (m relayCredential) Run(ctx context.Context, p *process, in *config.Input) error {
	c, other, err := relayd.Load(*in)
	if err != nil {
		return err
	}
	doors, err := relayd.OpenDoors(c.TURN, other)
	if err != nil {
		return err
	}
	out, err := doors.Mint(ctx, c, relayd.Order{
		Secret: m.Secret, Name: m.Name, Call: m.Call, Leg: m.Leg, TTL: m.TTL, Bytes: m.Bytes, Lookup: p.lookup, Now: now,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(p.stdout, out)
	return err
}

type relayRevoke struct {
	Call string `arg:"" help:"The call, as its credentials name it."`
	Leg  string `arg:"" optional:"" help:"One leg of it alone."`
}

// Run ends a call. The settings may be those of a relay, or of the server.
func (r relayRevoke) Run(ctx context.Context, p *process, in *config.Input) error {
	var at config.Listen
	var t config.TURN
	if c, _, err := relayd.Load(*in); err == nil {
		at, t = c.AdminListen, c.TURN
	} else if s, serr := config.Load(*in); serr == nil {
		at, t = s.AdminListen, s.TURN
	} else {
		return err
	}
	done, err := relayd.AskToRevoke(ctx, at, t, relay.Revocation{Call: r.Call, Leg: r.Leg})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "Revoked. Allocations that ended: %d.\n", done.Ended)
	return err
}
