// Package seal is what devices seal for each other, byte by byte as
// docs/crypto.md says: identities, device logs, pins, prekeys, envelopes, the
// keys and frames of a call, linking, the recovery code and the backup.
//
// It works on bytes alone: no network, no storage, no clock. Whoever uses it
// keeps the secrets, brings the time in milliseconds since 1970, and does what
// the page calls "one transaction" (State does it in memory). The hub never
// imports this package, which a test of the project's layers holds.
//
// Nothing here panics on input, whatever it is. What is refused is refused with
// an Error whose Reason is one of the page's codes; reasons stay on the device.
package seal
