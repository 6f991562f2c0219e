package linux

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
)

// Segments of a program's own: three descriptors of each thread, which are among its
// registers and which set_thread_area fills, and the local descriptor table of an
// address space.
const (
	tlsFirst   = 12 // in the global descriptor table
	tlsEntries = regs.Areas
	descSize   = 8
)

// descriptor finds the descriptor of a selector.
func (t *Thread) descriptor(sel uint16) (uint64, bool) {
	i := int(sel >> 3)
	if sel&4 != 0 {
		if i >= len(t.p.mm.LDT) {
			return 0, false
		}
		return t.p.mm.LDT[i], true
	}
	if i -= tlsFirst; i < 0 || i >= tlsEntries {
		return 0, false
	}
	return t.Reg(regs.Area + ir.Ref(i)), true
}

// reload loads a segment register of the running thread. The result is 0, or the
// vector of the exception that it raises, upon which nothing is loaded.
func (t *Thread) reload(seg ir.Ref, sel uint16) (vector uint8) {
	return t.reloadInto(t.Words()[:], seg, sel)
}

func (t *Thread) reloadInto(w []uint64, seg ir.Ref, sel uint16) (vector uint8) {
	d, ok := regs.FlatDescriptor(sel)
	if !ok {
		var v uint64
		v, ok = t.descriptor(sel)
		d = regs.Descriptor(v)
	}
	switch {
	case !ok || !d.Loadable(seg, sel):
		return vecGeneral
	case !d.Present() && seg == regs.SS:
		return vecStack
	case !d.Present():
		return vecAbsent
	}
	regs.LoadSegment(w, seg, sel, d)
	return 0
}

// refresh loads the segment registers again that hold a selector whose descriptor
// has changed. A selector that is gone becomes null.
func (t *Thread) refresh(w []uint64, changed uint16) {
	for _, seg := range []ir.Ref{regs.ES, regs.DS, regs.FS, regs.GS} {
		if sel := uint16(w[regs.Sel+seg]); sel|3 == changed|3 && t.reloadInto(w, seg, sel) != 0 {
			regs.LoadNull(w, seg, 0)
		}
	}
}

// emptyDesc reports whether a description asks for an entry to be cleared.
func emptyDesc(d *abi.UserDesc) bool {
	const empty = abi.UserDescReadExecOnly | abi.UserDescNotPresent
	return d.Base == 0 && d.Limit == 0 && (d.Flags == empty || d.Flags == 0)
}

func contents(d *abi.UserDesc) uint32 { return d.Flags >> abi.UserDescContentsShift & 3 }

// packDesc makes the descriptor that a struct user_desc describes.
func packDesc(d *abi.UserDesc) uint64 {
	flag := func(bit uint32, at uint) uint64 {
		if d.Flags&bit == 0 {
			return 0
		}
		return 1 << at
	}
	const accessed, segment, privilege3, present, writable = 1 << 40, 1 << 44, 3 << 45, 1 << 47, 1 << 41
	v := uint64(d.Limit&0xffff) | uint64(d.Base&0xffffff)<<16 | uint64(d.Base>>24)<<56 | uint64(d.Limit>>16&15)<<48
	v |= accessed | segment | privilege3 | uint64(contents(d))<<42
	v |= writable ^ flag(abi.UserDescReadExecOnly, 41) | present ^ flag(abi.UserDescNotPresent, 47)
	return v | flag(abi.UserDescUseable, 52) | flag(abi.UserDescSeg32Bit, 54) | flag(abi.UserDescLimitInPages, 55)
}

// unpackDesc undoes packDesc.
func unpackDesc(entry uint32, v uint64) abi.UserDesc {
	bit := func(at uint, inverted uint64, flag uint32) uint32 {
		if v>>at&1^inverted == 0 {
			return 0
		}
		return flag
	}
	return abi.UserDesc{
		EntryNumber: entry, Base: uint32(regs.Descriptor(v).Base()), Limit: uint32(v&0xffff | v>>32&0xf0000),
		Flags: bit(54, 0, abi.UserDescSeg32Bit) | uint32(v>>42&3)<<abi.UserDescContentsShift | bit(41, 1, abi.UserDescReadExecOnly) |
			bit(55, 0, abi.UserDescLimitInPages) | bit(47, 1, abi.UserDescNotPresent) | bit(52, 0, abi.UserDescUseable),
	}
}

