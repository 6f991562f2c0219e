package emutest

import (
	"bytes"
	"fmt"
	"testing"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/oracle"
)

// Where an access may reach into a page with other rights: there is the data's end
// and a page that may be written before the one that may not.
const (
	borderAt   = LineRO - borderSize
	borderSize = 0x1000
)

// borders are the first bytes after a border.
var borders = [...]uint64{LineData, LineData + 0x1000, LineData + dataSize, LineRO, LineRO + roSize}

// areaNames access more than a vector: what they have stored before a fault is
// the CPU's choice.
var areaNames = nameSet("fxsave fxrstor fnsave frstor fnstenv fldenv")

// TestBorders runs an instruction of each row with memory operands across the
// borders of pages that are missing, or may not be written, on our CPU and its
// judge.
func TestBorders(t *testing.T) {
	eachEngine(t, func(t *testing.T) {
		for _, bits := range []int{64, 32} {
			t.Run(fmt.Sprint(bits), func(t *testing.T) { newBorder(t, bits).rows(t) })
		}
	})
}

// border is a machine of ours and its judge, with one page more than lines have.
type border struct {
	h    CPU
	m    *Machine
	e    *encoder
	page [2][]byte // at borderAt
}

func newBorder(t *testing.T, bits int) *border {
	t.Helper()
	b := &border{m: NewMachine(t, bits, "max")}
	b.page[1] = borderPage(t, b.m)
	if SameMaker() {
		o, err := oracle.New(append(LineRegions(), oracle.Region{Addr: borderAt, Size: borderSize, Write: true})...)
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { must(o.Close()) })
		b.h, b.page[0] = &Host{Oracle: o}, o.Bytes(borderAt, borderSize)
	} else {
		ref := newReference(t, bits)
		b.h, b.page[0] = ref, borderPage(t, ref)
	}
	if err := b.m.numberAs(b.h); err != nil {
		t.Fatal(err)
	}
	return b
}

// borderPage maps the page of a machine.
func borderPage(t *testing.T, m *Machine) []byte {
	t.Helper()
	m.Map(t, borderAt, borderSize, guest.Read|guest.Write)
	return m.Bytes(borderAt, borderSize)
}

// rows tries each row at each border, and with the pointers of instructions that
// have some of their own.
func (b *border) rows(t *testing.T) {
	faults, ran := 0, 0
	for _, s := range Shapes(b.m.Bits) {
		b.e = newEncoder(uint64(s.Row.ID), b.m.Bits)
		for _, at := range borders {
			l := b.line(s, at)
			if l == nil {
				continue
			}
			ran++
			if b.run(t, l) {
				faults++
			}
		}
	}
	if ran < 2000 || faults < ran/4 {
		t.Errorf("%d instructions, of which %d fault", ran, faults)
	}
}

// line is an instruction of the row with its operand across a border; nil if there
// is none.
func (b *border) line(s *Shape, at uint64) *Line {
	e := b.e
	e.pc = LineIP
	st := e.state()
	st.RFlags &^= regs.AC
	st.MXCSR |= 0x1f80
	st.FCW, st.FSW = st.FCW|0x3f, st.FSW&^0x80bf
	st.GPR[regs.RCX] = e.Uint64N(6)
	for _, r := range implicit(s.Row) {
		st.GPR[r] = at - e.Uint64N(12)
	}
	e.st = st
	code, in, ok := e.encode(s, at-e.Uint64N(34))
	name := s.Row.Name
	if !ok || !random(&in) && !areaNames[name] || !b.m.Has(code, b.m.Guest.Mode(b.m.CPU)) || UndefinedResult(&in, uint8(st.GPR[regs.RCX])) {
		return nil
	}
	if !usesMemory(&in) && implicit(s.Row) == nil || mustSetUp(&in) || in.Row.Flags&dec.GatherSrc != 0 {
		return nil
	}
	return &Line{Pos: fmt.Sprintf("border %#x", at), Bits: b.m.Bits, Code: code, Text: dec.Text(&in, LineIP, nil), In: *st}
}

// implicit are the registers through which a row accesses memory.
func implicit(r *dec.Row) []uint8 {
	switch {
	case stackUsers[r.Name]:
		return []uint8{4}
	case r.Name == "leave":
		return []uint8{5}
	case r.Name == "xlat":
		return []uint8{3}
	case r.Name == "movs" || r.Name == "cmps":
		return []uint8{6, 7}
	case r.Name == "lods":
		return []uint8{6}
	case r.Name == "stos" || r.Name == "scas":
		return []uint8{7}
	}
	return nil
}

func usesMemory(in *dec.Inst) bool {
	for i := range in.Args[:in.N] {
		if in.Args[i].Kind == dec.MemArg && in.Row.Name != "lea" {
			return true
		}
	}
	return false
}

// run compares a line and reports whether it faults.
func (b *border) run(t *testing.T, l *Line) (faulted bool) {
	t.Helper()
	clear(b.page[0])
	clear(b.page[1])
	want, err := RunLine(b.h, l)
	if err != nil {
		t.Fatal(err)
	}
	got, err := RunLine(b.m, l)
	if err != nil {
		t.Fatal(l.Text, err)
	}
	in, _ := l.Decode()
	if b.free(&in, got, want) {
		return true
	}
	ds := LineDiff(got, want)
	if !areaNames[in.Row.Name] && !bytes.Equal(b.page[0], b.page[1]) {
		ds = append(ds, "memory at the border differs")
	}
	if ds != nil {
		t.Errorf("%s: %s [% x] %q\n%v", l.Pos, l.Text, l.Code, ds, l)
	}
	return want.Exc == "#PF"
}

// free makes equal what the CPU is free to do, and reports a line where that
// leaves nothing to compare.
func (b *border) free(in *dec.Inst, got, want *Line) (all bool) {
	name := in.Row.Name
	if areaNames[name] {
		got.Out, got.OutMem = want.Out, want.OutMem
		if got.Exc == want.Exc && got.Addr/borderSize == want.Addr/borderSize { // it may begin anywhere in a page
			got.Addr = want.Addr
		}
	}
	if want.Exc == "" || got.Exc == "" {
		return false
	}
	switch {
	case usesMMX(in):
		got.Out.FSW, got.Out.FTW, got.Out.ST = want.Out.FSW, want.Out.FTW, want.Out.ST
	case name == "vcvtps2ph":
		got.Out.MXCSR = want.Out.MXCSR
	case name == "popa": // what has been read may be in its register
		got.Out.GPR = want.Out.GPR
	}
	return name == "cmps" // either operand may fault first
}
