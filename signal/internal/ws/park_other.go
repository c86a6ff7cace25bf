//go:build !linux

package ws

import (
	"context"
	"errors"
)

var errNoLot = errors.New("connections cannot be parked on this system")

// Lot is where connections would be parked.
type Lot struct{}

// NewLot fails.
func NewLot() (*Lot, error) { return nil, errNoLot }

// Run has nothing to do.
func (*Lot) Run(context.Context) error { return nil }

// Len is zero.
func (*Lot) Len() int { return 0 }

func (*Lot) forget(*Conn) {}

// Park does nothing.
func (*Conn) Park() bool { return false }

type room struct{}

// Roomy is false where it cannot be told.
func (*Conn) Roomy(int) bool { return false }
