package emu

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"panda/emu/arch/x86/regs"
)

// Rooms that run, show and watch any guest, and so name no register of one. A pattern
// may stand for several.
var nameless = []string{
	".", "event", "exec", "guest", "interp", "ir", "jit", "lockstep", "load", "mmu", "opt", "plugin", "plugin/so", "probe", "sym", "vcpu",
	"../cmd/panda", "../lua", "../lua/*", "../native/*",
}

// example is the plugin of the manual, which looks for instructions of x86.
const example = "../native/syscalls/syscalls.go"

// TestNameless: what the prompt, scripts and plugins know of registers they ask the
// architecture for.
func TestNameless(t *testing.T) {
	names := map[string]bool{}
	for i := range regs.Defs {
		names[regs.Defs[i].Name] = true
	}
	delete(names, "sp") // every architecture has one
	files := 0
	for _, room := range nameless {
		paths, err := filepath.Glob(filepath.Join(room, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no files in %s: %v", room, err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") || ofArchitecture(path) || path == example {
				continue
			}
			files++
			checkNames(t, path, names)
		}
	}
	if files < 100 {
		t.Errorf("only %d files", files)
	}
}

func checkNames(t *testing.T, path string, names map[string]bool) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		if text, err := strconv.Unquote(lit.Value); err == nil && names[text] {
			t.Errorf("%s: %q is a name of x86", set.Position(lit.Pos()), text)
		}
		return true
	})
}
