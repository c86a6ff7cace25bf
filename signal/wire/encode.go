package wire

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ringfence/ringfence/internal/fault"
)

// AppendFrame appends h as a frame to dst, the body as it is. It allocates
// nothing where dst has room.
func AppendFrame(dst []byte, h *Head) []byte {
	dst = append(dst, `{"v":`...)
	dst = strconv.AppendInt(dst, int64(max(h.V, MinVersion)), 10)
	dst = append(dst, `,"kind":"`...)
	dst = append(dst, h.Kind...)
	dst = append(dst, '"')
	if !h.ID.IsZero() {
		dst = append(dst, `,"id":"`...)
		dst, _ = h.ID.AppendText(dst)
		dst = append(dst, '"')
	}
	if !h.Call.IsZero() {
		dst = append(dst, `,"call":"`...)
		dst, _ = h.Call.AppendText(dst)
		dst = append(dst, '"')
	}
	dst = appendAddress(dst, `,"from":{`, h.From)
	dst = appendAddress(dst, `,"to":{`, h.To)
	if h.Seq != 0 {
		dst = append(dst, `,"seq":`...)
		dst = strconv.AppendUint(dst, uint64(h.Seq), 10)
	}
	dst = append(dst, `,"body":"`...)
	dst = append(dst, h.Body...)
	return append(dst, `"}`...)
}

func appendAddress(dst []byte, open string, a Address) []byte {
	if a.Account.IsZero() {
		return dst
	}
	dst = append(dst, open...)
	dst = append(dst, `"account":"`...)
	dst, _ = a.Account.AppendText(dst)
	if !a.Device.IsZero() {
		dst = append(dst, `","device":"`...)
		dst, _ = a.Device.AppendText(dst)
	}
	return append(dst, `"}`...)
}

// EncodeBody returns the body of a kind that is acted upon. It panics on a
// value that JSON cannot hold, which no type of this package is.
func EncodeBody(body any) []byte {
	plain, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("wire: encode %T: %v", body, err))
	}
	return base64.RawURLEncoding.AppendEncode(nil, plain)
}

// DecodeBody reads the body of a kind that is acted upon: a JSON object, or
// nothing for one without fields. Duplicate keys, keys that differ only in
// case, broken UTF-8 and trailing data are refused; unknown keys are ignored.
func DecodeBody(body []byte, into any) error { return decodeBody(body, into, false) }

// DecodeClientBody is DecodeBody for what a client sends to the hub. Keys of
// another shape than ours are refused as well: encoding/json would take a key
// in capitals, or with letters that fold to ours, for the field.
func DecodeClientBody(body []byte, into any) error { return decodeBody(body, into, true) }

func decodeBody(body []byte, into any, plainKeys bool) error {
	plain, err := base64.RawURLEncoding.Strict().AppendDecode(nil, body)
	if err != nil {
		return bad("body", ruleFormat)
	}
	if len(plain) == 0 {
		plain = []byte("{}")
	}
	if !utf8.Valid(plain) {
		return bad("body", ruleUTF8)
	}
	s := bodyScanner{scanner: scanner{b: plain}, plainKeys: plainKeys}
	if err := s.check(); err != nil {
		return err
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return fault.Wrap(fault.Invalid, "A field of the body is malformed.", err)
	}
	return nil
}

// bodyScanner checks what encoding/json lets pass.
type bodyScanner struct {
	scanner
	plainKeys bool // no key has anything but a-z, 0-9 and _
}

func isPlain(key []byte) bool {
	for _, c := range key {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

func (s *bodyScanner) check() error {
	s.space()
	if s.i >= len(s.b) || s.b[s.i] != '{' {
		return bad("body", ruleType)
	}
	if err := s.value(0); err != nil {
		return err
	}
	if s.space(); s.i != len(s.b) {
		return bad("body", ruleJSON)
	}
	return nil
}

func (s *bodyScanner) value(depth int) error {
	s.space()
	if depth > maxDepth || s.i >= len(s.b) {
		return bad("body", ruleJSON)
	}
	switch s.b[s.i] {
	case '{':
		return s.object(depth)
	case '[':
		return s.array(depth)
	}
	if !s.skip(depth) {
		return bad("body", ruleJSON)
	}
	return nil
}

func (s *bodyScanner) object(depth int) error {
	s.i++
	var keys []string
	for first := true; ; first = false {
		s.space()
		if first && s.eat('}') {
			return nil
		}
		key, escaped, ok := s.str()
		switch {
		case !ok:
			return bad("body", ruleJSON)
		case escaped:
			return bad("body", ruleEscaped)
		case s.plainKeys && !isPlain(key):
			return bad("body", ruleFormat)
		}
		for _, k := range keys {
			if strings.EqualFold(k, string(key)) { // encoding/json would take either
				return bad("body", ruleDuplicate)
			}
		}
		if keys = append(keys, string(key)); len(keys) > 4*maxUnknown {
			return bad("body", ruleMaximum)
		}
		if s.space(); !s.eat(':') {
			return bad("body", ruleJSON)
		}
		if end, err := s.member(depth, '}'); end || err != nil {
			return err
		}
	}
}

func (s *bodyScanner) array(depth int) error {
	s.i++
	if s.space(); s.eat(']') {
		return nil
	}
	for {
		if end, err := s.member(depth, ']'); end || err != nil {
			return err
		}
	}
}

// member reads a value and what follows it; end is true after the last.
func (s *bodyScanner) member(depth int, last byte) (end bool, err error) {
	if err := s.value(depth + 1); err != nil {
		return false, err
	}
	s.space()
	switch {
	case s.eat(last):
		return true, nil
	case s.eat(','):
		return false, nil
	}
	return false, bad("body", ruleJSON)
}
