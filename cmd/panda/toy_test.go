package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"panda/emu/arch/toy/user"
)

// toyArgs in the environment are the command line of a panda that has the toy
// architecture, as this test binary does and the built one does not.
const toyArgs = "PANDA_TOY_ARGS"

// TestToyChild is that panda when another test asks for it.
func TestToyChild(t *testing.T) {
	if args, ok := os.LookupEnv(toyArgs); ok {
		os.Exit(run(strings.Split(args, "\x1f"), os.Stdout, os.Stderr))
	}
	if r := runToy(t, t.TempDir(), "", "-arch", "toy", "-cpu", "max"); r.status != 1 || !strings.Contains(r.stderr, `-cpu: toy has no model "max"; there are wood`) {
		t.Errorf("%+v", r)
	}
}

// TestToyAbsent: the built binary does not have the architecture.
func TestToyAbsent(t *testing.T) {
	if r := panda(t, t.TempDir(), "-arch", "toy", "/bin/true"); r.status != 1 || !strings.Contains(r.stderr, `there is no architecture "toy"`) {
		t.Errorf("%+v", r)
	}
}

// runToy runs the command in a directory with the program of testdata/toy.
func runToy(t *testing.T, dir, stdin string, args ...string) result {
	t.Helper()
	src, err := os.ReadFile("testdata/toy/weigh.s")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "weigh"), user.Assemble(string(src)), 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args = slices.Concat([]string{"-env", "none"}, args, []string{"./weigh"})
	t.Setenv(toyArgs, strings.Join(args, "\x1f"))
	return execute(t, dir, stdin, self, "-test.run=^TestToyChild$")
}

// toyWays are options that make no difference for the guest.
var toyWays = [][]string{{"-accel", "interp"}, nil, {"-mmu", "soft"}, {"-lockstep"}, {"-mmu", "soft", "-lockstep"}}

var update = flag.Bool("update", false, "take what toy's programs and sessions print")

// toyFile is a file of testdata/toy that output is compared with.
func toyFile(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata/toy", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: %s\nwant\n%s", name, got, want)
	}
}

// TestToyScript: one script of all kinds of callbacks, the same on every engine.
func TestToyScript(t *testing.T) {
	script, err := filepath.Abs("testdata/toy/weigh.lua")
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range toyWays {
		r := runToy(t, t.TempDir(), "", append(way, "-panda-plugin", script)...)
		toyFile(t, "script.txt", fmt.Sprintf("%s%s%s\n", r.stdout, r.stderr, r.ended))
	}
}

// atPrompt is a line that was typed.
var atPrompt = regexp.MustCompile(`^(0x[^:]*|\(ended\))> `)

// TestToySession: a session at the prompt, whose lines are those of the file.
func TestToySession(t *testing.T) {
	want, err := os.ReadFile("testdata/toy/session.txt")
	if err != nil {
		t.Fatal(err)
	}
	var typed strings.Builder
	for line := range strings.Lines(string(want)) {
		if _, command, ok := strings.Cut(line, "> "); ok && atPrompt.MatchString(line) {
			typed.WriteString(command)
		}
	}
	for _, way := range toyWays {
		r := runToy(t, t.TempDir(), typed.String(), append(way, "-i")...)
		toyFile(t, "session.txt", fmt.Sprintf("%s%s%s\n", r.stdout, r.stderr, r.ended))
	}
}

// TestToyPlugins: plugins that know calls, blocks and accesses.
func TestToyPlugins(t *testing.T) {
	for _, way := range toyWays {
		dir := t.TempDir()
		r := runToy(t, dir, "", append(way, "-panda", "coverage:file=cov;memtrace:file=mem;callstack;syscalls:file=sys,decode;insncount",
			"-e", `panda.listen("callstack", "call", function(pc) print("call", panda.cpu:symbol(pc)) end) panda.listen("callstack", "ret", function(to) print("ret", panda.cpu:symbol(to)) end)`)...)
		mem := readText(t, dir, "mem")
		_, calls, _ := strings.Cut(readText(t, dir, "sys"), "] ") // after the number of the process
		toyFile(t, "plugins.txt", fmt.Sprintf("%s%s%s\n%s%s%s", r.stdout, r.stderr, r.ended, mem, calls, toyCoverage(t, readText(t, dir, "cov"))))
	}
}

// TestToyDump: code is printed in the architecture's words, before and after translation.
func TestToyDump(t *testing.T) {
	r := runToy(t, t.TempDir(), "", "-accel", "interp", "-d", "in_asm,op")
	for _, want := range []string{"mul v, p0, p1", "call 0x401074 <times>", "mul.i64 v, p0, p1", "goto_ptr lr", "ld.i32"} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("no %s in\n%s", want, r.stderr)
		}
	}
}

func readText(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// toyCoverage prints the blocks of a drcov file: offset and size.
func toyCoverage(t *testing.T, text string) string {
	t.Helper()
	head, blocks, ok := strings.Cut(text, "bbs\n")
	if !ok || !strings.Contains(head, "/weigh\n") {
		t.Fatalf("no table of blocks in %q", text)
	}
	var b strings.Builder
	for ; len(blocks) >= 8; blocks = blocks[8:] {
		fmt.Fprintf(&b, "block %#x %d\n", binary.LittleEndian.Uint32([]byte(blocks)), binary.LittleEndian.Uint16([]byte(blocks[4:])))
	}
	return b.String()
}
