package scripts_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"panda/scripts"
)

// step is a command of the tutorial with what it is said to print.
type step struct {
	command, want string
}

// steps reads the commands of a text: lines that begin with "$ " in blocks of
// the language console. A here-document belongs to its command.
func steps(text string) (ss []step) {
	end, inside := "", false
	heredoc := regexp.MustCompile(`<<'(\w+)'$`)
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		command, isCommand := strings.CutPrefix(l, "$ ")
		switch {
		case end != "":
			ss[len(ss)-1].command += l + "\n"
			if l == end {
				end = ""
			}
		case strings.HasPrefix(l, "```"):
			inside = l == "```console"
		case inside && isCommand:
			ss = append(ss, step{command: command + "\n"})
			if m := heredoc.FindStringSubmatch(command); m != nil {
				end = m[1]
			}
		case inside:
			ss[len(ss)-1].want += l + "\n"
		}
	}
	return ss
}

// buildPanda builds the command once for all tests.
var buildPanda = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "panda-scripts"); err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "panda"), "panda/cmd/panda")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("%w\n%s", err, out)
	}
	return dir, nil
})

// builtPanda is the directory with the command.
func builtPanda(t *testing.T) (dir string) {
	t.Helper()
	dir, err := buildPanda()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, _ := buildPanda(); dir != "" {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// stepLimit is how long a command may take.
const stepLimit = time.Minute

// TestTutorial runs the commands of README.md, one after the other in one
// directory.
func TestTutorial(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	ss := steps(string(text))
	if n := strings.Count(string(text), "\n## "); n != 11 || len(ss) < n {
		t.Errorf("%d steps with %d commands", n, len(ss))
	}
	dir := t.TempDir()
	path := builtPanda(t) + ":" + os.Getenv("PATH")
	for _, s := range ss {
		cmd := exec.Command("sh", "-c", s.command)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + path, "LC_ALL=C", "HOME=" + dir}
		timer := time.AfterFunc(stepLimit, func() { cmd.Process.Kill() })
		out, err := cmd.CombinedOutput()
		timer.Stop()
		if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		like(t, s.command, string(out), s.want)
	}
}

// TestTable: the README tells of each script.
func TestTable(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(scripts.FS, "*.lua")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if row := "\n| `" + strings.TrimSuffix(f, ".lua") + "` | "; strings.Count(string(text), row) != 1 {
			t.Errorf("no row for %s", f)
		}
	}
	if n := strings.Count(string(text), "\n| `"); n != len(files) {
		t.Errorf("%d rows for %d scripts", n, len(files))
	}
}
