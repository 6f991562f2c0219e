package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"panda/emu/plugin"
)

// lines are the lines of a file in dir.
func lines(t *testing.T, dir, name string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// run1 runs a program that must end well and returns its output.
func run1(t *testing.T, dir string, args ...string) string {
	t.Helper()
	r := panda(t, dir, args...)
	if r.status != 0 {
		t.Fatalf("%q: %+v", args, r)
	}
	return r.stdout
}

// TestInsncount counts twice, and once by a script: the counts are one.
func TestInsncount(t *testing.T) {
	dir := t.TempDir()
	run1(t, dir, "-panda", "insncount:file=a", "/bin/true")
	run1(t, dir, "-panda", "insncount:file=b", "/bin/true")
	out := run1(t, dir, "-e", `panda.count{on="insn_exec"}`, "/bin/true")
	a, b := lines(t, dir, "a")[0], lines(t, dir, "b")[0]
	if a != b || len(a) < 5 || !strings.Contains(out, a) {
		t.Errorf("counts %s and %s, script %q", a, b, out)
	}
}

func TestHotblocks(t *testing.T) {
	dir := t.TempDir()
	run1(t, dir, "-panda", "hotblocks:n=5,file=hot.txt", "/bin/ls", "/")
	ls := lines(t, dir, "hot.txt")
	if len(ls) != 5 || !regexp.MustCompile(`^ *\d+ /\S+\+0x[0-9a-f]+ `).MatchString(ls[0]) {
		t.Errorf("%q", ls)
	}
}

func TestMemtrace(t *testing.T) {
	dir := t.TempDir()
	run1(t, dir, "-panda", "memtrace:limit=10,file=mem.txt", "/bin/true")
	ls := lines(t, dir, "mem.txt")
	for _, l := range ls {
		if !regexp.MustCompile(`^\d+ 0x[0-9a-f]+ [rw] 0x[0-9a-f]+ \d+ [0-9a-f]+$`).MatchString(l) {
			t.Errorf("line %q", l)
		}
	}
	if len(ls) != 10 {
		t.Errorf("%d lines", len(ls))
	}
}

// TestStringsearch finds an argument on its way through echo, with callers.
func TestStringsearch(t *testing.T) {
	dir := t.TempDir()
	run1(t, dir, "-panda", "callstack;stringsearch:str=needle42,file=found.txt", "/bin/echo", "a needle42 here")
	want := regexp.MustCompile(`^(read|write) of "needle42" at pc 0x[0-9a-f]+ address 0x[0-9a-f]+ pid \d+ icount \d+ .* < 0x[0-9a-f]+`)
	if ls := lines(t, dir, "found.txt"); !want.MatchString(ls[0]) {
		t.Errorf("%q", ls)
	}
}

// TestTextprinter prints what passes where stringsearch found a string.
func TestTextprinter(t *testing.T) {
	dir := t.TempDir()
	run1(t, dir, "-panda", "callstack;stringsearch:str=needle42,file=found.txt", "/bin/echo", "a needle42 here")
	m := regexp.MustCompile(`^read of .* at pc (0x[0-9a-f]+) .*? < (0x[0-9a-f]+)`).FindStringSubmatch(
		lines(t, dir, "found.txt")[slices.IndexFunc(lines(t, dir, "found.txt"), func(l string) bool { return strings.HasPrefix(l, "read") })])
	points := "# caller pc asid\n" + m[2] + " " + m[1] + " *\n"
	if err := os.WriteFile(filepath.Join(dir, "points.txt"), []byte(points), 0o644); err != nil {
		t.Fatal(err)
	}
	run1(t, dir, "-panda", "textprinter:taps=points.txt", "/bin/echo", "a needle42 here")
	var text []byte
	for _, l := range lines(t, dir, "read_tap_buffers.txt") {
		var caller, pc, asid, addr, n uint64
		var b byte
		if _, err := fmt.Sscanf(l, "%x %x %x %x %d %x", &caller, &pc, &asid, &addr, &n, &b); err != nil || fmt.Sprintf("%#x %#x", caller, pc) != m[2]+" "+m[1] {
			t.Fatalf("line %q: %v", l, err)
		}
		text = append(text, b)
	}
	if !bytes.Contains(text, []byte("needle42")) {
		t.Errorf("%q", text)
	}
}

// TestNativeHelp: help makes no files, mistakes neither.
func TestNativeHelp(t *testing.T) {
	for _, i := range plugin.Registered() {
		dir := t.TempDir()
		for _, arg := range []string{"help", "nonsense=1"} {
			r := panda(t, dir, "-panda", i.Name+":"+arg, "/bin/true")
			if said := r.stdout + r.stderr; !strings.Contains(said, "plugin "+i.Name) || arg != "help" && r.status == 0 {
				t.Errorf("%s:%s: %+v", i.Name, arg, r)
			}
		}
		if files, _ := os.ReadDir(dir); len(files) != 0 {
			t.Errorf("%s made %v", i.Name, files)
		}
	}
}

func TestSyscallsDecoded(t *testing.T) {
	dir := t.TempDir()
	run1(t, dir, "-panda", "syscalls:decode", "/bin/echo", "hello")
	if all := strings.Join(lines(t, dir, "syscalls.txt"), "\n"); !regexp.MustCompile(`(?m)^\[\d+\] write\(1, "hello\\n", 6\) += 6$`).MatchString(all) {
		t.Error(all)
	}
}
