package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// EnvPrefix starts the name of every environment variable that is a setting.
const EnvPrefix = "RINGFENCE_"

// Setting is one leaf of [Config] or [Relay] under all of its names.
type Setting struct {
	Key     string   // as in the file: "turn.listen"
	Flag    string   // without dashes: "turn-listen"
	Env     string   // "RINGFENCE_TURN_LISTEN"
	Doc     string   // what it is for
	Holds   string   // what kind of value it takes, in words
	Choices []string // the only values it takes, where they are few
	Min     int64    // of a number
	Max     int64
	index   []int // of the field

	only string // the one program that has it, of those that have its table

	fallback, written string // the default as a flag and as a line of the file has it
}

// Settings lists every setting of the server in the order of [Config].
func Settings() []Setting {
	c := Default()
	return settingsOf(&c)
}

// RelaySettings lists every setting of a relay in the order of [Relay].
func RelaySettings() []Setting {
	r := DefaultRelay()
	return settingsOf(&r)
}

// root is a struct of settings: *Config or *Relay.
type root any

// settingsOf lists the settings of defaults.
func settingsOf(defaults root) []Setting {
	all := leaves(reflect.TypeOf(defaults).Elem(), "", nil)
	if _, relay := defaults.(*Relay); relay {
		all = slices.DeleteFunc(all, func(s Setting) bool { return s.only == "serve" })
	}
	for i, s := range all {
		all[i].fallback, all[i].written = s.flag(defaults), s.toml(defaults)
	}
	return all
}

func leaves(t reflect.Type, prefix string, index []int) []Setting {
	var out []Setting
	for f := range t.Fields() {
		key := prefix + f.Tag.Get("key")
		at := append(slices.Clone(index), f.Index...)
		if f.Tag.Get("doc") == "" { // a table of settings
			out = append(out, leaves(f.Type, key+".", at)...)
			continue
		}
		name := strings.ReplaceAll(key, ".", "_")
		s := Setting{
			Key:   key,
			Flag:  strings.ReplaceAll(name, "_", "-"),
			Env:   EnvPrefix + strings.ToUpper(name),
			Doc:   f.Tag.Get("doc"),
			Holds: f.Tag.Get("holds"),
			only:  f.Tag.Get("only"),
			index: at,
		}
		if c := f.Tag.Get("choices"); c != "" {
			s.Choices = strings.Split(c, ",")
		}
		s.Min, _ = strconv.ParseInt(f.Tag.Get("min"), 10, 64)
		s.Max, _ = strconv.ParseInt(f.Tag.Get("max"), 10, 64)
		if s.Holds == "" {
			s.Holds = holds(f.Type, s)
		}
		out = append(out, s)
	}
	return out
}

func holds(t reflect.Type, s Setting) string {
	switch t {
	case reflect.TypeFor[Listen]():
		return "address and port, or off"
	case reflect.TypeFor[Host]():
		return "IP address or host name"
	case reflect.TypeFor[URL]():
		return "https URL"
	case reflect.TypeFor[Prefixes]():
		return "list of addresses or networks"
	case reflect.TypeFor[Listens]():
		return "list of addresses and ports, or off"
	case reflect.TypeFor[Addrs]():
		return "list of addresses"
	case reflect.TypeFor[Names]():
		return "list of host names"
	case reflect.TypeFor[Words]():
		return "list of " + strings.Join(s.Choices, ", ")
	}
	switch {
	case len(s.Choices) > 0:
		return strings.Join(s.Choices, ", ")
	case isNumber(t):
		return fmt.Sprintf("number from %d to %d", s.Min, s.Max)
	}
	return "text"
}

func (s Setting) in(c root) reflect.Value {
	return reflect.ValueOf(c).Elem().FieldByIndex(s.index)
}

// setText sets the field from a flag or an environment variable.
func (s Setting) setText(c root, text string) error {
	switch p := s.in(c).Addr().Interface().(type) {
	case lister:
		return s.setList(p, splitList(text))
	case encoding.TextUnmarshaler:
		return p.UnmarshalText([]byte(text))
	}
	if isNumber(s.in(c).Type()) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return &rule{must: "must be a whole number", fix: fmt.Sprintf("write a number from %d to %d", s.Min, s.Max)}
		}
		return s.setNumber(c, n)
	}
	if err := s.choose(text); err != nil {
		return err
	}
	s.in(c).SetString(text)
	return nil
}

