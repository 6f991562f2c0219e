package regs

import (
	"fmt"

	"panda/emu/ir"
)

// Words is the frame that holds a vCPU's registers.
type Words = [ir.FrameWords]uint64

// RFlags is the whole of RFLAGS.
func RFlags(w *Words) uint64 {
	f := ArithFlags(CC(w[CCOp]), w) | w[EFL]&^(Arith|DFBit) | FlagsFixed
	if int64(w[DF]) < 0 {
		f |= DFBit
	}
	return f
}

// SetRFlags sets all of RFLAGS.
func SetRFlags(w *Words, f uint64) {
	w[CCOp], w[CCSrc] = uint64(CCFlags), f&Arith
	w[EFL] = f &^ (Arith | DFBit)
	w[DF] = 1
	if f&DFBit != 0 {
		w[DF] = ^uint64(0)
	}
}

// FStatus is the x87 status word with TOP.
func FStatus(w *Words) uint64 { return w[FSW]&^0x3800 | w[FTop]&7<<11 }

// SetFStatus sets the x87 status word and TOP.
func SetFStatus(w *Words, v uint64) { w[FSW], w[FTop] = v&0xc7ff, v>>11&7 }

// SumFStatus makes ES, and B with it, what flags and masks imply: an unmasked
// exception is pending (SDM vol. 1 8.1.3.3).
func SumFStatus(w *Words) {
	const es, flags = 0x8080, 0x3f
	w[FSW] &^= es
	if w[FSW]&^w[FCW]&flags != 0 {
		w[FSW] |= es
	}
}

// Def describes a register as users name it: a part of a word, or a computed
// value where Get and Set are given. A vector register has Bytes 16 or 32 and
// takes consecutive words.
type Def struct {
	Name  string
	Word  ir.Ref
	Shift uint8
	Bytes uint8
	Zero  bool // a write clears the rest of the word (32-bit names)
	Get   func(w *Words) uint64
	Set   func(w *Words, v uint64)
}

// low truncates v to n bits.
func low(v uint64, n uint) uint64 { return v << (64 - n) >> (64 - n) }

// Value reads a register of at most 64 bits.
func (d *Def) Value(w *Words) uint64 {
	if d.Get != nil {
		return d.Get(w)
	}
	return low(w[d.Word]>>d.Shift, 8*uint(min(d.Bytes, 8)))
}

// Place says where a general register is.
func (d *Def) Place() (w ir.Ref, bit, n uint8, ok bool) {
	return d.Word, d.Shift, 8 * d.Bytes, d.Get == nil && d.Word < 16 && d.Bytes <= 8
}

// SetValue writes a register of at most 64 bits as the CPU would under that name.
func (d *Def) SetValue(w *Words, v uint64) {
	if d.Set != nil {
		d.Set(w, v)
		return
	}
	if d.Bytes >= 8 || d.Zero {
		w[d.Word] = low(v, 8*uint(min(d.Bytes, 8)))
		return
	}
	m := uint64(1)<<(8*d.Bytes) - 1
	w[d.Word] = w[d.Word]&^(m<<d.Shift) | v&m<<d.Shift
}

var gprNames = [16][4]string{
	{"al", "ax", "eax", "rax"},
	{"cl", "cx", "ecx", "rcx"},
	{"dl", "dx", "edx", "rdx"},
	{"bl", "bx", "ebx", "rbx"},
	{"spl", "sp", "esp", "rsp"},
	{"bpl", "bp", "ebp", "rbp"},
	{"sil", "si", "esi", "rsi"},
	{"dil", "di", "edi", "rdi"},
}

var segNames = [6]string{"es", "cs", "ss", "ds", "fs", "gs"}

// Defs lists every register by its names; the first sixteen, rip, rflags and
// the segments are the ones a register dump shows.
var Defs = buildDefs()

func buildDefs() []Def {
	for n := 8; n < 16; n++ {
		r := fmt.Sprintf("r%d", n)
		gprNames[n] = [4]string{r + "b", r + "w", r + "d", r}
	}
	var ds []Def
	for n := range gprNames {
		ds = append(ds, Def{Name: gprNames[n][3], Word: ir.Ref(n), Bytes: 8})
	}
	ds = append(ds, Def{Name: "rip", Word: RIP, Bytes: 8},
		Def{Name: "rflags", Get: RFlags, Set: SetRFlags, Bytes: 8})
	for n, s := range segNames {
		ds = append(ds, Def{Name: s, Word: Sel + ir.Ref(n), Bytes: 2})
	}
	for n, s := range segNames {
		ds = append(ds, Def{Name: s + "_base", Word: Base + ir.Ref(n), Bytes: 8})
	}
	for n := range gprNames {
		for s := range 3 {
			ds = append(ds, Def{Name: gprNames[n][s], Word: ir.Ref(n), Bytes: 1 << s, Zero: s == 2})
		}
	}
	for n, s := range []string{"ah", "ch", "dh", "bh"} {
		ds = append(ds, Def{Name: s, Word: ir.Ref(n), Shift: 8, Bytes: 1})
	}
	ds = append(ds, Def{Name: "eip", Word: RIP, Bytes: 4, Zero: true},
		Def{Name: "eflags", Get: RFlags, Set: SetRFlags, Bytes: 4})
	return append(ds, fpDefs()...)
}

func fpDefs() []Def {
	ds := []Def{
		{Name: "mxcsr", Word: MXCSR, Bytes: 4},
		{Name: "fcw", Word: FCW, Bytes: 2},
		{Name: "fsw", Get: FStatus, Set: SetFStatus, Bytes: 2},
		{Name: "ftw", Word: FTag, Bytes: 1},
		{Name: "cr0", Word: CR0, Bytes: 8},
		{Name: "cr2", Word: CR2, Bytes: 8},
		{Name: "cr3", Word: CR3, Bytes: 8},
		{Name: "cr4", Word: CR4, Bytes: 8},
		{Name: "efer", Word: EFER, Bytes: 8},
	}
	for n := range 16 {
		ds = append(ds,
			Def{Name: fmt.Sprintf("xmm%d", n), Word: XMM(uint8(n)), Bytes: 16},
			Def{Name: fmt.Sprintf("ymm%d", n), Word: XMM(uint8(n)), Bytes: 32})
	}
	return ds
}

// Find finds a register by name, nil if there is none.
func Find(name string) *Def { return byName[name] }

var byName = func() map[string]*Def {
	m := make(map[string]*Def, len(Defs))
	for i := range Defs {
		m[Defs[i].Name] = &Defs[i]
	}
	return m
}()

// FRef is the number of the physical x87 register that st(i) is.
func FRef(w *Words, i int) ir.Ref { return ir.Ref((w[FTop] + uint64(i)) & 7) }
