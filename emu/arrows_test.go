package emu

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestArrows holds the imports of the rooms against arrows.txt.
func TestArrows(t *testing.T) {
	level := readArrows(t)
	seen := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		room := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../")
		if strings.Contains(room, "/testdata") || strings.HasSuffix(room, "/hostfp") {
			return nil
		}
		seen[room] = true
		checkImports(t, level, room, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for room := range level {
		if !strings.HasSuffix(room, "/...") && !seen[room] {
			t.Errorf("arrows.txt names %s, which does not exist", room)
		}
	}
}

// readArrows returns the level of each room.
func readArrows(t *testing.T) map[string]int {
	text, err := os.ReadFile("arrows.txt")
	if err != nil {
		t.Fatal(err)
	}
	level := map[string]int{}
	for n, line := range strings.Split(string(text), "\n") {
		if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) == "" {
			continue
		}
		for _, room := range strings.Fields(line) {
			level[room] = n
		}
	}
	return level
}

// levelOf finds a room or the pattern that covers it.
func levelOf(level map[string]int, room string) (int, bool) {
	if l, ok := level[room]; ok {
		return l, true
	}
	for dir := room; dir != "."; dir = filepath.Dir(dir) {
		if l, ok := level[dir+"/..."]; ok {
			return l, true
		}
	}
	return 0, false
}

func checkImports(t *testing.T, level map[string]int, room, path string) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	own, ok := levelOf(level, room)
	if !ok {
		t.Errorf("%s is not in arrows.txt", room)
		return
	}
	for _, i := range f.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		if p == "github.com/peterh/liner" && room != "cmd/panda/prompt" {
			t.Errorf("%s imports liner, which only cmd/panda/prompt may", path)
		}
		if p == "unsafe" && !strings.HasSuffix(path, "_unsafe.go") && !slices.Contains(unsafeByType, path) {
			t.Errorf("%s imports unsafe; only files named *_unsafe.go do", path)
		}
		other, inside := strings.CutPrefix(p, "panda/")
		if !inside {
			continue
		}
		if to, ok := levelOf(level, other); !ok || to >= own && !sameFamily(room, other) {
			t.Errorf("%s: %s may not import %s", path, room, other)
		}
	}
}

// unsafeByType are files that name unsafe.Pointer in a type and do nothing
// unsafe with it.
var unsafeByType = []string{"../emu/vcpu/space.go", "../emu/vcpu/tb.go", "../emu/mmu/code.go", "../emu/interp/interp.go"}

// sameFamily reports whether both are covered by one NAME/... entry: native/all
// imports the others.
func sameFamily(a, b string) bool {
	return strings.HasPrefix(a, "native/all") && strings.HasPrefix(b, "native/")
}

// The rooms that know the guest's architecture by name only in some of their files.
var neutral = []string{".", "sym", "linux", "linux/sigframe", "linux/vdso"}

// fileEndings are the endings of the names of such files. What Go takes for an
// architecture of the host is none: it would not build them.
var fileEndings = []string{"x86", "i386", "x86_64"}

// ofArchitecture reports whether a file belongs to one architecture.
func ofArchitecture(path string) bool {
	name := strings.TrimSuffix(filepath.Base(path), ".go")
	return slices.ContainsFunc(fileEndings, func(a string) bool { return name == a || strings.HasSuffix(name, "_"+a) })
}

// TestNeutral: in the rooms that run any architecture, only the files that are named
// after one import it, and besides lists nothing else names what those files declare:
// a new architecture comes in as new files.
func TestNeutral(t *testing.T) {
	for _, a := range fileEndings {
		if ok, err := build.Default.MatchFile("linux", "guestabi_"+a+".go"); err == nil && !ok {
			t.Errorf("Go does not build files whose names end in _%s", a)
		}
	}
	for _, room := range neutral {
		files, err := filepath.Glob(filepath.Join(room, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		parsed, own := map[string]*ast.File{}, map[string]string{}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			if parsed[path] = f; ofArchitecture(path) {
				for _, name := range declared(f) {
					own[name] = path
				}
			}
		}
		for _, path := range files {
			if f := parsed[path]; f != nil && !ofArchitecture(path) {
				checkNeutral(t, path, f, own)
			}
		}
	}
}

// declared are the names of a file's functions and methods, variables, constants and
// types. Those that are exported are for others to name.
func declared(f *ast.File) (names []string) {
	add := func(ids ...*ast.Ident) {
		for _, id := range ids {
			if !id.IsExported() {
				names = append(names, id.Name)
			}
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			add(d.Name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.ValueSpec:
					add(s.Names...)
				case *ast.TypeSpec:
					add(s.Name)
				}
			}
		}
	}
	return names
}

// inLists are what the lists of architectures name, and what prints code of the host.
var inLists = []string{"x86Architecture", "disasmHost", "scanX86_64", "scanI386"}

func checkNeutral(t *testing.T, path string, f *ast.File, own map[string]string) {
	for _, i := range f.Imports {
		if p, _ := strconv.Unquote(i.Path.Value); strings.HasPrefix(p, "panda/emu/arch/") {
			t.Errorf("%s imports %s; only files named after the architecture may", path, p)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if ok && own[id.Name] != "" && !slices.Contains(inLists, id.Name) {
			t.Errorf("%s names %s of %s", path, id.Name, own[id.Name])
		}
		return true
	})
}
