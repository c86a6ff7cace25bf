package main

import (
	"runtime"
	"runtime/debug"
)

// build says what this program was built from.
type build struct {
	Version, Revision string
	Modified          bool
}

// readVersion takes the version that the Go tool wrote into the program.
func readVersion() build {
	b := build{Version: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; v != "" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String says it in one line.
func (b build) String() string {
	s := "ringfence " + b.Version
	if b.Revision != "" {
		s += " (revision " + b.Revision[:min(12, len(b.Revision))]
		if b.Modified {
			s += ", changed"
		}
		s += ")"
	}
	return s + " " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
}
