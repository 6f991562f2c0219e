package emu

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// listed is what the go command says of a package.
type listed struct {
	ImportPath, Export, Dir string
	GoFiles                 []string
}

// notGuestSide are rooms whose loops no guest can see.
var notGuestSide = []string{"panda/emu/bench", "panda/emu/emutest", "panda/emu/oracle"}

// TestMapOrder: a run is a function of its inputs, and the order of a map is none.
// So each loop over a map in a room that the guest may see something of says, on
// its line, why the order does not matter.
func TestMapOrder(t *testing.T) {
	out, err := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export,Dir,GoFiles", "./...").Output()
	if err != nil {
		t.Skipf("go list: %v", err)
	}
	exports := map[string]string{}
	var rooms []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if strings.HasPrefix(p.ImportPath, "panda/emu") && !hasPrefix(p.ImportPath, notGuestSide) {
			rooms = append(rooms, p)
		}
	}
	if len(rooms) < 20 {
		t.Fatalf("%d rooms", len(rooms))
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, room := range rooms {
		checkMapOrder(t, fset, imports, room)
	}
}

func hasPrefix(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

func checkMapOrder(t *testing.T, fset *token.FileSet, imports types.Importer, room listed) {
	t.Helper()
	var files []*ast.File
	for _, name := range room.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(room.Dir, name), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	conf := types.Config{Importer: imports, FakeImportC: true, Error: func(error) {}}
	conf.Check(room.ImportPath, fset, files, info) // what assembly declares may lack a body
	for _, f := range files {
		commented := map[int]bool{}
		for _, c := range f.Comments {
			commented[fset.Position(c.Pos()).Line] = true
		}
		ast.Inspect(f, func(n ast.Node) bool {
			loop, ok := n.(*ast.RangeStmt)
			if !ok || !overMap(info, loop.X) {
				return true
			}
			if at := fset.Position(loop.Pos()); !commented[at.Line] {
				t.Errorf("%s/%s:%d: a loop over a map does not say why its order does not matter", room.ImportPath, filepath.Base(at.Filename), at.Line)
			}
			return true
		})
	}
}

// overMap reports whether an expression is a map, or one of the sequences of
// package maps.
func overMap(info *types.Info, x ast.Expr) bool {
	if call, ok := x.(*ast.CallExpr); ok {
		if f, ok := call.Fun.(*ast.SelectorExpr); ok {
			if pkg, ok := f.X.(*ast.Ident); ok && pkg.Name == "maps" {
				return true
			}
		}
	}
	tv, ok := info.Types[x]
	if !ok || tv.Type == nil {
		return false
	}
	_, ok = tv.Type.Underlying().(*types.Map)
	return ok
}
