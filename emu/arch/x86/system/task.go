package system

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
)

// How a task is switched to.
type switching int

const (
	byJump switching = iota
	byCall
	byInterrupt
	byReturn
)

// nests says that the new task returns to the old one.
func (h switching) nests() bool { return h == byCall || h == byInterrupt }

// layout is where things lie in a TSS (SDM vol. 3A 7.2.1 and 7.6).
type layout struct {
	size                         int // of a word
	limit                        uint64
	cr3                          uint64 // 0 for none
	ip, flags, general, seg, ldt uint64
	segs                         int
	step                         uint64 // between selectors
}

var (
	layout32 = layout{size: 4, limit: 0x67, cr3: 0x1c, ip: 0x20, flags: 0x24, general: 0x28, seg: 0x48, ldt: 0x60, segs: 6, step: 4}
	layout16 = layout{size: 2, limit: 0x2b, ip: 0x0e, flags: 0x10, general: 0x12, seg: 0x22, ldt: 0x2a, segs: 4, step: 2}
)

// taskTrap is where a TSS of 32 bits asks for a #DB.
const taskTrap = 0x64

func layoutOf(typ uint64) *layout {
	if typ&^typeBusy == typeTSS32 {
		return &layout32
	}
	return &layout16
}

// taskOf is the descriptor of the task that a gate names.
func (s *CPU) taskOf(vec uint8, sel uint16) *entry {
	if sel&4 != 0 || null(sel) {
		s.raise(vec, code(sel))
	}
	e := s.find(vec, sel)
	if e.Segment() || e.Type()&^typeBusy != typeTSS32 && e.Type()&^typeBusy != typeTSS16 {
		s.raise(vec, code(sel))
	}
	return &e
}

// iretTask returns to the task that the present one is nested in.
func (s *CPU) iretTask(next uint64) uint64 {
	sel := uint16(s.taskWord(0, 2))
	if sel&4 != 0 || null(sel) {
		s.raise(regs.VecTS, code(sel))
	}
	s.c.W[regs.RIP] = next
	return s.switchTask(sel, s.taskOf(regs.VecTS, sel), byReturn, regs.RFlags(&s.c.W)&^regs.NT, nil)
}

// switchTask goes to another task, whose instruction pointer it gives. The word RIP is that
// at which the present one continues, with flags. errorCode is pushed for the handler of an exception
// (SDM vol. 3A 7.3).
func (s *CPU) switchTask(sel uint16, e *entry, how switching, flags uint64, errorCode *uint64) uint64 {
	l := s.checkTask(sel, e, how)
	next := s.readTask(e.Base(), l)
	s.mayStore(e, how)
	s.mayAccessAll(&next)
	s.saveTask(flags)
	if !how.nests() {
		s.unbusy()
	}
	if how.nests() {
		s.store(s.implicit(), e.Base(), 2, uint64(s.tr.sel))
		next.flags |= regs.NT
	}
	if how != byReturn {
		s.busy(e, true)
	}
	s.tr = segment{sel, e.Base(), e.Limit(), e.Attr()}
	s.c.W[regs.CR0] |= regs.CR0TS
	s.enterTask(&next, l)
	s.lately(func() {
		s.loadTask(&next)
		if errorCode != nil {
			k := s.stack(l.size)
			k.push(*errorCode)
			k.commit()
			s.c.W[regs.RSP] = k.pointer()
		}
	})
	s.changed()
	return next.ip
}

// checkTask raises an exception for a task that cannot be switched to, and gives its layout.
func (s *CPU) checkTask(sel uint16, e *entry, how switching) *layout {
	vec := uint8(regs.VecGP)
	if how == byReturn {
		vec = regs.VecTS
	}
	if busy := e.Type()&typeBusy != 0; busy != (how == byReturn) {
		s.raise(vec, code(sel))
	}
	if !e.Present() {
		s.raise(regs.VecNP, code(sel))
	}
	l := layoutOf(e.Type())
	if e.Limit() < l.limit {
		s.raise(regs.VecTS, code(sel))
	}
	return l
}

// mayStore raises what stores into the tasks and their descriptors would, before anything
// has changed.
func (s *CPU) mayStore(e *entry, how switching) {
	l := layoutOf(s.tr.attr >> 8 & 15)
	s.check(s.tr.base+l.ip, int(l.limit+1-l.ip))
	s.check(e.at+5, 1)
	if how.nests() {
		s.check(e.Base(), 2)
		return
	}
	if at, ok := s.place(s.tr.sel, 8); ok {
		s.check(at+5, 1)
	}
}

// mayAccessAll has the descriptors that the new task may mark be ready for that: no store
// can be put off once the switch is under way.
func (s *CPU) mayAccessAll(t *task) {
	for _, sel := range t.seg {
		if at, ok := s.place(sel, 8); ok && sel&4 == 0 {
			err := s.space.As(s.implicit()).Check(s.linear(at+5), 1, guest.Write)
			if _, isFault := err.(*guest.MemFault); err != nil && !isFault {
				panic(err)
			}
		}
	}
}

