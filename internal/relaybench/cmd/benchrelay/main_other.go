//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "benchrelay: the load generator is for Linux only")
	os.Exit(1)
}
