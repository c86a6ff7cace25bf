// Package conformance holds the relay to its standards, section by section:
// RFC 8489 (STUN), RFC 5769 (STUN's test vectors) and RFC 8656 (TURN).
//
// It has nothing but tests. They speak the wire with a codec of their own, so
// that a fault of the codec that the relay uses can't hide itself, and drive
// the relay through its public interface alone. A test is named after the
// section whose rule it checks. Where a standard leaves a choice, the test
// says so and holds the choice.
package conformance
