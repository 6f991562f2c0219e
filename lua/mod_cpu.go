package lua

import (
	"fmt"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
	"panda/lua/num"
	"panda/lua/val"
)

var cpuModule = Module{
	Name: "cpu:",
	Doc: "The virtual CPU, the first argument of every callback and `panda.cpu`. It is a view: nothing is copied that is not asked for, and what is assigned takes effect at once. " +
		"Registers go by their names, `cpu.rax`, `cpu.eax`, `cpu.rflags`; an address may also be the name of a symbol.",
	Rows: append([]Row{
		{"read", "addr, n", "string or nil, message", "n bytes of guest memory.", cpuRead},
		{"write", "addr, str", "true or nil, message", "Writes guest memory, also where the guest itself may not.", cpuWrite},
		{"str", "addr[, max]", "string or nil, message", "Text up to a zero byte, at most max bytes (4096).", cpuStr},
		{"text", "addr", "string or nil", "The text at an address, if what is there is one: UTF-8 that can be printed, with a zero byte within 4096 bytes. What may be a pointer to something else is asked with this.", cpuText},
		{"arg", "i", "integer", "Argument i, from 1, of the function whose first instruction is about to run.", cpuArg},
		{"ret", "", "integer", "The result of a function that has just returned.", cpuRet},
		{"disas", "[addr[, n]]", "string", "n instructions (1) from addr (pc) on, a line each.", cpuDisas},
		{"symbol", "[addr]", "string or nil", "The symbol at or before addr (pc), as in \"malloc+0x12\".", cpuSymbol},
		{"module", "[addr]", "file, base or nil", "The mapped file at addr (pc), and where it begins.", cpuModuleAt},
		{"home", "[addr]", "string or nil", "The file, by its base name, whose function lies at addr (pc) in the kernel's object, the vdso: libc.so.6 for time. A function of a mapped file has none.", cpuHome},
		{"backtrace", "[n]", "list", "The calls that lead here, at most n (20), as far as frame pointers tell: tables with pc, sp and symbol.", cpuBacktrace},
		{"regs", "", "table", "All registers of a dump by name.", cpuRegs},
		{"reg", "name[, value]", "integer", "A register whose name is not known before, read or assigned.", cpuReg},
	}, append(memRows(), memFloatRows()...)...),
	Fields: cpuFieldDocs(),
}

// cpuField is a property of the CPU that is no register.
type cpuField struct {
	Field
	get func(c *vcpu.CPU) glua.LValue
}

var cpuFields = []cpuField{
	{Field{"pc", "address of the current instruction; assigning makes the guest go on there"}, func(c *vcpu.CPU) glua.LValue { return num.Int(uint64(c.PC())) }},
	{Field{"sp", "stack pointer"}, func(c *vcpu.CPU) glua.LValue { return num.Int(uint64(c.SP())) }},
	{Field{"icount", "instructions completed before the current one"}, func(c *vcpu.CPU) glua.LValue { return num.Int(c.Icount()) }},
	{Field{"asid", "name of the current address space"}, func(c *vcpu.CPU) glua.LValue { return num.Int(uint64(c.ASID())) }},
	{Field{"pid", "process"}, func(c *vcpu.CPU) glua.LValue { return num.Signed(int64(c.Machine.Process)) }},
	{Field{"tid", "thread"}, func(c *vcpu.CPU) glua.LValue { return num.Signed(int64(c.Machine.Thread)) }},
	{Field{"comm", "name of the process's program"}, func(c *vcpu.CPU) glua.LValue { return glua.LString(c.Machine.Comm) }},
	{Field{"arch", "what the program is of, as in \"x86_64\""}, func(c *vcpu.CPU) glua.LValue { return glua.LString(c.Machine.Arch.Name.String()) }},
	{Field{"bits", "width of an address, 32 or 64"}, func(c *vcpu.CPU) glua.LValue { return glua.LNumber(c.Machine.Arch.Bits) }},
}

func cpuFieldDocs() []Field {
	var fs []Field
	for _, f := range cpuFields {
		fs = append(fs, f.Field)
	}
	return fs
}

// cpuEntry is what a name after "cpu." stands for.
type cpuEntry struct {
	method *glua.LFunction
	get    func(c *vcpu.CPU) glua.LValue
	reg    vcpu.Register
}

