// Package relaybench measures a TURN server from outside: how much of a
// processor a relayed packet costs it, how many it carries, how late they come,
// and what an allocation takes. It works against any server that speaks TURN
// over UDP (RFC 8656), sends nothing to any other address, and has no part in
// relaying.
//
// One locked thread makes all the load: it never sleeps while it measures, so
// that no packet pays for waking it up. Clients and peers are sockets of this
// process, and the clock that a packet is stamped with is the clock that it is
// read by.
//
// The generator is for Linux; elsewhere [Measure] returns [ErrLinuxOnly].
package relaybench
