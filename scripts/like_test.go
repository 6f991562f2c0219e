package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pattern makes a regular expression of an expected text, in which … stands for
// any characters of a line, and a line that is … alone for any lines.
func pattern(want string) *regexp.Regexp {
	re := `(?s)^`
	for l := range strings.Lines(want) {
		if strings.TrimSpace(l) == "…" {
			re += `(?-s:.*\n)*?`
			continue
		}
		re += strings.ReplaceAll(regexp.QuoteMeta(l), "…", `(?-s:.*?)`)
	}
	return regexp.MustCompile(re + `$`)
}

// like compares a text with an expected one in which … is any text.
func like(t *testing.T, what, got, want string) {
	t.Helper()
	if !pattern(want).MatchString(got) {
		t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
	}
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		got, want string
		ok        bool
	}{
		{"a\n", "a\n", true},
		{"a\nb\n", "a\n", false},
		{"a 12 b\n", "a … b\n", true},
		{"a 1\n2 b\n", "a … b\n", false},
		{"a\nb\nc\n", "a\n…\nc\n", true},
		{"a\nc\n", "a\n…\nc\n", true},
		{"a\nb\nd\n", "a\n…\nc\n", false},
		{"a.c\n", "abc\n", false},
	} {
		if pattern(c.want).MatchString(c.got) != c.ok {
			t.Errorf("%q like %q: not %v", c.got, c.want, c.ok)
		}
	}
}

// compile makes a program of C, or skips the test where there is no compiler.
func compile(t *testing.T, name, source string, flags ...string) (path string) {
	t.Helper()
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip(err)
	}
	path = filepath.Join(t.TempDir(), name)
	cmd := exec.Command(gcc, append([]string{"-w", "-o", path, "-x", "c", "-"}, flags...)...)
	cmd.Stdin = strings.NewReader(source)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("%v\n%s", err, out)
	}
	return path
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
