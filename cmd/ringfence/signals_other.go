//go:build !unix

package main

import "os"

// There are no such signals here.
func drainSignal() <-chan os.Signal  { return nil }
func reloadSignal() <-chan os.Signal { return nil }
