package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/privacy"
	"github.com/ringfence/ringfence/internal/relayd"
)

// process is all that run has of the world around it; tests make their own.
type process struct {
	args, environ  []string
	stdout, stderr io.Writer

	// terminal is somebody to ask; nil where nobody is.
	terminal terminal
	// lookup resolves turn.public_ip; nil is the system's resolver.
	lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// drain gets something when relayed calls are to end before the program
	// does; nil for never.
	drain <-chan os.Signal
	// reload gets something when certificates are to be read again; nil for
	// never. It is called where there are some.
	reload func() <-chan os.Signal
	// probe is served below /probe/ for tests that need a handler of their
	// own, one that panics for instance; nil for none.
	probe http.Handler
}

// commands is the command line besides the settings.
type commands struct {
	Config string `help:"TOML file with settings (or RINGFENCE_CONFIG)." placeholder:"FILE"`

	VersionFlag kong.VersionFlag `name:"version" help:"Print the version." hidden:""`

	Serve   serveCommand   `cmd:"" help:"Run the server."`
	Relay   relayCommands  `cmd:"" help:"Run the media relay alone, a TURN server; mint credentials for it."`
	Doctor  doctorCommand  `cmd:"" help:"Look at the relay: bind it, carry a packet through each way in, read its certificate; and say what to mend."`
	Bench   benchCommands  `cmd:"" help:"Measure a TURN server or a hub, this one or any other."`
	Admin   adminCommands  `cmd:"" help:"Invite people, reset a password, list accounts, back up and restore; whether the server runs or not."`
	Setup   configCommands `cmd:"" name:"config" help:"Print or check the settings."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// run is the program. It returns when everything it started has ended.
func run(ctx context.Context, p process) error {
	cli := &commands{}
	flags := reflect.New(flagStruct())
	done := false
	parser, err := kong.New(cli,
		kong.Name("ringfence"),
		kong.Description("A calling server for people who know each other, and its media relay. Every setting can be a flag, an environment variable or a line in the file; ringfence serve --help lists them."),
		kong.Embed(flags.Interface()),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(func(int) { done = true }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.Help(help),
		kong.Vars{"version": readVersion().String()},
	)
	if err != nil {
		return fmt.Errorf("command line: %w", err)
	}
	args := p.args
	if len(args) > 0 && args[0] == "help" { // as git and go have it
		args = append(slices.Clone(args[1:]), "--help")
	}
	command, err := parser.Parse(args)
	if done { // help was asked for and given
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w (ringfence --help lists the commands)", err)
	}
	in := config.Input{File: cli.Config, Environ: p.environ, Flags: given(flags.Elem())}
	return command.Run(&p, &in)
}

// newLog returns the log of the process. Everything goes through privacy.
func newLog(w io.Writer, c config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		level = slog.LevelInfo // config allows only what slog knows
	}
	o := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewTextHandler(w, o)
	if c.Format == "json" {
		h = slog.NewJSONHandler(w, o)
	}
	return slog.New(privacy.NewHandler(h))
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(p *process) error {
	_, err := fmt.Fprintln(p.stdout, readVersion())
	return err
}

type configCommands struct {
	Print configPrint `cmd:"" help:"Print the settings that hold, and where each came from."`
	Check configCheck `cmd:"" help:"Say everything that is wrong with the settings."`
}

// ofRelay is the choice of whose settings are meant.
type ofRelay struct {
	Relay bool `help:"Of ringfence relay, in place of ringfence serve."`
}

type configPrint struct{ ofRelay }

// Run prints the settings.
func (o configPrint) Run(p *process, in *config.Input) error {
	if o.Relay {
		c, _, err := relayd.Load(*in)
		if err != nil {
			return err
		}
		return c.Print(p.stdout)
	}
	c, err := config.Load(*in)
	if err != nil {
		return err
	}
	return c.Print(p.stdout)
}

type configCheck struct{ ofRelay }

// Run says whether the settings are in order.
func (o configCheck) Run(p *process, in *config.Input) error {
	notes, err := o.check(*in)
	if err != nil {
		return err
	}
	for _, w := range notes {
		_, _ = fmt.Fprintln(p.stdout, "note: "+w) // a closed output is no fault of the settings
	}
	_, err = fmt.Fprintln(p.stdout, "The settings are in order.")
	return err
}

func (o configCheck) check(in config.Input) (notes []string, err error) {
	if o.Relay {
		return checkRelay(in)
	}
	c, err := config.Load(in)
	if err != nil {
		return nil, err
	}
	doors, err := openRelayFiles(c.TURN, c.Origins, nil)
	return append(warnings(c), doors.Notes...), err
}

type serveCommand struct{}

// Run serves until ctx ends.
func (serveCommand) Run(ctx context.Context, p *process, in *config.Input) error {
	c, err := config.Load(*in)
	if err != nil {
		return err
	}
	log := newLog(p.stderr, c.Log)
	slog.SetDefault(log) // libraries that log by themselves, with package log too, do it through ours
	if err := serve(ctx, *p, c, log); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// now is the program's clock.
func now() time.Time { return time.Now() }
