//go:build !linux

// Command benchsignal measures on Linux only.
package main

func main() {}