// setArea sets the thread's descriptor for a thread area. w are its registers.
func (t *Thread) setArea(w []uint64, d *abi.UserDesc) errno {
	i := int(d.EntryNumber) - tlsFirst
	if i < 0 || i >= tlsEntries || !goodArea(d) {
		return abi.EINVAL
	}
	area := &w[int(regs.Area)+i]
	*area = 0
	if !emptyDesc(d) {
		*area = packDesc(d)
	}
	t.refresh(w, uint16(d.EntryNumber<<3|3))
	return 0
}

// goodArea reports whether a description fits a thread area: 32-bit data.
func goodArea(d *abi.UserDesc) bool {
	return emptyDesc(d) || d.Flags&abi.UserDescSeg32Bit != 0 && contents(d) <= 1 && d.Flags&abi.UserDescNotPresent == 0
}

func sysSetThreadArea(t *Thread, c *call) (int64, errno) {
	var d abi.UserDesc
	if e := t.load(c.addr(0), &d); e != 0 {
		return 0, e
	}
	if !goodArea(&d) {
		return 0, abi.EINVAL
	}
	if d.EntryNumber == ^uint32(0) {
		free := -1
		for i := tlsEntries - 1; i >= 0; i-- {
			if t.Reg(regs.Area+ir.Ref(i)) == 0 {
				free = i
			}
		}
		if free < 0 {
			return 0, abi.ESRCH
		}
		d.EntryNumber = uint32(tlsFirst + free)
		if e := t.putU32(c.addr(0), d.EntryNumber); e != 0 {
			return 0, e
		}
	}
	return 0, t.setArea(t.Words()[:], &d)
}

func sysGetThreadArea(t *Thread, c *call) (int64, errno) {
	n, e := t.u32(c.addr(0))
	if e != 0 {
		return 0, e
	}
	if n < tlsFirst || n >= tlsFirst+tlsEntries {
		return 0, abi.EINVAL
	}
	d := unpackDesc(n, t.Reg(regs.Area+ir.Ref(n-tlsFirst)))
	return 0, t.store(c.addr(0), &d)
}

// Functions of modify_ldt (asm/ldt.h), and the size of the default table.
const (
	ldtRead, ldtWriteOld, ldtReadDefault, ldtWrite = 0, 1, 2, 0x11
	defaultLDT                                     = 128
)

func sysModifyLdt(t *Thread, c *call) (int64, errno) {
	switch c.i32(0) {
	case ldtRead:
		return t.readLDT(c.addr(1), min(c.Args[2], mm.MaxLDT*descSize))
	case ldtReadDefault:
		n := min(c.Args[2], defaultLDT)
		return int64(n), t.copyOut(c.addr(1), make([]byte, n))
	case ldtWriteOld, ldtWrite:
		return 0, t.writeLDT(c.addr(1), c.Args[2], c.i32(0) == ldtWriteOld)
	}
	return 0, abi.ENOSYS
}

func (t *Thread) readLDT(a guest.Addr, size uint64) (int64, errno) {
	if len(t.p.mm.LDT) == 0 {
		return 0, 0
	}
	b := make([]byte, max(size, uint64(descSize*len(t.p.mm.LDT))))
	for i, d := range t.p.mm.LDT {
		le.PutUint64(b[descSize*i:], d)
	}
	return int64(size), t.copyOut(a, b[:size])
}

func (t *Thread) writeLDT(a guest.Addr, size uint64, old bool) errno {
	var d abi.UserDesc
	if size != uint64(t.lay().Size(&d)) {
		return abi.EINVAL
	}
	if e := t.load(a, &d); e != 0 {
		return e
	}
	conforming := contents(&d) == 3
	if d.EntryNumber >= mm.MaxLDT || conforming && (old || d.Flags&abi.UserDescNotPresent == 0) {
		return abi.EINVAL
	}
	v := uint64(0)
	if !emptyDesc(&d) && !(old && d.Base == 0 && d.Limit == 0) {
		if old {
			d.Flags &^= abi.UserDescUseable
		}
		v = packDesc(&d)
	}
	m := t.p.mm
	for len(m.LDT) <= int(d.EntryNumber) {
		m.LDT = append(m.LDT, 0)
	}
	m.LDT[d.EntryNumber] = v
	t.refreshAll(uint16(d.EntryNumber<<3 | 7))
	return 0
}

// refreshAll loads segments of all threads of the address space again.
func (t *Thread) refreshAll(changed uint16) {
	for _, o := range t.k.tasks.threads {
		switch {
		case o.p.mm != t.p.mm:
		case o == t.k.sched.cur:
			o.refresh(o.Words()[:], changed)
		default:
			o.refresh(o.regs, changed)
		}
	}
}
