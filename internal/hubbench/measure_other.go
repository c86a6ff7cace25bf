//go:build !linux

package hubbench

import (
	"context"
	"errors"
	"io"
	"net"
)

var errLinuxOnly = errors.New("this measures on Linux only")

// Measure fails.
func Measure(context.Context, Options) (*Report, error) { return nil, errLinuxOnly }

// ServeFloor fails.
func ServeFloor(context.Context, net.Listener) error { return errLinuxOnly }

// Serve fails.
func Serve(context.Context, Kind, int, io.Writer, io.Reader) error { return errLinuxOnly }
