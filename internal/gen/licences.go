package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// legal finds the files that a redistribution has to carry.
var legal = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)(\.(md|txt))?$`)

// licences is the texts of everything of others that is linked into the
// program, each once, for the build of the client to lay beside its own: that
// file is served by the program that they belong to.
func licences(ctx context.Context, root string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-f",
		"{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}", "./cmd/ringfence")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("list modules: %w", err)
	}
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("find Go: %w", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(lines)
	// Go's own comes first, without a version: the text is the same for all.
	lines = append([]string{"Go  " + strings.TrimSpace(string(goroot))}, slices.Compact(lines)...)
	owners := map[string][]string{}
	var texts []string
	for _, line := range lines {
		name, rest, _ := strings.Cut(line, " ")
		version, dir, _ := strings.Cut(rest, " ")
		text, err := legalTexts(dir)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if _, known := owners[text]; !known {
			texts = append(texts, text)
		}
		owners[text] = append(owners[text], strings.TrimSpace(name+" "+version))
	}
	p := &printer{}
	for _, text := range texts {
		p.line("%s\n%s\n\n%s\n", strings.Repeat("=", 72), strings.Join(owners[text], "\n"), text)
	}
	return p.b.String(), nil
}

// legalTexts joins the legal files of a folder.
func legalTexts(dir string) (string, error) {
	folder := os.DirFS(dir)
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return "", fmt.Errorf("read folder: %w", err)
	}
	var texts []string
	for _, e := range entries {
		if e.IsDir() || !legal.MatchString(e.Name()) {
			continue
		}
		text, err := fs.ReadFile(folder, e.Name())
		if err != nil {
			return "", fmt.Errorf("read: %w", err)
		}
		texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")))
	}
	if len(texts) == 0 {
		return "", errors.New("no licence file")
	}
	return strings.Join(texts, "\n\n"), nil
}
