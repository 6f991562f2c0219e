package dec

import "strconv"

// Symbols names an address: the symbol that contains it and the offset.
type Symbols = func(addr uint64) (name string, off uint64, ok bool)

// Text prints the instruction at pc in Intel syntax, with <symbol+offset>
// after branch targets and, as a comment, after RIP-relative addresses. sym
// may be nil.
func Text(in *Inst, pc uint64, sym Symbols) string {
	p := printer{in: in, pc: pc, sym: sym, buf: make([]byte, 0, 64)}
	p.buf = append(p.buf, in.prefixText()...)
	p.buf = append(p.buf, in.Mnemonic()...)
	for i := range in.Args[:in.N] {
		if i == 0 {
			p.buf = append(p.buf, ' ')
		} else {
			p.buf = append(p.buf, ", "...)
		}
		p.arg(&in.Args[i], in.Row.ops[i].how)
	}
	p.comment()
	return string(p.buf)
}

// printer is one Text in progress.
type printer struct {
	in  *Inst
	pc  uint64
	sym Symbols
	buf []byte
}

// prefixText are the prefixes that change what the instruction does, and the
// three that programs use for meaning: notrack (CET), bnd (MPX) and the
// branch-predictor idiom rep ret.
func (in *Inst) prefixText() string {
	f, ret := in.Row.Flags, in.Row.Name == "ret"
	switch {
	case in.Prefix&Lock != 0:
		return "lock "
	case f&RepZOK != 0 && in.Prefix&RepE != 0:
		return "repe "
	case f&RepZOK != 0 && in.Prefix&RepNE != 0:
		return "repne "
	case f&RepOK != 0 && in.Prefix&(RepE|RepNE) != 0, ret && in.Prefix&RepE != 0:
		return "rep "
	case f&BndOK != 0 && in.Prefix&RepNE != 0:
		return "bnd "
	case f&BndOK != 0 && in.N > 0 && in.Args[0].Kind != RelArg && !ret && in.SegOverride == SegDS:
		return "notrack "
	}
	return ""
}

// arg prints an operand. The one of shifts and the top of the x87 stack have a
// short form where the encoding implies them.
func (p *printer) arg(a *Arg, h how) {
	switch a.Kind {
	case GPR, GPRH, SegReg, CtlReg, DbgReg, STReg, MMReg, XMM:
		name := a.regName()
		if a.Kind == STReg && h == inFixed {
			name = "st"
		}
		p.buf = append(p.buf, name...)
	case MemArg:
		p.mem(a)
	case ImmArg:
		if h == immOne {
			p.buf = append(p.buf, '1')
			return
		}
		p.hex(uint64(a.Imm) & mask(a.Size))
	case RelArg:
		t := p.target(a)
		p.hex(t)
		p.symbol(t)
	case FarArg:
		p.hex(uint64(p.in.Sel))
		p.buf = append(p.buf, ':')
		p.hex(uint64(a.Imm))
	}
}

// target is Inst.Target, but 16-bit code is listed by linear address as often as
// by offset, so the upper half of the address stays.
func (p *printer) target(a *Arg) uint64 {
	t := p.in.Target(p.pc, a)
	if p.in.Mode == Mode16 && p.in.OpSize == 2 {
		t |= p.pc &^ 0xffff
	}
	return t
}

// mem prints size, segment unless it is the default one, and address.
func (p *printer) mem(a *Arg) {
	m := p.in.Mem
	if a.Reg == MemDI {
		m = Mem{Seg: SegES, Base: regDI, Index: RegNone}
	}
	p.buf = append(p.buf, ptrNames[a.Size]...)
	if p.showSeg(a, &m) {
		p.buf = append(p.buf, segNames[m.Seg]...)
		p.buf = append(p.buf, ':')
	}
	p.buf = append(p.buf, '[')
	plain := m.Base == RegNone && m.Index == RegNone
	if m.Base != RegNone {
		p.addrReg(m.Base)
	}
	if m.Index != RegNone {
		p.index(&m)
	}
	p.disp(m.Disp, plain)
	p.buf = append(p.buf, ']')
}

// showSeg: only what differs from the default is shown. lea computes an address
// and uses no segment.
func (p *printer) showSeg(a *Arg, m *Mem) bool {
	return a.Reg == MemDI || m.Seg != defaultSeg(m.Base) && p.in.Row.Name != "lea"
}

func (p *printer) addrReg(r int8) {
	if r == RegIP {
		p.buf = append(p.buf, ipNames[p.in.AddrSize]...)
		return
	}
	p.buf = append(p.buf, gprNames[p.in.AddrSize][r]...)
}

// index prints the scale too, even 1, except in 16-bit forms, which have none.
func (p *printer) index(m *Mem) {
	if m.Base != RegNone {
		p.buf = append(p.buf, '+')
	}
	if m.Vsib != 0 {
		p.buf = append(p.buf, (&Arg{Kind: XMM, Reg: uint8(m.Index), Size: m.Vsib}).regName()...)
	} else {
		p.addrReg(m.Index)
	}
	if p.in.AddrSize != 2 {
		p.buf = append(p.buf, '*', '0'+1<<m.Scale)
	}
}

// disp prints an offset from registers with its sign, an address without.
func (p *printer) disp(d int64, plain bool) {
	switch {
	case plain:
		p.hex(uint64(d) & mask(p.in.AddrSize))
	case d < 0:
		p.buf = append(p.buf, '-')
		p.hex(uint64(-d))
	case d > 0:
		p.buf = append(p.buf, '+')
		p.hex(uint64(d))
	}
}

// comment appends what a RIP-relative operand points at.
func (p *printer) comment() {
	for i := range p.in.Args[:p.in.N] {
		if a := &p.in.Args[i]; a.Kind != MemArg || a.Reg != MemModRM || p.in.Mem.Base != RegIP {
			continue
		}
		addr := (p.in.Next(p.pc) + uint64(p.in.Mem.Disp)) & mask(p.in.AddrSize)
		p.buf = append(p.buf, " # "...)
		p.hex(addr)
		p.symbol(addr)
	}
}

func (p *printer) symbol(addr uint64) {
	if p.sym == nil {
		return
	}
	name, off, ok := p.sym(addr)
	if !ok {
		return
	}
	p.buf = append(p.buf, " <"...)
	p.buf = append(p.buf, name...)
	if off != 0 {
		p.buf = append(p.buf, '+')
		p.hex(off)
	}
	p.buf = append(p.buf, '>')
}

func (p *printer) hex(v uint64) {
	p.buf = append(p.buf, "0x"...)
	p.buf = strconv.AppendUint(p.buf, v, 16)
}

// mask selects the low size bytes.
func mask(size uint8) uint64 {
	return ^uint64(0) >> (64 - 8*uint(size))
}
