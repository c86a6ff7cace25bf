// Package mmsg moves many UDP packets with few system calls on Linux:
// recvmmsg and sendmmsg, runs of packets cut by the kernel (UDP_SEGMENT) or
// handed over whole (UDP_GRO), and an edge-triggered epoll. It knows sockets
// and memory, and nothing of TURN.
//
// Nothing in it allocates per packet. Its system calls never wait, but for
// [Poll.Wait]; they are made without telling the scheduler of Go, which costs
// more than a packet.
package mmsg
