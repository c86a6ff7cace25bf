//go:build !linux

package relaybench

import "context"

// Measure returns [ErrLinuxOnly].
func Measure(context.Context, Options) (*Report, error) { return nil, ErrLinuxOnly }
