package config

import "net/netip"

// TURN holds the settings of the media relay.
type TURN struct {
	Listen            Listens  `key:"listen" doc:"Where clients find the relay, over UDP and TCP. With turn.cert, TLS and DTLS are understood there, too."`
	TLSListen         Listens  `key:"tls_listen" doc:"Where clients find the relay over TLS and DTLS alone. Opened only where turn.cert is set."`
	Transports        Words    `key:"transports" choices:"udp,tcp,tls,dtls" doc:"What clients may come by, wherever the relay listens. tls and dtls need turn.cert."`
	Cert              string   `key:"cert" holds:"a file" doc:"PEM file with the certificate of TLS and DTLS, and those between it and its root. Read again when it changes; connections stay. Empty: neither TLS nor DTLS."`
	Key               string   `key:"key" holds:"a file" doc:"PEM file with the private key of turn.cert. May be the same file."`
	TLSMin            string   `key:"tls_min" choices:"1.3,1.2" doc:"The lowest version of TLS. DTLS is always 1.2, there is no other yet."`
	PublicIP          Host     `key:"public_ip" doc:"Address under which clients reach the relay, or a host name that is resolved again each minute. Needed behind NAT. Empty: the address of this machine in its network."`
	PublicIP6         Host     `key:"public_ip6" doc:"The same for IPv6, where turn.public_ip is an address of IPv4 and this machine has another address of IPv6 than the world knows."`
	RelayIPs          Addrs    `key:"relay_ips" doc:"Addresses of this machine from which peers are met. Empty: the one that the client came to, behind NAT the one that leads to the internet."`
	Family            string   `key:"family" choices:"ipv4,ipv6,keep" doc:"Family of addresses that a client gets who asks for none. keep: that by which it came."`
	Realm             string   `key:"realm" doc:"TURN realm; clients never show it. Up to 12 bytes keep first answers over UDP short; longer ones make them subject to a limit for each network."`
	MinPort           uint16   `key:"min_port" min:"1024" max:"65535" doc:"First port for relayed media."`
	MaxPort           uint16   `key:"max_port" min:"1024" max:"65535" doc:"Last port for relayed media. Each relayed side of a call takes one."`
	ShareHTTPS        Toggle   `key:"share_https" only:"serve" choices:"on,off" doc:"Whether the relay is reached at tls_listen too, by TURN over TLS, for networks that let nothing else through. What a client wants is told by ALPN, or by the first byte."`
	AllowOwnAddresses Toggle   `key:"allow_own_addresses" choices:"auto,on,off" doc:"Whether the relay may carry media to other programs at this machine's own addresses, needed to try calls between two browsers on one machine. auto: on for ringfence serve as long as neither public_url nor turn.public_ip is set, else off."`
	AllowPeers        Prefixes `key:"allow_peers" doc:"Networks that clients may reach although they are not part of the internet, such as that of a conference server. turn.deny_peers beats it."`
	DenyPeers         Prefixes `key:"deny_peers" doc:"Networks that clients may not reach, besides those that are not part of the internet."`
	Closed            string   `key:"closed" choices:"off,on" doc:"Whether the relay joins its own clients alone and reaches nothing else. Then no port is opened for media: turn.listen is all that has to be let in, and both sides of a relayed call have to use this relay. turn.min_port to turn.max_port only number them."`
	TCPPeers          string   `key:"tcp_peers" choices:"off,on" doc:"Whether clients may have TCP connections towards peers (RFC 6062). Browsers never ask for them. The ports of mail stay closed."`
	Fast              string   `key:"fast" choices:"on,off" doc:"Whether packets of channels over UDP go past the general code, by a thread for each shard. Linux on 64 bits only; elsewhere they never do. off is for finding faults."`
	Shards            uint16   `key:"shards" min:"0" max:"64" doc:"Threads of turn.fast, each with its own part of the clients. 0: one for each processor."`
	STUN              string   `key:"stun" choices:"on,off,authenticated" doc:"Whether binding requests are answered: to everybody, to nobody, or to those with a credential."`
	SecretFile        string   `key:"secret_file" holds:"a file" doc:"File of the secrets of TURN REST credentials, as other software mints them: a line is a secret, or name:secret; at most 16. For ringfence relay, the first one also signs the credentials of ringfence relay credential."`
	UsersFile         string   `key:"users_file" holds:"a file" doc:"File of users with a password that stays: a line is name:password, or name:0x and the long-term key in hexadecimal."`
	Separator         string   `key:"separator" holds:"one character" doc:"What stands between expiry and name in TURN REST user names."`
	NonceLife         uint32   `key:"nonce_life" min:"60" max:"3600" doc:"Seconds that a nonce lives."`
	DrainTime         uint32   `key:"drain_time" min:"0" max:"86400" doc:"Seconds that relayed calls may go on when the program is told to end; new ones are refused. Nobody can reach ringfence serve meanwhile: set it there where other hubs take the people. A second signal ends it at once."`
	RevokeKeyFile     string   `key:"revoke_key_file" holds:"a file" doc:"File of the key with which POST /revoke on admin_listen ends calls. Empty: that request is not served."`
	Limits            Limits   `key:"limits"`
}

