package wire

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
)

// Head is an envelope whose body is left where it is.
type Head struct {
	V    int
	Kind Kind
	ID   id.Frame
	Call id.Call
	From Address
	To   Address
	Seq  uint32
	Body []byte // base64url text, part of the frame that was scanned
}

// Rules that a frame can break, as Rule of a bad_frame error says them.
const (
	ruleJSON      = "json"
	ruleUTF8      = "utf8"
	ruleDuplicate = "duplicate"
	ruleEscaped   = "escaped"
	ruleType      = "type"
	ruleFormat    = "format"
	ruleRequired  = "required"
	ruleHubOnly   = "set_by_hub"
	ruleMaximum   = "maximum"
)

// maxUnknown is how many fields that nobody knows a frame may carry, and
// maxDepth how deep their values may go.
const (
	maxUnknown = 16
	maxDepth   = 16
)

// ScanClient reads a frame that a client sent: from and seq are refused. The
// error is a *fault.Error; Head holds what was read before it, so that an
// answer can name the frame.
func ScanClient(frame []byte) (Head, error) { return scan(frame, true) }

// ScanHub reads a frame that the hub sent. Its kind may be one this build does
// not know.
func ScanHub(frame []byte) (Head, error) { return scan(frame, false) }

// scan reads an envelope in one pass and allocates nothing unless it fails.
// encoding/json would take duplicate keys, keys that differ in case and broken
// UTF-8, and would copy the body.
func scan(frame []byte, client bool) (Head, error) {
	if len(frame) > MaxFrame {
		return Head{}, &fault.Error{Code: fault.TooLarge, Public: "The frame is too large.", Limit: MaxFrame}
	}
	s := envelope{scanner: scanner{b: frame}, client: client}
	if !utf8.Valid(frame) {
		return Head{}, bad("", ruleUTF8)
	}
	if err := s.object(); err != nil {
		return s.head, err
	}
	return s.head, s.complete()
}

// envelope is the state of one scan.
type envelope struct {
	scanner
	head    Head
	kind    []byte
	client  bool
	seen    uint8
	unknown [maxUnknown][]byte
	extra   int
}

func (s *envelope) object() error {
	s.space()
	if !s.eat('{') {
		return bad("", ruleJSON)
	}
	for first := true; ; first = false {
		s.space()
		if s.eat('}') {
			break
		}
		if !first && !s.eat(',') {
			return bad("", ruleJSON)
		}
		key, err := s.key()
		if err != nil {
			return err
		}
		if err := s.field(key); err != nil {
			return err
		}
	}
	s.space()
	if s.i != len(s.b) {
		return bad("", ruleJSON)
	}
	return nil
}

// field reads the value of one key. Each known key has a bit in seen.
func (s *envelope) field(key []byte) error {
	bit, ok := fieldBit(key)
	if !ok {
		return s.ignore(key, 0)
	}
	if s.seen&bit != 0 {
		return bad(string(key), ruleDuplicate)
	}
	s.seen |= bit
	switch bit {
	case bitV:
		n, err := s.number("v", 1<<15)
		s.head.V = int(n)
		return err
	case bitKind:
		var err error
		s.kind, err = s.plain("kind")
		return err
	case bitID:
		return text(s, "id", &s.head.ID)
	case bitCall:
		return text(s, "call", &s.head.Call)
	case bitTo:
		return s.address("to", &s.head.To)
	case bitBody:
		var err error
		s.head.Body, err = s.plain("body")
		return err
	}
	if s.client {
		return bad(string(key), ruleHubOnly)
	}
	if bit == bitFrom {
		return s.address("from", &s.head.From)
	}
	n, err := s.number("seq", 1<<32-1)
	s.head.Seq = n
	return err
}

// Bits of the known keys.
const (
	bitV = 1 << iota
	bitKind
	bitID
	bitCall
	bitFrom
	bitTo
	bitSeq
	bitBody
)

func fieldBit(key []byte) (uint8, bool) {
	switch string(key) { // does not allocate
	case "v":
		return bitV, true
	case "kind":
		return bitKind, true
	case "id":
		return bitID, true
	case "call":
		return bitCall, true
	case "from":
		return bitFrom, true
	case "to":
		return bitTo, true
	case "seq":
		return bitSeq, true
	case "body":
		return bitBody, true
	}
	return 0, false
}

// ignore passes over a field of a later version.
func (s *envelope) ignore(key []byte, since int) error {
	for _, k := range s.unknown[since:s.extra] {
		if string(k) == string(key) {
			return bad("", ruleDuplicate)
		}
	}
	if s.extra == maxUnknown {
		return bad("", ruleMaximum)
	}
	s.unknown[s.extra] = key
	s.extra++
	if !s.skip(0) {
		return bad("", ruleJSON)
	}
	return nil
}

