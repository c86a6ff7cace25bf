// Package archtest holds no code, only tests that hold the tree to its rules:
// which package may import which, how long files and functions may get, that
// nothing records media, that what ships has a permissive licence, and that
// every promise names a test that exists.
package archtest
