package lua

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/lua/library"
	"panda/lua/num"
	"panda/lua/val"
	"panda/stdlib"
)

var baseModule = Module{
	Doc: "Numbers: a whole number up to 2^53 is a plain Lua number, a larger one is a `U64`: exact, wrapping modulo 2^64, usable as table key. " +
		"Both mix freely in arithmetic, comparisons and loops. Integer results beyond 2^53 wrap modulo 2^64, negative ones below -2^53 become their two's complement; " +
		"`/` of a U64 and an integer drops the fraction, as math.idiv always does; an operation with a fraction is float arithmetic. " +
		"Literals may be written `0xffffffff81000000`, `10ULL`; strings know `\\x90`, `\\z` and `\\u{2192}`.",
	Rows: []Row{
		{"u64", "x", "integer", "The integer of a number or of text such as \"0xffffffff81000000\"; a negative number gives its two's complement.", baseU64},
		{"int", "x[, bits]", "integer", "The lower bits of x (default 64) as a signed number.", baseInt},
		{"hex", "x[, digits]", "string", "The number in hexadecimal, as in \"0x401000\".", baseHex},
		{"hexdump", "str[, base]", "string", "Lines of offset, bytes and characters; base is the address of the first byte.", baseHexdump},
		{"print", "...", "", "Writes its arguments, divided by tabs, and a line feed.", basePrint},
		{"tonumber", "x[, base]", "number or nil", "Lua's, exact up to 64 bits.", baseToNumber},
		{"pairs", "t", "iterator", "Lua's; also over counters and other aggregations.", basePairs},
		{"unpack", "t[, from[, to]]", "values", "The elements of a list.", baseUnpack},
		{"error", "message[, level]", "", "Lua's.", baseError},
		{"pcall", "f, ...", "true, results or false, error", "Lua's.", basePcall},
		{"xpcall", "f, handler, ...", "true, results or false, what handler returns", "Lua's; handler runs after the stack was unwound, debug.traceback still shows it.", baseXpcall},
		{"load", "chunk[, name]", "function or nil, message", "Compiles text, or what a function returns piece by piece.", baseLoad},
		{"loadstring", "text[, name]", "function or nil, message", "Compiles text.", baseLoad},
		{"loadfile", "path", "function or nil, message", "Compiles a file.", baseLoadFile},
		{"dofile", "path", "results", "Runs a file.", baseDoFile},
	},
}

// openLibraries makes the globals.
func (s *State) openLibraries() {
	L := s.L
	for _, open := range []glua.LGFunction{glua.OpenPackage, glua.OpenBase, glua.OpenTable, glua.OpenString, glua.OpenMath, glua.OpenIo, glua.OpenOs, glua.OpenDebug, glua.OpenCoroutine} {
		L.Push(L.NewFunction(open))
		L.Call(0, 0)
	}
	s.openOperators()
	global := L.G.Global
	s.open(baseModule, global)
	L.SetGlobal("_printregs", glua.LNil)
	L.SetGlobal("newproxy", glua.LNil)
	for _, m := range []Module{bitModule, jsonModule, pandaModule} {
		L.SetGlobal(m.Name, s.open(m, L.NewTable()))
	}
	for _, m := range []Module{stringModule, mathModule, tableModule, ioModule, osModule} {
		s.open(m, L.GetGlobal(m.Name).(*glua.LTable))
	}
	s.keep = L.NewTable()
	s.mods["panda"].RawSetString("keep", s.keep)
	s.openFiles()
	s.openDebug()
	s.openCoroutines()
	s.openSearchers()
	s.openViews()
}

func baseU64(_ *State, L *glua.LState) int { return val.PushInt(L, val.ArgInt(L, 1)) }

func baseInt(_ *State, L *glua.LState) int {
	v := val.ArgInt(L, 1)
	n := val.ArgLen(L, 2, 64)
	if n < 1 || n > 64 {
		L.ArgError(2, "bits must be from 1 to 64")
	}
	L.Push(num.Signed(int64(v<<(64-n)) >> (64 - n)))
	return 1
}

func baseHex(_ *State, L *glua.LState) int {
	s := strconv.FormatUint(val.ArgInt(L, 1), 16)
	if n := val.ArgLen(L, 2, 0); len(s) < n {
		s = strings.Repeat("0", min(n, 64)-len(s)) + s
	}
	return val.PushString(L, "0x"+s)
}

func baseHexdump(s *State, L *glua.LState) int {
	text, base := L.CheckString(1), val.OptInt(L, 2, 0)
	s.room(L, 6*len(text)) // a line of 16 bytes has about 80
	ticks := s.ticker(L)
	return val.PushString(L, hexdump([]byte(text), base, func() { ticks.Step(64) }))
}

// Hexdump prints bytes as lines of address, hexadecimal and characters.
func Hexdump(b []byte, base uint64) string { return hexdump(b, base, func() {}) }

