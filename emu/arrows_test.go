package emu

import (
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
		if p == "github.com/peterh/liner" && room != "cmd/panda" {
			t.Errorf("%s imports liner, which only cmd/panda may", path)
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
var unsafeByType = []string{"../emu/vcpu/vcpu.go", "../emu/vcpu/tb.go", "../emu/mmu/space.go", "../emu/interp/interp.go"}

// sameFamily reports whether both are covered by one NAME/... entry: native/all
// imports the others.
func sameFamily(a, b string) bool {
	return strings.HasPrefix(a, "native/all") && strings.HasPrefix(b, "native/")
}
