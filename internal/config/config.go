// Package config owns the settings of the program: one struct over safe
// defaults, filled from a TOML file, the environment and flags, every fault
// found at once. It imports nothing of the project and hands out plain parsed
// values; no other package but cmd/ringfence sees a Config.
package config

import "net/netip"

// Config holds every setting of the server; [Relay] those of a relay that runs
// alone. The tags are the only source of the keys, the flags, the environment
// variables and docs/config.md.
type Config struct {
	Data            string   `key:"data" holds:"a folder" doc:"Folder of the data: one file with everything the server keeps, sealed. Made with mode 0700 where it is missing."`
	Keys            string   `key:"keys" holds:"a folder" doc:"Folder of the keys that open the data. Must lie neither in the data folder nor around it, and never goes into the same backup. Made with mode 0700 where it is missing."`
	PassphraseFile  string   `key:"passphrase_file" holds:"a file or -" doc:"File with the passphrase that locks the key folder, mode 0400 or 0600; - asks at the terminal. Empty: the systemd credential ringfence-passphrase, else RINGFENCE_PASSPHRASE, else a random one is made at the first start and kept in the key folder."`
	KeyIterations   uint32   `key:"key_iterations" min:"600000" max:"20000000" doc:"PBKDF2 rounds between the passphrase and the keys, used when the key folder is made. More is slower to start and slower to guess."`
	OwnerInviteFile string   `key:"owner_invite_file" holds:"a file" doc:"File to write the owner's one-time invite link to (mode 0600), besides printing it, for as long as nobody has used it."`
	Listen          Listen   `key:"listen" doc:"Where plain HTTP is served. Browsers allow calls there only at http://localhost; other hosts get the page that says how to trust this server, or are sent to public_url."`
	TLSListen       Listen   `key:"tls_listen" doc:"Where HTTPS is served to the local network, with a certificate of this server's own authority. Off by itself where public_url is set."`
	PublicURL       URL      `key:"public_url" doc:"Address under which a reverse proxy serves this program, such as https://call.example.org. Empty: only this machine and its local network."`
	TrustedProxies  Prefixes `key:"trusted_proxies" doc:"Addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed. From everyone else these headers are ignored."`
	AdminListen     Listen   `key:"admin_listen" doc:"Where /healthz, /readyz, /metrics, /turn-test and POST /revoke are served, and nowhere else. All but the last ask for no password: keep them on loopback."`
	AdminHosts      Names    `key:"admin_hosts" doc:"Names under which admin_listen is asked, besides localhost, this machine's name and any IP address. Others are refused: a web page could have made its name point here."`
	TURN            TURN     `key:"turn"`
	Log             Log      `key:"log"`
}

// Log says what is logged and how. No setting makes the log hold an address.
type Log struct {
	Level  string `key:"level" choices:"debug,info,warn,error" doc:"The least level that is logged."`
	Format string `key:"format" choices:"text,json" doc:"How a line of the log is written, to standard error."`
}

func defaultLog() Log { return Log{Level: "info", Format: "text"} }

// Toggle is auto, on or off.
type Toggle string

// The values of a Toggle.
const (
	Auto Toggle = "auto"
	On   Toggle = "on"
	Off  Toggle = "off"
)

// Default returns the settings that hold where nothing is said: a server that
// two browsers on one machine, and phones in its network, can try.
func Default() Config {
	return Config{
		Data:          "./ringfence-data",
		Keys:          "./ringfence-keys",
		KeyIterations: 2_000_000,
		Listen:        ListenAt(netip.Addr{}, 8080),
		TLSListen:     ListenAt(netip.Addr{}, 8443),
		AdminListen:   ListenAt(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 9090),
		TrustedProxies: Prefixes{
			netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 32),
			netip.PrefixFrom(netip.IPv6Loopback(), 128),
		},
		TURN: defaultTURN(),
		Log:  defaultLog(),
	}
}

// OwnAddresses reports whether the relay may reach this machine's own
// addresses.
func (c Config) OwnAddresses() bool {
	if c.TURN.IsClosed() {
		return false
	}
	switch c.TURN.AllowOwnAddresses {
	case On:
		return true
	case Off:
		return false
	case Auto:
	}
	return c.PublicURL.IsZero() && c.TURN.PublicIP.IsZero() && c.TURN.PublicIP6.IsZero()
}
