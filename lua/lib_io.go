package lua

import (
	"errors"
	"io"
	"os"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

var ioModule = Module{
	Name: "io",
	Doc:  "Lua's. A file that is opened for writing is buffered; it is written out when it is closed, flushed, or when the script ends.",
	Rows: []Row{
		{"open", "path[, mode]", "file or nil, message", "Opens a file: \"r\", \"w\", \"a\", with \"+\" for both.", nil},
		{"write", "...", "true", "Writes to the output of print, or to what io.output chose.", nil},
	},
}

var osModule = Module{
	Name: "os",
	Doc:  "Lua's.",
	Rows: []Row{{"mkdir", "path", "true or nil, message", "Makes a directory, with those above it.", osMkdir}},
}

func osMkdir(_ *State, L *glua.LState) int {
	if err := os.MkdirAll(L.CheckString(1), 0o777); err != nil {
		return pushError(L, err)
	}
	L.Push(glua.LTrue)
	return 1
}

const (
	fileBuffer = 64 << 10
	maxDate    = 4096 // bytes of a format, of which each two may become thirty
)

// openFiles puts the library's own functions after ours, which add the buffer
// and take U64.
func (s *State) openFiles() {
	L := s.L
	t := L.GetGlobal("io").(*glua.LTable)
	open := t.RawGetString("open").(*glua.LFunction)
	t.RawSetString("open", L.NewFunction(func(L *glua.LState) int { return s.ioOpen(L, open) }))
	write, output, stdout := t.RawGetString("write").(*glua.LFunction), t.RawGetString("output"), t.RawGetString("stdout")
	t.RawSetString("write", L.NewFunction(func(L *glua.LState) int {
		if call(L, output) != stdout {
			return s.noteLoss(L, forward(L, write, textArgs(args(L, 1))))
		}
		return s.ioWrite(L)
	}))
	clocks := L.GetGlobal("os").(*glua.LTable)
	date := clocks.RawGetString("date").(*glua.LFunction)
	clocks.RawSetString("date", L.NewFunction(func(L *glua.LState) int {
		if len(L.OptString(1, "")) > maxDate {
			L.ArgError(1, "format too long")
		}
		return forward(L, date, args(L, 1))
	}))
	mt := L.GetTypeMetatable("FILE*").(*glua.LTable)
	for _, name := range []string{"write", "flush", "close"} {
		method := mt.RawGetString(name).(*glua.LFunction)
		mt.RawSetString(name, L.NewFunction(func(L *glua.LState) int {
			return s.noteLoss(L, forward(L, method, textArgs(args(L, 1))))
		}))
	}
}

// noteLoss passes on the results of a function that writes. Scripts seldom look at
// them.
func (s *State) noteLoss(L *glua.LState, n int) int {
	if n > 1 && L.Get(-n) == glua.LNil {
		s.lose(errors.New(L.Get(1 - n).String()))
	}
	return n
}

// out is where print and the tables go.
func (s *State) out() io.Writer { return output{s} }

// output tells of what it cannot write.
type output struct{ s *State }

func (o output) Write(b []byte) (int, error) {
	n, err := o.s.opts.Out.Write(b)
	if err != nil {
		o.s.lose(err)
	}
	return n, err
}

func (s *State) lose(err error) {
	if s.opts.Lost != nil {
		s.opts.Lost(err)
	}
}

// forward calls a function of the library with other arguments.
func forward(L *glua.LState, fn *glua.LFunction, as []glua.LValue) int {
	L.SetTop(0)
	L.Push(fn)
	for _, a := range as {
		L.Push(a)
	}
	L.Call(len(as), glua.MultRet)
	return L.GetTop()
}

func textArgs(as []glua.LValue) []glua.LValue {
	for i, a := range as {
		if u, ok := a.(U64); ok {
			as[i] = glua.LString(u.String())
		}
	}
	return as
}

func (s *State) ioOpen(L *glua.LState, open *glua.LFunction) int {
	path, mode := L.CheckString(1), L.OptString(2, "r")
	if mode[:min(1, len(mode))] == "w" || strings.HasPrefix(mode, "a") {
		// The library would make it with mode 0600.
		if f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666); err == nil {
			f.Close()
		}
	}
	n := forward(L, open, []glua.LValue{glua.LString(path), glua.LString(mode)})
	f, ok := L.Get(1).(*glua.LUserData)
	if ok && strings.ContainsAny(mode, "wa") && !strings.Contains(mode, "+") {
		call(L, L.GetField(f, "setvbuf"), f, glua.LString("full"), glua.LNumber(fileBuffer))
		s.closers = append(s.closers, func() { s.flush(f) })
	}
	return n
}

// flush writes out a file that the script left open.
func (s *State) flush(f *glua.LUserData) {
	if s.L.GetGlobal("io") == glua.LNil {
		return
	}
	_, err := s.run(s.L.NewFunction(func(L *glua.LState) int {
		L.Push(glua.LString(call(L, L.GetField(L.GetGlobal("io"), "type"), f).String()))
		if L.Get(-1) == glua.LString("file") {
			call(L, L.GetField(f, "close"), f)
		}
		return 0
	}))
	if se := new(ScriptError); errors.As(err, &se) {
		s.lose(errors.New(se.Msg))
	}
}

// ioWrite writes where print does, as io.write does as long as the script chose
// no other output.
func (s *State) ioWrite(L *glua.LState) int {
	for i, a := range textArgs(args(L, 1)) {
		if !glua.LVCanConvToString(a) {
			L.ArgError(i+1, expected("string", a))
		}
		if _, err := s.out().Write([]byte(a.String())); err != nil {
			return pushError(L, err)
		}
	}
	L.Push(glua.LTrue)
	return 1
}
