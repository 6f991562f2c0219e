package emutest

import (
	"encoding/binary"
	"strings"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
)

// Unrandom are the instructions that random sequences leave out, with the
// reason. Lines hold some of them.
var Unrandom = map[string]string{
	"syscall": "enters the host's kernel", "sysenter": "enters the host's kernel", "int": "may enter the host's kernel",
	"int3": "ends a run of the oracle", "int1": "the kernel reports it as a step",
	"cpuid": "differs by CPU", "rdtsc": "differs by time", "rdtscp": "differs by time", "rdpid": "differs by CPU",
	"rdrand": "is random", "rdseed": "is random", "xgetbv": "differs by CPU", "rdpkru": "differs by kernel",
	"fxsave": "stores x87 pointers, which are not compared", "fxrstor": "may load what ptrace does not",
	"fnsave": "stores x87 pointers", "fnstenv": "stores x87 pointers", "frstor": "loads x87 pointers", "fldenv": "loads x87 pointers",
	"xsave": "stores what the CPU has", "xsavec": "stores what the CPU has", "xsaveopt": "stores what the CPU has", "xrstor": "loads what the CPU has",
	"rcpps": "is approximate", "rcpss": "is approximate", "rsqrtps": "is approximate", "rsqrtss": "is approximate",
	"vrcpps": "is approximate", "vrcpss": "is approximate", "vrsqrtps": "is approximate", "vrsqrtss": "is approximate",
	"f2xm1": "is approximate", "fyl2x": "is approximate", "fyl2xp1": "is approximate", "fptan": "is approximate",
	"fpatan": "is approximate", "fsin": "is approximate", "fcos": "is approximate", "fsincos": "is approximate",
	"iret": "no far transfers yet", "retf": "no far transfers yet", "callf": "no far transfers yet", "jmpf": "no far transfers yet",
	"lds": "loads segments", "les": "loads segments", "lfs": "loads segments", "lgs": "loads segments", "lss": "loads segments",
	"xbegin": "aborts when it likes", "xabort": "needs xbegin", "xend": "needs xbegin", "xtest": "needs xbegin",
}

// random reports whether sequences may contain the instruction.
func random(in *dec.Inst) bool {
	name := in.Row.Name
	if _, no := Unrandom[name]; no || in.Row.Map == dec.MapX87 {
		return false
	}
	switch {
	case name == "movseg" && in.Args[0].Kind == dec.SegReg, name == "pop" && in.Args[0].Kind == dec.SegReg:
		return false // selectors are not put back
	case in.Row.Flags&dec.Force64 != 0 && in.Prefix&dec.OpSize66 != 0:
		return false // CPUs differ
	case in.Mode == dec.Mode32 && (name == "sysret" || name == "sysexit"):
		return false // CPUs differ
	}
	return true
}

