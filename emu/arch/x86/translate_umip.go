package x86

import (
	"encoding/binary"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// umipTable holds the instructions that tell where the kernel's tables are. CPUs
// with UMIP keep that from programs by #GP, and Linux then does the instruction
// itself with numbers of its own (arch/x86/kernel/umip.c). So they see those on
// every model. What is special about them is Linux's doing too: a register
// operand of 4 bytes keeps its upper half, nothing needs to be aligned, and
// memory that cannot be written is a fault at its first byte.
var umipTable = map[string]trFunc{
	"sgdt": trTable(0xfffffffffffe0000), "sidt": trTable(0xffffffffffff0000),
	"sldt": trTableWord(func(t *translator) ir.Ref { return t.b.Call(t.g.helpers.localTable) }),
	"str":  trTableWord(func(t *translator) ir.Ref { return t.b.Word(ir.K(taskSelector)) }),
	"smsw": trTableWord(func(t *translator) ir.Ref { return t.b.Word(ir.K(machineStatus)) }),
}

// trTable stores a limit of 0 and a base.
func trTable(base uint64) trFunc {
	return func(t *translator) { t.storeDummy(t.b.Word(ir.K(base)), baseSize(t.bits), 2) }
}

// baseSize is the size of a base: 16-bit code stores one of 32 bits too.
func baseSize(bits int) uint64 { return uint64(max(bits, 32) / 8) }

func trTableWord(value func(*translator) ir.Ref) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		v := value(t)
		switch {
		case d.Kind == dec.MemArg:
			t.storeDummy(v, 2, 0)
		case d.Size == 4:
			t.b.DepositTo(ir.Ref(d.Reg), ir.Ref(d.Reg), ir.W(v), 0, 32)
		default:
			t.put(d, v)
		}
	}
}

// storeDummy stores n bytes of v after some zeros.
func (t *translator) storeDummy(v ir.Ref, n, zeros uint64) {
	a := t.memory(t.arg(0))
	t.checkArea(a, 1, 1, true)
	at := t.b.Temp()
	t.b.LeaTo(at, ir.I64, a)
	t.b.CallTo(ir.None, hDummy, at, v, t.b.Word(ir.K(n|zeros<<8)))
}

var hDummy = &ir.Helper{
	Name: "dummy", MayFault: true, Reads: all,
	Fn: func(c *vcpu.CPU, a, v, size uint64) uint64 {
		n, zeros := size&0xff, size>>8
		if f := c.Space.Check(guest.Addr(a), zeros+n, guest.Write); f != nil {
			f.Addr = guest.Addr(a)
			panic(f)
		}
		c.Touch(a, int(zeros+n))
		var b [10]byte
		binary.LittleEndian.PutUint64(b[zeros:], v)
		copy(c.Span(a, int(zeros+n), guest.Write), b[:])
		return 0
	},
}

// What Linux says (arch/x86/include/asm/segment.h, processor-flags.h).
const (
	ldtSelector   = 0x50
	taskSelector  = 0x40
	machineStatus = 0x80050033
)

// newLocalTable makes the helper that gives the selector of the local descriptor
// table, if the program has one.
func newLocalTable(env *regs.Environment) *ir.Helper {
	return &ir.Helper{Name: "sldt", Reads: all, Fn: func(c *vcpu.CPU, _, _, _ uint64) uint64 {
		const first = 7
		if _, ok := findDescriptor(env, c, first); ok {
			return ldtSelector
		}
		return 0
	}}
}