// complete checks what only the whole frame shows.
func (s *envelope) complete() error {
	switch {
	case s.seen&bitV == 0:
		return bad("v", ruleRequired)
	case s.seen&bitKind == 0:
		return bad("kind", ruleRequired)
	case s.seen&bitBody == 0:
		return bad("body", ruleRequired)
	case s.head.V < MinVersion || s.head.V > MaxVersion:
		return fault.New(fault.Version, "This protocol version is not spoken here.")
	case len(s.head.Body) > MaxBody:
		return &fault.Error{Code: fault.TooLarge, Public: "The body is too large.", Field: "body", Limit: MaxBody}
	case !isBase64(s.head.Body):
		return bad("body", ruleFormat)
	}
	spec, ok := Lookup(s.kind)
	switch {
	case ok && s.client && spec.Sender != FromClient:
		return bad("kind", ruleHubOnly)
	case ok:
		s.head.Kind = spec.Kind
	case s.client:
		return fault.New(fault.UnknownKind, "This kind of frame is not known here.")
	default:
		s.head.Kind = Kind(s.kind)
	}
	if ok && spec.Call && s.head.Call.IsZero() {
		return bad("call", ruleRequired)
	}
	return nil
}

// address reads {account, device}.
func (s *envelope) address(name string, a *Address) error {
	s.space()
	if !s.eat('{') {
		return bad(name, ruleType)
	}
	account, device, first, outside := false, false, true, s.extra
	for ; ; first = false {
		s.space()
		if s.eat('}') {
			s.extra = outside // the same names elsewhere are other fields
			return nil
		}
		if !first && !s.eat(',') {
			return bad(name, ruleJSON)
		}
		key, err := s.key()
		if err != nil {
			return err
		}
		switch string(key) {
		case "account":
			if account {
				return bad(name, ruleDuplicate)
			}
			account = true
			err = text(s, name, &a.Account)
		case "device":
			if device {
				return bad(name, ruleDuplicate)
			}
			device = true
			err = text(s, name, &a.Device)
		default:
			err = s.ignore(key, outside)
		}
		if err != nil {
			return err
		}
	}
}

// text reads an identifier. An empty one is a field that should have been left
// out. It is generic, not over an interface, so that nothing escapes.
func text[K any](s *envelope, name string, dst *id.Of[K]) error {
	t, err := s.plain(name)
	if err != nil {
		return err
	}
	if len(t) == 0 || dst.UnmarshalText(t) != nil {
		return bad(name, ruleFormat)
	}
	return nil
}

// plain reads a string that needs no escapes: all of ours are ASCII words.
func (s *envelope) plain(name string) ([]byte, error) {
	s.space()
	if s.i >= len(s.b) || s.b[s.i] != '"' {
		return nil, bad(name, ruleType)
	}
	t, escaped, ok := s.str()
	switch {
	case !ok:
		return nil, bad(name, ruleJSON)
	case escaped:
		return nil, bad(name, ruleEscaped)
	}
	return t, nil
}

func (s *envelope) key() ([]byte, error) {
	s.space()
	t, escaped, ok := s.str()
	if !ok {
		return nil, bad("", ruleJSON)
	}
	if escaped {
		return nil, bad("", ruleEscaped)
	}
	s.space()
	if !s.eat(':') {
		return nil, bad("", ruleJSON)
	}
	return t, nil
}

// number reads a whole number from 0 to most, in its one spelling.
func (s *envelope) number(name string, most uint32) (uint32, error) {
	s.space()
	start, n := s.i, uint64(0)
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		if n = n*10 + uint64(s.b[s.i]-'0'); n > uint64(most) {
			return 0, bad(name, ruleMaximum)
		}
		s.i++
	}
	if s.i == start || (s.b[start] == '0' && s.i > start+1) {
		return 0, bad(name, ruleType)
	}
	return uint32(min(n, math.MaxUint32)), nil
}

func bad(field, rule string) error {
	return &fault.Error{Code: fault.BadFrame, Public: "This is not a frame of the protocol.", Field: field, Rule: rule}
}

// isBase64 reports whether t is base64url text without padding.
func isBase64(t []byte) bool {
	if len(t)%4 == 1 {
		return false
	}
	for len(t) >= 8 {
		if !base64Word(binary.LittleEndian.Uint64(t)) {
			return false
		}
		t = t[8:]
	}
	for _, c := range t {
		if !base64Chars[c] {
			return false
		}
	}
	return true
}

// base64Chars is constant; Go has no constant arrays.
var base64Chars = func() (t [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		t[c] = true
	}
	return t
}()

// IsBase64 reports whether s is base64url text without padding.
func IsBase64(s string) bool { return isBase64([]byte(s)) }
