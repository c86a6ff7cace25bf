// Package sealmodel explores, with symbols in place of bytes, what a hub that
// lies can do to a friendship, a ring, an answer and the frames of a call, as
// docs/crypto.md has them.
//
// The attacker is the hub: it sees every message, may drop, hold back, repeat,
// swap and make any that it can derive (Dolev and Yao, 1983), and has friends of
// its own, stolen keys or an invented account where a scenario says so. Keys,
// hashes, signatures and HPKE are perfect: what is not derivable by rule is not
// known. [Explore] visits every state of a [Scenario] and returns the first in
// which something that was promised does not hold, with the way there.
//
// The model proves nothing beyond its bounds: the number of threads of a
// scenario, one value of its own for each field in which the attacker may put
// anything, no groups, backups, linking of devices or later legs. It finds what it was
// shown to find: each check of the specification that is left out ([Fault])
// gives an attack, or is listed in the tests as one of several that do the same.
package sealmodel
