// Package wire is the only source of the signaling protocol: the envelope, the
// kinds of frames and their bodies, limits and versions. The TypeScript types
// and docs/protocol.md's tables are generated from it. It imports only ids and
// error codes.
package wire

import (
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
)

// FeatureMove is what a client says in hello that would take calls over from
// other devices of its person.
const FeatureMove = "move"

// Subprotocol is the WebSocket subprotocol of this protocol's first line.
const Subprotocol = "ringfence.v1"

// The range of versions that this build speaks.
const (
	MinVersion = 1
	MaxVersion = 1
)

// Limits, enforced by the hub and generated into the clients.
const (
	MaxFrame            = 64 << 10 // bytes of one WebSocket message
	MaxBody             = 48 << 10 // characters of a body
	MaxFeatures         = 32       // feature names in a hello
	MaxFeatureName      = 32       // characters of one
	MaxFrameRate        = 50       // frames a second of one session, sustained
	MaxFrameBurst       = 320      // frames of one session that may come at once: all that is sent again after a lost connection, and more
	MaxControlRate      = 10       // pings, and pongs that answer none, a second of one connection, sustained
	MaxControlBurst     = 64       // of them that may come at once
	MaxAccountRate      = 200      // frames a second of all sessions of one account, sustained
	MaxAccountBurst     = 1280     // frames of one account that may come at once
	MaxAddressRate      = 2000     // frames a second from one address (IPv6: its /64), sustained
	MaxAddressBurst     = 12800    // frames from one address that may come at once
	MaxHellos           = 64       // connections of one account that may say hello at once
	MaxHelloRate        = 1        // and how many a second after that
	MaxAddressHellos    = 20000    // connections from one address that may say hello at once
	MaxAddressHelloRate = 400      // and how many a second after that
	MaxSessions         = 16       // open sessions of one account on one node
	MaxCalls            = 16       // calls that one session takes part in, ringing ones included; one with somebody else may come on top
	MaxCallsOnTop       = 256      // of all of them together
	MaxSealed           = 32 << 10 // characters of sealed in ring and answer
	MaxRinging          = 10       // calls of one account that may ring another at the same time, on one node
	MaxRings            = 10       // rings a minute of one account
	RingSeconds         = 45       // how long a call rings
	OfflineSeconds      = 8        // how long a ring waits for a first device to report
	ResumeSeconds       = 20       // how long a lost session or leg is kept
	ResumeFrames        = 256      // frames kept for a lost session
	HelloSeconds        = 10       // from the upgrade to hello
	PingSeconds         = 8        // between the hub's pings; a peer silent for two and a half is gone
	MaxWarm             = 32       // warm frames of one side while a call rings
	MaxConnectTenths    = 900      // tenths of a second from the ring to the connection, in measured
)

// Envelope is one frame. Body stands last and is base64url text without
// padding: of a JSON object for kinds the hub acts upon, of bytes that only
// the other device understands for kinds that pass through.
type Envelope struct {
	V    int      `json:"v" doc:"protocol version"`
	Kind Kind     `json:"kind" doc:"what the frame is"`
	ID   id.Frame `json:"id,omitzero" doc:"chosen by the sender, so that an answer can name it"`
	Call id.Call  `json:"call,omitzero" doc:"chosen by the caller's device"`
	From Address  `json:"from,omitzero" doc:"set by the hub; a frame that a client sends with it is refused"`
	To   Address  `json:"to,omitzero" doc:"whom the frame is for"`
	Seq  uint32   `json:"seq,omitempty" doc:"number of the frame in its session, set by the hub from 1"`
	Body string   `json:"body" doc:"base64url"`
}

// Address names an account and, where it matters, one device of it.
type Address struct {
	Account id.Account `json:"account,omitzero"`
	Device  id.Device  `json:"device,omitzero"`
}

// Kind names what a frame is. Kinds are append-only.
type Kind string

