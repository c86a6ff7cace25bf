package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxFile is the most bytes that a configuration file may have.
const maxFile = 1 << 20

// Input is what settings are made from; each layer lies over the one before.
type Input struct {
	File    string            // path of the TOML file; empty for none
	Environ []string          // as os.Environ
	Flags   map[string]string // by Setting.Flag; only those that were given

	// Foreign reads the file of other software that coturn_config names, and
	// says what it means; it lies below File. Nil: such a file is not read.
	Foreign func(path string) ([]Given, error)
}

// Given is what other software's configuration says of a setting.
type Given struct {
	Key    string
	Values []string // one, or several where the setting is a list
	Source string   // the place, for people
}

// Origins says where each value came from.
type Origins struct{ by map[string]string } // missing: the default

// Source says where the value of key came from.
func (o Origins) Source(key string) string {
	if s, ok := o.by[key]; ok {
		return s
	}
	return "default"
}

// Loaded is a Config and where each of its values came from.
type Loaded struct {
	Config
	Origins
}

// LoadedRelay is a Relay and where each of its values came from.
type LoadedRelay struct {
	Relay
	Origins
}

// Load lays file, environment and flags over the defaults. Its error is a
// FaultErrors with everything that is wrong, never only the first.
func Load(in Input) (*Loaded, error) {
	out := &Loaded{Default(), Origins{map[string]string{}}}
	l := newLoader(&out.Config, out.Origins, Settings())
	l.others(RelaySettings(), "ringfence relay", "ringfence serve")
	l.load(in)
	out.settle()
	l.faults = append(l.faults, out.check(l.broken)...)
	if len(l.faults) > 0 {
		return nil, l.faults
	}
	return out, nil
}

// LoadRelay does the same for a relay that runs alone. An error of in.Foreign
// is returned as it is.
func LoadRelay(in Input) (*LoadedRelay, error) {
	out := &LoadedRelay{DefaultRelay(), Origins{map[string]string{}}}
	l := newLoader(&out.Relay, out.Origins, RelaySettings())
	l.others(Settings(), "ringfence serve", "ringfence relay")
	l.load(in)
	if l.foreign != nil {
		return nil, l.foreign
	}
	l.faults = append(l.faults, out.check(l.broken)...)
	if len(l.faults) > 0 {
		return nil, l.faults
	}
	return out, nil
}

func newLoader(c root, from Origins, settings []Setting) *loader {
	l := &loader{
		root: c, from: from, settings: settings,
		keys: map[string]Setting{}, envs: map[string]Setting{}, flags: map[string]Setting{}, elsewhere: map[string]bool{},
	}
	for _, s := range settings {
		l.keys[s.Key], l.envs[s.Env], l.flags[s.Flag] = s, s, s
	}
	return l
}

// others says which settings the other program has.
func (l *loader) others(settings []Setting, theirs, ours string) {
	l.theirs, l.ours = theirs, ours
	for _, s := range settings {
		l.elsewhere[s.Key], l.elsewhere[s.Env], l.elsewhere["--"+s.Flag] = true, true, true
	}
}

func (l *loader) load(in Input) {
	l.environ(in.Environ)
	if in.File == "" {
		in.File = l.file
	}
	if in.File != "" {
		l.readFile(in.File)
	}
	l.apply(in)
}

// loader collects what each layer says and every fault on the way.
type loader struct {
	root              root
	from              Origins
	settings          []Setting
	keys, envs, flags map[string]Setting
	elsewhere         map[string]bool   // names of settings of the other program
	theirs, ours      string            // names of the two
	file              string            // named by the environment
	env               map[string]string // by key
	doc               map[string]any    // the file, flattened: by key
	faults            FaultErrors
	broken            map[string]bool // keys whose value was refused
	foreign           error           // of Input.Foreign
}

// FileEnv names the configuration file where --config does not.
const FileEnv = EnvPrefix + "CONFIG"

// PassphraseEnv may hold the passphrase of the keys. It is no setting: what is
// printed of settings must not show it.
const PassphraseEnv = EnvPrefix + "PASSPHRASE"

// foreign reports whether an environment variable looks like a setting and is
// none of ours: Kubernetes describes a service called ringfence that way, and
// tests have switches of their own.
func foreign(name string) bool {
	rest := strings.TrimPrefix(name, EnvPrefix)
	for _, p := range []string{"PORT", "SERVICE_", "TEST_", "E2E_"} {
		if strings.HasPrefix(rest, p) {
			return true
		}
	}
	return rest == "LONG" || rest == "BIN"
}

