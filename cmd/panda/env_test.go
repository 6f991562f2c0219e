package main

import (
	"strings"
	"testing"
)

func TestEnvironment(t *testing.T) {
	host := []string{"PATH=/bin", "SECRET=1", "LC_ALL=C", "TERM=xterm", "EMPTY=", "AWS_TOKEN=x=y"}
	for _, r := range []struct {
		args, want string
	}{
		{"prog", "PATH=/bin SECRET=1 LC_ALL=C TERM=xterm EMPTY= AWS_TOKEN=x=y"},
		{"-env none prog", ""},
		{"-env none -E A=b prog", "A=b"},
		{"-env PATH,AWS_* prog", "PATH=/bin AWS_TOKEN=x=y"},
		{"-E PATH=/x -E NEW=1 -E NEW=2 prog", "PATH=/x SECRET=1 LC_ALL=C TERM=xterm EMPTY= AWS_TOKEN=x=y NEW=2"},
		{"-sandbox prog", "PATH=/bin LC_ALL=C TERM=xterm"},
		{"-sandbox -E SECRET=2 prog", "PATH=/bin LC_ALL=C TERM=xterm SECRET=2"},
		{"-sandbox -env all prog", "PATH=/bin SECRET=1 LC_ALL=C TERM=xterm EMPTY= AWS_TOKEN=x=y"},
		{"-sandbox -env SECRET prog", "SECRET=1"},
		{"-sandbox -E SECRET -E NONE prog", "PATH=/bin LC_ALL=C TERM=xterm SECRET=1"},
		{"-env none -E EMPTY -E AWS_TOKEN prog", "EMPTY= AWS_TOKEN=x=y"},
		{"-env [ prog", "-env [: \"[\" is no pattern of names; -E NAME=value sets a variable"},
		{"-env PATH,A=1 prog", "-env PATH,A=1: \"A=1\" is no pattern of names; -E NAME=value sets a variable"},
	} {
		o := new(options)
		err := o.parse(strings.Fields(r.args), nil)
		if err != nil {
			t.Fatal(err)
		}
		env, err := o.environment(host)
		got := strings.Join(env, " ")
		if err != nil {
			got = err.Error()
		}
		if got != r.want {
			t.Errorf("%s:\ngot  %s\nwant %s", r.args, got, r.want)
		}
	}
}

// TestSandboxEnvironment: the whole way, from the host's variables to the program.
func TestSandboxEnvironment(t *testing.T) {
	t.Setenv("PANDA_TEST_SECRET", "1")
	for args, want := range map[string]bool{"": true, "-sandbox": false, "-sandbox -env all": true, "-env none": false} {
		r := panda(t, t.TempDir(), append(strings.Fields(args), "/usr/bin/env")...)
		if r.status != 0 || strings.Contains(r.stdout, "PANDA_TEST_SECRET=1") != want {
			t.Errorf("%q: %+v", args, r)
		}
	}
}
