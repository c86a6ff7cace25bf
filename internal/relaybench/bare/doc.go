// Package bare forwards UDP packets with as little as can be: recvmmsg, four
// bytes cut off, sendmmsg. It checks nothing, knows no TURN and must never
// serve anybody: it is what a relay is compared with, because no relay of user
// space that sends packets singly can be much cheaper.
package bare
