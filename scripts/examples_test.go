package scripts_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// program is what ./program is in the examples: it checks its argument, reads
// its input and leaks a little.
const program = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
__attribute__((noinline)) int check(const char *s) {
	const char *want = "ok";
	for (int i = 0; i < 2; i++) if (s[i] != want[i]) return 0;
	return s[2] == 0;
}
__attribute__((noinline)) int parse(const char *s, long n) { return n > 2 && s[0] == '{' && s[n - 1] == '}'; }
int main(int argc, char **argv) {
	char text[64] = "{}";
	malloc(10);
	if (argc > 1) strncpy(text, argv[1], 63);
	printf("%d %d\n", check(text), parse(text, strlen(text)));
	return 0;
}`

// example is a command of a document, and where it stands.
type example struct{ where, command string }

// examples finds the commands that heads of scripts and plugins and the pages
// for users give.
func examples(t *testing.T) (es []example) {
	t.Helper()
	for glob, re := range map[string]string{
		"*.lua":                   `(?m)^-- Example: +(panda .*)$`,
		"../native/*/*.go":        `(?m)^// Example: (panda .*)$`,
		"../native/*/README.md":   `(?m)^ {4}(panda .*)$`,
		"../README.md":            `(?m)^ {4}bin/(panda .*)$`,
		"../emu/linux/README.md":  `(?m)^ {4}(panda .*)$`,
		"../emu/plugin/README.md": `(?m)^ {4}(panda .*)$`,
	} {
		files, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(re).FindAllStringSubmatch(string(text), -1) {
				command := strings.ReplaceAll(m[1], " bin/panda ", " panda ")
				es = append(es, example{f, strings.TrimSuffix(command, "\r")})
			}
		}
	}
	return es
}

// TestExamples runs every example in a directory of its own. It must end well,
// and panda must have nothing to complain about.
func TestExamples(t *testing.T) {
	tree, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	bin, built := builtPanda(t), compile(t, "program", program, "-O1", "-g0")
	es := examples(t)
	if len(es) < 20 {
		t.Errorf("only %d examples", len(es))
	}
	for _, e := range es {
		t.Run(filepath.Base(e.where), func(t *testing.T) {
			if strings.Contains(e.command, "panda system ") {
				t.Skip("it needs a kernel: TestBoot of cmd/panda boots one")
			}
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "input.txt"), "{}")
			writeFile(t, filepath.Join(dir, "points.txt"), "* 401000 *\n")
			for name, target := range map[string]string{"program": built, "scripts": filepath.Join(tree, "scripts"), "native": filepath.Join(tree, "native")} {
				if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			var out, errs bytes.Buffer
			cmd := exec.Command("sh", "-c", e.command)
			cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
			cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "LC_ALL=C", "HOME=" + dir}
			timer := time.AfterFunc(stepLimit, func() { cmd.Process.Kill() })
			defer timer.Stop()
			if err := cmd.Run(); err != nil {
				t.Errorf("%s: %v\n%s%s", e.command, err, out.String(), errs.String())
			}
			if bad := regexp.MustCompile(`(?m)^panda: .*(callback disabled|no translator|lacks|error).*$`).FindString(errs.String()); bad != "" {
				t.Errorf("%s: %s", e.command, bad)
			}
		})
	}
}
