package dec

// operand fills one operand.
func (d *decoder) operand(a *Arg, o *operand) {
	in := d.in
	switch o.how {
	case inRM:
		if d.key&keyIsReg == 0 {
			a.Kind, a.Size = MemArg, in.size(o.msz)
			a.Width = a.Size
			return
		}
		d.register(a, o, in.ModRM&7|d.rex<<3&8)
	case inReg:
		d.register(a, o, in.ModRM>>3&7|d.rex<<1&8)
	case inVvvv:
		d.register(a, o, d.vvvv&d.regMask())
	case inOpc:
		d.register(a, o, in.Opcode&7|d.rex<<3&8)
	case inFixed:
		a.Kind, a.Reg = o.kind, o.num
		a.Size = in.size(o.rsz)
		a.Width = a.Size
	case strSI, strDI, xlatBX, moffs:
		d.implicitMem(a, o)
	default:
		d.immediate(a, o)
	}
}

// register fills a register operand. Without any REX the byte registers 4..7
// are ah, ch, dh, bh (SDM vol. 2A 2.2.1.2).
func (d *decoder) register(a *Arg, o *operand, num uint8) {
	size := d.in.size(o.rsz)
	a.Kind, a.Reg, a.Size, a.Width = o.kind, num, size, size
	switch o.kind {
	case GPR:
		if size == 1 && num&^3 == 4 && d.rex == 0 {
			a.Kind, a.Reg = GPRH, num-4
		}
	case XMM:
		if a.Size = 16; size > 16 {
			a.Size = 32
		}
	case MMReg:
		a.Reg, a.Size = num&7, 8
	case STReg, SegReg:
		a.Reg = num & 7
	}
}

// regMask: outside 64-bit mode the upper bit of a register number that is not
// in ModRM is ignored (SDM vol. 2A 2.3.5).
func (d *decoder) regMask() uint8 {
	if d.in.Mode == Mode64 {
		return 15
	}
	return 7
}

// immediate fills what follows ModRM and displacement.
func (d *decoder) immediate(a *Arg, o *operand) {
	in := d.in
	a.Kind, a.Size = ImmArg, in.size(o.rsz)
	switch o.how {
	case immZero:
		if a.Size == 1 {
			a.Imm = int64(d.u8())
		} else {
			a.Imm = int64(d.u16())
		}
	case immByte:
		a.Imm = int64(int8(d.u8()))
	case immSign:
		a.Imm = d.signed(min(a.Size, 4))
	case immFull:
		a.Imm = d.signed(a.Size)
	case immOne:
		a.Imm, a.Size = 1, 1
	case relByte:
		a.Kind, a.Size, a.Imm = RelArg, in.OpSize, int64(int8(d.u8()))
	case relFull:
		a.Kind, a.Size, a.Imm = RelArg, in.OpSize, d.signed(min(in.OpSize, 4))
	case farPtr:
		a.Kind, a.Size = FarArg, in.OpSize
		if a.Imm = int64(d.u16()); in.OpSize == 4 {
			a.Imm |= int64(d.u16()) << 16
		}
		in.Sel = d.u16()
	case inIs4:
		d.register(a, o, d.u8()>>4&d.regMask())
		return
	}
	a.Width = a.Size
}

// implicitMem fills memory operands that have no ModRM.
func (d *decoder) implicitMem(a *Arg, o *operand) {
	in := d.in
	a.Kind, a.Size = MemArg, in.size(o.msz)
	switch o.how {
	case strSI:
		in.Mem = d.implicit(regSI)
	case strDI:
		a.Reg = MemDI
		if in.Mem.Base != regSI { // an rSI side, before or after, describes Mem
			in.Mem = Mem{Seg: SegES, Base: regDI, Index: RegNone}
		}
	case xlatBX:
		a.Size = 1
		in.Mem = d.implicit(regBX)
	case moffs:
		in.Mem = d.implicit(RegNone)
		in.Mem.Disp = int64(d.unsigned(in.AddrSize))
	}
	a.Width = a.Size
}

// implicit is seg:[base] with DS as the default segment.
func (d *decoder) implicit(base int8) Mem {
	return Mem{Seg: d.effective(SegDS), Base: base, Index: RegNone}
}

func (d *decoder) u8() uint8 {
	if d.pos >= len(d.code) {
		d.short = true
		return 0
	}
	b := d.code[d.pos]
	d.pos++
	return b
}

func (d *decoder) u16() uint16 { return uint16(d.u8()) | uint16(d.u8())<<8 }

// unsigned reads a little-endian number of n bytes.
func (d *decoder) unsigned(n uint8) uint64 {
	if d.pos+int(n) > len(d.code) {
		d.short = true
		return 0
	}
	b := d.code[d.pos:]
	d.pos += int(n)
	switch n {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(b[0]) | uint64(b[1])<<8
	case 4:
		return uint64(le32(b))
	}
	return uint64(le32(b)) | uint64(le32(b[4:]))<<32
}

func le32(b []byte) uint32 {
	_ = b[3]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// signed reads a little-endian number of n bytes and sign-extends it.
func (d *decoder) signed(n uint8) int64 {
	shift := 64 - 8*uint(n)
	return int64(d.unsigned(n)<<shift) >> shift
}
