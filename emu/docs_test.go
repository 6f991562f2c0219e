package emu

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var updateIndex = flag.Bool("update", false, "renew the index of RATIONALE.md")

// TestRationaleIndex: the list at the head of RATIONALE.md is of its questions, in
// their order.
func TestRationaleIndex(t *testing.T) {
	text := readDoc(t, "RATIONALE.md")
	var want strings.Builder
	for _, m := range regexp.MustCompile(`(?m)^## (.*)$`).FindAllStringSubmatch(text, -1) {
		want.WriteString("- [" + m[1] + "](#" + anchor(m[1]) + ")\n")
	}
	at := regexp.MustCompile(`(?m)(^- \[.*\]\(#.*\)\n)+`).FindStringIndex(text)
	if at == nil {
		t.Fatal("no index")
	}
	got := text[at[0]:at[1]]
	switch {
	case got == want.String():
	case *updateIndex:
		if err := os.WriteFile("RATIONALE.md", []byte(text[:at[0]]+want.String()+text[at[1]:]), 0o666); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the index of RATIONALE.md is not of its questions; go test ./emu -run RationaleIndex -update renews it:\n%swant\n%s", got, want.String())
	}
}

// anchor is how a heading is linked to.
func anchor(heading string) string {
	kept := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(kept, " ", "-")
}

// TestContributing: the files, tests and links that CONTRIBUTING.md and the README
// name are there.
func TestContributing(t *testing.T) {
	tests, names := testNames(t), 0
	text := readDoc(t, "../CONTRIBUTING.md")
	for _, m := range regexp.MustCompile("`((?:emu|lua|cmd|native)/[^` ]*|go\\.mod|\\.ci/run)`").FindAllStringSubmatch(text, -1) {
		names++
		if found, err := filepath.Glob(filepath.Join("..", strings.ReplaceAll(m[1], "NAME", "*"))); err != nil || len(found) == 0 {
			t.Errorf("CONTRIBUTING.md names %s, which does not exist", m[1])
		}
	}
	for _, m := range regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(text, -1) {
		names++
		if !tests[m[1]] {
			t.Errorf("CONTRIBUTING.md names %s, which does not exist", m[1])
		}
	}
	if names < 60 {
		t.Errorf("only %d names", names)
	}
	for doc, text := range map[string]string{"CONTRIBUTING.md": text, "README.md": readDoc(t, "../README.md")} {
		for _, m := range regexp.MustCompile(`\]\(([^):#]+)\)`).FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
				t.Errorf("%s: %v", doc, err)
			}
		}
	}
}

// testNames are the tests of the project.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(readDoc(t, path), -1) {
			names[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func readDoc(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
