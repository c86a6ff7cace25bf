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
}

// Loaded is a Config and where each of its values came from.
type Loaded struct {
	Config
	sources map[string]string // by key; missing: the default
}

// Source says where the value of key came from.
func (l *Loaded) Source(key string) string {
	if s, ok := l.sources[key]; ok {
		return s
	}
	return "default"
}

// Load lays file, environment and flags over the defaults. Its error is a
// FaultErrors with everything that is wrong, never only the first.
func Load(in Input) (*Loaded, error) {
	l := &loader{
		out:  &Loaded{Config: Default(), sources: map[string]string{}},
		keys: map[string]Setting{}, envs: map[string]Setting{}, flags: map[string]Setting{},
	}
	for _, s := range Settings() {
		l.keys[s.Key], l.envs[s.Env], l.flags[s.Flag] = s, s, s
	}
	l.environ(in.Environ)
	if in.File == "" {
		in.File = l.file
	}
	if in.File != "" {
		l.readFile(in.File)
	}
	l.apply(in)
	l.out.settle()
	l.faults = append(l.faults, l.out.check(l.broken)...)
	if len(l.faults) > 0 {
		return nil, l.faults
	}
	return l.out, nil
}

// loader collects what each layer says and every fault on the way.
type loader struct {
	out               *Loaded
	keys, envs, flags map[string]Setting
	file              string            // named by the environment
	env               map[string]string // by key
	doc               map[string]any    // the file, flattened: by key
	faults            FaultErrors
	broken            map[string]bool // keys whose value was refused
}

// FileEnv names the configuration file where --config does not.
const FileEnv = EnvPrefix + "CONFIG"

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
		if !strings.HasPrefix(name, EnvPrefix) || foreign(name) {
			continue
		}
		if name == FileEnv {
			l.file = value
			continue
		}
		s, ok := l.envs[name]
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
	if near := nearest(name, known); near != "" {
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
	for _, s := range Settings() {
		if v, ok := l.doc[s.Key]; ok {
			l.set(s, in.File, fmt.Sprint(v), s.setTOML(&l.out.Config, v))
		}
		if v, ok := l.env[s.Key]; ok {
			l.set(s, s.Env, v, s.setText(&l.out.Config, v))
		}
		if v, ok := in.Flags[s.Flag]; ok {
			l.set(s, "--"+s.Flag, v, s.setText(&l.out.Config, v))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.Flags)) {
		if _, ok := l.flags[name]; !ok {
			l.unknown("--"+name, "flag", nil)
		}
	}
}

func (l *loader) set(s Setting, source, value string, err error) {
	if err != nil {
		l.broken[s.Key] = true
		l.faults = append(l.faults, faultOf(s.Key, source, value, err))
		return
	}
	l.out.sources[s.Key] = source
}
