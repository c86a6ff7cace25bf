package coturn

import "slices"

// Option is an option of coturn's, and what becomes of it here.
type Option struct {
	Name  string
	Since string // the first version that has it, where that is not 4.6.1 or older; "none": no version of 4.6
	Fate  Fate
	Says  string // what is done with it, or why it cannot be done
	Do    string // what to do instead, of those that are refused

	takes  takes
	many   bool  // each line counts, not only the last
	lo, hi int64 // of numbers
}

// takes is what kind of value an option has.
type takes uint8

const (
	flag     takes = iota + 1 // yes or no; yes where nothing is said
	mark                      // there or not: coturn does not read its value
	off                       // a flag that takes safety away where it says no
	number                    // a decimal number from lo to hi
	duration                  // a number that may be left out, for coturn's default
	word                      // an address, a range, a family: nothing that can hold a '#'
	text                      // anything
	secret                    // anything, and never shown
)

// boolean reports whether a value, if there is one, says yes or no.
func (t takes) boolean() bool { return t == flag || t == mark || t == off }

// commented reports whether " #" after the value begins a comment, as it
// cannot be part of the value.
func (t takes) commented() bool { return t.boolean() || t == number || t == duration || t == word }

// Options lists every option that is known, in the order of their documents:
// what coturn 4.6.1 knows, what came later, and what was never an option but
// stands in files that are passed around.
func Options() []Option {
	return slices.Concat(listening(), authentication(), limits(), security(), running(), later(), never())
}

const (
	onlyFile = "write the users as user= lines, or the shared secret as static-auth-secret"
	noPort   = "delete the line; clients need only listening-port and tls-listening-port"
	useUnit  = "delete the line and set User= in the unit of the service manager"
	drop     = "delete the line"
)

