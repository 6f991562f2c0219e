package stdlib_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"panda/emu"
	"panda/emu/plugin"
	"panda/lua"
)

// programs are what the tests run over; /bin/true if it does not matter.
var programs = map[string][]string{
	"processes_test.lua": {"/bin/dash", "-c", "exec 9</dev/null; (read x <&9); /bin/true; exit 0"},
}

// TestModules runs the tests of testdata, which are written in Lua.
func TestModules(t *testing.T) {
	files, err := filepath.Glob("testdata/*_test.lua")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			program := programs[filepath.Base(f)]
			if program == nil {
				program = []string{"/bin/true"}
			}
			if out := run(t, f, program); !strings.HasSuffix(out, " passed, 0 failed\n") || strings.HasPrefix(out, "0 ") {
				t.Error(out)
			}
		})
	}
}

// run runs a program under a script and gives what the script printed.
func run(t *testing.T, script string, program []string) string {
	if _, err := os.Stat(program[0]); err != nil {
		t.Skip(err)
	}
	var out bytes.Buffer
	m, err := emu.New(emu.Config{
		Program: &emu.Program{Path: program[0], Args: program, Env: []string{"LC_ALL=C"}, Stdin: 0, Stdout: 1, Stderr: 2},
		Loaders: []plugin.Loader{lua.NewLoader(lua.Options{Out: &out})},
		Warn:    func(format string, a ...any) { t.Errorf("warning: "+format, a...) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Plugins().LoadFile(script, nil); err != nil {
		m.Close()
		t.Fatal(err)
	}
	if _, done, err := m.Run(); !done || err != nil {
		t.Errorf("done %v, %v", done, err)
	}
	m.Close()
	return out.String()
}
