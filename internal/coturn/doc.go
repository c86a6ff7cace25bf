// Package coturn reads the configuration file of the TURN server coturn and
// says what it means here. It owns the grammar of that file, the list of its
// options and the fate of each. It knows nothing of the relay: what it returns
// are settings by the names of our own configuration, and sentences.
//
// The rule is that no line is passed over in silence. An option is honoured,
// or needless because the relay does that anyhow, or refused with what to do
// instead; one that would make the relay less safe than it is without the file
// stops the start. Everything that is wrong is found at once.
package coturn

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
)

// Limits of what [Read] takes.
const (
	MaxFile     = 1 << 20 // bytes of a file
	MaxLine     = 1022    // bytes of a line that is no comment; coturn cuts longer ones in two
	MaxOptions  = 10_000  // lines with an option
	MaxSecrets  = 16      // different values of static-auth-secret
	MaxPrefixes = 1024    // of allowed and of denied peers, each, after merging
)

// Result is what a file means. The zero value is that of no file.
type Result struct {
	// Settings are to be laid over the defaults, each key once.
	Settings []Setting

	// Secrets are those of the TURN REST convention, named coturn-1, coturn-2
	// and so on by their order in the file.
	Secrets []Secret

	// Separator stands between expiry and name in the user names that go with
	// Secrets.
	Separator byte

	// Users are the static ones. There are none where there are Secrets.
	Users []User

	// STUNOnly: the relay answers binding requests and relays nothing. So the
	// file asks, or it holds no credentials; a note says which.
	STUNOnly bool

	// Notes say what becomes of each line that does not stop the start, by
	// their order in the file. Those about the file as a whole have line 0.
	Notes []Note

	// Refusals are all the reasons not to start. Where there is one, nothing
	// else in the Result may be used.
	Refusals []Note

	// RootRefusals are further reasons not to start, if the program runs as
	// root.
	RootRefusals []Note
}

// Setting is one setting of our own configuration.
type Setting struct {
	Key    string   // as in our file: "turn.realm"
	Values []string // one, or several where the setting is a list
	Line   int      // of the coturn file, from 1; 0: follows from the file as a whole
}

// Secret is a named secret of the TURN REST convention.
type Secret struct {
	Name  string
	Value Hidden
	Line  int
}

// User is a static user. Password and Key exclude each other: Key is the MD5
// of name, realm and password as 32 hexadecimal digits, without "0x".
type User struct {
	Name     Hidden
	Password Hidden
	Key      Hidden
	Line     int
}

// Note says what becomes of a line.
type Note struct {
	Line   int    // from 1; 0: the file as a whole
	Option string // by coturn's name; empty where there is none. Of an unknown one: quoted, and cut
	Fate   Fate
	Says   string // what is done with it, or why it cannot be done; holds no secret
	Do     string // what to do instead; empty where there is nothing to do
}

// String is the note in one line.
func (n Note) String() string {
	s := n.Says
	if n.Line > 0 {
		s = strings.TrimLeft(n.Option+" ", " ") + n.Fate.String() + ": " + s
		s = "line " + strconv.Itoa(n.Line) + ": " + s
	}
	if n.Do != "" {
		s += "; " + n.Do
	}
	return s
}

// Fate is what is done with an option.
type Fate uint8

// The fates.
const (
	Honoured Fate = iota + 1 // it has the effect that it has in coturn
	Needless                 // without effect, because nothing is missing without it
	Refused                  // cannot be done here: the start is refused
	Unsafe                   // could be done, but would make the relay less safe: the start is refused
)

// String is the fate as the documents say it.
func (f Fate) String() string {
	switch f {
	case Honoured:
		return "honoured"
	case Needless:
		return "needless"
	case Refused:
		return "refused"
	case Unsafe:
		return "unsafe"
	}
	return "unknown"
}

// hidden is what every way of printing a Hidden shows.
const hidden = "[hidden]"

// Hidden is text that does not print. It lies in a closure because fmt calls
// no methods of unexported fields, but would show a string in one.
type Hidden struct{ read func() string }

func hide(s string) Hidden { return Hidden{func() string { return s }} }

// Reveal returns the text; empty for the zero Hidden.
func (h Hidden) Reveal() string {
	if h.read == nil {
		return ""
	}
	return h.read()
}

// String hides the text.
func (Hidden) String() string { return hidden }

// GoString hides the text from %#v.
func (Hidden) GoString() string { return hidden }

// Format hides the text from every verb.
func (Hidden) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// LogValue hides the text from slog.
func (Hidden) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the text from encoders.
func (Hidden) MarshalText() ([]byte, error) { return []byte(hidden), nil }