// check raises what a store of n bytes would.
func (s *CPU) check(a uint64, n int) {
	if err := s.space.As(s.implicit()).Check(s.linear(a), n, guest.Write); err != nil {
		panic(err)
	}
}

// task is what a TSS holds.
type task struct {
	cr3, ip, flags uint64
	general        [8]uint64
	seg            [6]uint16
	ldt            uint16
	trap           bool // there is to be a #DB when it begins
}

func (s *CPU) readTask(base uint64, l *layout) (t task) {
	by := s.implicit()
	if l.cr3 != 0 {
		t.cr3 = s.load(by, base+l.cr3, 4)
	}
	t.ip, t.flags = s.load(by, base+l.ip, l.size), s.load(by, base+l.flags, l.size)
	for i := range t.general {
		t.general[i] = s.load(by, base+l.general+uint64(i*l.size), l.size)
		if l.size == 2 {
			t.general[i] |= 0xffff0000
		}
	}
	for i := range l.segs {
		t.seg[i] = uint16(s.load(by, base+l.seg+uint64(i)*l.step, 2))
	}
	t.ldt = uint16(s.load(by, base+l.ldt, 2))
	t.trap = l.cr3 != 0 && s.load(by, base+taskTrap, 2)&1 != 0
	return t
}

// saveTask writes the present task into its TSS.
func (s *CPU) saveTask(flags uint64) {
	w, by, base := &s.c.W, s.implicit(), s.tr.base
	l := layoutOf(s.tr.attr >> 8 & 15)
	s.store(by, base+l.ip, l.size, w[regs.RIP])
	s.store(by, base+l.flags, l.size, flags)
	for i := range 8 {
		s.store(by, base+l.general+uint64(i*l.size), l.size, w[i])
	}
	for i := range l.segs {
		s.store(by, base+l.seg+uint64(i)*l.step, 2, w[regs.Sel+ir.Ref(i)])
	}
}

// unbusy marks the present task as one that may be switched to.
func (s *CPU) unbusy() {
	if at, ok := s.place(s.tr.sel, 8); ok {
		e := entry{Descriptor: regs.Descriptor(s.load(s.implicit(), at, 8)), at: at}
		s.busy(&e, false)
	}
}

// enterTask loads the registers of a task but for what descriptors say of its segments.
func (s *CPU) enterTask(t *task, l *layout) {
	w := &s.c.W
	if l.cr3 != 0 && s.on(regs.CR0, regs.CR0PG) {
		w[regs.CR3] = t.cr3
		s.remap()
	}
	copy(w[:8], t.general[:])
	s.setFlags(t.flags & (realFlags | regs.VM | regs.VIF | regs.VIP))
	s.goTo(t.ip)
	s.debug.dr[7] &^= dr7Local
	s.debug.arm()
	s.ldt = segment{sel: t.ldt}
	if s.on(regs.EFL, regs.VM) {
		for seg, sel := range t.seg {
			s.setV86(seg, sel)
		}
		return
	}
	for seg, sel := range t.seg { // null until they are loaded
		s.set(ir.Ref(seg), segment{sel: sel, attr: rpl(t.seg[regs.CS]) << 13})
	}
}

// loadTask loads the segments of a task. What is wrong with them is an exception of its own.
func (s *CPU) loadTask(t *task) {
	if t.trap {
		s.trap(dr6BT)
	}
	if s.on(regs.EFL, regs.VM) {
		return
	}
	s.taskTable(t.ldt)
	s.taskCode(t.seg[regs.CS])
	cpl := rpl(t.seg[regs.CS])
	s.set(regs.SS, s.stackSegment(regs.VecTS, t.seg[regs.SS], cpl))
	for _, seg := range []ir.Ref{regs.DS, regs.ES, regs.FS, regs.GS} {
		s.set(seg, s.dataSegment(regs.VecTS, seg, t.seg[seg], cpl))
	}
	if !regs.Allows(s.c.W[regs.Attr+regs.CS], s.c.W[regs.Limit+regs.CS], t.ip, 1, false) {
		s.raise(regs.VecGP, 0)
	}
}

func (s *CPU) setV86(seg int, sel uint16) {
	s.set(ir.Ref(seg), segment{sel, uint64(sel) << 4, 0xffff, attrV86})
}

func (s *CPU) taskTable(sel uint16) {
	if null(sel) {
		return
	}
	if sel&4 != 0 {
		s.raise(regs.VecTS, code(sel))
	}
	e := s.find(regs.VecTS, sel)
	if e.Segment() || e.Type() != typeLDT || !e.Present() {
		s.raise(regs.VecTS, code(sel))
	}
	s.ldt = segment{sel, e.Base(), e.Limit(), e.Attr()}
}

func (s *CPU) taskCode(sel uint16) {
	if null(sel) {
		s.raise(regs.VecTS, code(sel))
	}
	e := s.find(regs.VecTS, sel)
	if !e.Code() || !e.Conforms() && e.DPL() != rpl(sel) || e.Conforms() && e.DPL() > rpl(sel) {
		s.raise(regs.VecTS, code(sel))
	}
	if !e.Present() {
		s.raise(regs.VecNP, code(sel))
	}
	s.set(regs.CS, s.codeSegment(sel, &e, rpl(sel)))
}