func (l *loader) environ(environ []string) {
	l.env = map[string]string{}
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, EnvPrefix) || foreign(name) || name == PassphraseEnv {
			continue
		}
		if name == FileEnv {
			l.file = value
			continue
		}
		s, ok := l.envs[name]
		if !ok && l.elsewhere[name] {
			continue // one environment may serve both programs of a machine
		}
		if !ok {
			l.unknown(name, "environment", slices.Sorted(maps.Keys(l.envs)))
			continue
		}
		l.env[s.Key] = value
	}
}

// unknown refuses a name that no setting has: a misspelt limit must not turn
// into no limit.
func (l *loader) unknown(name, source string, known []string) {
	f := Fault{Setting: name, Source: source, Must: "there is no such setting", Fix: "see docs/config.md"}
	if l.elsewhere[name] {
		f.Must, f.Fix = l.ours+" has no such setting", "leave it away; it is of "+l.theirs
	} else if near := nearest(name, known); near != "" {
		f.Fix = "did you mean " + near + "?"
	}
	l.faults = append(l.faults, f)
}

func (l *loader) readFile(path string) {
	text, err := readLimited(path)
	if err != nil {
		l.faults = append(l.faults, Fault{
			Setting: "config", Value: path, Must: fileTrouble(err),
			Fix: "name a TOML file that this user can read, or leave --config away",
		})
		return
	}
	var doc map[string]any
	if err := toml.Unmarshal(text, &doc); err != nil {
		f := Fault{Setting: "config", Value: path, Must: "is not TOML: " + strings.TrimPrefix(err.Error(), "toml: ")}
		if d, ok := errors.AsType[*toml.DecodeError](err); ok {
			row, column := d.Position()
			f.Fix = fmt.Sprintf("see line %d, column %d", row, column)
		}
		l.faults = append(l.faults, f)
		return
	}
	l.doc = map[string]any{}
	l.flatten("", doc, path)
}

func readLimited(path string) ([]byte, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errTooLong
	}
	return text, err
}

var errTooLong = errors.New("is longer than 1 MiB")

func fileTrouble(err error) string {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, os.ErrPermission):
		return "this user may not read it"
	case errors.Is(err, errTooLong):
		return errTooLong.Error()
	}
	return "cannot be read"
}

func (l *loader) flatten(prefix string, doc map[string]any, path string) {
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		key := prefix + name
		if _, ok := l.keys[key]; ok {
			l.doc[key] = doc[name]
			continue
		}
		table, isTable := doc[name].(map[string]any)
		if isTable && l.isTable(key) {
			l.flatten(key+".", table, path)
			continue
		}
		l.unknown(key, path, slices.Sorted(maps.Keys(l.keys)))
	}
}

func (l *loader) isTable(key string) bool {
	for k := range l.keys {
		if strings.HasPrefix(k, key+".") {
			return true
		}
	}
	return false
}

// apply sets each setting from the highest layer that names it. Lower layers
// are checked all the same: a fault that a flag hides today starts no server
// tomorrow.
func (l *loader) apply(in Input) {
	l.broken = map[string]bool{}
	lower := l.foreignLayer(in)
	for _, s := range l.settings {
		if g, ok := lower[s.Key]; ok {
			l.set(s, g.Source, strings.Join(g.Values, ","), s.setTexts(l.root, g.Values))
		}
		if v, ok := l.doc[s.Key]; ok {
			l.set(s, in.File, fmt.Sprint(v), s.setTOML(l.root, v))
		}
		if v, ok := l.env[s.Key]; ok {
			l.set(s, s.Env, v, s.setText(l.root, v))
		}
		if v, ok := in.Flags[s.Flag]; ok {
			l.set(s, "--"+s.Flag, v, s.setText(l.root, v))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.Flags)) {
		if _, ok := l.flags[name]; !ok {
			l.unknown("--"+name, "flag", nil)
		}
	}
}

// foreignKey names the file of other software.
const foreignKey = "coturn_config"

// foreignLayer reads the file that the highest layer names.
func (l *loader) foreignLayer(in Input) map[string]Given {
	s, ok := l.keys[foreignKey]
	if !ok || in.Foreign == nil {
		return nil
	}
	path, ok := in.Flags[s.Flag]
	if !ok {
		path, ok = l.env[s.Key]
	}
	if !ok {
		path, _ = l.doc[s.Key].(string) // what is no text is found later
	}
	if path == "" {
		return nil
	}
	all, err := in.Foreign(path)
	l.foreign = err
	out := map[string]Given{}
	for _, g := range all {
		if _, ok := l.keys[g.Key]; !ok {
			l.unknown(g.Key, g.Source, nil)
		}
		out[g.Key] = g
	}
	return out
}

func (l *loader) set(s Setting, source, value string, err error) {
	if err != nil {
		l.broken[s.Key] = true
		l.faults = append(l.faults, faultOf(s.Key, source, value, err))
		return
	}
	l.from.by[s.Key] = source
}
