package main

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/relayd"
	"github.com/ringfence/ringfence/internal/turntest"
	"github.com/ringfence/ringfence/relay"
)

// banner is what serve tells the operator once everything is open.
type banner struct {
	sites       sites
	fingerprint string // of the local authority
	admin       netip.AddrPort
	turn        string // one sentence
	warnings    []string
	invite      string // the owner's token, as long as there is no owner
}

// write prints the banner. It goes to standard output, not into the log.
func (b banner) write(w io.Writer) error {
	var t strings.Builder
	t.WriteString("\n" + readVersion().String() + "\n\n")
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&t, "  %-18s %s\n", name, text)
		}
	}
	line("public", b.sites.public)
	line("on this machine", b.sites.local)
	line("in your network", b.sites.lan)
	line("  trust it first", b.sites.trust)
	line("  SHA-256", b.fingerprint)
	if b.admin.IsValid() {
		line("health, metrics", "http://"+b.admin.String())
		line("test the relay", "http://"+b.admin.String()+turntest.Path)
	}
	t.WriteString("\n" + b.turn + "\n")
	for _, s := range b.warnings {
		t.WriteString("Note: " + s + "\n")
	}
	if b.invite != "" {
		t.WriteString("\nNobody owns this server yet. Open this link to sign up as its owner; it works once:\n")
		t.WriteString("  " + b.sites.links(b.invite)[0] + "\n")
	}
	if b.sites.trust != "" {
		target := b.sites.trust
		text := "A phone in the same network starts here:"
		if b.invite != "" {
			target += "#" + b.invite
			text = "Or take a phone in the same network; the code carries the owner's link:"
		}
		code, err := drawQR(target)
		if err != nil {
			return err
		}
		t.WriteString("\n" + text + "\n\n" + code)
	}
	t.WriteString("\n")
	_, err := io.WriteString(w, t.String())
	return err
}

// turnSentence says under which addresses clients will look for the relay.
func turnSentence(c *config.Loaded, external netip.Addr, endpoints []relay.Endpoint) string {
	var at []string
	var port uint16
	for _, e := range endpoints {
		port = e.Port
		if !slices.Contains(at, e.Host) {
			at = append(at, e.Host)
		}
	}
	ports := fmt.Sprintf("port %d over UDP and TCP; media uses UDP ports %d to %d", port, c.TURN.MinPort, c.TURN.MaxPort)
	if c.TURN.IsClosed() {
		ports = fmt.Sprintf("port %d over UDP and TCP; it is closed, so media uses no other", port)
	}
	if len(at) == 0 {
		return "Clients get no relay: this machine has no address that they could reach."
	}
	hosts := strings.Join(at, " and ")
	if !external.IsValid() {
		return "Clients reach the relay at " + hosts + ", " + ports + "."
	}
	inside := slices.Contains(machineAddrs(), external)
	if name := c.TURN.PublicIP.Name(); name != "" {
		hosts = name + " (now " + external.String() + ")"
	}
	if inside {
		return "Clients reach the relay at " + hosts + ", an address of this machine, " + ports + "."
	}
	return "Clients reach the relay at the external address " + hosts + ", " + ports +
		". This machine does not have that address itself: its router must forward these ports to it."
}

// warnings lists what an operator should know about the settings.
func warnings(c *config.Loaded) []string {
	var out []string
	if c.OwnAddresses() {
		out = append(out, "for trying things on one machine, the relay may carry media to this machine's own addresses. Set public_url, turn.public_ip or turn.allow_own_addresses = \"off\" before others use it.")
	}
	if c.AdminListen.On() && !c.AdminListen.Addr().IsLoopback() {
		out = append(out, "admin_listen is open to other machines and asks for no password.")
	}
	if !c.PublicURL.IsZero() && len(c.TrustedProxies) == 0 {
		out = append(out, "public_url is set but trusted_proxies is empty: nothing that a reverse proxy sends on will be served.")
	}
	return append(out, relayd.TURNNotes(&c.TURN)...)
}

// writeInvite puts the owner's link where owner_invite_file says, for its
// owner alone.
func writeInvite(path, link string) error {
	if path == "" {
		return nil
	}
	if err := replaceFile(path, link+"\n"); err != nil {
		return fmt.Errorf("owner_invite_file: %w; choose a file in a folder that this user can write to", err)
	}
	return nil
}

func replaceFile(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".invite-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error counts
	}
	return err
}

func portText(port uint16) string { return strconv.Itoa(int(port)) }