// listening is about addresses, ports and transports.
func listening() []Option {
	return []Option{
		{Name: "listening-port", Fate: Honoured, takes: number, lo: 1, hi: 65535, Says: "UDP and TCP are heard on this port; TLS and DTLS are recognised on it"},
		{Name: "tls-listening-port", Fate: Honoured, takes: number, lo: 1, hi: 65535, Says: "TLS and DTLS are heard on this port, if there is a certificate"},
		{Name: "alt-listening-port", Fate: Needless, takes: number, Says: "a second port is only for RFC 5780, which is not served"},
		{Name: "alt-tls-listening-port", Fate: Needless, takes: number, Says: "a second port is only for RFC 5780, which is not served"},
		{Name: "listening-ip", Fate: Honoured, takes: word, many: true, Says: "clients are heard on this address alone, or on these"},
		{Name: "listening-device", Fate: Refused, takes: text, Says: "sockets are bound to addresses, not to devices", Do: "name the address of the device with listening-ip"},
		{Name: "relay-device", Fate: Refused, takes: text, Says: "sockets are bound to addresses, not to devices", Do: "name the address of the device with relay-ip"},
		{Name: "relay-ip", Fate: Honoured, takes: word, many: true, Says: "sockets towards peers are bound to this address, or to these"},
		{Name: "external-ip", Fate: Honoured, takes: word, many: true, Says: "the address that the relay is known by outside; one for IPv4 and one for IPv6"},
		{Name: "aux-server", Fate: Honoured, takes: word, many: true, Says: "UDP and TCP are heard here too"},
		{Name: "tcp-proxy-port", Fate: Refused, takes: number, Says: "the PROXY protocol is not read: whoever reached that port could claim any address", Do: "let the proxy pass TCP on to listening-port as it comes"},
		{Name: "min-port", Fate: Honoured, takes: number, lo: 1024, hi: 65535, Says: "the first port towards peers"},
		{Name: "max-port", Fate: Honoured, takes: number, lo: 1024, hi: 65535, Says: "the last port towards peers"},
		{Name: "no-udp", Fate: Honoured, takes: flag, Says: "clients are not heard over plain UDP; DTLS stays"},
		{Name: "no-tcp", Fate: Honoured, takes: flag, Says: "clients are not heard over plain TCP; TLS stays"},
		{Name: "no-tls", Fate: Honoured, takes: flag, Says: "clients are not heard over TLS"},
		{Name: "no-dtls", Fate: Honoured, takes: flag, Says: "clients are not heard over DTLS"},
		{Name: "no-udp-relay", Fate: Refused, takes: flag, Says: "peers over UDP cannot be turned off, they are what a relay is for", Do: "delete the line, or write stun-only for a server that relays nothing"},
		{Name: "no-tcp-relay", Fate: Honoured, takes: flag, Says: "no TCP connections towards peers (RFC 6062)"},
		{Name: "keep-address-family", Fate: Honoured, takes: flag, Says: "who asks for no address family gets that by which it came"},
		{Name: "allocation-default-address-family", Fate: Honoured, takes: word, Says: "who asks for no address family gets this one"},
		{Name: "alternate-server", Fate: Refused, takes: text, many: true, Says: "clients are not sent on to another server", Do: "give the clients both servers in their list"},
		{Name: "tls-alternate-server", Fate: Refused, takes: text, many: true, Says: "clients are not sent on to another server", Do: "give the clients both servers in their list"},
		{Name: "udp-self-balance", Fate: Needless, takes: flag, Says: "all processors serve each port"},
		{Name: "relay-threads", Fate: Needless, takes: number, Says: "all processors are used"},
		{Name: "ne", Fate: Needless, takes: number, Says: "there is one way in which packets are read"},
		{Name: "no-rfc5780", Fate: Needless, takes: mark, Says: "RFC 5780 is not served"},
		{Name: "no-stun-backward-compatibility", Fate: Needless, takes: flag, Says: "the STUN of RFC 3489 is not served"},
		{Name: "response-origin-only-with-rfc5780", Fate: Needless, takes: flag, Says: "RESPONSE-ORIGIN is never sent"},
		{Name: "fingerprint", Fate: Needless, takes: flag, Says: "the checksum is optional in RFC 8489, and no client of a TURN server needs it"},
		{Name: "stun-only", Fate: Honoured, takes: flag, Says: "binding requests are answered and nothing is relayed"},
		{Name: "no-stun", Fate: Honoured, takes: flag, Says: "binding requests are not answered"},
		{Name: "secure-stun", Fate: Honoured, takes: flag, Says: "binding requests are answered to those who sign them"},
	}
}

// authentication is about who may come in.
func authentication() []Option {
	return []Option{
		{Name: "lt-cred-mech", Fate: Honoured, takes: flag, Says: "there is no other way in than by credentials"},
		{Name: "no-auth", Fate: Unsafe, takes: flag, Says: "it lets everybody relay", Do: "delete the line and write static-auth-secret"},
		{Name: "user", Fate: Honoured, takes: secret, many: true, Says: "a static user with a password or a key"},
		{Name: "use-auth-secret", Fate: Honoured, takes: mark, Says: "user names that expire, signed with static-auth-secret"},
		{Name: "static-auth-secret", Fate: Honoured, takes: secret, many: true, Says: "a secret that other software signs user names with"},
		{Name: "rest-api-separator", Fate: Honoured, takes: text, Says: "what stands between expiry and name in a user name"},
		{Name: "realm", Fate: Honoured, takes: text, Says: "the realm of all credentials"},
		{Name: "server-name", Fate: Needless, takes: text, Says: "only OAuth uses it"},
		{Name: "oauth", Fate: Refused, takes: flag, Says: "RFC 7635 is not served", Do: "use static-auth-secret"},
		{Name: "userdb", Fate: Refused, takes: secret, Says: "no database of users is read", Do: onlyFile},
		{Name: "db", Fate: Refused, takes: secret, Says: "no database of users is read", Do: onlyFile},
		{Name: "psql-userdb", Fate: Refused, takes: secret, Says: "no database of users is read", Do: onlyFile},
		{Name: "sql-userdb", Fate: Refused, takes: secret, Says: "no database of users is read", Do: onlyFile},
		{Name: "mysql-userdb", Fate: Refused, takes: secret, Says: "no database of users is read", Do: onlyFile},
		{Name: "mongo-userdb", Fate: Refused, takes: secret, Says: "no database of users is read", Do: onlyFile},
		{Name: "redis-userdb", Fate: Refused, takes: secret, Says: "no database of users is read", Do: onlyFile},
		{Name: "redis-statsdb", Fate: Refused, takes: secret, Says: "nothing is written to Redis", Do: "delete the line and read /metrics"},
		{Name: "secret-key-file", Fate: Needless, takes: text, Says: "it belongs to mysql-userdb"},
		{Name: "secret-ts-exp-time", Fate: Needless, takes: text, Says: "coturn does nothing with it either"},
		{Name: "no-auth-pings", Fate: Needless, takes: mark, Says: "there is no database"},
		{Name: "no-dynamic-ip-list", Fate: Needless, takes: mark, Says: "there is no database"},
		{Name: "no-dynamic-realms", Fate: Needless, takes: mark, Says: "there is no database"},
		{Name: "check-origin-consistency", Fate: Refused, takes: flag, Says: "the attribute ORIGIN is part of no standard and is not read", Do: drop},
		{Name: "stale-nonce", Fate: Honoured, takes: duration, Says: "how many seconds a nonce lives, an hour at most; 0, for ever, stops the start"},
	}
}

