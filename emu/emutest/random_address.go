package emutest

import (
	"encoding/binary"
	"strings"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
)

// address writes ModRM, SIB and displacement so that the operand lies at
// target, by one of several addressing forms, and sets REX and prefixes in f.
// relative means that the instruction's length is still to be taken from the
// displacement, which is relative to RIP.
func (e *encoder) address(in *dec.Inst, f *form, target uint64) (tail []byte, relative, ok bool) {
	if target == 0 {
		target = e.target(operandSize(in))
	}
	if in.Row.Flags&dec.AnyAlign != 0 { // the host may be one of those that raise #GP
		target &^= operandSize(in) - 1
	}
	target -= e.bitOffset(in)
	reg := f.modrm & 0x38
	f.rxb &= 4
	if e.bits == 32 && f.cut {
		return e.address16(f, reg, target), false, true
	}
	target -= e.segmentBase(f)
	if e.bits == 32 && uint32(target) > ^uint32(64) {
		return nil, false, false // over the segment's limit
	}
	wide := e.bits == 64 && !f.cut
	if in.Row.Flags&dec.GatherSrc != 0 {
		tail = e.gather(in, f, reg, target, wide)
		return tail, false, tail != nil
	}
	for range 8 {
		switch e.IntN(8) {
		case 0:
			if e.bits == 64 {
				if d := target - e.pc; !wide || fits(d) {
					return binary.LittleEndian.AppendUint32([]byte{reg | 5}, uint32(d)), true, true
				}
			}
		case 1:
			if !wide || fits(target) {
				if e.bits == 32 && e.oneIn(2) {
					return binary.LittleEndian.AppendUint32([]byte{reg | 5}, uint32(target)), false, true
				}
				return binary.LittleEndian.AppendUint32([]byte{reg | 4, 0x25}, uint32(target)), false, true
			}
		default:
			if tail := e.indexed(f, reg, target, wide); tail != nil {
				return tail, false, true
			}
		}
	}
	if fits(target) {
		return binary.LittleEndian.AppendUint32([]byte{reg | 4, 0x25}, uint32(target)), false, true
	}
	return nil, false, false
}

// segmentBase is the base of the segment that the prefix chooses.
func (e *encoder) segmentBase(f *form) uint64 {
	switch f.seg {
	case 0x64:
		return e.st.FSBase
	case 0x65:
		return e.st.GSBase
	}
	if v, ok := descriptor(e.st.Seg[regs.DS]); ok && e.bits == 32 {
		return regs.Descriptor(v).Base()
	}
	return 0
}

// gather writes a form with a vector as index: one of small numbers, if a
// register holds such; nil if not.
func (e *encoder) gather(in *dec.Inst, f *form, reg uint8, target uint64, wide bool) []byte {
	limit := e.bits / 4
	size := 8
	if strings.Contains(in.Row.Name, "gatherd") {
		size = 4
	}
	index := e.IntN(limit)
	for range limit {
		if smallNumbers(e.st.YMM[index][:], size) {
			break
		}
		index = (index + 1) % limit
	}
	base := e.IntN(limit)
	d := target - e.st.GPR[base]
	if !smallNumbers(e.st.YMM[index][:], size) || wide && !fits(d) {
		return nil
	}
	f.rxb = f.rxb&4 | uint8(base>>3) | uint8(index>>3<<1)
	mod, disp := e.displacement(d, false, uint8(base&7))
	return append([]byte{mod<<6 | reg | 4, uint8(e.IntN(4)<<6) | uint8(index&7<<3) | uint8(base&7)}, disp...)
}

// smallNumbers tells a vector of integers of n bytes near 0.
func smallNumbers(b []byte, n int) bool {
	for i := 0; i < len(b); i += n {
		v := int64(int32(binary.LittleEndian.Uint32(b[i:])))
		if n == 8 {
			v = int64(binary.LittleEndian.Uint64(b[i:]))
		}
		if v < -64 || v > 64 {
			return false
		}
	}
	return true
}

