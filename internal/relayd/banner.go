package relayd

import (
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/turntest"
	"github.com/ringfence/ringfence/relay"
)

// Banner is what a relay tells its operator once everything is open.
type Banner struct {
	Version   string
	Settings  *config.LoadedRelay
	Doors     Doors
	Coturn    *Coturn
	Admin     netip.AddrPort // invalid where there is none
	Endpoints []relay.Endpoint
}

// Write prints the banner.
func (b *Banner) Write(w io.Writer) error {
	var t strings.Builder
	t.WriteString("\n" + b.Version + "\n\n")
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&t, "  %-18s %s\n", name, text)
		}
	}
	name := "clients use"
	for _, e := range b.Endpoints {
		if b.Doors.STUNOnly {
			if e.Transport != "udp" {
				continue
			}
			line(name, e.STUN())
		} else {
			line(name, e.TURN())
		}
		name = ""
	}
	if len(b.Endpoints) == 0 {
		line(name, "nothing: this machine has no address that they could reach")
	}
	c := b.Settings.TURN
	if !b.Doors.STUNOnly {
		if c.IsClosed() {
			line("media", "at the same ports; the relay is closed and joins its own clients alone")
		} else {
			line("media", fmt.Sprintf("ports %d to %d", c.MinPort, c.MaxPort))
		}
		line("a credential", b.how())
	}
	if b.Admin.IsValid() {
		line("health, metrics", "http://"+b.Admin.String())
		if !b.Doors.STUNOnly {
			line("test the relay", "http://"+b.Admin.String()+turntest.Path)
		}
	}
	t.WriteString("\n")
	if b.Coturn != nil {
		t.WriteString("What " + b.Settings.CoturnConfig + " means here:\n")
		for _, s := range b.Coturn.Notes {
			t.WriteString("  " + s + "\n")
		}
		t.WriteString("\n")
	}
	for _, s := range b.Notes() {
		t.WriteString("Note: " + s + "\n")
	}
	t.WriteString("\n")
	_, err := io.WriteString(w, t.String())
	return err
}

// how says how to get a credential.
func (b *Banner) how() string {
	c := b.Settings
	switch {
	case len(b.Doors.Secrets) == 0:
		return "name and password of turn.users_file"
	case c.TURN.SecretFile == "" && c.CoturnConfig != "":
		return "ringfence relay credential --coturn-config " + shell(c.CoturnConfig)
	}
	return "ringfence relay credential --secret-file " + shell(c.TURN.SecretFile)
}

// shell quotes a word for a shell, where it needs that.
func shell(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Notes lists what an operator should know besides what a file of coturn's
// means.
func (b *Banner) Notes() []string {
	return append(b.Doors.Notes, Notes(b.Settings)...)
}

// Notes lists what an operator should know about the settings of a relay.
func Notes(c *config.LoadedRelay) []string {
	var out []string
	if c.OwnAddresses() {
		out = append(out, `the relay may carry media to other programs at this machine's own addresses. Set turn.allow_own_addresses = "off" before others use it.`)
	}
	if c.AdminListen.On() && !c.AdminListen.Addr().IsLoopback() {
		out = append(out, "admin_listen is open to other machines and asks for no password.")
	}
	return append(out, TURNNotes(&c.TURN)...)
}

// TURNNotes is the same for the settings that every relay has.
func TURNNotes(t *config.TURN) []string {
	out := descriptorNotes(*t, openFiles())
	if int(t.MaxPort)-int(t.MinPort) < 99 {
		out = append(out, "fewer than 100 media ports allow only a few relayed calls at a time.")
	}
	if t.IsClosed() && len(t.AllowPeers) > 0 {
		out = append(out, "the relay is closed: turn.allow_peers opens nothing.")
	}
	return out
}
