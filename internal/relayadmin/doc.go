// Package relayadmin owns what an operator's other programs may ask of a relay
// over HTTP. Who mounts it chooses where it is heard; it must not be where
// clients are.
//
// It refuses to know what a call is: it passes names on.
package relayadmin
