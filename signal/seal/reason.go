package seal

import "errors"

// Reason is why something was refused: a code of docs/crypto.md, the same in Go
// and in TypeScript. It is for the device and the person before it, and never
// goes to the hub.
type Reason string

// The reasons of form.
const (
	Malformed Reason = "malformed"
	Version   Reason = "version"
	BadKind   Reason = "kind"
	BadFlags  Reason = "flags"
	BadBucket Reason = "bucket"
	Padding   Reason = "padding"
)

// The reasons of keys and of the device log.
const (
	KeyInvalid  Reason = "key_invalid"
	LogGenesis  Reason = "log_genesis"
	LogGap      Reason = "log_gap"
	LogFork     Reason = "log_fork"
	LogRollback Reason = "log_rollback"
	LogSigner   Reason = "log_signer"
	LogJoin     Reason = "log_join"
	LogRepeated Reason = "log_repeated"
	LogReset    Reason = "log_reset"
	LogFull     Reason = "log_full"
	LogEnded    Reason = "log_ended"
)

// The reasons of prekeys and of becoming friends.
const (
	BadSuite        Reason = "suite"
	PrekeySignature Reason = "prekey_signature"
	PrekeyDevice    Reason = "prekey_device"
	PrekeyDates     Reason = "prekey_dates"
	PrekeyOlder     Reason = "prekey_older"
	BadRequest      Reason = "request"
	RequestExpired  Reason = "request_expired"
	BadAccept       Reason = "accept"
)

// The reasons of opening an envelope, in the order of its checks.
const (
	NotForMe        Reason = "not_for_me"
	OwnEcho         Reason = "own_echo"
	SenderUnknown   Reason = "sender_unknown"
	KindRule        Reason = "kind_rule"
	DeviceRevoked   Reason = "device_revoked"
	Replay          Reason = "replay"
	Conflict        Reason = "conflict"
	ReplayFull      Reason = "replay_full"
	PrekeyUnknown   Reason = "prekey_unknown"
	PrekeyUsed      Reason = "prekey_used"
	PrekeyExpired   Reason = "prekey_expired"
	AnswerTwice     Reason = "answer_twice"
	AnswerDevice    Reason = "answer_device"
	OpenFailed      Reason = "open"
	BadSender       Reason = "sender"
	BadRecipient    Reason = "recipient"
	BadConversation Reason = "conversation"
	BadSignature    Reason = "signature"
	BadHeadTo       Reason = "head_to"
	BadHeadFrom     Reason = "head_from"
	Expired         Reason = "expired"
	RingOld         Reason = "ring_old"
)

// The reasons of calls.
const (
	BadLeg         Reason = "leg"
	BadCallID      Reason = "call_id"
	CallRepeated   Reason = "call_repeated"
	RingHash       Reason = "ring_hash"
	BadFingerprint Reason = "fingerprint"
	CandidateEarly Reason = "candidate_early"
	BadCommit      Reason = "commit"
	FrameOther     Reason = "frame_other"
	FrameDirection Reason = "frame_direction"
	FrameOld       Reason = "frame_old"
	FrameGap       Reason = "frame_gap"
	FrameOpen      Reason = "frame_open"
	FrameRule      Reason = "frame_rule"
)

// The reasons of linking, of the recovery code and of the backup.
const (
	LinkMAC         Reason = "link_mac"
	LinkTwice       Reason = "link_twice"
	LinkLate        Reason = "link_late"
	BadCode         Reason = "code"
	BackupSignature Reason = "backup_signature"
)

// Error is the one kind of error that this package makes of what it is given.
// Two of the same Reason are equal.
type Error struct{ Reason Reason }

// Error returns the code.
func (e Error) Error() string { return "seal: " + string(e.Reason) }

func refuse(r Reason) error { return Error{Reason: r} }

// ReasonOf returns the Reason in err, and "" where there is none.
func ReasonOf(err error) Reason {
	if e, ok := errors.AsType[Error](err); ok {
		return e.Reason
	}
	return ""
}
