package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/keyring"
)

// Where a passphrase comes from besides passphrase_file.
const (
	askName         = "-" // as passphrase_file: ask at the terminal
	credentialName  = "ringfence-passphrase"
	credentialsEnv  = "CREDENTIALS_DIRECTORY" // set by systemd
	passphraseEnv   = config.PassphraseEnv
	maxPassphrase   = 4 << 10 // bytes that are read of a passphrase file
	passphraseTries = 3
)

// finalText is said before keys are made: later is too late.
const finalText = `This start makes the keys of your server, in %s.

They are final. Whoever loses this folder, or the passphrase that locks it, loses
all that the server keeps: nobody can bring it back, we cannot either. Copy the
folder to a place apart from the data; "ringfence admin backup" does that while
the server runs. docs/operations.md, "Keys and backups", has the rest.

`

// errNoTerminal says that there is nobody to ask.
var errNoTerminal = errors.New("passphrase_file is - and this is no terminal; start Ringfence in one, or name a file")

// findPassphrase returns the passphrase that the operator gives: of the file
// that is set, else systemd's credential, else the environment. None is no
// error: the key folder may hold one of its own. first says that keys are to be
// made.
func (p *process) findPassphrase(ctx context.Context, c *config.Loaded, first bool) (keyring.Secret, error) {
	credentials := p.env(credentialsEnv)
	switch {
	case c.PassphraseFile == askName && p.terminal == nil:
		return nil, errNoTerminal
	case c.PassphraseFile == askName && first:
		return p.choosePassphrase(ctx)
	case c.PassphraseFile == askName:
		return p.terminal.Ask(ctx, fmt.Sprintf("Passphrase of the keys in %s: ", c.Keys), true)
	case c.PassphraseFile != "":
		return readPassphrase(c.PassphraseFile, credentials)
	}
	if credentials != "" {
		path := filepath.Join(credentials, credentialName)
		if _, err := os.Stat(path); err == nil {
			return readPassphrase(path, credentials)
		}
	}
	if text := p.env(passphraseEnv); text != "" {
		_, err := fmt.Fprintf(p.stderr, "Note: the passphrase comes from %s. What looks at this program's environment can read it: other programs of this user, container tools, crash reports. A file with mode 0400 (--passphrase-file) or a systemd credential is safer.\n", passphraseEnv)
		return keyring.Secret(text), err
	}
	return nil, nil
}

func (p *process) env(name string) string {
	for _, line := range p.environ {
		if n, value, ok := strings.Cut(line, "="); ok && n == name {
			return value
		}
	}
	return ""
}

// choosePassphrase proposes a passphrase, and takes it or another one when it
// was typed twice.
func (p *process) choosePassphrase(ctx context.Context) (keyring.Secret, error) {
	proposal, err := keyring.Propose()
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(p.stderr, "A passphrase for your keys, made at random. Write it down on paper, then type it here; or type another one that is as hard to guess:\n\n  %s\n\n", []byte(proposal)); err != nil {
		return nil, err
	}
	for range passphraseTries {
		text, err := p.terminal.Ask(ctx, "Passphrase: ", true)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(text, proposal) { // it was on the screen: typed once is typed back
			return proposal, nil
		}
		again, err := p.terminal.Ask(ctx, "That is another one. Once more: ", true)
		if err != nil {
			return nil, err
		}
		if len(text) > 0 && bytes.Equal(text, again) {
			return text, nil
		}
		if _, err := fmt.Fprintln(p.stderr, "These two differ."); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("no passphrase was typed twice; nothing was made")
}

// sayFinal says that lost keys are final, and has it confirmed where somebody
// is there.
func (p *process) sayFinal(ctx context.Context, c *config.Loaded) error {
	if _, err := fmt.Fprintf(p.stderr, finalText, c.Keys); err != nil {
		return err
	}
	if p.terminal == nil {
		return nil
	}
	text, err := p.terminal.Ask(ctx, "Press Enter to make them, or Ctrl-C to stop here: ", false)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(text)) != 0 && !strings.EqualFold(string(bytes.TrimSpace(text)), "yes") {
		return errors.New("stopped; nothing was made")
	}
	return nil
}

// readPassphrase reads a passphrase file that others must not read. What
// systemd puts into its folder of credentials, it guards itself.
func readPassphrase(path, credentials string) (keyring.Secret, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("passphrase_file: %w; name a file that this user can read", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("passphrase_file: %w", err)
	}
	guarded := credentials != "" && filepath.Dir(filepath.Clean(path)) == filepath.Clean(credentials)
	if mode := info.Mode(); !guarded && mode.IsRegular() && mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("passphrase_file: others may read %s (mode %04o); run: chmod 400 %s", path, mode.Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxPassphrase+1))
	if err != nil {
		return nil, fmt.Errorf("passphrase_file: %w", err)
	}
	if len(text) > maxPassphrase {
		return nil, fmt.Errorf("passphrase_file: %s is longer than %d bytes; is it the right file?", path, maxPassphrase)
	}
	text = bytes.TrimRight(text, "\r\n")
	if len(text) == 0 {
		return nil, fmt.Errorf("passphrase_file: %s is empty; write the passphrase into its first line", path)
	}
	return text, nil
}
