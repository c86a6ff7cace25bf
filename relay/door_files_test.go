package relay

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestReadSecrets(t *testing.T) {
	t.Parallel()
	got, warnings, err := ReadSecrets(strings.NewReader(`
# what Synapse and Nextcloud mint with
0123456789abcdef0123456789abcdef
  matrix:0123456789abcdef  allocations=20
cloud:with:colons:in:the:secret:itself` + "\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []NamedSecret{
		{"1", secretOf([]byte("0123456789abcdef0123456789abcdef")), 0},
		{"matrix", secretOf([]byte("0123456789abcdef")), 20},
		{"cloud", secretOf([]byte("with:colons:in:the:secret:itself")), 0},
	}
	same := func(a, b NamedSecret) bool {
		return a.Name == b.Name && a.Secret.Reveal() == b.Secret.Reveal() && a.Allocations == b.Allocations
	}
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "line 4") || !strings.Contains(warnings[0], toMakeOne) {
		t.Errorf("got warnings %q, want one about line 4", warnings)
	}
}

// Every line that is wrong is named at once, and nothing that stands there.
func TestReadSecretsNamesEveryFault(t *testing.T) {
	t.Parallel()
	file := strings.Join([]string{
		"tooshort", "good:0123456789abcdef0123456789abcdef", "good:fedcba9876543210fedcba9876543210",
		"bad name!:0123456789abcdef", "spaced:0123456789abcdef hunter2", "n:0123456789abcdef allocations=-3",
		"n:0123456789abcdef allocations=3 allocations=4", "n:", "n:0123456789\x01bcdef9", ":0123456789abcdef",
		"long:" + strings.Repeat("s", 1025),
	}, "\n")
	_, _, err := ReadSecrets(strings.NewReader(file))
	for line, want := range map[int]error{
		1: errShortREST, 3: errSecretTwin, 4: errAfterSecret, 5: errAfterSecret, 6: errAfterSecret, 7: errAfterSecret,
		8: errSecretText, 9: errSecretText, 10: errSecretName, 11: errSecretText,
	} {
		if !hasLine(err, line, want) {
			t.Errorf("line %d: want %v in: %v", line, want, err)
		}
	}
	if hasLine(err, 2, nil) {
		t.Error("line 2 is right")
	}
	for _, leak := range []string{"tooshort", "0123", "fedc", "hunter2", "sss"} {
		if strings.Contains(err.Error(), leak) {
			t.Errorf("the error has %q: %v", leak, err)
		}
	}
	for file, want := range map[string]error{
		"": errNoSecret, "# only\n\n": errNoSecret, strings.Repeat("#", maxDoorFile+1): errDoorFile,
		strings.Repeat("0123456789abcdef0123456789abcdef\n", MaxSecrets+1): errSecrets,
	} {
		if got, _, err := ReadSecrets(strings.NewReader(file)); !errors.Is(err, want) || got != nil {
			t.Errorf("%.20q: got %v, %v, want %v", file, got, err, want)
		}
	}
}

// hasLine reports whether err names a line; nil stands for whatever reason.
func hasLine(err error, line int, why error) bool {
	joined, ok := err.(interface{ Unwrap() []error })
	return ok && slices.ContainsFunc(joined.Unwrap(), func(e error) bool {
		var l *LineError
		return errors.As(e, &l) && l.Line == line && (why == nil || errors.Is(e, why))
	})
}

func TestReadUsers(t *testing.T) {
	t.Parallel()
	got, warnings, err := ReadUsers(strings.NewReader("# ours\nann: correct:horse # battery\n\nbob:0x00112233445566778899aabbccddeeff\ncid:short\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].name != "ann" || got[0].password.Reveal() != " correct:horse # battery" ||
		got[1].key.Reveal()[1] != 0x11 || got[1].password.Reveal() != "" || got[2].name != "cid" {
		t.Errorf("got %d users", len(got))
	}
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "line 5") {
		t.Errorf("got warnings %q, want one about line 5", warnings)
	}
	_, _, err = ReadUsers(strings.NewReader("ann\nbob:hunter2hunter2\nbob:again\ncid:0xhunter2\ndan:\nv1.x:hunter2\n"))
	for line, want := range map[int]error{1: errUserLine, 3: errUserTwin, 4: errUserKey, 5: errPassword, 6: errUserForm} {
		if !hasLine(err, line, want) {
			t.Errorf("line %d: want %v in: %v", line, want, err)
		}
	}
	for _, leak := range []string{"hunter2", "ann", "bob", "cid"} {
		if strings.Contains(err.Error(), leak) {
			t.Errorf("the error has %q: %v", leak, err)
		}
	}
	if _, _, err := ReadUsers(strings.NewReader("\n")); !errors.Is(err, errNoUser) {
		t.Errorf("empty: got %v", err)
	}
}

// Whatever is read opens doors, and nothing that is wrong is repeated.
func FuzzReadSecrets(f *testing.F) {
	f.Add("0123456789abcdef\nn:0123456789abcdef0123456789abcdef allocations=3\n#\n")
	f.Add("a:b:c\r\n \x00")
	f.Fuzz(func(t *testing.T, file string) {
		secrets, warnings, err := ReadSecrets(strings.NewReader(file))
		if (err == nil) == (len(secrets) == 0) {
			t.Fatalf("got %d secrets and %v", len(secrets), err)
		}
		if err := checkSecrets(secrets); err != nil {
			t.Errorf("read what a relay refuses: %v", err)
		}
		for _, s := range secrets {
			if len(s.Secret.Reveal()) < MinRESTSecret {
				t.Error("a short secret passed")
			}
			for _, w := range warnings {
				if strings.Contains(w, s.Secret.Reveal()) {
					t.Error("a warning has the secret")
				}
			}
		}
	})
}

func FuzzReadUsers(f *testing.F) {
	f.Add("ann:correct horse\nbob:0x00112233445566778899aabbccddeeff\n")
	f.Add("v1.a:b\n:\nx:0x\r")
	f.Fuzz(func(t *testing.T, file string) {
		users, _, err := ReadUsers(strings.NewReader(file))
		if (err == nil) == (len(users) == 0) {
			t.Fatalf("got %d users and %v", len(users), err)
		}
		if err := checkUsers(users); err != nil {
			t.Errorf("read what a relay refuses: %v", err)
		}
	})
}

func FuzzRESTUsername(f *testing.F) {
	f.Add("1700000000:ann", byte(':'))
	f.Add("ann!1700000000", byte('!'))
	f.Fuzz(func(t *testing.T, s string, separator byte) {
		if checkSeparator(separator) != nil {
			return
		}
		at, name, ok := restDoor{separator: separator}.parse(s)
		if ok && (at.Unix() <= 0 || len(name) >= len(s)) {
			t.Errorf("%q: got %d and %q", s, at.Unix(), name)
		}
	})
}