// Kinds that a client sends and the hub acts upon.
const (
	KindHello   Kind = "hello"   // first frame of a connection
	KindRing    Kind = "ring"    // start a call
	KindRinging Kind = "ringing" // this device rings
	KindAnswer  Kind = "answer"  // this device takes the call
	KindDecline Kind = "decline" // the callee does not want it
	KindHangup  Kind = "hangup"  // cancel before the answer, hang up after it
	KindRelay   Kind = "relay"   // ask for fresh ICE servers of a running call
	KindRejoin  Kind = "rejoin"  // this device was in a running call, before the hub lost it
	KindTake    Kind = "take"    // this device takes over a running call that another one of the same person has

	KindMeasured Kind = "measured" // once for each leg of a call that runs, where its person has agreed: what the hub counts and forgets
)

// Kinds that pass from one leg of a call to the other; the hub never decodes
// their bodies.
const (
	KindDescription Kind = "description" // an SDP offer or answer
	KindCandidate   Kind = "candidate"   // ICE candidates, or their end
	KindMedia       Kind = "media"       // what a side sends: muted, camera off
	KindWarm        Kind = "warm"        // while it rings, between the two that early named: a way through relays, for nothing yet
)

// Kinds that the hub sends.
const (
	KindWelcome   Kind = "welcome"   // answer to hello
	KindOK        Kind = "ok"        // the frame named by ref took effect
	KindError     Kind = "error"     // the frame named by ref did not
	KindCalling   Kind = "calling"   // to the caller: the call exists, its ICE servers
	KindIncoming  Kind = "incoming"  // to each device of the callee
	KindProgress  Kind = "progress"  // to the caller: a device rings
	KindEarly     Kind = "early"     // to the caller and one device of the callee: you two may connect through relays while it rings
	KindAnswered  Kind = "answered"  // to both legs: the call runs between these two
	KindAway      Kind = "away"      // the other leg lost its connection, or is back
	KindEnded     Kind = "ended"     // the call is over, with the reason
	KindServers   Kind = "servers"   // answer to relay
	KindElsewhere Kind = "elsewhere" // to clients with the feature move: another device of the same person is in a call, or is no more
	KindPresence  Kind = "presence"  // a friend came or went
	KindChanged   Kind = "changed"   // something the HTTP API shows has changed
	KindBye       Kind = "bye"       // the hub is about to close this connection
)

// Media is what a call is meant to carry.
type Media string

// The kinds of calls.
const (
	MediaAudio Media = "audio"
	MediaVideo Media = "video"
)

// Hello opens a session, or goes on with one.
type Hello struct {
	Min      int      `json:"min" doc:"lowest version the client speaks"`
	Max      int      `json:"max" doc:"highest version the client speaks"`
	Features []string `json:"features,omitempty" doc:"names of optional features the client has"`
	Resume   string   `json:"resume,omitempty" doc:"token of the session to go on with"`
	Cursor   uint32   `json:"cursor,omitempty" doc:"seq of the last frame received in it"`
}

// Welcome answers hello.
type Welcome struct {
	Version  int      `json:"version"`
	Features []string `json:"features,omitempty"`
	Self     Address  `json:"self"`
	Resume   string   `json:"resume" doc:"token that goes on with this session within resume_seconds"`
	Resumed  bool     `json:"resumed" doc:"true: the frames after the cursor follow; false: fetch the state anew"`
	Received uint32   `json:"received" doc:"how many frames of this session, hello not counted, the hub has taken from the client: send those after it again"`
	Seconds  int      `json:"resume_seconds"`
	Boot     id.Boot  `json:"boot,omitzero" doc:"random, another one each time the hub starts: what it knew, and most likely its relay, is gone"`
}

// Ring starts a call with an account, on all its devices. Call is a fresh
// random id.
type Ring struct {
	Media  Media  `json:"media"`
	Sealed string `json:"sealed,omitempty" doc:"base64url, passed to the callee's devices unread: an offer without candidates"`
	Early  bool   `json:"early,omitempty" doc:"this device would connect through relays while it rings"`
}

