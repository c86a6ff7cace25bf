package keyring

import (
	"fmt"
	"strings"

	"github.com/sethvargo/go-diceware/diceware"
)

// proposedWords of 7,776 are 103 bits.
const proposedWords = 8

// Propose returns a passphrase of eight random words of EFF's long list.
func Propose() (Secret, error) {
	words, err := diceware.Generate(proposedWords)
	if err != nil {
		return nil, fmt.Errorf("propose a passphrase: %w", err)
	}
	return Secret(strings.Join(words, "-")), nil
}
