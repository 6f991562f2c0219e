package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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
