package relayd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/coturn"
	"github.com/ringfence/ringfence/relay"
)

// Coturn is what a configuration file of coturn's says besides settings.
type Coturn struct {
	Secrets   []relay.NamedSecret
	Users     []relay.User
	Separator byte
	STUNOnly  bool
	Notes     []string // what becomes of each line; hold no secret
}

// CoturnError says which lines of a file keep a relay from starting, and what
// to do about each.
type CoturnError struct {
	Path  string
	Lines []string
}

// Error lists them all.
func (e *CoturnError) Error() string {
	return fmt.Sprintf("%s cannot be served by as it is:\n  %s", e.Path, strings.Join(e.Lines, "\n  "))
}

// Load makes the settings of a relay. Where they name a file of coturn's, the
// Coturn says what that holds besides; it is nil otherwise.
func Load(in config.Input) (*config.LoadedRelay, *Coturn, error) {
	var other *Coturn
	in.Foreign = func(path string) (settings []config.Given, err error) {
		other, settings, err = readCoturn(path)
		return settings, err
	}
	c, err := config.LoadRelay(in)
	if err != nil {
		return nil, nil, err
	}
	return c, other, nil
}

func readCoturn(path string) (*Coturn, []config.Given, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		must := "cannot be read"
		switch {
		case errors.Is(err, os.ErrNotExist):
			must = "there is no such file"
		case errors.Is(err, os.ErrPermission):
			must = "this user may not read it"
		}
		return nil, nil, config.FaultErrors{{Setting: "coturn_config", Value: path, Must: must, Fix: "name one that this user can read"}}
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, nil, config.FaultErrors{{Setting: "coturn_config", Value: path, Must: "is a folder", Fix: "name the file in it, such as turnserver.conf"}}
	}
	res, err := coturn.Read(f, path)
	if err != nil {
		return nil, nil, err
	}
	refusals := res.Refusals
	if os.Geteuid() == 0 {
		refusals = append(refusals, res.RootRefusals...)
	}
	if len(refusals) > 0 {
		e := &CoturnError{Path: path}
		for _, r := range refusals {
			e.Lines = append(e.Lines, r.String())
		}
		return nil, nil, e
	}
	out, err := doorsOf(&res)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range res.Notes {
		out.Notes = append(out.Notes, n.String())
	}
	return out, given(&res, path), nil
}

// doorsOf makes who may come in of what the file says.
func doorsOf(res *coturn.Result) (*Coturn, error) {
	out := &Coturn{Separator: res.Separator, STUNOnly: res.STUNOnly}
	var faults []error
	for _, s := range res.Secrets {
		secret, err := relay.NewNamedSecret(s.Name, s.Value.Reveal(), 0)
		if err != nil {
			faults = append(faults, fmt.Errorf("line %d: static-auth-secret: %w", s.Line, err))
		}
		out.Secrets = append(out.Secrets, secret)
	}
	for _, u := range res.Users {
		password := u.Password.Reveal()
		if key := u.Key.Reveal(); key != "" {
			password = "0x" + key
		}
		user, err := relay.NewUser(u.Name.Reveal(), password)
		if err != nil {
			faults = append(faults, fmt.Errorf("line %d: user: %w", u.Line, err))
		}
		out.Users = append(out.Users, user)
	}
	return out, errors.Join(faults...)
}

func given(res *coturn.Result, path string) (out []config.Given) {
	for _, s := range res.Settings {
		source := path
		if s.Line > 0 {
			source = fmt.Sprintf("%s, line %d", path, s.Line)
		}
		out = append(out, config.Given{Key: s.Key, Values: s.Values, Source: source})
	}
	return out
}