// limits is about how much and how long.
func limits() []Option {
	return []Option{
		{Name: "user-quota", Fate: Honoured, takes: number, hi: 1_000_000, Says: "allocations of one user; 0 is the default here, not without end"},
		{Name: "total-quota", Fate: Honoured, takes: number, hi: 1_000_000, Says: "allocations in all; 0 is the default here, not without end"},
		{Name: "max-bps", Fate: Honoured, takes: number, hi: 1e12, Says: "bytes a second of one allocation, each way; 0 is the default here, not without end"},
		{Name: "bps-capacity", Fate: Honoured, takes: number, hi: 1e12, Says: "bytes a second in all, each way; 0 is the default here, not without end"},
		{Name: "max-allocate-lifetime", Fate: Honoured, takes: duration, lo: 600, hi: 1 << 31, Says: "how many seconds an allocation lives without a refresh: 600 to 3600"},
		{Name: "channel-lifetime", Fate: Needless, takes: duration, Says: "it is the 600 seconds of RFC 8656; another number is refused, a greater one as unsafe"},
		{Name: "permission-lifetime", Fate: Needless, takes: duration, Says: "it is the 300 seconds of RFC 8656; another number is refused, a greater one as unsafe"},
		{Name: "max-allocate-timeout", Fate: Needless, takes: number, Says: "a connection that does not come to an allocation soon is ended"},
	}
}