// address16 writes a 16-bit form. It reaches what is mapped by FS only.
func (e *encoder) address16(f *form, reg uint8, target uint64) []byte {
	if !e.oneIn(4) {
		f.seg = 0x64
	}
	target -= e.segmentBase(f)
	rm := uint8(e.IntN(8))
	base := [8][]uint8{{3, 6}, {3, 7}, {5, 6}, {5, 7}, {6}, {7}, {5}, {3}}[rm]
	d := uint16(target)
	for _, r := range base {
		d -= uint16(e.st.GPR[r])
	}
	switch {
	case e.oneIn(8) && rm == 6: // no base
		return binary.LittleEndian.AppendUint16([]byte{reg | 6}, uint16(target))
	case d == 0 && rm != 6:
		return []byte{reg | rm}
	case d == uint16(int8(d)):
		return []byte{0x40 | reg | rm, uint8(d)}
	}
	return binary.LittleEndian.AppendUint16([]byte{0x80 | reg | rm}, d)
}

// indexed writes a form with a base, an index or both; nil if the displacement
// does not fit.
func (e *encoder) indexed(f *form, reg uint8, target uint64, wide bool) []byte {
	limit := e.bits / 4
	base, index, scale := e.IntN(limit), e.IntN(limit), uint8(e.IntN(4))
	noBase, noIndex := e.oneIn(6), e.oneIn(2)
	if index == regSPNumber {
		noIndex = true
	}
	d := target
	if !noBase {
		d -= e.st.GPR[base]
	}
	if !noIndex {
		d -= e.st.GPR[index] << scale
	}
	if wide && !fits(d) {
		return nil
	}
	if noBase && noIndex {
		return nil
	}
	f.rxb = f.rxb&4 | uint8(base>>3) | uint8(index>>3<<1)
	b, x := uint8(base&7), uint8(index&7)
	if noBase {
		b, f.rxb = 5, f.rxb&^1
	}
	if noIndex {
		x, f.rxb = 4, f.rxb&^2
	}
	mod, disp := e.displacement(d, noBase, b)
	if noIndex && b != 4 && !noBase && e.oneIn(2) {
		return append([]byte{mod<<6 | reg | b}, disp...)
	}
	return append([]byte{mod<<6 | reg | 4, scale<<6 | x<<3 | b}, disp...)
}

const regSPNumber = 4

// displacement is ModRM.mod and the displacement's bytes.
func (e *encoder) displacement(d uint64, noBase bool, base uint8) (mod uint8, b []byte) {
	le := binary.LittleEndian
	switch {
	case noBase:
		return 0, le.AppendUint32(nil, uint32(d))
	case uint32(d) == 0 && base != 5:
		return 0, nil
	case int32(d) == int32(int8(d)) && !e.oneIn(4):
		return 1, []byte{uint8(d)}
	}
	return 2, le.AppendUint32(nil, uint32(d))
}

func fits(d uint64) bool { return uint64(int64(int32(d))) == d }

// operandSize is the size of the memory operand.
func operandSize(in *dec.Inst) uint64 {
	for i := range in.Args[:in.N] {
		if a := &in.Args[i]; a.Kind == dec.MemArg && a.Size != 0 {
			return uint64(a.Size)
		}
	}
	return 64
}

// target is where an operand of n bytes shall lie: in the data, often aligned,
// sometimes over the border of two pages, rarely where it faults.
func (e *encoder) target(n uint64) uint64 {
	switch k := e.IntN(100); {
	case k < 5:
		return LineData + 0x1000 - e.Uint64N(n+1)
	case k < 8:
		return LineData + dataSize - e.Uint64N(n+1)
	case k < 10:
		return LineRO + e.Uint64N(roSize-64)
	case k < 11:
		return LineData - e.Uint64N(n+1)
	case k < 12:
		return e.Uint64N(1 << 31)
	}
	t := LineData + 0x40 + e.Uint64N(dataSize-0x100)
	if e.oneIn(3) {
		return t
	}
	return t &^ (n - 1)
}

// bitOffset is how far from its address a bit test with a register as index
// goes.
func (e *encoder) bitOffset(in *dec.Inst) uint64 {
	if in.N != 2 || in.Args[1].Kind != dec.GPR || !strings.HasPrefix(in.Row.Name, "bt") {
		return 0
	}
	size := 8 * uint(in.Args[0].Size)
	v := int64(e.st.GPR[in.Args[1].Reg]<<(64-size)) >> (64 - size)
	return uint64(v>>3) &^ uint64(size/8-1)
}