// usable lists the shapes that the machine translates and that sequences may
// contain.
func (m *Machine) usable(keep func(*dec.Row) bool) (ss []*Shape) {
	e := newEncoder(1, m.Bits)
	mode := m.Guest.Mode(m.CPU)
	for _, s := range Shapes(m.Bits) {
		e.st, e.pc = NewLineState(m.Bits), LineIP
		code, in, ok := e.encode(s, LineData+0x100)
		if ok && random(&in) && m.Guest.Untranslated(code, LineIP, mode) == "" && (keep == nil || keep(s.Row)) {
			ss = append(ss, s)
		}
	}
	return ss
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

// setup lists what must hold before the instruction, mostly, for it to do more
// than fault: instructions to run first.
func (e *encoder) setup(in *dec.Inst) (codes [][]byte) {
	if e.oneIn(12) {
		return nil
	}
	need := func(reg uint8, good func(v uint64) bool, v uint64) {
		if !good(e.st.GPR[reg]) {
			codes = append(codes, e.load(reg, v))
		}
	}
	inData := func(v uint64) bool { return v >= LineData+0x400 && v < LineData+dataSize-0x400 }
	small := func(v uint64) bool { return v < 40 }
	name := in.Row.Name
	switch name {
	case "push", "pop", "call", "ret", "pushf", "popf", "enter", "pusha", "popa":
		need(4, inData, (e.pointer()+0x200)&^7)
	case "leave":
		need(5, inData, e.pointer())
	case "xlat":
		need(3, inData, e.pointer())
	case "loop", "loope", "loopne", "jcxz":
		if e.oneIn(2) {
			codes = append(codes, e.load(1, e.Uint64N(3)))
		}
	case "movs", "cmps", "lods":
		need(6, inData, e.pointer())
	case "maskmovq", "maskmovdqu":
		need(7, inData, e.pointer())
	case "div", "idiv":
		codes = append(codes, e.load(2, e.Uint64N(4)-1))
	case "shl", "shr", "sar", "rol", "ror", "rcl", "rcr", "shld", "shrd":
		if e.oneIn(3) {
			n := []uint64{0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255}
			codes = append(codes, e.load(1, n[e.IntN(len(n))]))
		}
	case "cmpxchg":
		if a := &in.Args[0]; a.Kind == dec.GPR && e.oneIn(2) {
			codes = append(codes, e.load(0, e.st.GPR[a.Reg]))
		}
	case "wrfsbase", "wrgsbase":
		codes = append(codes, e.load(in.Args[0].Reg, e.pointer()))
	}
	switch name {
	case "movs", "cmps", "stos", "scas":
		need(7, inData, e.pointer())
	case "enter":
		need(5, inData, e.pointer())
	}
	if in.Row.Flags&(dec.RepOK|dec.RepZOK) != 0 && in.Prefix&(dec.RepE|dec.RepNE) != 0 {
		need(1, small, e.Uint64N(40))
	}
	switch {
	case name == "popf":
		f := uint32(e.Uint64()) & (regs.Arith | regs.NT)
		if e.oneIn(8) {
			f |= regs.DFBit
		}
		codes = append(codes, binary.LittleEndian.AppendUint32([]byte{0x68}, f|regs.FlagsFixed))
	case name == "ret":
		codes = append(codes, binary.LittleEndian.AppendUint32([]byte{0x68}, e.landing()))
	case (name == "jmp" || name == "call") && in.Args[0].Kind == dec.GPR:
		codes = append(codes, e.load(in.Args[0].Reg, uint64(e.landing())))
	case (name == "jmp" || name == "call") && in.Args[0].Kind == dec.MemArg:
		e.at = (LineData + e.Uint64N(dataSize-64)) &^ 7
		codes = append(codes, e.store(e.at, e.landing()))
	}
	return codes
}

// store is mov [at], v.
func (e *encoder) store(at uint64, v uint32) []byte {
	le := binary.LittleEndian
	b := []byte{0xc7, 0x05}
	if e.bits == 64 {
		b = []byte{0x48, 0xc7, 0x04, 0x25}
	}
	return le.AppendUint32(le.AppendUint32(b, uint32(at)), v)
}

// landing is a place further on in the code.
func (e *encoder) landing() uint32 { return uint32(e.pc) + 100 + e.Uint32N(100) }

// mustSetUp reports instructions that do harm without their setup.
func mustSetUp(in *dec.Inst) bool {
	switch in.Row.Name {
	case "popf", "wrfsbase", "wrgsbase", "ret":
		return true
	}
	return indirect(in)
}

// indirect reports a jump or call to an address in a register or memory.
func indirect(in *dec.Inst) bool {
	return (in.Row.Name == "jmp" || in.Row.Name == "call") && in.Args[0].Kind != dec.RelArg
}

// load is mov reg, v.
func (e *encoder) load(reg uint8, v uint64) []byte {
	le := binary.LittleEndian
	if e.bits == 32 {
		return le.AppendUint32([]byte{0xb8 + reg}, uint32(v))
	}
	return le.AppendUint64([]byte{0x48 | reg>>3, 0xb8 + reg&7}, v)
}
