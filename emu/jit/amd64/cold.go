package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit"
	"panda/emu/jit/amd64/asm"
)

// Code that is seldom reached stands after the block: a jump of the block leads
// there. It stores what the block has in registers, adds what counters are owed, and
// leaves; or it does something and returns into the block.

// rare is the cold code of the block, yet to be written.
type rare struct {
	colds []cold
	away  []jit.Value // what it stores
	slow  *guard      // of the access that is being written, past the TLB
}

// cold is one piece of it.
type cold struct {
	place int // of the displacement that leads here
	other int // of another one, or 0
	stores
	owes
	// What it does then: load an environment of the host, do what a guard does, or
	// leave.
	loads
	guard *guard // nil for none
	wayOut
}

// stores are what is not at home: a register, slots, and what is on the host's x87.
type stores struct {
	reg         asm.Reg // asm.NoReg for none
	to          asm.Mem // the home of what is in reg
	first, last int     // part of rare.away
	x87         segment
}

// owes are the counters that are owed: part of owed.coldDue.
type owes struct{ firstDue, lastDue int }

// loads is code that loads the guest's environment into the host, and returns.
type loads struct {
	back int     // where it returns to; 0 for none
	x87  bool    // that of the x87, unless the guest is in a state that makes it leave
	temp asm.Reg // free for that
}

// wayOut is how it leaves: by its site, which for one of the kind Chain is a jump that
// can be linked.
type wayOut struct {
	site   jit.Site
	undone int     // instructions to give back to the budget
	look   asm.Reg // where the entry of the jump cache is that was missed, or 0
}

// storing is cold code for a jump at a place that stores what is not at home now.
func (l *lower) storing(place int) cold {
	s := stores{reg: asm.NoReg, first: len(l.away), x87: l.x87}
	l.away = l.appendDirty(l.away)
	s.last = len(l.away)
	return cold{place: place, stores: s}
}

// addCold adds cold code, which owes what is owed now.
func (l *lower) addCold(c cold) {
	if len(l.own) > 0 || len(l.due) > 0 {
		l.oweCold(&c)
	}
	l.colds = append(l.colds, c)
}

// emitColds writes all cold code.
func (l *lower) emitColds() {
	for n := range l.colds {
		l.emitCold(&l.colds[n])
	}
}

func (l *lower) emitCold(c *cold) {
	l.Patch(c.place, l.Pos())
	switch {
	case c.loads.x87:
		l.emitX87Set(c)
	case c.back != 0:
		l.Ldmxcsr(home(l.t.fpEnv))
		l.StoreImm(4, atFP, 1)
		l.Patch(l.Jmp(), c.back)
		return
	}
	if c.other != 0 {
		l.Patch(c.other, l.Pos())
	}
	if c.look != 0 {
		l.lookBeside(c.reg, c.look)
	}
	l.emitStores(&c.stores)
	l.addDue(l.dueAt(c), 1, scratch[0], scratch[1])
	if c.stores.x87.on {
		l.x87Store(&c.stores.x87, scratch[0], scratch[1])
	}
	switch {
	case c.guard != nil:
		l.emitGuard(c.guard, l.dueAt(c))
	case c.site.Kind == jit.Chain:
		l.emitChain(c)
	default:
		l.exit(c.site)
	}
}

// emitStores stores what is in registers.
func (l *lower) emitStores(s *stores) {
	if s.reg != asm.NoReg {
		l.Store(8, s.to, s.reg)
	}
	for _, v := range l.away[s.first:s.last] {
		switch {
		case v.Reg == jit.InConst:
			l.storeConst(home(v.Word), v.K)
		case v.Reg >= jit.InVec:
			l.vecStoreTo(home(v.Word), asm.Reg(v.Reg-jit.InVec), int(v.K))
		default:
			l.Store(8, home(v.Word), asm.Reg(v.Reg))
		}
	}
}

// leaveIf leaves on a condition, with all slots at home and a register as the
// address.
func (l *lower) leaveIf(cc byte, s jit.Site, addr asm.Reg) {
	c := l.storing(l.Jcc(cc))
	c.reg, c.to, c.site = addr, atAddr, s
	l.addCold(c)
}

// snapshot is the list of slots that are not at home.
func (l *lower) snapshot() jit.State {
	first := len(l.u.Values)
	l.u.Values = l.faultDue(l.appendDirty(l.u.Values))
	if s := &l.x87; s.on {
		l.u.Values = append(l.u.Values, jit.Value{Reg: jit.InTarget, K: uint64(s.pack())})
	}
	return jit.State{Value: l.u.FirstValue + uint32(first), Count: uint16(len(l.u.Values) - first)}
}

// appendDirty lists the slots that are not at home.
func (l *lower) appendDirty(to []jit.Value) []jit.Value {
	for _, w := range l.dirty {
		if w < l.base {
			to = append(to, l.valueOf(w))
		}
	}
	if l.vecs.n != 0 {
		to = l.appendVecs(to, false)
	}
	return to
}

// appendAll lists everything that is not at home.
func (l *lower) appendAll(to []jit.Value) []jit.Value {
	for _, w := range l.dirty {
		to = append(to, l.valueOf(w))
	}
	return l.appendVecs(to, true)
}

// valueOf says where the value of a word is that is not at home.
func (l *lower) valueOf(w ir.Ref) jit.Value {
	s := &l.words[w]
	v := jit.Value{Word: w, Reg: uint8(s.reg), K: s.k}
	if s.reg == asm.NoReg {
		v.Reg = jit.InConst
	}
	return v
}

// appendVecs lists what vector registers have that is not at home: slots, and if
// asked temporaries.
func (l *lower) appendVecs(to []jit.Value, temps bool) []jit.Value {
	for x := range l.vecs.r {
		if e := &l.vecs.r[x]; e.dirty && (temps || e.ref < l.base) {
			to = append(to, jit.Value{Word: e.ref, Reg: jit.InVec + uint8(x), K: uint64(e.n)})
		}
	}
	return to
}
