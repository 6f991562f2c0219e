package dec

// decoder is the state of one Decode. Reads past the end yield zeros and set
// short, which is looked at once before anything is believed.
type decoder struct {
	in    *Inst
	code  []byte
	pos   int
	key   key
	rex   uint8 // REX byte or 0; VEX fills the same four bits
	vvvv  uint8
	short bool
}

// Decode reads the instruction at the start of code. in is overwritten; after
// an error its contents mean nothing but for Len, which is how many bytes were
// looked at: with others there the result may be another one. It does not allocate
// and does not keep code.
func Decode(in *Inst, code []byte, mode Mode) error {
	buildOnce.Do(build)
	if len(code) > MaxLen {
		code = code[:MaxLen]
	}
	*in = Inst{Mode: mode, SegOverride: SegNone}
	d := decoder{in: in, code: code}
	ok := d.decode()
	in.Len = uint8(min(d.pos, len(code)))
	switch {
	case d.short && len(code) == MaxLen:
		return ErrTooLong
	case d.short:
		return ErrTruncated
	case !ok:
		return ErrInvalid
	}
	return nil
}

func (d *decoder) decode() bool {
	d.prefixes()
	d.addrSize()
	sl, ok := d.opcode()
	if !ok || sl.n == 0 {
		return false
	}
	in := d.in
	if sl.modrm {
		in.ModRM = d.u8()
		d.key |= key(in.ModRM & 0x3f)
		if in.ModRM >= 0xc0 {
			d.key |= keyIsReg
		}
	}
	row := lookup(sl, d.key)
	if row == nil {
		return false
	}
	in.Row = row
	if row.Flags&RegForm != 0 {
		d.key |= keyIsReg
	}
	d.operandSize()
	if sl.modrm && d.key&keyIsReg == 0 {
		d.memory()
	}
	in.N = row.n
	for i := range row.ops[:row.n] {
		d.operand(&in.Args[i], &row.ops[i])
	}
	return d.legal()
}

// opcode reads the opcode bytes and names their slot.
func (d *decoder) opcode() (*slot, bool) {
	b := d.u8()
	m := MapOneByte
	switch {
	case b == 0x0f:
		if b, m = d.u8(), Map0F; b == 0x38 {
			b, m = d.u8(), Map0F38
		} else if b == 0x3a {
			b, m = d.u8(), Map0F3A
		}
	case b&^1 == 0xc4 && d.isVex():
		return d.vex(b)
	case b&^7 == 0xd8:
		m = MapX87
	}
	d.in.Opcode = b
	d.in.Prefix |= rexBits[d.rex>>6&1][d.rex&15]
	d.key |= prefixKey[d.in.Prefix>>1&7] | rexKey(d.rex)
	if d.in.Mode == Mode64 {
		d.key |= key64
	}
	return &slots[m][b], true
}

// prefixKey turns the Prefix bits RepE, RepNE and OpSize66 into the one that
// selects rows.
var prefixKey = [8]key{keyNP, keyF3, keyF2, keyF2, key66, keyF3, keyF2, keyF2}

func rexKey(rex uint8) (k key) {
	if rex&8 != 0 {
		k = keyW
	}
	if rex&1 != 0 {
		k |= keyB
	}
	return k
}

// operandSize applies 66, REX.W and the row's rules (SDM vol. 1 table 3-4,
// vol. 2A 2.2.1.2, and 2.2.1.7 for the default and forced 64-bit sizes).
func (d *decoder) operandSize() {
	in, f := d.in, d.in.Row.Flags
	flip := in.Prefix&OpSize66 != 0 && f&only66 == 0
	switch {
	case in.Mode != Mode64:
		in.OpSize = 4
		if flip == (in.Mode == Mode32) {
			in.OpSize = 2
		}
	case f&Force64 != 0 || d.rex&8 != 0:
		in.OpSize = 8
	case flip:
		in.OpSize = 2
	case f&Def64 != 0:
		in.OpSize = 8
	default:
		in.OpSize = 4
	}
}

// legal has the last word on what the tables cannot say.
func (d *decoder) legal() bool {
	in, f := d.in, d.in.Row.Flags
	if in.Prefix&Lock != 0 && (f&LockOK == 0 || d.key&keyIsReg != 0) {
		return false
	}
	if d.vvvv != 0 && f&hasVvvv == 0 {
		return false
	}
	if f&(checkReg|GatherSrc|ImplDI|ImplAX) == 0 {
		return true
	}
	switch {
	case f&checkReg != 0:
		return legalReg(&in.Args[0], true) && legalReg(&in.Args[1], false)
	case f&GatherSrc != 0:
		return d.legalGather()
	case f&ImplDI != 0:
		in.Mem = d.implicit(regDI)
	case f&ImplAX != 0:
		in.Mem = d.implicit(regAX)
	}
	return true
}

// legalReg: CS cannot be loaded by mov, and not every number is a register
// (SDM vol. 2B, MOV).
func legalReg(a *Arg, dst bool) bool {
	switch a.Kind {
	case SegReg:
		return a.Reg <= uint8(SegGS) && !(dst && a.Reg == uint8(SegCS))
	case CtlReg:
		return a.Reg < 16 && 1<<a.Reg&0b1_0001_1101 != 0 // 0, 2, 3, 4, 8
	case DbgReg:
		return a.Reg < 8
	}
	return true
}

// legalGather: ModRM must have a SIB byte, and destination, mask and index
// must be three registers (SDM vol. 2A 2.3.12).
func (d *decoder) legalGather() bool {
	in := d.in
	dst, index, mask := in.Args[0].Reg, uint8(in.Mem.Index), in.Args[2].Reg
	return in.Mem.Vsib != 0 && dst != index && dst != mask && index != mask
}