// openCPU makes the one userdata that stands for the CPU in every callback.
func (s *State) openCPU() {
	s.views.cpuNames = map[string]cpuEntry{}
	for _, f := range cpuFields {
		s.views.cpuNames[f.Name] = cpuEntry{get: f.get}
	}
	for _, r := range s.rows(cpuModule) {
		s.views.cpuNames[r.Name] = cpuEntry{method: s.bind(r)}
	}
	mt := s.L.NewTable()
	mt.RawSetString("__index", s.L.NewFunction(s.cpuIndex))
	mt.RawSetString("__newindex", s.L.NewFunction(s.cpuNewIndex))
	mt.RawSetString("__tostring", s.L.NewFunction(func(L *glua.LState) int {
		c := s.needCPU(L)
		return val.PushString(L, fmt.Sprintf("cpu: pc=0x%x icount=%d", uint64(c.PC()), c.Icount()))
	}))
	s.views.cpu = s.L.NewUserData()
	s.views.cpu.Metatable = mt
}

// needCPU is the CPU of the running callback, or the machine's.
func (s *State) needCPU(L *glua.LState) *vcpu.CPU {
	if s.cpu == nil && s.host != nil {
		s.cpu = s.host.CPU()
	}
	if s.cpu == nil {
		L.RaiseError("there is no guest yet")
	}
	return s.cpu
}

func (s *State) cpuIndex(L *glua.LState) int {
	c := s.needCPU(L)
	name, _ := L.Get(2).(glua.LString)
	e, ok := s.views.cpuNames[string(name)]
	if !ok {
		e = s.findReg(L, c, string(name))
	}
	switch {
	case e.reg != nil:
		L.Push(s.box(e.reg.Value(&c.W)))
	case e.method != nil:
		L.Push(e.method)
	default:
		L.Push(e.get(c))
	}
	return 1
}

// findReg looks a register up once and keeps it.
func (s *State) findReg(L *glua.LState, c *vcpu.CPU, name string) cpuEntry {
	r := c.Machine.Arch.Lookup(name)
	if r == nil {
		L.RaiseError("the cpu has no register or method %q%s", name, event.DidYouMean(name, s.cpuNames(c)))
	}
	e := cpuEntry{reg: r}
	s.views.cpuNames[name] = e
	return e
}

func (s *State) cpuNames(c *vcpu.CPU) []string {
	var ns []string
	for _, f := range cpuFields {
		ns = append(ns, f.Name)
	}
	for _, r := range s.rows(cpuModule) {
		ns = append(ns, r.Name)
	}
	return append(ns, c.Machine.Arch.Names...)
}

func (s *State) cpuNewIndex(L *glua.LState) int {
	c := s.needCPU(L)
	name := L.CheckString(2)
	v := val.ArgInt(L, 3)
	if name == "pc" {
		c.SetPC(guest.Addr(v))
		return 0
	}
	if name == "sp" {
		c.SetWord(c.Machine.Arch.SP, v)
		return 0
	}
	e, ok := s.views.cpuNames[name]
	if !ok {
		e = s.findReg(L, c, name)
	}
	if e.reg == nil {
		L.RaiseError("cpu.%s cannot be assigned", name)
	}
	c.SetReg(name, v)
	return 0
}

// checkCPU is the receiver of a method.
func (s *State) checkCPU(L *glua.LState) *vcpu.CPU {
	if L.Get(1) != s.views.cpu {
		L.ArgError(1, "cpu expected: methods are called with a colon, cpu:read(…)")
	}
	return s.needCPU(L)
}

func cpuArg(s *State, L *glua.LState) int {
	c := s.checkCPU(L)
	i := val.ArgLen(L, 2, -1)
	if i < 1 {
		L.ArgError(2, "arguments are counted from 1")
	}
	v, ok := c.Arg(c.SP(), i-1)
	if !ok {
		return val.PushError(L, fmt.Errorf("argument %d: the stack cannot be read at %#x", i, uint64(c.SP())))
	}
	L.Push(s.box(v))
	return 1
}

func cpuRet(s *State, L *glua.LState) int {
	c := s.checkCPU(L)
	L.Push(s.box(c.Result()))
	return 1
}

