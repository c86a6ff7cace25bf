package wire

// Bodies that go from device to device. The hub never decodes them; they are
// declared here so that clients in different languages understand each other.

// SDPType is the type of a session description, as W3C WebRTC 1.0 names it.
type SDPType string

// The types of descriptions.
const (
	SDPOffer    SDPType = "offer"
	SDPAnswer   SDPType = "answer"
	SDPRollback SDPType = "rollback"
)

// Description is a session description: the body of description, and what
// sealed holds in ring and answer.
type Description struct {
	Type SDPType `json:"type"`
	SDP  string  `json:"sdp"`
}

// Candidates carries ICE candidates as they are found, several in one frame
// where that is possible.
type Candidates struct {
	Candidates List[Candidate] `json:"candidates"`
	End        bool            `json:"end,omitempty" doc:"no more will follow until ICE restarts"`
}

// Candidate is one ICE candidate; the names are those of RTCIceCandidateInit.
type Candidate struct {
	Candidate string `json:"candidate" doc:"candidate-attribute of RFC 8839"`
	Mid       string `json:"sdpMid,omitempty"`
	Line      int    `json:"sdpMLineIndex"`
	Fragment  string `json:"usernameFragment,omitempty"`
}

// Warm is a description, or candidates, of the connection that two devices make
// while a call rings. A description in it names no candidate; a candidate is
// that of a relay, with nothing of the device behind it, and whoever gets
// another one throws it away.
type Warm struct {
	Type       SDPType         `json:"type,omitempty" doc:"of sdp: the caller offers"`
	SDP        string          `json:"sdp,omitempty"`
	Candidates List[Candidate] `json:"candidates"`
	End        bool            `json:"end,omitempty" doc:"no more will follow"`
}

// Sending says what this side sends, for the other side to show.
type Sending struct {
	Audio  bool `json:"audio" doc:"false: muted"`
	Video  bool `json:"video" doc:"false: no picture, of camera or screen"`
	Screen bool `json:"screen,omitempty" doc:"the picture is that of a screen"`
	Held   bool `json:"held,omitempty" doc:"the picture waits for the network to have room; sound goes first"`
}