// hexdump calls each before each line.
func hexdump(b []byte, base uint64, each func()) string {
	var out strings.Builder
	width := max(8, len(strconv.FormatUint(base+uint64(len(b)), 16)))
	for off := 0; off < len(b); off += 16 {
		each()
		row := b[off:min(off+16, len(b))]
		fmt.Fprintf(&out, "%0*x ", width, base+uint64(off))
		for i := range 16 {
			if i == 8 {
				out.WriteByte(' ')
			}
			if i < len(row) {
				fmt.Fprintf(&out, " %02x", row[i])
			} else {
				out.WriteString("   ")
			}
		}
		fmt.Fprintf(&out, "  |%s|\n", printable(row))
	}
	return out.String()
}

func printable(b []byte) string {
	p := make([]byte, len(b))
	for i, c := range b {
		p[i] = '.'
		if c >= ' ' && c < 0x7f {
			p[i] = c
		}
	}
	return string(p)
}

func basePrint(s *State, L *glua.LState) int {
	var b []byte
	for i := 1; i <= L.GetTop(); i++ {
		if i > 1 {
			b = append(b, '\t')
		}
		text := L.ToStringMeta(L.Get(i)).String()
		s.room(L, len(b)+len(text))
		b = append(b, text...)
	}
	if _, err := s.out().Write(append(b, '\n')); err != nil {
		L.RaiseError("print: %v", err)
	}
	return 0
}

func baseToNumber(_ *State, L *glua.LState) int {
	v := L.CheckAny(1)
	if L.Get(2) != glua.LNil {
		L.Push(parseBase(L, L.CheckString(1), val.ArgLen(L, 2, 10)))
		return 1
	}
	n := num.Of(v)
	if n == nil {
		n = glua.LNil
	}
	L.Push(n)
	return 1
}

func parseBase(L *glua.LState, text string, base int) glua.LValue {
	if base < 2 || base > 36 {
		L.ArgError(2, "base out of range")
	}
	digits, neg := strings.CutPrefix(strings.ToLower(strings.TrimSpace(text)), "-")
	if base == 16 {
		digits = strings.TrimPrefix(digits, "0x")
	}
	u, err := strconv.ParseUint(digits, base, 64)
	if err != nil || digits[0] == '+' {
		return glua.LNil
	}
	if neg {
		return num.Neg(num.Int(u))
	}
	return num.Int(u)
}

// basePairs honours __pairs, by which userdata can be walked.
func basePairs(s *State, L *glua.LState) int {
	if mm := val.MetaField(L, L.CheckAny(1), "__pairs"); mm != glua.LNil {
		L.Push(mm)
		L.Push(L.Get(1))
		L.Call(1, 3)
		return 3
	}
	L.CheckTable(1)
	L.Push(L.GetGlobal("next"))
	L.Push(L.Get(1))
	L.Push(glua.LNil)
	return 3
}

// baseError puts the position of Lua code before a text, and nothing where the
// level is not Lua code.
func baseError(_ *State, L *glua.LState) int {
	v, level := L.Get(1), val.ArgLen(L, 2, 1)
	if msg, ok := v.(glua.LString); ok && level > 0 {
		if pos := L.Where(level); pos != "" && !strings.HasPrefix(pos, "[G]") {
			v = glua.LString(pos + " " + string(msg))
		}
	}
	L.Error(v, 0)
	return 0
}

func basePcall(s *State, L *glua.LState) int {
	L.CheckAny(1)
	ret, err := s.protect(L, val.Args(L, 2))
	if err != nil {
		L.Push(glua.LFalse)
		L.Push(err.Object)
		return 2
	}
	return pushResults(L, ret)
}

func baseXpcall(s *State, L *glua.LState) int {
	handler := L.CheckAny(2)
	ret, err := s.protect(L, val.Args(L, 3))
	if err == nil {
		return pushResults(L, ret)
	}
	outer := s.trace
	s.trace = cleanTrace(err.StackTrace)
	v := val.Call(L, handler, err.Object)
	s.trace = outer
	L.Push(glua.LFalse)
	L.Push(v)
	return 2
}

func pushResults(L *glua.LState, ret []glua.LValue) int {
	L.Push(glua.LTrue)
	for _, v := range ret {
		L.Push(v)
	}
	return len(ret) + 1
}

// protect calls argument 1 of L with arguments on a thread of its own.
func (s *State) protect(L *glua.LState, as []glua.LValue) ([]glua.LValue, *glua.ApiError) {
	defer s.nest(L)()
	T := s.enter()
	defer s.leave(T)
	top := T.GetTop()
	T.Push(L.Get(1))
	for _, a := range as {
		T.Push(a)
	}
	if err := T.PCall(len(as), glua.MultRet, nil); err != nil {
		e := err.(*glua.ApiError)
		if msg, ok := e.Object.(glua.LString); ok {
			text := strings.TrimPrefix(string(msg), " ") // no position, but its space
			if s.guard != nil {
				text = s.guard.explain(text)
			}
			e.Object = glua.LString(text)
		}
		return nil, e
	}
	ret := val.Args(T, top+1)
	T.SetTop(top)
	return ret, nil
}

