// Package benchhost knows the machine on which a benchmark runs: what a process
// costs it, and how to stay on a core.
package benchhost

// Machine is where it was measured.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
}
