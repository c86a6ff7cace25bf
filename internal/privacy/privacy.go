// Package privacy owns the rule that IP addresses live in memory only: text
// that leaves the process goes through its log handler, which strips them, and
// whoever limits by address gets a prefix of it, never the whole. It imports
// nothing of the project.
package privacy

import (
	"regexp"
	"strings"
)

// Gone stands where an address was.
const Gone = "[address]"

// The spellings of addresses. They take too much rather than too little: a
// version number of four parts is worth less than a promise.
var (
	// colons finds runs of hex digits, dots and colons (percent-encoded too),
	// of which six takes those that are IPv6, with brackets, zone and port.
	colons = regexp.MustCompile(`\[?(?:[0-9A-Fa-f.]|:|%3[Aa])*(?::|%3[Aa])(?:[0-9A-Fa-f.]|:|%3[Aa])*(?:%(?:25)?[0-9A-Za-z_.~-]+)?(?:\](?::[0-9]+)?)?(?:/[0-9]{1,3})?`)
	// four finds IPv4 with port and prefix length, and names that providers
	// make of it (198-51-100-23.example.net, in-addr.arpa).
	four = regexp.MustCompile(`[0-9]+(?:\.[0-9]+){3,}(?::[0-9]+)?(?:/[0-9]+)?|\b[0-9]{1,3}(?:[-_][0-9]{1,3}){3}\b`)
	// nibbles finds the reverse name of an IPv6 address.
	nibbles = regexp.MustCompile(`(?:[0-9A-Fa-f]\.){15,}[0-9A-Fa-f]`)
	// numbers finds an address printed as a list of bytes, and words of seven
	// hex digits and more: the arguments in a stack trace are such words.
	numbers = regexp.MustCompile(`[\[{](?:0x[0-9a-fA-F]{1,2}|[0-9]{1,3})(?:,? (?:0x[0-9a-fA-F]{1,2}|[0-9]{1,3})){3,}[\]}]|0[xX][0-9A-Fa-f]{7,}`)
)

// Strip returns s with every IP address replaced by Gone.
func Strip(s string) string {
	if !strings.ContainsAny(s, "0123456789abcdefABCDEF:") {
		return s
	}
	s = nibbles.ReplaceAllString(s, Gone)
	s = colons.ReplaceAllStringFunc(s, six)
	s = four.ReplaceAllString(s, Gone)
	return numbers.ReplaceAllString(s, Gone)
}

// six replaces a run with colons where it may be an IPv6 address: where a
// group is left out, or there are eight groups.
func six(run string) string {
	plain := strings.ReplaceAll(strings.ReplaceAll(run, "%3A", ":"), "%3a", ":")
	mapped := strings.Contains(plain, ":") && strings.Count(plain, ".") >= 3
	if strings.Contains(plain, "::") || strings.Count(plain, ":") >= 7 || (mapped && strings.Count(plain, ":") >= 2) {
		if strings.HasSuffix(plain, ":") && !strings.HasSuffix(plain, "::") {
			return Gone + ":" // of the sentence, not of the address
		}
		return Gone
	}
	return run
}
