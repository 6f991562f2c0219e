package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// Fault is #PF, or #GP for an address that is not canonical, #SS if that is on
// the stack. The CPU's registers are those before the instruction.
func (g *Guest) Fault(c *vcpu.CPU, f *guest.MemFault) guest.Exception {
	a := newAccess(c, f)
	if regs.CodeBits(&c.W) == 64 && a.outside() {
		if a.onStack(c) {
			return guest.Exception{Vector: regs.VecSS, HasCode: true}
		}
		return guest.Exception{Vector: regs.VecGP, HasCode: true}
	}
	f = beyondFile(c, a.first(c, f))
	code := uint32(regs.PFUser)
	if f.Present {
		code |= regs.PFPresent
	}
	if f.Access&guest.Write != 0 || f.Access == guest.Read && a.modifies() {
		code |= regs.PFWrite
	}
	if f.Access&guest.Exec != 0 {
		code |= regs.PFFetch
	}
	c.W[regs.CR2] = uint64(f.Addr)
	return guest.Exception{Vector: regs.VecPF, HasCode: true, Code: code, Addr: f.Addr, Bus: f.Bus}
}

// beyondFile is the fault of fetching from a page beyond the end of its file, which
// Linux finds before that it holds no code.
func beyondFile(c *vcpu.CPU, f *guest.MemFault) *guest.MemFault {
	if f.Access != guest.Exec || !f.Mapped || f.Bus {
		return f
	}
	if b := c.Space.Check(f.Addr, 1, guest.Read); b != nil && b.Bus {
		return &guest.MemFault{Addr: f.Addr, Access: guest.Exec, Mapped: true, Bus: true}
	}
	return f
}

// access is a faulting access with the instruction that makes it.
type access struct {
	addr guest.Addr
	in   dec.Inst
	mem  *dec.Arg // the operand in memory, nil if there is none, or no instruction
}

// codeAt is the address of the instruction at the pc.
func codeAt(c *vcpu.CPU) guest.Addr {
	if regs.CodeBits(&c.W) == 64 {
		return c.PC()
	}
	return guest.Addr(uint32(c.W[regs.RIP] + c.W[regs.Base+regs.CS]))
}

func newAccess(c *vcpu.CPU, f *guest.MemFault) *access {
	a := &access{addr: f.Addr}
	var code [dec.MaxLen]byte
	n, _ := c.Space.Fetch(codeAt(c), code[:])
	if f.Access&guest.Exec != 0 || dec.Decode(&a.in, code[:n], dec.Mode(regs.CodeBits(&c.W))) != nil {
		a.in = dec.Inst{}
		return a
	}
	for i := range a.in.Args[:a.in.N] {
		if arg := &a.in.Args[i]; arg.Kind == dec.MemArg && arg.Reg == dec.MemModRM {
			a.mem = arg
			break
		}
	}
	return a
}

// canonicalEnd is the end of the lower half of the addresses that a CPU has.
const canonicalEnd = 1 << 47

// outside reports whether the access reaches an address that is not canonical:
// the CPU looks at that before it looks for a page.
func (a *access) outside() bool {
	if !canonical(uint64(a.addr)) {
		return true
	}
	if a.addr >= canonicalEnd || a.in.Row == nil {
		return false
	}
	size := uint64(a.in.OpSize) // of what instructions of the stack and strings move
	if a.mem != nil {
		size = uint64(max(a.mem.Size, a.mem.Width))
		if size == 0 { // a state, which begins with a field of that size
			size = uint64(a.in.OpSize)
		}
	}
	if stackInsns[a.in.Row.Name] && a.mem == nil && size == 4 {
		size = 8
	}
	return uint64(a.addr)+size > canonicalEnd
}

// shifts write the operand that they read, as all instructions do that LOCK is
// allowed with.
var shifts = map[string]bool{
	"rol": true, "ror": true, "rcl": true, "rcr": true, "shl": true, "shr": true, "sar": true, "shld": true, "shrd": true,
}

// modifies reports whether the instruction writes the operand that it reads. The
// CPU asks for both rights at once, so the page fault of the read also says that
// it is a write (SDM vol. 3A 4.7).
func (a *access) modifies() bool {
	return a.mem == &a.in.Args[0] && (a.in.Row.Flags&dec.LockOK != 0 || shifts[a.in.Row.Name])
}

// first is the fault of an operand that is read and written: it may reach into
// two pages, the first of which may be read but not written.
func (a *access) first(c *vcpu.CPU, f *guest.MemFault) *guest.MemFault {
	if f.Access != guest.Read || !a.modifies() || f.Addr%mmu.PageSize != 0 {
		return f
	}
	m := &a.in.Mem
	at := uint64(m.Disp)
	for _, r := range []struct {
		reg   int8
		scale uint8
	}{{m.Base, 0}, {m.Index, m.Scale}} {
		switch {
		case r.reg == dec.RegIP:
			at += c.W[regs.RIP] + uint64(a.in.Len)
		case r.reg != dec.RegNone:
			at += c.W[r.reg] << r.scale
		}
	}
	at = at << (64 - 8*a.in.AddrSize) >> (64 - 8*a.in.AddrSize)
	at += c.W[regs.Base+ir.Ref(m.Seg)] + a.bitOffset(c)
	if uint64(f.Addr)-at > uint64(a.mem.Size) {
		return f
	}
	if g := c.Space.Check(guest.Addr(at), 1, guest.Write); g != nil {
		return g
	}
	return f
}

// bitOffset is how far from its address a bit test goes whose bit number is in a
// register.
func (a *access) bitOffset(c *vcpu.CPU) uint64 {
	bit := &a.in.Args[1]
	if a.in.N != 2 || bit.Kind != dec.GPR || !bitTests[a.in.Row.Name] {
		return 0
	}
	size := 8 * uint(bit.Size)
	n := int64(c.W[bit.Reg]<<(64-size)) >> (64 - size)
	return uint64(n>>3) &^ uint64(size/8-1)
}

var bitTests = map[string]bool{"bts": true, "btr": true, "btc": true}

// stackInsns access the stack besides their operands.
var stackInsns = map[string]bool{
	"push": true, "pop": true, "pushf": true, "popf": true, "call": true, "ret": true, "enter": true, "leave": true,
}

// stackReach is how far from the stack pointer an instruction of the stack may
// reach: ENTER makes frames of 64 KiB.
const stackReach = 1 << 17

// onStack reports whether the access goes through the stack segment.
func (a *access) onStack(c *vcpu.CPU) bool {
	if a.in.Row == nil {
		return false
	}
	if stackInsns[a.in.Row.Name] {
		for _, top := range []ir.Ref{regs.RSP, regs.RBP} { // enter and leave follow rBP
			if uint64(a.addr)-c.W[top]+stackReach < 2*stackReach {
				return true
			}
		}
	}
	return a.mem != nil && a.in.Mem.Seg == dec.SegSS
}
