package relayd

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/relayadmin"
	"github.com/ringfence/ringfence/relay"
)

// maxKeyFile bounds a file that holds one key.
const maxKeyFile = 4096

// Doors are who may come in, as files say.
type Doors struct {
	// Call signs the credentials of calls. It follows from the first secret;
	// where there is none, it is made up and nobody else has it.
	Call relay.Key

	// Own reports whether Call follows from a secret, so that other programs
	// with the same file can sign, too.
	Own bool

	Secrets   []relay.NamedSecret
	Users     []relay.User
	Separator byte

	// STUNOnly: nobody comes in, and that is meant.
	STUNOnly bool

	// RevokeKey opens POST /revoke; nil where that is not served.
	RevokeKey *relay.Secret

	// Notes are what an operator should know about the files.
	Notes []string
}

// OpenDoors reads the files that the settings name, and takes what a file of
// coturn's says besides, which may be nil. It finds all faults at once; none
// holds any part of a secret.
func OpenDoors(t config.TURN, other *Coturn) (Doors, error) {
	d := Doors{Separator: t.Separator[0]}
	var faults config.FaultErrors
	note := func(fault *config.Fault, notes []string) {
		if fault != nil {
			faults = append(faults, *fault)
		}
		d.Notes = append(d.Notes, notes...)
	}
	if other != nil {
		d.Secrets, d.Users, d.STUNOnly = other.Secrets, other.Users, other.STUNOnly
		if other.Separator != 0 && t.Separator == ":" {
			d.Separator = other.Separator
		}
	}
	if t.SecretFile != "" {
		note(readFile("turn.secret_file", t.SecretFile, func(r io.Reader) (notes []string, err error) {
			var more []relay.NamedSecret
			more, notes, err = relay.ReadSecrets(r)
			d.Secrets = append(more, d.Secrets...)
			return notes, err
		}))
	}
	if t.UsersFile != "" {
		note(readFile("turn.users_file", t.UsersFile, func(r io.Reader) (notes []string, err error) {
			var more []relay.User
			more, notes, err = relay.ReadUsers(r)
			d.Users = append(more, d.Users...)
			return notes, err
		}))
	}
	if t.RevokeKeyFile != "" {
		var key relay.Secret
		note(readRevokeKey(t.RevokeKeyFile, &key))
		d.RevokeKey = &key
	}
	if len(faults) > 0 {
		return Doors{}, faults
	}
	d.STUNOnly = d.STUNOnly && len(d.Secrets)+len(d.Users) == 0
	return d, d.sign()
}

// sign finds the key of calls.
func (d *Doors) sign() error {
	if len(d.Secrets) > 0 {
		// A secret of a coturn file may be too short to follow anything from.
		if keys, err := relay.DeriveKeys(d.Secrets[0].Secret); err == nil {
			d.Call, d.Own = keys.Call, true
			return nil
		}
	}
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	secret, err := relay.NewSecret(b[:])
	d.Call = relay.Key{ID: "here", Secret: secret}
	return err
}

var errNobody = errors.New("nobody may come in")

// Usable refuses a relay that nobody could use.
func (d *Doors) Usable(c *config.LoadedRelay) error {
	if len(d.Secrets)+len(d.Users) > 0 || d.STUNOnly {
		return nil
	}
	return config.FaultErrors{{
		Setting: "turn.secret_file", Source: c.Source("turn.secret_file"), Must: "must name a file with a secret: without one " + errNobody.Error(),
		Fix: "make one with \"openssl rand -hex 32 > relay.secret\" and write --secret-file relay.secret",
	}}
}

// readFile hands a file to read, and says what is wrong with it.
func readFile(setting, path string, read func(io.Reader) ([]string, error)) (*config.Fault, []string) {
	fault := func(must, fix string) (*config.Fault, []string) {
		return &config.Fault{Setting: setting, Value: path, Must: must, Fix: fix}, nil
	}
	f, err := os.Open(filepath.Clean(path))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fault("there is no such file", "name one that this user can read")
	case errors.Is(err, os.ErrPermission):
		return fault("this user may not read it", "change its owner")
	case err != nil:
		return fault("cannot be read", "name a file that this user can read")
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil || info.IsDir():
		return fault("is no file", "name a file that this user can read")
	case info.Mode().IsRegular() && info.Mode().Perm()&0o002 != 0:
		return fault("can be changed by every user of this machine", "chmod 600 "+path)
	}
	notes, err := read(f)
	if err != nil {
		return fault(oneLine(err), "mend it")
	}
	for i, n := range notes {
		notes[i] = setting + ": " + n
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o004 != 0 {
		notes = append(notes, fmt.Sprintf("%s: every user of this machine can read %s; chmod 600 %s", setting, path, path))
	}
	return nil, notes
}

func readRevokeKey(path string, to *relay.Secret) (*config.Fault, []string) {
	return readFile("turn.revoke_key_file", path, func(r io.Reader) (notes []string, err error) {
		*to, err = readKey(r)
		return nil, err
	})
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", ", ") }

var (
	errKeyLong  = errors.New("holds more than one key")
	errKeyShort = errors.New("holds a key of fewer than 16 bytes; make one with: openssl rand -hex 32")
)

// readKey reads a file that holds one key.
func readKey(r io.Reader) (relay.Secret, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxKeyFile+1))
	text = bytes.TrimSpace(text)
	space := func(c rune) bool { return c <= ' ' || c == 0x7f }
	switch {
	case err != nil:
		return relay.Secret{}, err
	case len(text) > maxKeyFile, bytes.ContainsFunc(text, space):
		return relay.Secret{}, errKeyLong
	case len(text) < relay.MinRESTSecret:
		return relay.Secret{}, errKeyShort
	}
	s, err := relay.NewNamedSecret("revoke", string(text), 0)
	return s.Secret, err
}

// secret returns the secret of a name; the first one for none.
func (d *Doors) secret(name string) (relay.NamedSecret, bool) {
	i := slices.IndexFunc(d.Secrets, func(s relay.NamedSecret) bool { return name == "" || s.Name == name })
	if i < 0 {
		return relay.NamedSecret{}, false
	}
	return d.Secrets[i], true
}

// RevokeHandler answers POST /revoke; nil where there is no key for it.
func (d *Doors) RevokeHandler(r relayadmin.Revoker) http.Handler {
	if d.RevokeKey == nil {
		return nil
	}
	return relayadmin.RevokeHandler(*d.RevokeKey, r)
}
