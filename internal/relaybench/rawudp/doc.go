// Package rawudp has the two system calls of Linux that move many UDP packets
// at a time, and nothing around them. What measures a relay shares no code with
// it, so these are not the relay's own.
package rawudp
