package account

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"

	"github.com/ringfence/ringfence/internal/fault"
)

// Lengths of names. A display name is counted as people see characters.
const (
	MinName             = 2
	MaxName             = 20
	MaxDisplayName      = 40
	MaxDisplayNameBytes = 160
	MaxDeviceName       = 60
	MaxDeviceNameBytes  = 240
	handleDigits        = 4
	handleNumbers       = 10_000
)

// ParseName returns the one spelling of a chosen name: lower case letters,
// digits, - and _, beginning with a letter.
func ParseName(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return "", fault.Field("name", "required", 0, "Choose a name.")
	case n < MinName:
		return "", fault.Field("name", "min_length", MinName, "The name is too short.")
	case n > MaxName:
		return "", fault.Field("name", "max_length", MaxName, "The name is too long.")
	}
	for _, r := range s {
		if !isLetter(r) && !isDigit(r) && r != '-' && r != '_' {
			return "", fault.Field("name", "characters", 0, "A name has only the letters a to z, digits, - and _.")
		}
	}
	if !isLetter(rune(s[0])) {
		return "", fault.Field("name", "first_letter", 0, "A name begins with a letter.")
	}
	return s, nil
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' }
func isDigit(r rune) bool  { return r >= '0' && r <= '9' }

// ParseHandle returns the one spelling of a handle: a name, a dot and four
// digits. People may write it with capitals and space around it.
func ParseHandle(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "" {
		return "", fault.Field("handle", "required", 0, "Enter a handle.")
	}
	bad := fault.Field("handle", "format", 0, "A handle looks like anna.4821.")
	name, digits, ok := strings.Cut(s, ".")
	if !ok || len(digits) != handleDigits {
		return "", bad
	}
	if canonical, err := ParseName(name); err != nil || canonical != name {
		return "", bad
	}
	for _, r := range digits {
		if !isDigit(r) {
			return "", bad
		}
	}
	return s, nil
}

// ParseDisplayName returns the one spelling of a display name: NFC, single
// spaces, nothing that reorders or hides text.
func ParseDisplayName(s string) (string, error) {
	const field = "display_name"
	if !utf8.ValidString(s) {
		return "", fault.Field(field, "characters", 0, "The name has characters that cannot be shown.")
	}
	s = tidy(s)
	switch {
	case s == "":
		return "", fault.Field(field, "required", 0, "Enter the name that your friends see.")
	case len(s) > MaxDisplayNameBytes:
		return "", fault.Field(field, "max_bytes", MaxDisplayNameBytes, "The name is too long.")
	case uniseg.GraphemeClusterCount(s) > MaxDisplayName:
		return "", fault.Field(field, "max_length", MaxDisplayName, "The name is too long.")
	case strings.ContainsFunc(s, unshown):
		return "", fault.Field(field, "characters", 0, "The name has characters that cannot be shown.")
	case !strings.ContainsFunc(s, visible):
		return "", fault.Field(field, "visible", 0, "The name has nothing that can be seen.")
	}
	return s, nil
}

// parseDeviceName is for text that its owner alone is shown; it may be empty.
func parseDeviceName(s string) (string, error) {
	const field = "device_name"
	if !utf8.ValidString(s) {
		return "", fault.Field(field, "characters", 0, "The device's name has characters that cannot be shown.")
	}
	s = tidy(s)
	switch {
	case len(s) > MaxDeviceNameBytes:
		return "", fault.Field(field, "max_bytes", MaxDeviceNameBytes, "The device's name is too long.")
	case uniseg.GraphemeClusterCount(s) > MaxDeviceName:
		return "", fault.Field(field, "max_length", MaxDeviceName, "The device's name is too long.")
	case strings.ContainsFunc(s, unshown):
		return "", fault.Field(field, "characters", 0, "The device's name has characters that cannot be shown.")
	}
	return s, nil
}

// tidy composes s and turns every run of space characters into one space.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, norm.NFC.String(s))
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ")
}

// unshown reports characters that control, reorder or hide text. Joiners stay:
// emoji and some scripts need them.
func unshown(r rune) bool {
	const (
		zeroWidthNonJoiner = '\u200c'
		zeroWidthJoiner    = '\u200d'
	)
	if r == zeroWidthJoiner || r == zeroWidthNonJoiner {
		return false
	}
	return r == utf8.RuneError || !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs)
}

// visible reports characters that leave a mark of their own.
func visible(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u2800': // letters and a symbol that are blank
		return false
	}
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S)
}
