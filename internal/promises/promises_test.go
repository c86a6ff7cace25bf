package promises_test

import (
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/promises"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const good = "## P01 Only friends ring\nProse.\n\n- Kept by: CheckReach.\n- Test: `go ./friends TestReach`, `e2e call.test.mjs`\n- Broken by: `docs/promises/P01.patch`\n"
	all, err := promises.Parse(strings.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || len(all[0].Tests) != 2 || all[0].Tests[0].Name != "TestReach" || all[0].Patch != "docs/promises/P01.patch" {
		t.Errorf("Parse = %+v", all)
	}
	for name, bad := range map[string]string{
		"empty":    "",
		"no test":  "## P01 A\n- Kept by: x.\n- Broken by: `a.patch`\n",
		"bad test": strings.Replace(good, "`go ./friends TestReach`", "TestReach", 1),
		"twice":    good + good,
	} {
		if _, err := promises.Parse(strings.NewReader(bad)); err == nil {
			t.Errorf("%s: Parse = nil, want an error", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("## P01 A\n- Kept by: x\n- Test: `go ./a TestB`\n- Broken by: `a.patch`\n")
	f.Fuzz(func(t *testing.T, s string) {
		all, err := promises.Parse(strings.NewReader(s))
		if err == nil && len(all) == 0 {
			t.Fatal("nothing read and no error")
		}
	})
}