func (s *State) optAddr(L *glua.LState, n int, c *vcpu.CPU) guest.Addr {
	if L.Get(n) == glua.LNil {
		return c.PC()
	}
	return s.argAddr(L, n)
}

func cpuDisas(s *State, L *glua.LState) int {
	c := s.checkCPU(L)
	var out []string
	for _, in := range Disassemble(c, s.optAddr(L, 2, c), min(val.ArgLen(L, 3, 1), maxListed)) {
		out = append(out, in.Text)
	}
	return val.PushString(L, strings.Join(out, "\n"))
}

// Insn is one disassembled instruction.
type Insn struct {
	PC   guest.Addr
	Code []byte
	Text string
}

// Disassemble reads up to n instructions; it ends at memory that is not mapped.
func Disassemble(c *vcpu.CPU, pc guest.Addr, n int) []Insn {
	longest := c.Machine.Arch.Longest
	sym := func(a uint64) (string, uint64, bool) { return c.Machine.Symbol(guest.Addr(a)) }
	var ins []Insn
	for range n {
		code := make([]byte, longest)
		k := longest
		for k > 0 && c.Read(pc, code[:k]) != nil {
			k--
		}
		if k == 0 {
			break
		}
		text, size := c.Machine.Arch.Disasm(c, code[:k], pc, sym)
		size = min(max(size, 1), k)
		ins = append(ins, Insn{pc, code[:size], text})
		pc += guest.Addr(size)
	}
	return ins
}

func cpuSymbol(s *State, L *glua.LState) int {
	c := s.checkCPU(L)
	if name := SymbolAt(c, s.optAddr(L, 2, c)); name != "" {
		return val.PushString(L, name)
	}
	L.Push(glua.LNil)
	return 1
}

// SymbolAt names an address by its symbol, as in "main+0x12"; empty when there
// is none.
func SymbolAt(c *vcpu.CPU, a guest.Addr) string {
	name, off, ok := c.Machine.Symbol(a)
	switch {
	case !ok:
		return ""
	case off == 0:
		return name
	}
	return fmt.Sprintf("%s+%#x", name, off)
}

func cpuModuleAt(s *State, L *glua.LState) int {
	c := s.checkCPU(L)
	file, base, ok := c.Machine.Module(s.optAddr(L, 2, c))
	if !ok {
		L.Push(glua.LNil)
		return 1
	}
	L.Push(glua.LString(file))
	L.Push(num.Int(uint64(base)))
	return 2
}

func cpuHome(s *State, L *glua.LState) int {
	c := s.checkCPU(L)
	if c.Machine.Home != nil {
		if file, ok := c.Machine.Home(s.optAddr(L, 2, c)); ok {
			return val.PushString(L, file)
		}
	}
	L.Push(glua.LNil)
	return 1
}

func cpuRegs(s *State, L *glua.LState) int {
	c := s.checkCPU(L)
	t := L.NewTable()
	for _, n := range c.Machine.Arch.Names {
		if r := c.Machine.Arch.Lookup(n); r != nil {
			t.RawSetString(n, num.Int(r.Value(&c.W)))
		}
	}
	L.Push(t)
	return 1
}

func cpuReg(s *State, L *glua.LState) int {
	c := s.checkCPU(L)
	name := L.CheckString(2)
	r := c.Machine.Arch.Lookup(name)
	if r == nil {
		L.ArgError(2, fmt.Sprintf("no register %q%s", name, event.DidYouMean(name, c.Machine.Arch.Names)))
	}
	if L.Get(3) != glua.LNil {
		r.SetValue(&c.W, val.ArgInt(L, 3))
	}
	return val.PushInt(L, r.Value(&c.W))
}

// boxCount is the size of the cache of boxed numbers: a Lua value is an
// interface, and the pcs and values of a callback repeat.
const boxCount = 1024

func (s *State) box(v uint64) glua.LValue {
	p := &s.boxes[(v^v>>10)%boxCount]
	switch old := (*p).(type) {
	case glua.LNumber:
		if v <= num.MaxPlain && old == glua.LNumber(v) {
			return *p
		}
	case num.U64:
		if uint64(old) == v {
			return *p
		}
	}
	*p = num.Int(v)
	return *p
}
