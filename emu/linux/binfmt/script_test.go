package binfmt

import (
	"slices"
	"strings"
	"testing"
)

func TestScriptLine(t *testing.T) {
	long := "/bin/" + strings.Repeat("x", 300)
	for _, c := range []struct {
		line string
		want []string // nil for a file that is no script
	}{
		{"#!/bin/sh\n", []string{"/bin/sh"}},
		{"#! \t/bin/sh \t\nexit", []string{"/bin/sh"}},
		{"#!/bin/sh -e -x \n", []string{"/bin/sh", "-e -x"}},
		{"#!/bin/sh", []string{"/bin/sh"}}, // the file ends
		{"#!/bin/sh\x00-e\n", []string{"/bin/sh"}},
		{"#!\n", nil},
		{"#!", []string{""}}, // what is no blank is a name
		{"#!" + long, nil},   // the name may go on
		{"#!/bin/sh " + long, []string{"/bin/sh", long[:255-len("#!/bin/sh ")]}},
	} {
		var l ScriptLine
		copy(l[:], c.line)
		if args, ok := l.Parse(); !slices.Equal(args, c.want) || ok != (c.want != nil) {
			t.Errorf("%.40q: %q, %t, want %q", c.line, args, ok, c.want)
		}
	}
}
