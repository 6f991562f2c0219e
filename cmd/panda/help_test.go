package main

import (
	"regexp"
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
		{"verify -panda syscalls:help", "plugin syscalls:\n", ""},
		{"replay -panda syscalls:help", "plugin syscalls:\n", ""},
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
	has, hasNot := []string{replayHelp["sandbox"], replayHelp["json"], "-quiet"}, []string{"keep what the program writes in memory", "\n  -sched-seed", "\n  -record"}
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

// TestReplayRefused: the help names the options that a recording has settled.
func TestReplayRefused(t *testing.T) {
	_, list, _ := strings.Cut(replayUsage, "refused")
	for name := range settled { // each by itself
		if !regexp.MustCompile(`-` + name + `\b`).MatchString(list) {
			t.Errorf("no -%s in %s", name, list)
		}
	}
	if n := len(regexp.MustCompile(` -[\w-]+|\n-[\w-]+`).FindAllString(list, -1)); n != len(settled) {
		t.Errorf("%d options, want %d, in %s", n, len(settled), list)
	}
}

// TestSandboxHelp: what -sandbox does not do for scripts is said where it is offered.
func TestSandboxHelp(t *testing.T) {
	for _, args := range []string{"-help", "record -help", "replay -help", "verify -help"} {
		if r := panda(t, t.TempDir(), strings.Fields(args)...); !strings.Contains(r.stderr, "is not confined: -untrusted is for scripts that one does not trust") {
			t.Errorf("%s: %s", args, r.stderr)
		}
	}
}

// TestOptionOfAnother: of an option that the command has not, it is said which has it.
func TestOptionOfAnother(t *testing.T) {
	for args, want := range map[string]string{ // each by itself
		"replay x -bisect":       "panda replay has no option -bisect, as panda verify has",
		"verify x -quiet":        "panda verify has no option -quiet, as panda replay has",
		"replay x -o y":          "panda replay has no option -o, as panda record has",
		"record -kernel x":       "panda record has no option -kernel, as panda system has",
		"system -sandbox":        "panda system has no option -sandbox, as panda itself has",
		"-bisect x":              "no option -bisect, as panda verify has",
		"trace -sched-sed 3":     `panda trace has no option -sched-sed (did you mean "sched-seed"?)`,
		"replay x -nosuchoption": "panda replay has no option -nosuchoption",
	} {
		if r := panda(t, t.TempDir(), strings.Fields(args)...); r.status != 2 || r.stderr != "panda: "+want+"\n" {
			t.Errorf("%s: %+v", args, r)
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