// Limits bounds what the clients of the relay may take.
type Limits struct {
	Allocations              uint32 `key:"allocations" min:"1" max:"1000000" doc:"Allocations in all. Each takes a port and an open file."`
	PerUser                  uint32 `key:"per_user" min:"1" max:"1000000" doc:"Allocations of one user, by name, of a secret or of turn.users_file."`
	PerSecret                uint32 `key:"per_secret" min:"0" max:"1000000" doc:"Allocations of one secret. 0: as many as in all, or where there are several secrets, half of that. A line of turn.secret_file may say allocations=N."`
	PerPrefix                uint32 `key:"per_prefix" min:"1" max:"1000000" doc:"Allocations of one network of clients, an address of IPv4 or a /64 of IPv6."`
	Connections              uint32 `key:"connections" min:"1" max:"1000000" doc:"Connections of clients over TCP, TLS and DTLS, in all. Each takes an open file, but over DTLS."`
	ConnectionsPerPrefix     uint32 `key:"connections_per_prefix" min:"1" max:"1000000" doc:"Connections of one network of clients."`
	Permissions              uint32 `key:"permissions" min:"1" max:"1024" doc:"Addresses of peers that one allocation may have permissions for."`
	Channels                 uint32 `key:"channels" min:"1" max:"1024" doc:"Channels of one allocation."`
	BytesPerSecond           uint32 `key:"bytes_per_second" min:"1000" max:"4000000000" doc:"Bytes a second that one allocation carries each way; what is above is dropped."`
	BytesPerSecondTotal      uint32 `key:"bytes_per_second_total" min:"1000" max:"4000000000" doc:"Bytes a second that all together carry each way."`
	Lifetime                 uint32 `key:"lifetime" min:"600" max:"3600" doc:"Seconds that an allocation lives at most without being refreshed, whatever the client asks for."`
	UnauthenticatedPerSecond uint32 `key:"unauthenticated_per_second" min:"1" max:"1000000" doc:"Answers a second over UDP that are much longer than the request, to those who have shown no password yet; each network gets a small part."`
}

func defaultTURN() TURN {
	return TURN{
		Listen:            Listens{ListenAt(netip.Addr{}, 3478)},
		TLSListen:         Listens{ListenAt(netip.Addr{}, 5349)},
		Transports:        Words{"udp", "tcp", "tls", "dtls"},
		TLSMin:            "1.3",
		Family:            "ipv4",
		Realm:             "ringfence",
		MinPort:           49152,
		MaxPort:           65535,
		ShareHTTPS:        On,
		AllowOwnAddresses: Auto,
		Closed:            "off",
		TCPPeers:          "off",
		Fast:              "on",
		STUN:              "on",
		Separator:         ":",
		NonceLife:         600,
		Limits: Limits{
			Allocations: 8192, PerUser: 64, PerPrefix: 1024, Connections: 8192, ConnectionsPerPrefix: 512,
			Permissions: 64, Channels: 64, BytesPerSecond: 2_000_000, BytesPerSecondTotal: 125_000_000,
			Lifetime: 3600, UnauthenticatedPerSecond: 5000,
		},
	}
}

// Relay holds every setting of a relay that runs alone.
type Relay struct {
	AdminListen  Listen `key:"admin_listen" doc:"Where /healthz, /readyz, /metrics, /turn-test and POST /revoke are served, and nowhere else. All but the last ask for no password: keep them on loopback."`
	AdminHosts   Names  `key:"admin_hosts" doc:"Names under which admin_listen is asked, besides localhost, this machine's name and any IP address. Others are refused: a web page could have made its name point here."`
	CoturnConfig string `key:"coturn_config" holds:"a file" doc:"Configuration file of coturn to serve by, in place of one of our own. What is set here or elsewhere beats it."`
	TURN         TURN   `key:"turn"`
	Log          Log    `key:"log"`
}

// DefaultRelay returns the settings of a relay where nothing is said.
func DefaultRelay() Relay {
	r := Relay{
		AdminListen: ListenAt(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 9090),
		TURN:        defaultTURN(),
		Log:         defaultLog(),
	}
	r.TURN.DrainTime = 30
	return r
}

// OwnAddresses reports whether the relay may reach this machine's own
// addresses.
func (r Relay) OwnAddresses() bool { return r.TURN.AllowOwnAddresses == On && !r.TURN.IsClosed() }

// IsClosed reports whether the relay reaches nothing but its own clients.
func (t *TURN) IsClosed() bool { return t.Closed == "on" }