// setTexts sets the field from the values of a setting that may have several.
func (s Setting) setTexts(c root, values []string) error {
	if p, ok := reflect.TypeAssert[lister](s.in(c).Addr()); ok {
		return s.setList(p, values)
	}
	return s.setText(c, strings.Join(values, ","))
}

func (s Setting) setList(p lister, items []string) error {
	for _, x := range items {
		if err := s.choose(x); err != nil {
			return err
		}
	}
	return p.setTexts(items)
}

func (s Setting) choose(text string) error {
	if len(s.Choices) > 0 && !slices.Contains(s.Choices, text) {
		return &rule{must: "must be one of " + strings.Join(s.Choices, ", "), fix: s.suggest(text)}
	}
	return nil
}

func (s Setting) suggest(text string) string {
	if near := nearest(strings.ToLower(text), s.Choices); near != "" {
		return "write " + strconv.Quote(near)
	}
	return "write " + strconv.Quote(s.Choices[0])
}

func isNumber(t reflect.Type) bool {
	return t.Kind() == reflect.Uint16 || t.Kind() == reflect.Uint32
}

func (s Setting) setNumber(c root, n int64) error {
	if n < s.Min || n > s.Max {
		return &rule{must: fmt.Sprintf("must be from %d to %d", s.Min, s.Max), fix: fmt.Sprintf("write a number from %d to %d", s.Min, s.Max)}
	}
	field := s.in(c)
	field.Set(reflect.ValueOf(n).Convert(field.Type()))
	return nil
}

// setTOML sets the field from a value of the file, whose type must fit.
func (s Setting) setTOML(c root, v any) error {
	if isNumber(s.in(c).Type()) {
		n, ok := v.(int64)
		if !ok {
			return &rule{must: "must be a number", fix: "write it without quotes"}
		}
		return s.setNumber(c, n)
	}
	if p, ok := reflect.TypeAssert[lister](s.in(c).Addr()); ok {
		if text, alone := v.(string); alone && reflect.TypeOf(p) == reflect.TypeFor[*Listens]() {
			return s.setList(p, splitList(text))
		}
		items, ok := texts(v)
		if !ok {
			return &rule{must: "must be a list of texts", fix: "write for example " + s.example()}
		}
		return s.setList(p, items)
	}
	text, ok := v.(string)
	if !ok {
		return &rule{must: "must be a text", fix: "write it in quotes"}
	}
	return s.setText(c, text)
}

func texts(v any) ([]string, bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	out := make([]string, 0, len(list))
	for _, x := range list {
		text, ok := x.(string)
		if !ok {
			return nil, false
		}
		out = append(out, text)
	}
	return out, true
}

// example is a list as the file has it.
func (s Setting) example() string {
	switch {
	case s.Key == "turn.listen" || s.Key == "turn.tls_listen":
		return `[":3478"]`
	case s.Key == "admin_hosts":
		return `["relay.example.org"]`
	case len(s.Choices) > 0:
		return `["` + s.Choices[0] + `"]`
	}
	return `["127.0.0.1"]`
}

// toml returns the value as it is written in the file.
func (s Setting) toml(c root) string {
	switch v := s.in(c).Interface().(type) {
	case uint16, uint32:
		return fmt.Sprint(v)
	case Listens:
		if len(v) < 2 {
			return quote(v.String())
		}
		return quoteAll(v.Texts())
	case list:
		return quoteAll(v.Texts())
	case fmt.Stringer:
		return quote(v.String())
	}
	return quote(s.in(c).String())
}

func quoteAll(items []string) string {
	for i, x := range items {
		items[i] = quote(x)
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// Default returns the value that holds where nothing is said, as a flag would
// spell it; empty where there is none.
func (s Setting) Default() string { return s.fallback }

func (s Setting) flag(c root) string {
	switch v := s.in(c).Interface().(type) {
	case uint16, uint32:
		return fmt.Sprint(v)
	case Listens:
		return v.String()
	case list:
		return strings.Join(v.Texts(), ",")
	case fmt.Stringer:
		return v.String()
	}
	return s.in(c).String()
}

// quote writes a TOML basic string.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20, r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// faultOf turns the error of a setter into a fault.
func faultOf(key, source, value string, err error) Fault {
	f := Fault{Setting: key, Source: source, Value: value, Must: err.Error()}
	if r, ok := errors.AsType[*rule](err); ok {
		f.Fix = r.fix
		if r.secret {
			f.Value = ""
		}
	}
	return f
}
