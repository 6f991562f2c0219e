package emu

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// worldRooms are rooms that may ask the host for what the guest sees, or that no guest
// runs in.
var worldRooms = []string{"bench", "dev/backend", "dev/devtest", "dev/chiptest", "emutest", "interp/gen", "oracle", "linux/hostsys", "rr"}

// worldUse says what of a package reads the world, whatever calls it.
var worldUse = map[string]func(name string) bool{
	"time": oneOf("Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Local", "LoadLocation"),
	"os": func(name string) bool {
		return !oneOf("File", "FileInfo", "FileMode", "Getpagesize")(name) && !strings.HasPrefix(name, "Err")
	},
	"runtime":               oneOf("NumCPU", "NumGoroutine", "GOMAXPROCS", "ReadMemStats", "Stack", "SetFinalizer", "AddCleanup"),
	"os/signal":             anything,
	"os/exec":               anything,
	"os/user":               anything,
	"syscall":               anything,
	"net":                   anything,
	"math/rand":             anything,
	"math/rand/v2":          anything,
	"crypto/rand":           anything,
	"hash/maphash":          anything,
	"golang.org/x/sys/unix": nil, // only calls: see worldCall
}

// plainUnix are functions of package unix, and types that are called as such, that ask
// the host for nothing.
var plainUnix = oneOf("Major", "Minor", "Mkdev", "ByteSliceToString", "NsecToTimespec", "SignalName", "ParseSocketControlMessage", "Timespec", "Errno", "Signal")

func anything(string) bool { return true }

func oneOf(names ...string) func(string) bool {
	return func(n string) bool { return slices.Contains(names, n) }
}

// worldExceptions are uses that are right, by file and name; "*" stands for all of a
// package. Each says why.
var worldExceptions = []struct{ file, use, why string }{
	{"mmu/*", "unix.*", "the guest's memory is the host's, and files that are mapped"},
	{"mmu/host_unsafe.go", "os.Open", "which pages have been written is asked for copies alone"},
	{"mmu/budget.go", "os.ReadFile", "how many maps the host allows bounds the guest, not what it sees below"},
	{"mmu/audit.go", "os.ReadFile", "a check of the window"},
	{"system.go", "os.ReadFile", "what a machine boots is read before it runs, and is part of what it is"},
	{"host/*", "unix.*", "memory for machine code"},
	{"jit/amd64/enter/hooks.go", "os.Getenv", "whether machine code can run at all"},
	{"jit/amd64/enter/hooks.go", "os.Getpid", "a trial of machine code"},
	{"jit/amd64/enter/hooks_unsafe.go", "unix.*", "signal handlers of machine code"},
	{"jit/export/*", "os.*", "files for tools of the host"},
	{"jit/export/*", "unix.*", "the same"},
	{"plugin/find.go", "os.*", "plugins have a door of their own"},
	{"plugin/so/so_cgo.go", "os.*", "the same"},
	{"linux/sandbox/confine.go", "os.*", "bounds for the emulator, of which the guest sees nothing"},
}

// worldFinding is a use of the world.
type worldFinding struct {
	use string
	pos token.Pos
}

// worldUses finds what a file uses of the world.
func worldUses(f *ast.File) (found []worldFinding) {
	named := map[string]string{} // paths by the names of imports
	for _, i := range f.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		name := strings.TrimSuffix(path, "/v2")
		name = name[strings.LastIndexByte(name, '/')+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		named[name] = path
	}
	member := func(x ast.Expr) (pkg, path, name string) {
		if s, ok := x.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok && id.Obj == nil {
				return id.Name, named[id.Name], s.Sel.Name
			}
		}
		return "", "", ""
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, worldFinding{"go", n.Pos()})
		case *ast.SelectStmt:
			found = append(found, worldFinding{"select", n.Pos()})
		case *ast.CallExpr:
			if pkg, path, name := member(n.Fun); path == "golang.org/x/sys/unix" && !plainUnix(name) {
				found = append(found, worldFinding{pkg + "." + name, n.Pos()})
			}
		case *ast.SelectorExpr:
			if pkg, path, name := member(n); worldUse[path] != nil && worldUse[path](name) {
				found = append(found, worldFinding{pkg + "." + name, n.Pos()})
			}
		}
		return true
	})
	return found
}

// TestWorldUses: what the test below looks for is found.
func TestWorldUses(t *testing.T) {
	const source = `package p
import ("time"; "os"; chance "math/rand/v2"; "golang.org/x/sys/unix"; "runtime")
func f(c chan int) {
	time.Sleep(time.Second)
	defer func() { g := time.Now; _ = g }()
	os.ReadFile("x")
	_ = os.ErrExist
	chance.Int()
	unix.Getpid()
	_ = unix.Timespec(x)
	_ = unix.SYS_READ
	var os thing
	os.Args()
	runtime.KeepAlive(c); runtime.NumCPU()
	go f(c)
	select { case <-c: default: }
}
`
	f, err := parser.ParseFile(token.NewFileSet(), "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range worldUses(f) {
		got = append(got, u.use)
	}
	want := []string{"time.Sleep", "time.Now", "os.ReadFile", "chance.Int", "unix.Getpid", "runtime.NumCPU", "go", "select"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestWorld: what the guest can see comes through the door: rooms on its side read no
// clock, no chance, no files, and leave nothing to goroutines. Loops over maps are
// TestMapOrder's.
func TestWorld(t *testing.T) {
	used := make([]int, len(worldExceptions))
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains(worldRooms, path) || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files++
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		for _, u := range worldUses(f) {
			if !excepted(path, u.use, used) {
				t.Errorf("%v: %s on the guest's side: the world passes hostsys.Door", fset.Position(u.pos), u.use)
			}
		}
		return nil
	})
	if err != nil || files < 200 {
		t.Fatalf("%d files, %v", files, err)
	}
	for i, e := range worldExceptions {
		if used[i] == 0 {
			t.Errorf("no %s in %s any more", e.use, e.file)
		}
	}
}

// excepted finds the exception for a use, and counts it.
func excepted(file, use string, used []int) bool {
	for i, e := range worldExceptions {
		in, _ := filepath.Match(e.file, file)
		is, _ := filepath.Match(e.use, use)
		if in && is {
			used[i]++
			return true
		}
	}
	return false
}
