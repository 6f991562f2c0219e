package lua

import (
	"encoding/binary"
	"path"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// sample is one event as aggregations see it. Only what the kind has is set.
type sample struct {
	c    *vcpu.CPU
	pc   guest.Addr
	mem  *vcpu.MemAccess
	call *event.Syscall
	exc  *guest.Exception
	proc *event.Process
	tb   *vcpu.TB
}

// part is one element of a key: text, or a number that may be signed.
type part struct {
	text string
	num  uint64
	kind partKind
}

type partKind uint8

const (
	isText partKind = iota
	isUnsigned
	isSigned
	isAddress // printed in hexadecimal
)

func (p part) String() string {
	switch p.kind {
	case isText:
		return p.text
	case isSigned:
		return strconv.FormatInt(int64(p.num), 10)
	case isAddress:
		return "0x" + strconv.FormatUint(p.num, 16)
	}
	return strconv.FormatUint(p.num, 10)
}

func (p part) lua() glua.LValue {
	switch p.kind {
	case isText:
		return glua.LString(p.text)
	case isSigned:
		return Signed(int64(p.num))
	}
	return Int(p.num)
}

func text(s string) part     { return part{text: s} }
func unsigned(v uint64) part { return part{num: v, kind: isUnsigned} }
func signed(v int64) part    { return part{num: uint64(v), kind: isSigned} }
func address(v uint64) part  { return part{num: v, kind: isAddress} }

// aggField is a row of what by= and value= may name.
type aggField struct {
	name, doc string
	kinds     string // classes of events that have it, see kindClass
	static    bool   // depends on the pc and the address space only
	get       func(e *sample) part
}

var aggFields = []aggField{
	{"pc", "address of the instruction, or of the block", "insn block mem sys exc", true, func(e *sample) part { return address(uint64(e.pc)) }},
	{"symbol", "function that the pc is in; [file] where its symbols do not say", "insn block mem sys exc", true, func(e *sample) part { return symbolOf(e) }},
	{"module", "file that the pc is in", "insn block mem sys exc", true, func(e *sample) part { return moduleOf(e) }},
	{"offset", "distance of the pc from the start of its file's mapping", "insn block mem sys exc", true, func(e *sample) part { return offsetOf(e) }},
	{"mnemonic", "instruction at the pc", "insn mem", true, func(e *sample) part { return mnemonicOf(e) }},
	{"insns", "instructions of the block", "block", true, func(e *sample) part { return unsigned(uint64(e.tb.Insns())) }},
	{"process", "name of the program and pid", "insn block mem sys exc proc", false, func(e *sample) part {
		return text(e.c.Machine.Comm + "[" + strconv.Itoa(e.c.Machine.Process) + "]")
	}},
	{"pid", "process", "insn block mem sys exc", false, func(e *sample) part { return signed(int64(e.c.Machine.Process)) }},
	{"pid", "process", "proc", false, func(e *sample) part { return signed(int64(e.proc.PID)) }},
	{"thread", "thread", "insn block mem sys exc", false, func(e *sample) part { return signed(int64(e.c.Machine.Thread)) }},
	{"asid", "address space", "insn block mem sys exc", false, func(e *sample) part { return unsigned(uint64(e.c.ASID())) }},
	{"name", "name of the system call", "sys", false, func(e *sample) part { return text(e.call.Name) }},
	{"name", "path of the program", "proc", false, func(e *sample) part { return text(e.proc.Path) }},
	{"number", "number of the system call", "sys", false, func(e *sample) part { return signed(int64(e.call.Number)) }},
	{"number", "number of the exception", "exc", false, func(e *sample) part { return unsigned(uint64(e.exc.Vector)) }},
	{"ret", "result of the system call", "leave", false, func(e *sample) part { return signed(e.call.Ret) }},
	{"error", "errno of a failed system call, 0 for success", "leave", false, func(e *sample) part { return unsigned(errno(e.call.Ret)) }},
	{"addr", "address of the access", "mem", false, func(e *sample) part { return address(uint64(e.mem.Addr)) }},
	{"addr", "faulting address", "exc", false, func(e *sample) part { return address(uint64(e.exc.Addr)) }},
	{"size", "bytes of the access", "mem", false, func(e *sample) part { return unsigned(uint64(e.mem.Size)) }},
	{"size", "bytes of the block", "block", true, func(e *sample) part { return unsigned(uint64(e.tb.Size)) }},
	{"value", "number read or written", "buf", false, func(e *sample) part { return address(memValue(e.mem.Buf)) }},
	{"status", "wait status", "proc", false, func(e *sample) part { return signed(int64(e.proc.Status)) }},
}

// kindClass says which classes of aggFields an event belongs to; empty when it
// cannot be aggregated.
func kindClass(k event.Kind) string {
	switch k {
	case event.InsnExec, event.AfterInsnExec, event.InsnTranslate, event.GuestHypercall, event.BeforeBlockTranslate:
		return "insn"
	case event.BeforeBlockExec, event.AfterBlockExec, event.AfterBlockTranslate:
		return "block"
	case event.VirtMemBeforeRead:
		return "mem"
	case event.VirtMemAfterRead, event.VirtMemBeforeWrite, event.VirtMemAfterWrite:
		return "mem buf"
	case event.UserBeforeSyscall, event.SyscallEnter:
		return "sys"
	case event.UserAfterSyscall, event.SyscallLeave:
		return "sys leave"
	case event.BeforeException:
		return "exc"
	case event.ProcessStart, event.ProcessExit:
		return "proc"
	}
	return ""
}

func symbolOf(e *sample) part {
	if name, _, ok := e.c.Machine.Symbol(e.pc); ok {
		return text(name)
	}
	return text("[" + moduleOf(e).text + "]")
}

func moduleOf(e *sample) part {
	if file, _, ok := e.c.Machine.Module(e.pc); ok {
		return text(path.Base(file))
	}
	return text("unknown")
}

func offsetOf(e *sample) part {
	_, base, _ := e.c.Machine.Module(e.pc)
	return address(uint64(e.pc - base))
}

func mnemonicOf(e *sample) part {
	ins := Disassemble(e.c, e.pc, 1)
	if len(ins) == 0 {
		return text("?")
	}
	return text(mnemonic(ins[0].Text))
}

// prefixes are no mnemonics.
const prefixes = " lock rep repe repz repne repnz bnd notrack data16 addr32 xacquire xrelease "

func mnemonic(t string) string {
	for {
		name, rest, more := strings.Cut(strings.TrimSpace(t), " ")
		if !more || !strings.Contains(prefixes, " "+name+" ") {
			return name
		}
		t = rest
	}
}

func errno(ret int64) uint64 {
	if ret < 0 && ret >= -4095 {
		return uint64(-ret)
	}
	return 0
}

func memValue(b []byte) uint64 {
	var v [8]byte
	copy(v[:], b)
	return binary.LittleEndian.Uint64(v[:])
}

// findField resolves a name of by= or value=: a field that the kind has, an
// argument of a system call (arg1 …), or a register.
func (s *State) findField(L *glua.LState, k event.Kind, name string) *aggField {
	classes := strings.Fields(kindClass(k))
	var known []string
	for i := range aggFields {
		f := &aggFields[i]
		for _, c := range classes {
			if strings.Contains(" "+f.kinds+" ", " "+c+" ") {
				if f.name == name {
					return f
				}
				known = append(known, f.name)
			}
		}
	}
	if i, ok := strings.CutPrefix(name, "arg"); ok && classes[0] == "sys" {
		if n, err := strconv.Atoi(i); err == nil && n >= 1 && n <= 6 {
			return &aggField{name: name, get: func(e *sample) part { return address(e.call.Args[n-1]) }}
		}
	}
	if c := s.needCPU(L); c.Machine.Arch.Lookup(name) != nil {
		r := c.Machine.Arch.Lookup(name)
		return &aggField{name: name, get: func(e *sample) part { return address(r.Value(&e.c.W)) }}
	}
	L.RaiseError("%v has no field or register %q%s; it has: %s", k, name, event.DidYouMean(name, known), strings.Join(known, ", "))
	return nil
}
