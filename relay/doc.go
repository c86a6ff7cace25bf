// Package relay owns the TURN side of Ringfence: its listeners, the
// credentials that open them, the sockets that face the peers, and the rules
// about which peers those may talk to. The protocol itself is pion/turn's.
//
// It refuses to know accounts, friendships, devices and the store. A
// credential names a random call and a random leg of it, and that is all a
// relay ever learns; any relay that holds the key can check it.
//
// What holds everywhere in here:
//
//   - A peer is refused unless a rule permits it, by address and by port, in
//     both directions, for every packet.
//   - Nothing that names a client or a peer goes to the log or into a counter.
//   - [Listen] opens everything and starts nothing. [Server.Serve] returns
//     when whatever it started has ended.
//
// Locks: pion holds locks of its own while it calls the event hooks and Close
// of a relay socket. So nothing here calls into pion while it holds a lock,
// and nothing here holds two locks at once.
package relay
