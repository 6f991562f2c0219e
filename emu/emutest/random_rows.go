package emutest

import (
	"encoding/binary"
	"strings"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/oracle"
)

// Unrandom are the instructions that random sequences leave out, with the
// reason. Lines hold some of them.
var Unrandom = map[string]string{
	"syscall": "enters the host's kernel", "sysenter": "enters the host's kernel", "int": "may enter the host's kernel",
	"int3": "ends a run of the oracle", "int1": "the kernel reports it as a step",
	"cpuid": "differs by CPU", "rdtsc": "differs by time", "rdtscp": "differs by time",
	"rdrand": "is random", "rdseed": "is random", "xgetbv": "differs by CPU", "rdpkru": "differs by kernel",
	"sgdt": "differs by kernel", "sidt": "differs by kernel", "sldt": "differs by kernel", "str": "differs by kernel", "smsw": "differs by kernel",
	"fxsave": "stores x87 pointers, which are not compared", "fxrstor": "may load what ptrace does not",
	"fnsave": "stores x87 pointers", "fnstenv": "stores x87 pointers", "frstor": "loads x87 pointers", "fldenv": "loads x87 pointers",
	"xsave": "stores what the CPU has", "xsavec": "stores what the CPU has", "xsaveopt": "stores what the CPU has", "xrstor": "loads what the CPU has",
	"rcpps": "is approximate", "rcpss": "is approximate", "rsqrtps": "is approximate", "rsqrtss": "is approximate",
	"vrcpps": "is approximate", "vrcpss": "is approximate", "vrsqrtps": "is approximate", "vrsqrtss": "is approximate",
	"f2xm1": "is approximate", "fyl2x": "is approximate", "fyl2xp1": "is approximate", "fptan": "is approximate",
	"fpatan": "is approximate", "fsin": "is approximate", "fcos": "is approximate", "fsincos": "is approximate",
	"iret": "may leave for code of the other size", "retf": "may leave for code of the other size",
	"callf": "may leave for code of the other size", "jmpf": "may leave for code of the other size",
	"xbegin": "aborts when it likes", "xabort": "needs xbegin", "xend": "needs xbegin", "xtest": "needs xbegin",
}

// random reports whether sequences may contain the instruction.
func random(in *dec.Inst) bool {
	name := in.Row.Name
	if _, no := Unrandom[name]; no {
		return false
	}
	switch {
	case in.Row.Flags&dec.Force64 != 0 && in.Prefix&dec.OpSize66 != 0:
		return false // CPUs differ
	case in.Row.Flags&dec.ImplDI != 0 && (in.Mem.Seg >= dec.SegFS || in.AddrSize == 2):
		return false // which byte of a masked store faults is the CPU's choice, so it must not
	case indirect(in) && in.AddrSize == 2:
		return false // setup cannot promise where it goes
	case in.Mode == dec.Mode32 && in.Row.Flags&(dec.RepOK|dec.RepZOK) != 0 && in.Mem.Seg >= dec.SegFS:
		return false // runs over the segment's limit
	}
	return true
}

// sample is one instruction of a shape.
type sample struct {
	*Line
	shape *Shape
}

// Has reports whether the machine's CPU has the instruction at the head of code.
func (m *Machine) Has(code []byte, mode uint64) bool {
	_, text := m.Guest.Untranslated(code, LineIP, mode)
	return text == ""
}

// samples has an instruction of each row that the machine translates and that
// sequences may contain.
func (m *Machine) samples(keep func(*dec.Row) bool) (ls []sample) {
	e := newEncoder(1, m.Bits)
	mode := m.Guest.Mode(m.CPU)
	for _, s := range Shapes(m.Bits) {
		e.st, e.pc = NewLineState(m.Bits), LineIP
		code, in, ok := e.encode(s, LineData+0x100)
		if ok && random(&in) && m.Has(code, mode) && (keep == nil || keep(s.Row)) {
			ls = append(ls, sample{&Line{Pos: "sample", Bits: m.Bits, Code: code, In: *e.st}, s})
		}
	}
	return ls
}

// IntegerRow reports a row without x87, MMX or vector operands.
func IntegerRow(r *dec.Row) bool {
	if r.Map == dec.MapX87 || r.Map >= dec.MapVex0F && !strings.ContainsAny(r.Spec, "GE") {
		return false
	}
	for code := range strings.SplitSeq(r.Spec, ",") {
		if code == "" {
			continue
		}
		if strings.HasPrefix(code, "XMM") || strings.HasPrefix(code, "ST") || strings.ContainsRune("VWUPQNHL", rune(code[0])) {
			return false
		}
	}
	return r.Name != "emms" && r.Name != "wait"
}

// fix is something to hold before an instruction: a value in a register, on top
// of the stack, or in memory.
type fix struct {
	kind fixKind
	reg  uint8
	at   uint64
	v    uint64
}

type fixKind uint8

const (
	fixReg fixKind = iota
	fixTop
	fixMem
)

