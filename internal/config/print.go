package config

import (
	"fmt"
	"io"
	"strings"
)

// Print writes the settings as a TOML file that Load reads back, each with the
// place its value came from.
func (l *Loaded) Print(w io.Writer) error { return l.print(w, Settings(), &l.Config) }

// Print writes the settings as a TOML file that LoadRelay reads back, each with
// the place its value came from.
func (l *LoadedRelay) Print(w io.Writer) error { return l.print(w, RelaySettings(), &l.Relay) }

func (o Origins) print(w io.Writer, settings []Setting, c root) error {
	var b strings.Builder
	table := ""
	for _, s := range settings {
		t, name := s.table()
		if t != table {
			table = t
			b.WriteString("\n[" + t + "]\n")
		}
		fmt.Fprintf(&b, "%s = %s # %s\n", name, s.toml(c), oneLine(o.Source(s.Key)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// table returns the table of the file that the setting is in, and its name
// there.
func (s Setting) table() (table, name string) {
	i := strings.LastIndexByte(s.Key, '.')
	if i < 0 {
		return "", s.Key
	}
	return s.Key[:i], s.Key[i+1:]
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}

// Reference writes docs/config.md.
func Reference(w io.Writer) error {
	var b strings.Builder
	b.WriteString(referenceHead)
	table := ""
	b.WriteString(referenceColumns)
	known := map[string]string{}
	for _, s := range Settings() {
		if t, _ := s.table(); t != table {
			table = t
			b.WriteString("\n## In the table `[" + t + "]`\n\n" + referenceColumns)
		}
		b.WriteString(s.reference())
		known[s.Key] = s.reference()
	}
	b.WriteString(referenceRelay + referenceColumns)
	for _, s := range RelaySettings() {
		if known[s.Key] != s.reference() {
			b.WriteString(s.reference())
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s Setting) reference() string {
	return fmt.Sprintf("| `%s` | `--%s`<br>`%s` | %s | `%s` | %s |\n", s.Key, s.Flag, s.Env, s.Holds, s.written, s.Doc)
}

// referenceRelay heads what is different for a relay that runs alone.
const referenceRelay = `
## Of ` + "`ringfence relay`" + `

A relay that runs alone has ` + "`admin_listen`, `admin_hosts`" + ` and the tables
` + "`[turn]`, `[turn.limits]` and `[log]`" + ` of the above, and no other setting;
` + "`ringfence config check --relay`" + ` checks its file. ` + "`--secret-file`" + ` is short for
` + "`--turn-secret-file`" + `. These differ:

`

const referenceColumns = "| key | flag and environment | takes | default | what it is for |\n|---|---|---|---|---|\n"

const referenceHead = `# Settings

<!-- Generated from internal/config; a test compares. To renew it: go test ./internal/config -run TestReference -update -->

Every setting has a default with which the program starts. A setting is looked
for in this order; the first that names it wins:

1. a flag, ` + "`--listen :9000`" + `
2. an environment variable, ` + "`RINGFENCE_LISTEN=:9000`" + `
3. the TOML file that ` + "`--config FILE`" + ` or ` + "`RINGFENCE_CONFIG`" + ` names
4. the default

` + "`ringfence config check`" + ` says everything that is wrong at once, each with the
value, the rule and what to write instead. ` + "`ringfence config print`" + ` prints the
settings that hold, as a TOML file, each with the place it came from. A key that
does not exist is an error: a misspelt limit must not turn into no limit.

Lists are written ` + "`[\"10.0.0.1\", \"10.0.0.2\"]`" + ` in the file and
` + "`10.0.0.1,10.0.0.2`" + ` as a flag or in the environment. A key with a dot lives in
a table: ` + "`turn.listen`" + ` is ` + "`listen`" + ` below ` + "`[turn]`" + `.

## At the top of the file

`