func baseLoad(s *State, L *glua.LState) int {
	var src strings.Builder
	switch v := L.CheckAny(1).(type) {
	case glua.LString:
		src.WriteString(string(v))
	case *glua.LFunction:
		for {
			piece, ok := val.Call(L, v).(glua.LString)
			if !ok || piece == "" {
				break
			}
			s.room(L, src.Len()+len(piece))
			src.WriteString(string(piece))
		}
	default:
		L.ArgError(1, val.Expected("text or function", v))
	}
	return s.pushChunk(L, strings.TrimLeft(L.OptString(2, `[string]`), "=@"), src.String())
}

func (s *State) pushChunk(L *glua.LState, name, src string) int {
	fn, err := s.compile(name, src)
	if err != nil {
		return val.PushError(L, err)
	}
	L.Push(fn)
	return 1
}

func baseLoadFile(s *State, L *glua.LState) int {
	path := L.CheckString(1)
	src, err := os.ReadFile(path)
	if err != nil {
		return val.PushError(L, err)
	}
	return s.pushChunk(L, path, string(src))
}

func baseDoFile(s *State, L *glua.LState) int {
	top := L.GetTop()
	if n := baseLoadFile(s, L); n == 2 {
		L.Error(L.Get(-1), 0)
	}
	L.Call(0, glua.MultRet)
	return L.GetTop() - top
}

// openDebug makes debug.traceback show the stack of a caught error.
func (s *State) openDebug() {
	t := s.L.GetGlobal("debug").(*glua.LTable)
	plain := t.RawGetString("traceback")
	t.RawSetString("traceback", s.L.NewFunction(func(L *glua.LState) int {
		if s.trace == "" {
			as := val.Args(L, 1)
			L.Push(plain)
			for _, a := range as {
				L.Push(a)
			}
			L.Call(len(as), 1)
			return 1
		}
		return val.PushString(L, strings.TrimLeft(L.OptString(1, "")+"\n"+s.trace, "\n"))
	}))
}

// embeddedLoader is the place of the embedded modules among the loaders.
const embeddedLoader = 3

// openSearchers makes require look beside the script, in the plugin
// directories, and among the embedded modules.
func (s *State) openSearchers() {
	L := s.L
	loaders := L.GetField(L.GetGlobal("package"), "loaders").(*glua.LTable)
	loaders.RawSetInt(2, L.NewFunction(func(L *glua.LState) int { return s.searchFiles(L, L.CheckString(1)) }))
	loaders.RawSetInt(embeddedLoader, L.NewFunction(func(L *glua.LState) int { return s.searchEmbedded(L, L.CheckString(1)) }))
	loaded := L.GetField(L.GetGlobal("package"), "loaded").(*glua.LTable)
	for _, m := range []Module{bitModule, jsonModule, pandaModule} {
		loaded.RawSetString(m.Name, s.mods[m.Name])
	}
}

func (s *State) searchFiles(L *glua.LState, name string) int {
	file := filepath.FromSlash(strings.ReplaceAll(name, ".", "/")) + ".lua"
	var tried []string
	for _, dir := range append([]string{s.dir()}, s.opts.Path...) {
		path := filepath.Join(dir, file)
		src, err := os.ReadFile(path)
		if err == nil {
			return s.pushModule(L, path, string(src))
		}
		tried = append(tried, fmt.Sprintf("no file '%s'", path))
	}
	return val.PushString(L, strings.Join(tried, "\n\t"))
}

func (s *State) searchEmbedded(L *glua.LState, name string) int {
	file := strings.ReplaceAll(name, ".", "/") + ".lua"
	src, err := fs.ReadFile(stdlib.FS, file)
	if err != nil {
		return val.PushString(L, fmt.Sprintf("no embedded module '%s'", file))
	}
	return s.pushModule(L, "stdlib/"+file, string(src))
}

func (s *State) pushModule(L *glua.LState, path, src string) int {
	fn, err := s.compile(path, src)
	if err != nil {
		L.Error(glua.LString(err.Error()), 0)
	}
	L.Push(fn)
	return 1
}

// cleanTrace drops the frames of Go code without a name from a traceback.
func cleanTrace(t string) string {
	var keep []string
	for line := range strings.SplitSeq(t, "\n") {
		if !strings.Contains(line, "[G]: in function (anonymous)") && !strings.Contains(line, "[G]: in function '?'") &&
			!strings.HasSuffix(line, "[G]: ?") {
			keep = append(keep, line)
		}
	}
	return strings.Join(keep, "\n")
}

func baseUnpack(s *State, L *glua.LState) int { return library.Unpack(s.library, L) }