// code is the instruction that does it.
func (e *encoder) code(f fix) []byte {
	le := binary.LittleEndian
	switch f.kind {
	case fixTop: // push v
		return le.AppendUint32([]byte{0x68}, uint32(f.v))
	case fixMem: // mov [at], v
		b := []byte{0xc7, 0x05}
		if e.bits == 64 {
			b = []byte{0x48, 0xc7, 0x04, 0x25}
		}
		return le.AppendUint32(le.AppendUint32(b, uint32(f.at)), uint32(f.v))
	}
	if e.bits == 32 { // mov reg, v
		return le.AppendUint32([]byte{0xb8 + f.reg}, uint32(f.v))
	}
	return le.AppendUint64([]byte{0x48 | f.reg>>3, 0xb8 + f.reg&7}, f.v)
}

// stackUsers push or pop, loops count rCX, shifts may take their count from it.
var (
	stackUsers = nameSet("push pop call ret pushf popf enter pusha popa")
	loops      = nameSet("loop loope loopne jcxz")
	shifts     = nameSet("shl shr sar rol ror rcl rcr shld shrd")
)

func nameSet(names string) map[string]bool {
	m := map[string]bool{}
	for n := range strings.FieldsSeq(names) {
		m[n] = true
	}
	return m
}

// setup lists what must hold for the instruction, mostly, to do more than
// fault.
func (e *encoder) setup(in *dec.Inst) (fs []fix) {
	if e.oneIn(12) {
		return nil
	}
	return append(e.setupPointers(in), e.setupValues(in)...)
}

func (e *encoder) setupPointers(in *dec.Inst) (fs []fix) {
	pointer := func(reg uint8, v uint64) {
		if p := e.st.GPR[reg]; p < LineData+0x400 || p >= LineData+dataSize-0x400 {
			fs = append(fs, fix{kind: fixReg, reg: reg, v: v})
		}
	}
	name := in.Row.Name
	if stackUsers[name] {
		pointer(4, (e.pointer()+0x200)&^7)
	}
	switch name {
	case "leave", "enter":
		pointer(5, e.pointer())
	case "xlat":
		pointer(3, e.pointer())
	case "movs", "cmps":
		pointer(6, e.pointer())
		pointer(7, e.pointer())
	case "lods":
		pointer(6, e.pointer())
	case "stos", "scas":
		pointer(7, e.pointer())
	case "maskmovq", "maskmovdqu", "vmaskmovdqu":
		fs = append(fs, fix{kind: fixReg, reg: 7, v: e.pointer()})
	}
	return fs
}

var shiftCounts = [...]uint64{0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255}

func (e *encoder) setupValues(in *dec.Inst) (fs []fix) {
	reg := func(n uint8, v uint64) { fs = append(fs, fix{kind: fixReg, reg: n, v: v}) }
	a, name := &in.Args[0], in.Row.Name
	switch {
	case in.Row.Flags&(dec.RepOK|dec.RepZOK) != 0 && in.Prefix&(dec.RepE|dec.RepNE) != 0:
		if e.st.GPR[1] >= 40 {
			reg(1, e.Uint64N(40))
		}
	case loops[name] && e.oneIn(2):
		reg(1, e.Uint64N(3))
	case shifts[name] && e.oneIn(3):
		reg(1, shiftCounts[e.IntN(len(shiftCounts))])
	case name == "div" || name == "idiv":
		reg(2, e.Uint64N(4)-1)
	case name == "cmpxchg" && a.Kind == dec.GPR && e.oneIn(2):
		reg(0, e.st.GPR[a.Reg])
	case a.Kind == dec.SegReg && name == "pop":
		fs = append(fs, fix{kind: fixTop, v: e.selector()})
	case a.Kind == dec.SegReg && in.Args[1].Kind == dec.GPR:
		reg(in.Args[1].Reg, e.selector())
	case name == "wrfsbase" || name == "wrgsbase":
		reg(a.Reg, e.pointer())
	case name == "popf":
		f := e.Uint64() & (regs.Arith | regs.NT)
		if e.oneIn(8) {
			f |= regs.DFBit
		}
		fs = append(fs, fix{kind: fixTop, v: f | regs.FlagsFixed})
	case name == "ret":
		fs = append(fs, fix{kind: fixTop, v: e.landing()})
	case indirect(in) && a.Kind == dec.GPR:
		reg(a.Reg, e.landing())
	case indirect(in):
		e.at = (LineData + e.Uint64N(dataSize-64)) &^ 7
		fs = append(fs, fix{kind: fixMem, at: e.at, v: e.landing()})
	}
	return fs
}

// selector is one that data segments may take, or not.
func (e *encoder) selector() uint64 {
	return []uint64{0x2b, 0x2b, 0x2b, 0x2b, 7, 0xf, 0x17, 0x1f, 0x27, 0x23, oracle.SelFS, 0, 0x10}[e.IntN(13)]
}

// landing is a place further on in the code, where a line that loses a byte of
// it does not come back to itself.
func (e *encoder) landing() uint64 { return e.pc + 0x100 + e.Uint64N(100) }

// mustSetUp reports instructions that do harm without their setup.
func mustSetUp(in *dec.Inst) bool {
	switch in.Row.Name {
	case "popf", "wrfsbase", "wrgsbase", "ret", "maskmovq", "maskmovdqu", "vmaskmovdqu":
		return true
	}
	return indirect(in)
}

// indirect reports a jump or call to an address in a register or memory.
func indirect(in *dec.Inst) bool {
	return (in.Row.Name == "jmp" || in.Row.Name == "call") && in.Args[0].Kind != dec.RelArg
}
