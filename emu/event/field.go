package event

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// Env is one event as filters and aggregations see it. Only what the kind has
// is set.
type Env struct {
	CPU       *vcpu.CPU
	PC        guest.Addr
	Mem       *vcpu.MemAccess
	Call      *Syscall
	Exception *guest.Exception
	Process   *Process
	Thread    *Thread
	Module    *MappedModule
	TB        *vcpu.TB
	Next      *vcpu.TB   // of after_block_exec
	OldASID   guest.ASID // of asid_changed
}

// Value is a field of an event: a text, or a number that may be signed.
type Value struct {
	Text string
	Num  uint64
	Type ValueType
}

// ValueType is what a Value holds.
type ValueType uint8

// The types.
const (
	TextValue ValueType = iota
	UnsignedValue
	SignedValue
	AddressValue // printed in hexadecimal
)

func (v Value) String() string {
	switch v.Type {
	case TextValue:
		return v.Text
	case SignedValue:
		return strconv.FormatInt(int64(v.Num), 10)
	case AddressValue:
		return "0x" + strconv.FormatUint(v.Num, 16)
	}
	return strconv.FormatUint(v.Num, 10)
}

// Less orders two values of one type.
func (v Value) Less(w Value) bool {
	switch v.Type {
	case TextValue:
		return v.Text < w.Text
	case SignedValue:
		return int64(v.Num) < int64(w.Num)
	}
	return v.Num < w.Num
}

func text(s string) Value     { return Value{Text: s} }
func unsigned(v uint64) Value { return Value{Num: v, Type: UnsignedValue} }
func signed(v int64) Value    { return Value{Num: uint64(v), Type: SignedValue} }
func address(v uint64) Value  { return Value{Num: v, Type: AddressValue} }

// Field is a row of what by=, value= and when may name.
type Field struct {
	Name, Doc string
	Classes   string // of events that have it, see Class
	Type      ValueType
	// Static says that it depends on the pc and the program only, so that it is
	// known at translation.
	Static bool
	Get    func(e *Env) Value
	Reg    vcpu.Register // of one that is a register
}

const anyPC = "insn block mem sys exc"

// Fields is the table of fields.
var Fields = []Field{
	{"pc", "address of the instruction, or of the block", anyPC, AddressValue, true, func(e *Env) Value { return address(uint64(e.PC)) }, nil},
	{"symbol", "function that the pc is in; [file] where its symbols do not say", anyPC, TextValue, true, fieldSymbol, nil},
	{"module", "file that the pc is in", anyPC, TextValue, true, fieldModule, nil},
	{"offset", "distance of the pc from the start of its file's mapping", anyPC, AddressValue, true, fieldOffset, nil},
	{"mnemonic", "instruction at the pc", "insn mem", TextValue, true, fieldMnemonic, nil},
	{"stack", "calls that lead to it, as far as frame pointers tell", anyPC, TextValue, false, fieldStack, nil},
	{"insns", "instructions of the block", "block", UnsignedValue, true, func(e *Env) Value { return unsigned(uint64(e.TB.Insns())) }, nil},
	{"size", "bytes of the block", "block", UnsignedValue, true, func(e *Env) Value { return unsigned(uint64(e.TB.Size)) }, nil},
	{"process", "name of the program and pid", anyPC + " proc thread module", TextValue, false, fieldProcess, nil},
	{"comm", "name of the program", anyPC + " proc thread module", TextValue, false, func(e *Env) Value { return text(e.CPU.Machine.Comm) }, nil},
	{"pid", "process", anyPC, SignedValue, false, func(e *Env) Value { return signed(int64(e.CPU.Machine.Process)) }, nil},
	{"pid", "process", "proc", SignedValue, false, func(e *Env) Value { return signed(int64(e.Process.PID)) }, nil},
	{"pid", "process", "thread", SignedValue, false, func(e *Env) Value { return signed(int64(e.Thread.PID)) }, nil},
	{"tid", "thread that is made or ends", "thread", SignedValue, false, func(e *Env) Value { return signed(int64(e.Thread.TID)) }, nil},
	{"name", "path of the file", "module", TextValue, false, func(e *Env) Value { return text(e.Module.Path) }, nil},
	{"start", "first address of the mapping", "module", AddressValue, false, func(e *Env) Value { return address(uint64(e.Module.Start)) }, nil},
	{"size", "bytes of the mapping", "module", UnsignedValue, false, func(e *Env) Value { return unsigned(uint64(e.Module.End - e.Module.Start)) }, nil},
	{"end", "address after the mapping", "module", AddressValue, false, func(e *Env) Value { return address(uint64(e.Module.End)) }, nil},
	{"thread", "thread", anyPC, SignedValue, false, func(e *Env) Value { return signed(int64(e.CPU.Machine.Thread)) }, nil},
	{"asid", "address space", anyPC, UnsignedValue, false, func(e *Env) Value { return unsigned(uint64(e.CPU.ASID())) }, nil},
	{"icount", "instructions completed", anyPC, UnsignedValue, false, func(e *Env) Value { return unsigned(e.CPU.Icount()) }, nil},
	{"name", "name of the system call", "sys", TextValue, false, func(e *Env) Value { return text(e.Call.Name) }, nil},
	{"name", "path of the program", "proc", TextValue, false, func(e *Env) Value { return text(e.Process.Path) }, nil},
	{"number", "number of the system call", "sys", SignedValue, false, func(e *Env) Value { return signed(int64(e.Call.Number)) }, nil},
	{"number", "number of the exception", "exc", UnsignedValue, false, func(e *Env) Value { return unsigned(uint64(e.Exception.Vector)) }, nil},
	{"ret", "result of the system call", "leave", SignedValue, false, func(e *Env) Value { return signed(e.Call.Ret) }, nil},
	{"error", "errno of a failed system call, 0 for success", "leave", UnsignedValue, false, func(e *Env) Value { return unsigned(errno(e.Call.Ret)) }, nil},
	{"addr", "address of the access", "mem", AddressValue, false, func(e *Env) Value { return address(uint64(e.Mem.Addr)) }, nil},
	{"addr", "faulting address", "exc", AddressValue, false, func(e *Env) Value { return address(uint64(e.Exception.Addr)) }, nil},
	{"size", "bytes of the access", "mem", UnsignedValue, false, func(e *Env) Value { return unsigned(uint64(e.Mem.Size)) }, nil},
	{"value", "number read or written", "buf", AddressValue, false, func(e *Env) Value { return address(memValue(e.Mem.Buf)) }, nil},
	{"code", "error code of the exception, 0 for one that has none", "exc", UnsignedValue, false, func(e *Env) Value { return unsigned(uint64(e.Exception.Code)) }, nil},
	{"parent", "process that made it", "fork", SignedValue, false, func(e *Env) Value { return signed(int64(e.Process.Parent)) }, nil},
	{"status", "wait status", "proc", SignedValue, false, func(e *Env) Value { return signed(int64(e.Process.Status)) }, nil},
	{"status", "wait status", "end", SignedValue, false, func(e *Env) Value { return signed(int64(e.Thread.Status)) }, nil},
	{"old", "address space that was current", "asid", UnsignedValue, false, func(e *Env) Value { return unsigned(uint64(e.OldASID)) }, nil},
	{"new", "address space that becomes current", "asid", UnsignedValue, false, func(e *Env) Value { return unsigned(uint64(e.CPU.ASID())) }, nil},
}

