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

// flagStruct makes the struct that kong reads flags into: a text for each
// setting, nil where it was not given. Parsing is config's business, which
// finds all faults at once.
func flagStruct() reflect.Type {
	var fields []reflect.StructField
	for i, s := range config.Settings() {
		doc := s.Doc
		if len(s.Choices) > 0 {
			doc += " One of " + strings.Join(s.Choices, ", ") + "."
		}
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("Setting%d", i),
			Type: reflect.TypeFor[*string](),
			Tag:  reflect.StructTag(fmt.Sprintf("name:%q help:%q placeholder:%q group:%q", s.Flag, doc, placeholder(s), settingsGroup)),
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
	for i, s := range config.Settings() {
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
	switch first, _, _ := strings.Cut(c.Command(), " "); first {
	case "serve", "config":
		return kong.DefaultHelpPrinter(o, c)
	case "version":
		shown = nil
	}
	for _, f := range c.Model.Flags {
		if f.Group != nil && f.Group.Key == settingsGroup && !slices.Contains(shown, f.Name) {
			f.Hidden = true
		}
	}
	return kong.DefaultHelpPrinter(o, c)
}
