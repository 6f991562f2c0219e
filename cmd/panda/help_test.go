package main

import (
	"strings"
	"testing"
)

// TestNoProgram: what needs no program to run.
func TestNoProgram(t *testing.T) {
	for _, c := range []struct{ args, stdout, stderr string }{
		{"-panda syscalls:help", "plugin syscalls:\n", ""},
		{"-panda antidebug:help", "plugin antidebug:\n", ""},
		{"-version", "panda ", ""},
		{"new-plugin -h", "", "usage: panda new-plugin [--lua] NAME\n\nMakes "},
		{"new-plugin --help", "", "usage: panda new-plugin [--lua] NAME\n\nMakes "},
		{"lua-meta -h", "", "usage: panda lua-meta DIR\n\nWrites "},
		{"trace -h", "", "usage: panda trace "},
		{"info -help", "", "usage: panda info [-json] NAME\n\nSays "},
		{"verify -help", "", "usage: panda verify NAME [options]\n\nReplays "},
	} {
		r := panda(t, t.TempDir(), strings.Fields(c.args)...)
		if r.status != 0 || !strings.HasPrefix(r.stdout, c.stdout) || !strings.HasPrefix(r.stderr, c.stderr) || (r.stdout == "") != (c.stdout == "") {
			t.Errorf("%s: %+v", c.args, r)
		}
	}
}

// TestReplayHelp: panda replay -help says of options what they do in a replay, and leaves
// out those that it has not.
func TestReplayHelp(t *testing.T) {
	has, hasNot := []string{replayHelp["sandbox"], replayHelp["json"], "-quiet"}, []string{"keep what the program writes in memory", "-sched-seed", "-record"}
	r := panda(t, t.TempDir(), "replay", "-help")
	for _, text := range has {
		if !strings.Contains(r.stderr, text) {
			t.Errorf("no %q in %s", text, r.stderr)
		}
	}
	for _, text := range hasNot {
		if strings.Contains(r.stderr, text) {
			t.Errorf("%q in %s", text, r.stderr)
		}
	}
}

// TestStrayArgument: an argument for a plugin that nobody loads is told of.
func TestStrayArgument(t *testing.T) {
	for args, want := range map[string]string{
		"-panda-arg syscals:file=x -panda syscalls":  "panda: -panda-arg: no plugin syscals (did you mean \"syscalls\"?) is loaded\n",
		"-panda-arg foo:x=1":                         "panda: -panda-arg: no plugin foo is loaded\n",
		"-panda-arg syscalls:file=x -panda syscalls": "",
	} {
		if r := panda(t, t.TempDir(), append(strings.Fields(args), "/bin/true")...); r.status != 0 || r.stderr != want {
			t.Errorf("%s: %+v", args, r)
		}
	}
}