// security is about TLS and about peers.
func security() []Option {
	return []Option{
		{Name: "cert", Fate: Honoured, takes: text, Says: "the certificate, with those between it and the root; read again when the file changes"},
		{Name: "pkey", Fate: Honoured, takes: text, Says: "its private key; read again when the file changes"},
		{Name: "pkey-pwd", Fate: Refused, takes: secret, Says: "an encrypted private key cannot be opened", Do: `write it without a password, readable by the service alone ("openssl pkey -in KEY -out NEW"), and delete the line`},
		{Name: "CA-file", Fate: Refused, takes: text, Says: "clients are not asked for certificates, so nobody would be turned away", Do: drop},
		{Name: "cipher-list", Fate: Needless, takes: text, Says: "only the ciphers of TLS 1.3, and those of TLS 1.2 with forward secrecy and authenticated encryption, are spoken"},
		{Name: "ec-curve-name", Fate: Needless, takes: text, Says: "the curves are X25519 and those of NIST"},
		{Name: "dh-file", Fate: Needless, takes: text, Says: "keys are agreed on by elliptic curves alone"},
		{Name: "dh566", Fate: Needless, takes: flag, Says: "keys are agreed on by elliptic curves alone"},
		{Name: "dh1066", Fate: Needless, takes: flag, Says: "keys are agreed on by elliptic curves alone"},
		{Name: "no-sslv2", Fate: Needless, takes: off, Says: "SSL 2 is never spoken", Do: drop},
		{Name: "no-sslv3", Fate: Needless, takes: off, Says: "SSL 3 is never spoken", Do: drop},
		{Name: "no-tlsv1", Fate: Needless, takes: off, Says: "TLS 1.0 is never spoken", Do: drop},
		{Name: "no-tlsv1_1", Fate: Needless, takes: off, Says: "TLS 1.1 is never spoken", Do: drop},
		{Name: "no-tlsv1_2", Fate: Honoured, takes: flag, Says: "TLS is 1.3 alone, and there is no DTLS, which is 1.2; without this line TLS 1.2 is spoken too, as in coturn"},
		{Name: "no-multicast-peers", Fate: Needless, takes: off, Says: "nothing is ever relayed to multicast addresses", Do: drop},
		{Name: "allow-loopback-peers", Fate: Unsafe, takes: flag, Says: "it opens this machine's own services to clients", Do: "delete the line; to try calls on one machine there is turn.allow_own_addresses"},
		{Name: "allowed-peer-ip", Fate: Honoured, takes: word, many: true, Says: "peers in the range are relayed to, even where denied-peer-ip says no; a range with loopback, link-local or multicast addresses, or as wide as a /8 of private ones, stops the start"},
		{Name: "denied-peer-ip", Fate: Honoured, takes: word, many: true, Says: "peers in the range are not relayed to; what is not on the internet is not relayed to anyhow"},
		{Name: "server-relay", Fate: Unsafe, takes: flag, Says: "it lets any peer send to any client, without a permission", Do: drop},
		{Name: "mobility", Fate: Refused, takes: flag, Says: "the expired draft for moving an allocation is not served; browsers do not use it", Do: drop},
	}
}

// running is about the process, its log and its doors for administrators.
func running() []Option {
	const log = "the log goes to standard error, and the service manager keeps it"
	return []Option{
		{Name: "verbose", Fate: Honoured, takes: flag, Says: "the log tells more; never an address or a user"},
		{Name: "Verbose", Fate: Honoured, takes: flag, Says: "the log tells more; never an address or a user"},
		{Name: "log-file", Fate: Needless, takes: text, Says: log},
		{Name: "no-stdout-log", Fate: Needless, takes: flag, Says: log},
		{Name: "syslog", Fate: Needless, takes: flag, Says: log},
		{Name: "syslog-facility", Fate: Needless, takes: text, Says: log},
		{Name: "simple-log", Fate: Needless, takes: flag, Says: log},
		{Name: "new-log-timestamp", Fate: Needless, takes: mark, Says: "each line of the log has its time by RFC 3339"},
		{Name: "new-log-timestamp-format", Fate: Needless, takes: text, Says: "each line of the log has its time by RFC 3339"},
		{Name: "log-binding", Fate: Needless, takes: flag, Says: "addresses of clients are never logged"},
		{Name: "prometheus", Fate: Honoured, takes: mark, Says: "metrics at port 9641, on loopback alone; coturn opens it to everybody"},
		{Name: "prometheus-port", Fate: Honoured, takes: number, lo: 1, hi: 65535, Says: "the port of the metrics, if prometheus is set"},
		{Name: "prometheus-username-labels", Fate: Unsafe, takes: mark, Says: "it puts names of users into metrics", Do: drop},
		{Name: "daemon", Fate: Needless, takes: flag, Says: "the service manager runs it in the background"},
		{Name: "pidfile", Fate: Needless, takes: text, Says: "the service manager knows the process"},
		{Name: "proc-user", Fate: Needless, takes: text, Says: "the program keeps the user that it was started as; refused if that is root", Do: useUnit},
		{Name: "proc-group", Fate: Needless, takes: text, Says: "the program keeps the group that it was started with; refused if started as root", Do: useUnit},
		{Name: "prod", Fate: Needless, takes: flag, Says: "the name of the software is never sent"},
		{Name: "no-software-attribute", Fate: Needless, takes: flag, Says: "the name of the software is never sent"},
		{Name: "no-cli", Fate: Needless, takes: flag, Says: "there is no telnet door"},
		{Name: "cli-ip", Fate: Needless, takes: text, Says: "there is no telnet door"},
		{Name: "cli-port", Fate: Needless, takes: text, Says: "there is no telnet door"},
		{Name: "cli-password", Fate: Needless, takes: secret, Says: "there is no telnet door; better delete the password"},
		{Name: "cli-max-output-sessions", Fate: Needless, takes: text, Says: "there is no telnet door"},
		{Name: "web-admin", Fate: Refused, takes: flag, Says: "there is no such page", Do: "delete the line; /metrics on the admin listener shows what goes on"},
		{Name: "web-admin-ip", Fate: Needless, takes: text, Says: "there is no such page"},
		{Name: "web-admin-port", Fate: Needless, takes: text, Says: "there is no such page"},
		{Name: "web-admin-listen-on-workers", Fate: Needless, takes: flag, Says: "there is no such page"},
		{Name: "acme-redirect", Fate: Refused, takes: text, Says: "HTTP is not answered on the relay's ports", Do: "let a web server on port 80 answer the certificate authority"},
		{Name: "version", Fate: Needless, takes: flag, Says: "it only prints coturn's version"},
	}
}

