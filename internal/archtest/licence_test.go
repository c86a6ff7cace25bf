package archtest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// permissive tells by its own words whether a licence is one that may ship.
var (
	permissive = regexp.MustCompile(`(?i)MIT License|Permission is hereby granted, free of charge|Redistribution and use in source and binary forms|Apache License|Permission to use, copy, modify, and/or distribute this software for any purpose|Permission to use, copy, modify, and distribute this software for any purpose|free and unencumbered software`)
	copyleft   = regexp.MustCompile(`(?i)GNU (Lesser |Affero )?General Public License|Mozilla Public License|European Union Public`)
	// OFL-1.1 is for fonts alone: it lets them be bundled with anything.
	spdx = []string{"MIT", "Apache-2.0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Unlicense", "OFL-1.1"}
)

// TestLicences holds that everything linked into the program, and everything
// bundled into the client, is under a permissive licence.
func TestLicences(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}", module+"cmd/ringfence")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	mods := strings.Fields(string(out))
	seen := map[string]bool{}
	for i := 0; i+1 < len(mods); i += 2 {
		if path, dir := mods[i], mods[i+1]; !seen[path] {
			seen[path] = true
			checkLicenceFile(t, path, dir)
		}
	}
	if len(seen) < 5 {
		t.Errorf("only %d modules found: the list is not what it should be", len(seen))
	}
}

func checkLicenceFile(t *testing.T, path, dir string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "[LlCU][IiOoN][CcPpL]*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // a folder
		}
		text = bytes.Join(bytes.Fields(text), []byte(" ")) // lines are broken anywhere
		if copyleft.Match(text) && !permissive.Match(text) {
			t.Errorf("%s is under a copyleft licence (%s)", path, filepath.Base(name))
			return
		}
		if permissive.Match(text) {
			t.Logf("%s: permissive (%s)", path, filepath.Base(name))
			return
		}
	}
	t.Errorf("%s has no licence file that this test knows", path)
}

func TestLicencesOfTheClient(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(repoRoot(t), "web", "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct {
			Licence string `json:"license"`
			Dev     bool   `json:"dev"`
			DevOpt  bool   `json:"devOptional"`
			Link    bool   `json:"link"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(raw, &lock); err != nil {
		t.Fatal(err)
	}
	shipped := 0
	for name, p := range lock.Packages {
		if !strings.Contains(name, "node_modules/") || p.Dev || p.DevOpt || p.Link {
			continue
		}
		shipped++
		if !slices.Contains(spdx, p.Licence) {
			t.Errorf("%s ships under %q, which is not in %v", name, p.Licence, spdx)
		}
	}
	if shipped < 3 {
		t.Errorf("only %d packages ship: the list is not what it should be", shipped)
	}
}
