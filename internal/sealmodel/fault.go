package sealmodel

// Fault is a check or a binding of the specification that a run leaves out, to
// see what it holds up.
type Fault string

// The faults. The comment names the place in docs/crypto.md.
const (
	NoSignature      Fault = "the signature of an envelope is not checked"                  // Opening 9
	OpenUnsigned     Fault = "what stands in the clear is not signed"                       // Envelopes, T
	EncapUnsigned    Fault = "the encapsulation is not signed"                              // Envelopes, T
	BodyUnsigned     Fault = "the body is not signed"                                       // Envelopes, T
	AccountsUnsigned Fault = "the accounts are not signed"                                  // Envelopes, T
	NoRecipient      Fault = "acct_to is not compared"                                      // Opening 8
	NoDevice         Fault = "to_dev is not compared"                                       // Opening 2
	RevokedTaken     Fault = "a revoked device is taken"                                    // Opening 3
	HubMakesFriends  Fault = "whom the hub names as a friend is taken for one"              // Pins
	NoCache          Fault = "there is no replay cache"                                     // Opening 4
	NoCallIDs        Fault = "call ids are not remembered"                                  // Rules
	KeysStay         Fault = "a one-time key is not deleted"                                // Prekeys
	PrekeyUnsigned   Fault = "the signature of a prekey is not checked"                     // Prekeys
	PrekeyAnyDevice  Fault = "a prekey of any friend's device is taken"                     // Prekeys
	AnswerAnyDevice  Fault = "any friend's device may answer"                               // Calls
	AnswerAnyRing    Fault = "an answer does not name its ring"                             // Calls
	AnswerTwice      Fault = "a ring takes a second answer"                                 // Calls
	FirstKeyAlone    Fault = "the keys of a call come from the ring alone"                  // Calls, K1
	SecondKeyAlone   Fault = "the keys of a call come from the answer alone"                // Calls, K2
	NoTranscript     Fault = "the keys of a call do not depend on what was sent"            // Calls, th
	EphemeralStays   Fault = "the seed of EKp is not deleted"                               // Calls
	NoDirection      Fault = "both directions have one key, and no direction in the header" // Frames
	NoSequence       Fault = "the number of a frame is not compared"                        // Frames
	NoCommitment     Fault = "a reveal is not compared with its commitment"                 // Frames
	RevealEarly      Fault = "the caller reveals before the press"                          // Frames
	RandomEarly      Fault = "the callee's random value goes out before the press"          // Frames
	OneRandom        Fault = "the branches of a leg share the caller's random value"        // Calls
	RevealTwice      Fault = "the caller reveals to each branch"                            // Frames
	TrackAtPress     Fault = "a track is attached before a frame of the caller opened"      // Frames
	NoFriendMAC      Fault = "a request is taken without the secret of the link"            // Becoming friends
	LogUnbound       Fault = "a log is taken that does not belong to the account's name"    // Verifying
)

// Faults is a set of them.
type Faults map[Fault]bool