// later is what came after 4.6.1.
func later() []Option {
	const packets, compat = "4.7 or later", "an attribute that nothing needs"
	return []Option{
		{Name: "prometheus-address", Since: "4.6.3", Fate: Honoured, takes: word, Says: "where metrics are served, if that is loopback; others are refused, as no password is asked for"},
		{Name: "raw-public-keys", Since: "4.6.3", Fate: Refused, takes: flag, Says: "RFC 7250 is not served", Do: drop},
		{Name: "respond-http-unsupported", Since: "4.6.3", Fate: Needless, takes: flag, Says: "HTTP on the relay's ports is not answered"},
		{Name: "prometheus-path", Since: packets, Fate: Refused, takes: text, Says: "the path is /metrics", Do: "delete the line and let Prometheus ask there"},
		{Name: "prometheus-tls", Since: packets, Fate: Refused, takes: flag, Says: "metrics are served on loopback, without TLS", Do: drop},
		{Name: "prometheus-cert", Since: packets, Fate: Refused, takes: text, Says: "metrics are served on loopback, without TLS", Do: drop},
		{Name: "prometheus-key", Since: packets, Fate: Refused, takes: text, Says: "metrics are served on loopback, without TLS", Do: drop},
		{Name: "tcp-alternate-server", Since: packets, Fate: Refused, takes: text, many: true, Says: "clients are not sent on to another server", Do: "give the clients both servers in their list"},
		{Name: "udp-alternate-server", Since: packets, Fate: Refused, takes: text, many: true, Says: "clients are not sent on to another server", Do: "give the clients both servers in their list"},
		{Name: "multiplex-peer", Since: packets, Fate: Refused, takes: flag, Says: "each allocation has a port of its own", Do: drop},
		{Name: "multiplex-peer-port", Since: packets, Fate: Refused, takes: text, Says: "each allocation has a port of its own", Do: drop},
		{Name: "multiplex-peer-max-peers", Since: packets, Fate: Refused, takes: text, Says: "each allocation has a port of its own", Do: drop},
		{Name: "rfc5780", Since: packets, Fate: Refused, takes: flag, Says: "RFC 5780 is not served", Do: noPort},
		{Name: "cli", Since: packets, Fate: Refused, takes: flag, Says: "there is no telnet door", Do: "delete the line; /metrics on the admin listener shows what goes on"},
		{Name: "dtls", Since: packets, Fate: Honoured, takes: flag, Says: "clients are heard over DTLS, if there is a certificate; 0 turns that off"},
		{Name: "tlsv1", Since: packets, Fate: Unsafe, takes: flag, Says: "TLS 1.0 is broken and never spoken", Do: drop},
		{Name: "tlsv1_1", Since: packets, Fate: Unsafe, takes: flag, Says: "TLS 1.1 is broken and never spoken", Do: drop},
		{Name: "stateless-nonce", Since: packets, Fate: Needless, takes: flag, Says: "nonces are stateless"},
		{Name: "stateless-nonce-secret", Since: packets, Fate: Refused, takes: secret, Says: "nonces of coturn and of this relay differ, so the two cannot share a key for them", Do: drop},
		{Name: "unauthorized-ratelimit", Since: packets, Fate: Needless, takes: flag, Says: "answers to requests without a password go through a limit for each network"},
		{Name: "unauthorized-ratelimit-rps", Since: packets, Fate: Needless, takes: text, Says: "answers to requests without a password go through a limit for each network"},
		{Name: "drop-invalid-packets", Since: packets, Fate: Needless, takes: flag, Says: "malformed packets are dropped and counted"},
		{Name: "drop-invalid-packets-log", Since: packets, Fate: Needless, takes: flag, Says: "malformed packets are dropped and counted"},
		{Name: "drain-min-allocations", Since: packets, Fate: Needless, takes: text, Says: "a relay that drains waits for all of its allocations, up to turn.drain_time"},
		{Name: "udp-recvmmsg", Since: packets, Fate: Needless, takes: flag, Says: "how packets are read is not a setting"},
		{Name: "udp-recvmmsg-log", Since: packets, Fate: Needless, takes: flag, Says: "how packets are read is not a setting"},
		{Name: "udp-sendmmsg-log", Since: packets, Fate: Needless, takes: flag, Says: "how packets are sent is not a setting"},
		{Name: "udp-gso", Since: packets, Fate: Needless, takes: flag, Says: "how packets are sent is not a setting"},
		{Name: "sock-buf-size", Since: packets, Fate: Needless, takes: text, Says: "the buffers of sockets are as large as the system allows"},
		{Name: "cpus", Since: packets, Fate: Needless, takes: text, Says: "all processors are used"},
		{Name: "log-min-level", Since: packets, Fate: Needless, takes: text, Says: "log.level is the setting for that"},
		{Name: "include-reason-string", Since: packets, Fate: Needless, takes: flag, Says: "answers hold the number alone, to stay short"},
		{Name: "software-attribute", Since: packets, Fate: Needless, takes: flag, Says: compat},
		{Name: "rfc3489-compatibility", Since: packets, Fate: Needless, takes: flag, Says: "the STUN of RFC 3489 is not served"},
		{Name: "stun-backward-compatibility", Since: packets, Fate: Needless, takes: flag, Says: "the STUN of RFC 3489 is not served"},
		{Name: "rfc5766-channel-numbers", Since: packets, Fate: Needless, takes: flag, Says: "channels are numbered by RFC 8656; those of RFC 5766 that it took away are used by no browser"},
	}
}

// never is what coturn 4.6 only warns about and documents still hold.
func never() []Option {
	const none = "none"
	return []Option{
		{Name: "no-loopback-peers", Since: none, Fate: Needless, takes: off, Says: "coturn dropped it; loopback is refused", Do: drop},
		{Name: "dh2066", Since: none, Fate: Needless, takes: flag, Says: "coturn dropped it; keys are agreed on by elliptic curves alone"},
		{Name: "no-tlsv1.0", Since: none, Fate: Needless, takes: off, Says: "coturn has no such option; TLS 1.0 is never spoken", Do: drop},
		{Name: "no-tlsv1_0", Since: none, Fate: Needless, takes: off, Says: "coturn has no such option; TLS 1.0 is never spoken", Do: drop},
		{Name: "no-tlsv1.1", Since: none, Fate: Needless, takes: off, Says: "coturn has no such option; TLS 1.1 is never spoken", Do: drop},
		{Name: "TURNSERVER_ENABLED", Since: none, Fate: Needless, takes: mark, Says: "it belongs to the start script of an older Debian"},
	}
}
