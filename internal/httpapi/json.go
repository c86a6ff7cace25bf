package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ringfence/ringfence/internal/fault"
)

// maxDepth bounds how deep a body may nest; ours are flat.
const maxDepth = 16

// malformed is a body that cannot be read at all: 400, not 422.
func malformed(rule, public string) error {
	return &statusError{400, fault.Field("body", rule, 0, public)}
}

// checkJSON refuses what two readers could understand in two ways: text that
// is not UTF-8, a name that comes twice (also in another case, which
// encoding/json takes for the same), anything behind the value. The body must
// be one object.
func checkJSON(body []byte) error {
	if !utf8.Valid(body) {
		return malformed("utf8", "The request is not UTF-8.")
	}
	broken := malformed("json", "The request is not JSON.")
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	first, err := dec.Token()
	if err != nil {
		return broken
	}
	if first != json.Delim('{') {
		return malformed("object", "The request is not a JSON object.")
	}
	open := []*level{newObject()}
	for len(open) > 0 {
		token, err := dec.Token()
		if err != nil {
			return broken
		}
		top := open[len(open)-1]
		if name, ok := token.(string); ok && top.wantsName() {
			if !top.add(name) {
				return malformed("duplicate_key", "The request names a field twice.")
			}
			continue
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			if len(open) == maxDepth {
				return malformed("depth", "The request is nested too deep.")
			}
			top.value()
			open = append(open, &level{})
			if token == json.Delim('{') {
				open[len(open)-1] = newObject()
			}
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		default:
			top.value()
		}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return broken
	}
	return nil
}

// level is an object or, without names, an array that is being read.
type level struct {
	names map[string]bool
	named bool // a name was read, its value was not
}

func newObject() *level { return &level{names: map[string]bool{}} }

func (l *level) wantsName() bool { return l.names != nil && !l.named }

func (l *level) add(name string) bool {
	name = fold(name)
	if l.names[name] {
		return false
	}
	l.names[name], l.named = true, true
	return true
}

func (l *level) value() { l.named = false }

// fold gives names that differ only in case one spelling, as
// strings.EqualFold counts.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for x := unicode.SimpleFold(r); x != r; x = unicode.SimpleFold(x) {
			least = min(least, x)
		}
		return least
	}, s)
}
