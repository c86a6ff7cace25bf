package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/store/bolt"
)

type adminCommands struct {
	Invite        adminInvite  `cmd:"" help:"Make a one-time invite link; the owner's, as long as there is none."`
	ResetPassword adminReset   `cmd:"" help:"Give an account a new password and sign it out everywhere."`
	ListUsers     adminList    `cmd:"" help:"List all accounts."`
	Backup        adminBackup  `cmd:"" help:"Back up data and keys, to two files; whether the server runs or not."`
	Restore       adminRestore `cmd:"" help:"Restore data and keys from their backups, into empty folders."`
	Keys          adminKeys    `cmd:"" help:"Change the keys that everything is sealed by."`
}

// withOperator asks the server that runs over the data folder, or opens the
// data where none does.
// Where there is no data yet, begin is called: it says so, or refuses.
func withOperator(ctx context.Context, p *process, in *config.Input, begin func(*config.Loaded) error, fn func(operator) error) error {
	c, err := config.Load(*in)
	if err != nil {
		return err
	}
	if r, ok := dialSocket(ctx, c.Data); ok {
		return publicly(fn(r))
	}
	if there, err := bolt.Exists(filepath.Join(c.Data, dataName)); err == nil && !there {
		if err := begin(c); err != nil {
			return err
		}
	}
	v, err := openVault(ctx, p, c)
	if err != nil {
		return err
	}
	op := direct{
		accounts: account.New(account.Options{DB: v.db, Keys: v.keys, Now: now}),
		sites:    func() (sites, error) { return offlineSites(ctx, c) },
	}
	return errors.Join(publicly(fn(op)), v.Close())
}

// noData refuses: most likely the command looks in the wrong folder.
func noData(c *config.Loaded) error {
	return fmt.Errorf("there is no data in %s; name the folder of your server with --data, or its settings with --config", c.Data)
}

// publicly replaces an error of a service by its sentence for people.
func publicly(err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return errors.New(fault.Public(err).Public)
	}
	return err
}

type adminInvite struct{}

// Run makes an invite.
func (adminInvite) Run(ctx context.Context, p *process, in *config.Input) error {
	begin := func(c *config.Loaded) error {
		_, err := fmt.Fprintf(p.stderr, "There was no data in %s: a new server begins there, with its keys in %s. For another one name --data or --config.\n", c.Data, c.Keys)
		return err
	}
	return withOperator(ctx, p, in, begin, func(op operator) error {
		made, err := op.Invite(ctx)
		if err != nil {
			return err
		}
		whose := "Whoever opens this link first can sign up"
		if made.Owner {
			whose = "There is no owner yet: whoever opens this link first becomes the owner. Earlier links for the owner are void"
		}
		_, err = fmt.Fprintf(p.stdout, "%s. It works once, until %s.\n", whose, made.ExpiresAt.Local().Format(time.RFC1123))
		for _, l := range made.Links {
			_, werr := fmt.Fprintln(p.stdout, l)
			err = errors.Join(err, werr)
		}
		return err
	})
}

type adminReset struct {
	Handle string `arg:"" name:"sign-in-name" help:"Sign-in name of the account, such as anna.4821."`
}

// Run resets a password.
func (a adminReset) Run(ctx context.Context, p *process, in *config.Input) error {
	return withOperator(ctx, p, in, noData, func(op operator) error {
		t, err := op.ResetPassword(ctx, a.Handle)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "%s is signed out everywhere and signs in with this password, then chooses another in the settings:\n%s\n", a.Handle, t.Password)
		return err
	})
}

type adminList struct{}

// Run lists accounts.
func (adminList) Run(ctx context.Context, p *process, in *config.Input) error {
	return withOperator(ctx, p, in, noData, func(op operator) error {
		w := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
		if _, err := fmt.Fprintln(w, "SIGN-IN NAME\tNAME\tROLE\tSINCE"); err != nil {
			return err
		}
		for after := ""; ; {
			page, err := op.List(ctx, after)
			if err != nil {
				return err
			}
			for _, a := range page.Accounts {
				role := "member"
				if a.Role != "" {
					role = string(a.Role)
				}
				if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", a.Handle, a.DisplayName, role, a.CreatedAt.Format(time.DateOnly)); err != nil {
					return err
				}
			}
			if after = page.Next; after == "" {
				return w.Flush()
			}
		}
	})
}
