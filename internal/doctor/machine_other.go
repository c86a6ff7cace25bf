//go:build !linux

package doctor

// ThisMachine knows nothing here.
func ThisMachine() Machine { return Machine{} }