// Ringing says that this device shows the call. It may come again, with early.
type Ringing struct {
	Early bool `json:"early,omitempty" doc:"this device is ready to connect through relays while it rings; counts where incoming said early"`
}

// Answer takes the call.
type Answer struct {
	Media  Media  `json:"media"`
	Sealed string `json:"sealed,omitempty" doc:"base64url, passed to the caller's device unread: the answer to its offer"`
	Early  bool   `json:"early,omitempty" doc:"over the connection that was made while it rang; sealed then counts for nothing"`
}

// Decline refuses the call on all devices.
type Decline struct {
	Busy bool `json:"busy,omitempty" doc:"declined by the program, because this device is in a call"`
}

// Hangup ends the call, or takes a ring back.
type Hangup struct{}

// Relay asks for fresh ICE servers.
type Relay struct{}

// Rejoin asks for a running call back that the hub knows no more. The call goes
// on once both of its devices have asked, each naming the other.
type Rejoin struct {
	Media  Media   `json:"media"`
	Peer   Address `json:"peer" doc:"the other leg, account and device, as answered told it"`
	Caller bool    `json:"caller,omitempty" doc:"this device made the call"`
}

// Take moves a running call of another device of the same person to this one.
// The two legs get answered, the device that had it ended with moved.
type Take struct{}

// Way is how the media of a call go.
type Way string

// The ways.
const (
	WayDirect Way = "direct" // from device to device
	WayUDP    Way = "udp"    // over this side's relay, reached so
	WayTCP    Way = "tcp"
	WayTLS    Way = "tls"
	WayRelay  Way = "relay" // over the other side's relay alone, or this side cannot tell how it reaches its own
)

// Ways lists them all.
func Ways() []Way { return []Way{WayDirect, WayUDP, WayTCP, WayTLS, WayRelay} }

// Measured tells how a call went. The hub adds it to its counters and keeps
// nothing else of it; the first leg of a call that tells is the one that counts.
// Both sides are answered the same.
type Measured struct {
	Tenths int `json:"tenths" doc:"tenths of a second from the ring until media could flow, rounded up; as many as are allowed where it was longer"`
	Way    Way `json:"way" doc:"how media go once they have settled"`
}

// Calling tells the caller that the call exists.
type Calling struct {
	Servers List[ICEServer] `json:"servers"`
	Seconds int             `json:"ring_seconds"`
}

// Incoming is a call that rings.
type Incoming struct {
	Media   Media           `json:"media"`
	Sealed  string          `json:"sealed,omitempty"`
	Servers List[ICEServer] `json:"servers"`
	Seconds int             `json:"ring_seconds" doc:"how long it will go on ringing"`
	Early   bool            `json:"early,omitempty" doc:"the caller would connect through relays while it rings"`
}

// Progress tells the caller that a device of the callee rings.
type Progress struct{}

// Early tells the caller and the first ready device of the callee, and nobody
// else, that warm passes between them until the answer.
type Early struct{}

// Answered tells both legs with whom the call runs.
type Answered struct {
	Media  Media   `json:"media"`
	Peer   Address `json:"peer" doc:"the other leg"`
	Sealed string  `json:"sealed,omitempty"`
	Early  bool    `json:"early,omitempty" doc:"over the connection that was made while it rang; false: it is dropped"`
	Moved  bool    `json:"moved,omitempty" doc:"the other side has taken the call to another device, or another page: connect with it anew"`
}

// Away says that the other leg lost its connection to the hub, or is back.
// Media may go on meanwhile.
type Away struct {
	Away    bool `json:"away"`
	Seconds int  `json:"seconds" doc:"until the call ends for it"`
}

