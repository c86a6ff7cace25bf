// Command benchrelay measures this relay beside others in one session and
// writes docs/bench-relay.md; make bench-relay runs it. It is also those of the
// others that are a few lines of Go: vanilla pion/turn, the bare forwarder, and
// the probes of what the system calls alone take.
package main
