package relay

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	// MinRESTSecret is the shortest secret that [ReadSecrets] takes, in bytes.
	MinRESTSecret = 16

	// maxDoorFile bounds a file of secrets or users, in bytes.
	maxDoorFile = 1 << 20

	// shortPassword is below how many bytes [ReadUsers] warns.
	shortPassword = 12

	// toMakeOne is what to run for a new secret.
	toMakeOne = "openssl rand -hex 32"
)

var (
	errDoorFile    = errors.New("more than 1 MiB")
	errNoSecret    = errors.New("no secret in it; make one with: " + toMakeOne)
	errNoUser      = errors.New("no user in it: a line is name:password, or name:0x and the long-term key in hexadecimal")
	errShortREST   = errors.New("a secret needs at least 16 bytes; make one with: " + toMakeOne)
	errAfterSecret = errors.New("after a secret comes nothing, or allocations= and a number")
	errUserLine    = errors.New("want name:password, or name:0x and the long-term key in hexadecimal")
)

// LineError is what is wrong with a line of a file. It never holds what stands
// there.
type LineError struct {
	Line  int // from 1
	cause error
}

// Error names the line.
func (e *LineError) Error() string { return "line " + strconv.Itoa(e.Line) + ": " + e.cause.Error() }

// Unwrap returns what is wrong.
func (e *LineError) Unwrap() error { return e.cause }

// ReadSecrets reads a file of secrets: a line is a secret, or a name, a colon
// and a secret, and maybe " allocations=N" after it; empty lines and those
// that begin with # do not count. A secret with a colon in it needs a name. The
// others are named by their place: 1, 2 and so on. The error joins one
// [*LineError] for each line that is wrong; neither it nor the warnings hold
// any part of a secret.
func ReadSecrets(r io.Reader) (secrets []NamedSecret, warnings []string, err error) {
	seen := make(map[string]struct{})
	err = eachLine(r, func(line int, text string) error {
		s, err := parseSecret(text, len(secrets)+1)
		if err != nil {
			return err
		}
		if _, twin := seen[s.Name]; twin {
			return errSecretTwin
		}
		seen[s.Name] = struct{}{}
		if len(secrets) == MaxSecrets {
			return errSecrets
		}
		if n := len(s.Secret.bytes()); n < minSecret {
			warnings = append(warnings, fmt.Sprintf("line %d: a secret of %d bytes is short; a good one has %d or more: %s", line, n, minSecret, toMakeOne))
		}
		secrets = append(secrets, s)
		return nil
	})
	if err == nil && len(secrets) == 0 {
		err = errNoSecret
	}
	if err != nil {
		return nil, nil, err
	}
	return secrets, warnings, nil
}

func parseSecret(line string, place int) (NamedSecret, error) {
	fields := strings.Fields(line)
	name, text, named := strings.Cut(fields[0], ":")
	if !named {
		name, text = strconv.Itoa(place), fields[0]
	}
	var allocations int64
	for i, option := range fields[1:] {
		value, ok := strings.CutPrefix(option, "allocations=")
		n, err := number(value, 6)
		if !ok || err != nil || i > 0 {
			return NamedSecret{}, errAfterSecret
		}
		allocations = n
	}
	s, err := NewNamedSecret(name, text, int(allocations))
	if err == nil && len(text) < MinRESTSecret {
		err = errShortREST
	}
	return s, err
}

// ReadUsers reads a file of static users: a line is name:password or
// name:0xKEY, see [NewUser]; empty lines and those that begin with # do not
// count. Errors and warnings are as those of [ReadSecrets], and name no user.
func ReadUsers(r io.Reader) (users []User, warnings []string, err error) {
	seen := make(map[string]struct{})
	err = eachLine(r, func(line int, text string) error {
		name, password, ok := strings.Cut(text, ":")
		if !ok {
			return errUserLine
		}
		u, err := NewUser(name, password)
		if err != nil {
			return err
		}
		if _, twin := seen[name]; twin {
			return errUserTwin
		}
		seen[name] = struct{}{}
		if len(users) == MaxUsers {
			return errUsers
		}
		if len(password) < shortPassword {
			warnings = append(warnings, fmt.Sprintf(
				"line %d: a password of %d bytes can be guessed by whoever hears a request; a good one: openssl rand -hex 16", line, len(password)))
		}
		users = append(users, u)
		return nil
	})
	if err == nil && len(users) == 0 {
		err = errNoUser
	}
	if err != nil {
		return nil, nil, err
	}
	return users, warnings, nil
}

// eachLine calls fn for each line that counts, and joins what it finds wrong.
func eachLine(r io.Reader, fn func(line int, text string) error) error {
	limited := &io.LimitedReader{R: r, N: maxDoorFile + 1}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, maxDoorFile+1)
	var faults []error
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		if err := fn(n, text); err != nil {
			faults = append(faults, &LineError{n, err})
		}
	}
	if err := lines.Err(); err != nil {
		faults = append(faults, err)
	}
	if limited.N == 0 {
		return errDoorFile
	}
	return errors.Join(faults...)
}