// Elsewhere tells of a call that another device of the same person is in, which
// take moves to this one.
type Elsewhere struct {
	Over    bool      `json:"over,omitempty" doc:"it is no more; nothing else is said"`
	Device  id.Device `json:"device,omitzero" doc:"which of the person's devices has it"`
	Peer    Address   `json:"peer,omitzero" doc:"the other leg"`
	Media   Media     `json:"media,omitempty"`
	Caller  bool      `json:"caller,omitempty" doc:"the person made the call, and the device that has it offers first"`
	Seconds int       `json:"seconds,omitempty" doc:"how long the call has run"`
}

// Reason is why a call ended.
type Reason string

// The reasons. They are the same for every call that could not reach anyone.
const (
	ReasonHangup    Reason = "hangup"             // somebody hung up
	ReasonCancelled Reason = "cancelled"          // the caller took the ring back
	ReasonDeclined  Reason = "declined"           // the callee does not want it
	ReasonBusy      Reason = "busy"               // every device of the callee is in a call
	ReasonElsewhere Reason = "answered_elsewhere" // another device, or another session of this one, has the call
	ReasonTimeout   Reason = "no_answer"          // it rang to the end
	ReasonOffline   Reason = "offline"            // no device of the callee rang
	ReasonLost      Reason = "lost"               // a leg did not come back in time
	ReasonReach     Reason = "reach"              // the two are no friends any more
	ReasonGlare     Reason = "glare"              // both rang each other: take the other call, which goes on
	ReasonStopped   Reason = "stopped"            // the hub stops
	ReasonMoved     Reason = "moved"              // another device of the same person has taken the call over
)

// Ended ends a call.
type Ended struct {
	Reason Reason `json:"reason"`
	Within int    `json:"seconds,omitempty" doc:"how long the call had run, in seconds"`
}

// ICEServer is one server for RTCPeerConnection, as W3C WebRTC 1.0 names it.
type ICEServer struct {
	URLs       List[string] `json:"urls"`
	Username   string       `json:"username,omitempty"`
	Credential string       `json:"credential,omitempty"`
}

// Servers answers relay.
type Servers struct {
	Servers List[ICEServer] `json:"servers"`
}

// Presence says that a friend came or went.
type Presence struct {
	Account id.Account `json:"account"`
	Online  bool       `json:"online"`
}

// Topic is a part of what the HTTP API shows.
type Topic string

// The topics.
const (
	TopicFriends Topic = "friends" // friends, requests and blocks
	TopicInvites Topic = "invites" // open invite links
	TopicNotices Topic = "notices" // missed calls
)

// Changed asks the client to fetch a topic again.
type Changed struct {
	Topic Topic `json:"topic"`
}

// OK says that a frame took effect.
type OK struct {
	Ref id.Frame `json:"ref"`
}

// Error says that a frame did not take effect, and why. It never closes the
// connection.
type Error struct {
	Ref        id.Frame   `json:"ref,omitzero"`
	Code       fault.Code `json:"code"`
	Text       string     `json:"text" doc:"English, for programs without a catalogue"`
	Field      string     `json:"field,omitempty"`
	Rule       string     `json:"rule,omitempty"`
	Limit      int        `json:"limit,omitempty"`
	RetryAfter int        `json:"retry_after,omitempty" doc:"seconds"`
}

// Bye comes before the hub closes.
type Bye struct {
	Reconnect bool `json:"reconnect"`
}

// CloseCode is a WebSocket close code. 4000 to 4499: come back; 4500 to 4999:
// do not.
type CloseCode int

// The close codes.
const (
	CloseRestart   CloseCode = 4000 // the hub stops
	CloseSlow      CloseCode = 4001 // the client reads too slowly; resume
	CloseSilent    CloseCode = 4002 // no sign of life
	CloseOften     CloseCode = 4003 // connects too often; the error frame before it says when to come back
	CloseReplaced  CloseCode = 4500 // the same session was resumed elsewhere
	CloseSignedOut CloseCode = 4501 // the session ended
	CloseProtocol  CloseCode = 4502 // no hello, no common version, not text, too large
	CloseTooMany   CloseCode = 4503 // too many sessions of the account
	CloseFlood     CloseCode = 4504 // too many frames
)
