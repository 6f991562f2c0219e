package lua

import (
	"slices"
	"strings"
	"testing"

	glua "github.com/yuin/gopher-lua"
)

// TestAllowedNames: every name of the list exists, and an untrusted script has no
// other.
func TestAllowedNames(t *testing.T) {
	trusted, untrusted := NewState(Options{}), NewState(Options{Untrusted: true})
	tables := func(s *State, name string) *glua.LTable {
		if name == "" {
			return s.L.G.Global
		}
		return s.L.GetGlobal(name).(*glua.LTable)
	}
	for name, words := range allowed {
		for _, w := range strings.Fields(words) {
			if tables(trusted, name).RawGetString(w) == glua.LNil {
				t.Errorf("%s.%s: no such name", name, w)
			}
		}
		tables(untrusted, name).ForEach(func(k, _ glua.LValue) {
			if !strings.Contains(" "+strings.Join(strings.Fields(words), " ")+" ", " "+k.String()+" ") {
				t.Errorf("an untrusted script has %s.%s", name, k)
			}
		})
	}
}

// TestAllowedMethods: each method is allowed or refused by name, and each name of the
// lists is a method.
func TestAllowedMethods(t *testing.T) {
	judged := map[string]int{}
	for _, list := range []map[string]string{allowedMethods, refusedMethods} {
		for module, words := range list {
			for w := range strings.FieldsSeq(words) {
				judged[module+w]++
			}
		}
	}
	for _, m := range Modules() {
		if !strings.HasSuffix(m.Name, ":") {
			continue
		}
		for _, r := range m.Rows {
			if n := judged[m.Name+r.Name]; n != 1 {
				t.Errorf("%s%s stands %d times in allowedMethods and refusedMethods of untrusted.go", m.Name, r.Name, n)
			}
			delete(judged, m.Name+r.Name)
		}
	}
	for name := range judged {
		t.Errorf("%s: no such method", name)
	}
}

// TestNewMethod: an untrusted script lacks a method that nobody has judged.
func TestNewMethod(t *testing.T) {
	add := func(m *Module) {
		rows := m.Rows
		m.Rows = append(slices.Clone(rows), Row{"escape", "", "", "Out.", func(_ *State, L *glua.LState) int { L.Push(glua.LTrue); return 1 }})
		t.Cleanup(func() { m.Rows = rows })
	}
	add(&cpuModule)
	add(&handleModule)
	for _, object := range []string{"panda.cpu", "panda.on('insn_exec', { pc = 1 }, print)"} {
		script := "local o = " + object + " assert(o:escape())"
		if _, err := newFake(t).options(Options{}).load("t", script); err != nil {
			t.Errorf("%s: %v", object, err)
		}
		if _, err := newFake(t).options(Options{Untrusted: true}).load("t", script); err == nil || !strings.Contains(err.Error(), `"escape"`) {
			t.Errorf("%s: untrusted: %v", object, err)
		}
	}
}

// TestTakenNames: an error says which name was taken away, and the name is nil.
func TestTakenNames(t *testing.T) {
	for text, want := range map[string]string{
		"io.open('x')":              "t.lua:2: attempt to call a non-function object; io.open is not for an untrusted script",
		"print(1, io . popen('x'))": "; io.popen is not for an untrusted script",
		"debug.traceback()":         "; debug.traceback is not for an untrusted script",
		"dofile('x')":               "; dofile is not for an untrusted script",
		"package.path:find('x')":    "; package.path is not for an untrusted script",
		"panda.load('x')":           "; panda.load is not for an untrusted script",
		"local f = nil f('x')":      "attempt to call a non-function object\n",
		"local ok, err = pcall(io.open) assert(not ok)": "",
		"assert(io.open == nil and not dofile)":         "",
	} {
		_, err := newFake(t).options(Options{Untrusted: true}).load("t", "\n"+text)
		if want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := newFake(t).options(Options{}).load("t", "io.opne('x')"); err == nil || strings.Contains(err.Error(), "untrusted") {
		t.Error(err)
	}
}

// TestEscapes: ways to what an untrusted script must not have. Each gives a value
// that is not nil when it leads there.
func TestEscapes(t *testing.T) {
	for _, way := range []string{
		`panda.need`, `panda.load`, `panda.load_plugin`, `panda.unload_plugin`, `panda.get_plugin_by_name`, `panda.disable_plugin`,
		`io.open`, `io.popen`, `io.lines`, `io.stdout`, `io.output`, `io.tmpfile`, `os.execute`, `os.getenv`, `os.remove`, `os.exit`,
		`debug`, `package`, `module`, `dofile`, `loadfile`, `getfenv`, `setfenv`, `collectgarbage`, `newproxy`, `string.dump`,
		`_G.package`, `_G._G.debug`, `load("return debug")()`, `load(function() local s = src src = nil return s end)()`,
		`select(2, pcall(require, "os")).execute`, `select(2, pcall(require, "io")).open`, `select(2, pcall(require, "panda")).need`,
		`getmetatable("").__index.dump`, `getmetatable(io)`, `coroutine.wrap(function() return debug end)()`,
		`select(2, pcall(require, "_G")).package`,
	} {
		_, err := newFake(t).options(Options{Untrusted: true}).load("t", "src = 'return debug' local v = "+way+" if v ~= nil then error('reached ' .. tostring(v)) end")
		if err != nil {
			t.Errorf("%s: %v", way, err)
		}
	}
	for _, name := range []string{"debug", "package", "channel", "./t", "/etc/passwd", "../lua/doc", "_LOADED"} {
		_, err := newFake(t).options(Options{Untrusted: true}).load("t", "require '"+name+"'")
		if err == nil || !strings.Contains(err.Error(), "not found") {
			t.Errorf("require %q: %v", name, err)
		}
	}
}

// TestOwnPlugin: the handle that init_plugin gets reaches the script itself alone.
func TestOwnPlugin(t *testing.T) {
	f := newFake(t).options(Options{Untrusted: true})
	_, err := f.load("t", `function init_plugin(self)
		assert(self.name == "t")
		local ok, err = pcall(self.disable, "other") assert(not ok and err:find("no plugin but its own"), err)
		ok, err = pcall(self.lookup, "other", "x") assert(not ok and err:find("no plugin but its own"), err)
		self:disable() self:enable()
	end`)
	if err != nil {
		t.Error(err)
	}
}
