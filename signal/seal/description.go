package seal

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"
)

// CheckDescription refuses an SDP that is not of the one form of the page, in
// which every fingerprint is the one agreed on. early says that it stands in a
// ring or an answer, which hold no address.
func CheckDescription(sdp []byte, fingerprint [FingerprintLen]byte, early bool) error {
	lines, ok := descriptionLines(sdp)
	if !ok {
		return refuse(Malformed)
	}
	if !fingerprintsHold(lines, spellFingerprint(fingerprint)) {
		return refuse(BadFingerprint)
	}
	if early && slices.ContainsFunc(lines, tellsAddress) {
		return refuse(CandidateEarly)
	}
	return nil
}

// descriptionLines splits where a browser does, and only where every browser
// does.
func descriptionLines(sdp []byte) ([]string, bool) {
	if !utf8.Valid(sdp) || bytes.IndexByte(sdp, 0) >= 0 || !bytes.HasSuffix(sdp, []byte("\r\n")) {
		return nil, false
	}
	lines := strings.Split(strings.TrimSuffix(string(sdp), "\r\n"), "\r\n")
	media := false
	for _, l := range lines {
		if strings.ContainsAny(l, "\r\n") {
			return nil, false
		}
		media = media || strings.HasPrefix(l, "m=")
	}
	return lines, media
}

func spellFingerprint(fp [FingerprintLen]byte) string {
	var s strings.Builder
	s.WriteString("a=fingerprint:sha-256 ")
	for i, b := range fp {
		if i > 0 {
			s.WriteByte(':')
		}
		s.WriteString(strings.ToUpper(hex.EncodeToString([]byte{b})))
	}
	return s.String()
}

func fingerprintsHold(lines []string, want string) bool {
	all := false // a line before the first m= is there
	inMedia := false
	missing := false // this section has none of its own, and its port is not 0
	for _, l := range lines {
		switch {
		case strings.HasPrefix(l, "a=crypto"):
			return false
		case strings.HasPrefix(l, "a=fingerprint"):
			if l != want {
				return false
			}
			all = all || !inMedia
			missing = false
		case strings.HasPrefix(l, "m="):
			if missing && !all {
				return false
			}
			port, proto := mediaLine(l)
			if proto != "UDP/TLS/RTP/SAVPF" && proto != "UDP/DTLS/SCTP" {
				return false
			}
			inMedia, missing = true, port != "0"
		}
	}
	return all || !missing
}

// mediaLine returns the second and third word of an m= line.
func mediaLine(l string) (port, proto string) {
	words := strings.Split(l, " ")
	if len(words) < 3 {
		return "", ""
	}
	return words[1], words[2]
}

// tellsAddress reports whether a line tells, or could tell, where somebody is.
func tellsAddress(l string) bool {
	switch {
	case strings.HasPrefix(l, "a=candidate"):
		return true
	case strings.HasPrefix(l, "c="):
		return l != "c=IN IP4 0.0.0.0" && l != "c=IN IP6 ::"
	case strings.HasPrefix(l, "m="):
		port, _ := mediaLine(l)
		return port != "9" && port != "0"
	case strings.HasPrefix(l, "a=rtcp:"):
		return l != "a=rtcp:9" && l != "a=rtcp:9 IN IP4 0.0.0.0" && l != "a=rtcp:9 IN IP6 ::"
	}
	return false
}
