package sym

import "encoding/binary"

func scanX86_64(f *File, code []byte, at uint64, s stubs) {
	f.scanX86(code, at, s, func(b []byte, pc uint64) (slot uint64, ok bool) {
		return pc + 6 + displacement(b), b[0] == 0xff && b[1] == 0x25
	})
}

// scanI386 knows the stubs of position-independent code as well, where ebx holds the
// address of the table.
func scanI386(f *File, code []byte, at uint64, s stubs) {
	f.scanX86(code, at, s, func(b []byte, _ uint64) (slot uint64, ok bool) {
		if b[0] == 0xff && b[1] == 0xa3 {
			return uint64(uint32(s.got + displacement(b))), true
		}
		return uint64(uint32(displacement(b))), b[0] == 0xff && b[1] == 0x25
	})
}

// displacement is that of a jmp *slot.
func displacement(b []byte) uint64 { return uint64(int64(int32(binary.LittleEndian.Uint32(b[2:])))) }

// scanX86 looks for indirect jumps in stubs of 16 bytes (8 in .plt.got).
func (f *File) scanX86(code []byte, at uint64, s stubs, jumpSlot func(b []byte, pc uint64) (slot uint64, ok bool)) {
	const stub = 8
	start := 0
	for i := 0; i+6 <= len(code) && len(f.Symbols) < s.limit; i++ {
		slot, ok := jumpSlot(code[i:], at+uint64(i))
		name := s.slots[slot]
		if !ok || name == "" {
			continue
		}
		for start+stub <= i {
			start += stub
		}
		if start%16 == 8 && i-start >= 3 { // endbr64 and a BND prefix stand before the jump
			start -= 8
		}
		f.Symbols = append(f.Symbols, Symbol{name + "@plt", at + uint64(start), uint64(i + 6 - start), 0})
		i += 5
	}
}