// Class says which classes of Fields an event belongs to; empty when it has no
// fields.
func (k Kind) Class() string { return Rows[k].Class }

// Lookup finds a register by name, nil if there is none.
type Lookup func(name string) vcpu.Register

// FindField finds a field of the kind, an argument of a system call (arg1 to
// arg6), or a register. The error offers the nearest name.
func (k Kind) FindField(name string, regs Lookup) (*Field, error) {
	for i := range Fields {
		if f := &Fields[i]; f.Name == name && k.has(f) {
			return f, nil
		}
	}
	if f := k.argField(name); f != nil {
		return f, nil
	}
	if r := regs(name); r != nil {
		return &Field{Name: name, Type: AddressValue, Get: func(e *Env) Value { return address(r.Value(&e.CPU.W)) }, Reg: r}, nil
	}
	known := k.FieldNames()
	return nil, fmt.Errorf("%v has no field or register %q%s; it has: %s", k, name, DidYouMean(name, known), strings.Join(known, ", "))
}

// FieldNames are the names of the fields that the kind has.
func (k Kind) FieldNames() (names []string) {
	for i := range Fields {
		if k.has(&Fields[i]) {
			names = append(names, Fields[i].Name)
		}
	}
	return names
}

func (k Kind) has(f *Field) bool {
	for c := range strings.FieldsSeq(k.Class()) {
		if strings.Contains(" "+f.Classes+" ", " "+c+" ") {
			return true
		}
	}
	return false
}

func (k Kind) argField(name string) *Field {
	digits, ok := strings.CutPrefix(name, "arg")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 1 || n > 6 || !strings.HasPrefix(k.Class(), "sys") {
		return nil
	}
	return &Field{Name: name, Type: AddressValue, Get: func(e *Env) Value { return address(e.Call.Args[n-1]) }}
}

func fieldSymbol(e *Env) Value {
	if name, _, ok := e.CPU.Machine.Symbol(e.PC); ok {
		return text(name)
	}
	return text("[" + fieldModule(e).Text + "]")
}

func fieldModule(e *Env) Value {
	return text(cmp.Or(ModuleOf(e.CPU.Machine, e.PC), "unknown"))
}

func fieldOffset(e *Env) Value {
	_, base, _ := e.CPU.Machine.Module(e.PC)
	return address(uint64(e.PC - base))
}

func fieldProcess(e *Env) Value {
	return text(e.CPU.Machine.Comm + "[" + strconv.Itoa(e.CPU.Machine.Process) + "]")
}

// fieldMnemonic disassembles: it is asked once for each place.
func fieldMnemonic(e *Env) Value {
	code := make([]byte, e.CPU.Machine.Arch.Longest)
	for len(code) > 0 && e.CPU.Read(e.PC, code) != nil {
		code = code[:len(code)-1]
	}
	if len(code) == 0 {
		return text("?")
	}
	t, _ := e.CPU.Machine.Arch.Disasm(e.CPU, code, e.PC, func(uint64) (string, uint64, bool) { return "", 0, false })
	return text(mnemonic(t))
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
