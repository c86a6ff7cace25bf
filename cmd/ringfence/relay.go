package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/relayd"
)

// relayCommands are those of a relay that runs alone. They need no data and no
// keys, and make no files.
type relayCommands struct {
	Serve      relayServe      `cmd:"" default:"withargs" help:"Run the relay. All it needs is --secret-file."`
	Credential relayCredential `cmd:"" help:"Mint a credential, with the secret file that the relay runs with."`
}

// loadRelay loads the settings of a relay and, where they name one, the
// configuration file of coturn.
func loadRelay(in config.Input) (*config.LoadedRelay, *relayd.Coturn, error) {
	c, err := config.LoadRelay(in)
	return c, nil, err
}

// checkRelay finds what is wrong with the settings of a relay and the files
// that they name.
func checkRelay(in config.Input) (notes []string, err error) {
	c, other, err := loadRelay(in)
	if err != nil {
		return nil, err
	}
	doors, err := relayd.OpenDoors(c.TURN, other)
	if err != nil {
		return nil, err
	}
	b := relayd.Banner{Settings: c, Doors: doors, Coturn: other}
	return b.Notes(), doors.Usable(c)
}

type relayServe struct{}

// Run relays until ctx ends.
func (relayServe) Run(ctx context.Context, p *process, in *config.Input) error {
	c, other, err := loadRelay(*in)
	if err != nil {
		return err
	}
	log := newLog(p.stderr, c.Log)
	slog.SetDefault(log) // libraries that log by themselves, with package log too, do it through ours
	if err := noCore(); err != nil {
		log.WarnContext(ctx, "core dumps stay on", slog.Any("error", err))
	}
	err = relayd.Run(ctx, relayd.Options{
		Settings: c, Coturn: other, Stdout: p.stdout, Log: log, Lookup: p.lookup, Version: readVersion().String(), Now: now, Drain: p.drain,
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
	c, other, err := loadRelay(*in)
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
