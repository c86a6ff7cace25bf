package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/ringfence/ringfence/internal/config"
)

// settingsGroup heads the settings in the help.
const settingsGroup = "Settings"

// settings lists those of every command: the server's, then what only a relay
// that runs alone has.
func settings() []config.Setting {
	all := config.Settings()
	for _, s := range config.RelaySettings() {
		if !slices.ContainsFunc(all, func(o config.Setting) bool { return o.Key == s.Key }) {
			all = append(all, s)
		}
	}
	return all
}

// shorter are second names of flags.
var shorter = map[string]string{"turn-secret-file": "secret-file"}

// flagStruct makes the struct that kong reads flags into: a text for each
// setting, nil where it was not given. Parsing is config's business, which
// finds all faults at once.
func flagStruct() reflect.Type {
	var fields []reflect.StructField
	for i, s := range settings() {
		doc := s.Doc
		if len(s.Choices) > 0 {
			doc += " One of " + strings.Join(s.Choices, ", ") + "."
		}
		short := shorter[s.Flag]
		if short != "" {
			doc += " Or --" + short + "."
		}
		tag := fmt.Sprintf("name:%q help:%q placeholder:%q group:%q", s.Flag, doc, placeholder(s), settingsGroup)
		if short != "" {
			tag += fmt.Sprintf(" aliases:%q", short)
		}
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("Setting%d", i), Type: reflect.TypeFor[*string](), Tag: reflect.StructTag(tag),
		})
	}
	return reflect.StructOf(fields)
}

// placeholder is what the help shows as the value of a flag: its default, or
// where there is none, what kind of value it takes.
func placeholder(s config.Setting) string {
	if text := s.Default(); text != "" {
		return text
	}
	kind, _, _ := strings.Cut(s.Holds, " or ")
	words := strings.Fields(kind)
	return strings.ToUpper(words[len(words)-1])
}

func given(flags reflect.Value) map[string]string {
	out := map[string]string{}
	for i, s := range settings() {
		if text, ok := reflect.TypeAssert[*string](flags.Field(i)); ok && text != nil {
			out[s.Flag] = *text
		}
	}
	return out
}

// help prints the help without the settings that the command makes nothing of.
// They are flags of every command all the same.
func help(o kong.HelpOptions, c *kong.Context) error {
	shown := []string{"data", "keys", "passphrase-file"}
	relays := map[string]string{} // what the defaults of a relay alone look like
	for _, s := range config.RelaySettings() {
		relays[s.Flag] = placeholder(s)
	}
	switch first, rest, _ := strings.Cut(c.Command(), " "); first {
	case "serve", "config":
		return kong.DefaultHelpPrinter(o, c)
	case "version":
		shown = nil
	case "bench":
		shown = []string{"turn-secret-file"}
	case "relay", "doctor":
		shown = ofRelayCommand(rest)
		for _, f := range c.Model.Flags {
			if text := relays[f.Name]; text != "" {
				f.PlaceHolder = text
			}
		}
	}
	for _, f := range c.Model.Flags {
		if f.Group != nil && f.Group.Key == settingsGroup && !slices.Contains(shown, f.Name) {
			f.Hidden = true
		}
	}
	return kong.DefaultHelpPrinter(o, c)
}

// ofRelayCommand lists the settings that a command of the relay looks at. The
// relay itself, and the doctor, look at all.
func ofRelayCommand(name string) (flags []string) {
	command, _, _ := strings.Cut(name, " ")
	switch command {
	case "credential":
		return []string{"turn-secret-file", "coturn-config", "turn-public-ip", "turn-listen", "turn-tls-listen", "turn-cert"}
	case "revoke":
		return []string{"admin-listen", "turn-revoke-key-file", "turn-secret-file", "coturn-config"}
	}
	for _, s := range config.RelaySettings() {
		flags = append(flags, s.Flag)
	}
	return flags
}
