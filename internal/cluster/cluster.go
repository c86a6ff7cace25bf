// Package cluster owns the contract of the bus that carries frames between
// hubs. A single node uses the same interface with a bus that never leaves the
// process (cluster/local).
package cluster

import "context"

// Subject names whom a message is for: an account's hubs, or a call's owner.
type Subject string

// Bus carries messages to every node that subscribed to a subject.
type Bus interface {
	// Publish reports only that the bus took the message; it never waits for a
	// subscriber. Delivery is at most once. The bus owns msg from then on.
	Publish(ctx context.Context, to Subject, msg []byte) error
	// Subscribe calls fn for each message until cancel is called, from one
	// goroutine at a time, in the order of one publisher. fn must not block
	// and must not keep msg. cancel returns without waiting for fn.
	Subscribe(to Subject, fn func(msg []byte)) (cancel func(), err error)
}
