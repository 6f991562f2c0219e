package system

import (
	"encoding/binary"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/mmu"
)

// The rules by which pages are accessed.
const (
	bySupervisor mmu.Index = iota
	byUser
	bySMAP // by a supervisor that SMAP keeps from the pages of users
)

// Index is the rules for the code that runs.
func (s *CPU) Index() mmu.Index { return s.rules(s.cpl(), s.on(regs.EFL, regs.AC)) }

func (s *CPU) rules(cpl uint64, ac bool) mmu.Index {
	switch {
	case cpl == 3:
		return byUser
	case s.on(regs.CR4, regs.CR4SMAP) && !ac:
		return bySMAP
	}
	return bySupervisor
}

// implicit is the rules for accesses that the CPU makes by itself, to descriptor tables and
// the like (SDM vol. 3A 4.6.1).
func (s *CPU) implicit() mmu.Index { return s.rules(0, false) }

// linear cuts an address to the width that it has in the mode.
func (s *CPU) linear(a uint64) uint64 {
	if s.long() {
		return a
	}
	return uint64(uint32(a))
}

// load reads n bytes, which are at most 8.
func (s *CPU) load(by mmu.Index, a uint64, n int) uint64 {
	var b [8]byte
	if err := s.space.As(by).Load(s.linear(a), b[:n]); err != nil {
		panic(err)
	}
	return binary.LittleEndian.Uint64(b[:])
}

// store writes them.
func (s *CPU) store(by mmu.Index, a uint64, n int, v uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	if err := s.space.As(by).Store(s.linear(a), b[:n]); err != nil {
		panic(err)
	}
}

// stack is where words are pushed and popped. What is pushed is stored by commit, after all
// of it has been found to be possible.
type stack struct {
	s    *CPU
	by   mmu.Index
	seg  segment
	mask uint64 // of the pointer
	sp   uint64
	size int    // of a word
	code uint64 // of the #SS
	flat bool   // 64-bit: there is no limit
	todo []word
	room [12]word
}

type word struct{ at, v uint64 }

// stack is the one that the code uses.
func (s *CPU) stack(size int) *stack {
	w := &s.c.W
	return s.stackIn(s.segment(regs.SS), w[regs.RSP], size, s.bits() == 64, s.Index())
}

// stackIn is one in a segment.
func (s *CPU) stackIn(seg segment, sp uint64, size int, flat bool, by mmu.Index) *stack {
	k := &stack{s: s, by: by, seg: seg, sp: sp, size: size, flat: flat, mask: 0xffff}
	switch {
	case flat:
		k.mask, k.seg.base = ^uint64(0), 0
	case seg.attr&regs.AttrB != 0:
		k.mask = 0xffffffff
	}
	k.todo = k.room[:0]
	return k
}

// at is the address of a word, which must lie in the segment.
func (k *stack) at(sp uint64, write bool) uint64 {
	off := sp & k.mask
	if k.flat {
		if !canonical(off) {
			k.s.raise(regs.VecSS, k.code)
		}
		return off
	}
	if !regs.Allows(k.seg.attr, k.seg.limit, off, uint64(k.size), write) {
		k.s.raise(regs.VecSS, k.code)
	}
	return k.s.linear(k.seg.base + off)
}

func (k *stack) move(n int) { k.sp = k.sp&^k.mask | (k.sp+uint64(n))&k.mask }

func (k *stack) push(vs ...uint64) {
	for _, v := range vs {
		k.move(-k.size)
		k.todo = append(k.todo, word{k.at(k.sp, true), v})
	}
}

// commit stores what has been pushed.
func (k *stack) commit() {
	soft := k.s.space.As(k.by)
	for _, w := range k.todo {
		if err := soft.Check(w.at, k.size, guest.Write); err != nil {
			panic(err)
		}
	}
	for _, w := range k.todo {
		k.s.BreakData(w.at, uint64(k.size), true)
		k.s.store(k.by, w.at, k.size, w.v)
	}
}

// word is the one n words above the top.
func (k *stack) word(n int) uint64 {
	at := k.at(k.sp+uint64(n*k.size), false)
	k.s.BreakData(at, uint64(k.size), false)
	return k.s.load(k.by, at, k.size)
}

func (k *stack) pop() uint64 {
	v := k.word(0)
	k.move(k.size)
	return v
}

// pointer is the register for a stack pointer, of which a small stack keeps the rest.
func (k *stack) pointer() uint64 {
	if k.mask == 0xffff {
		return k.s.c.W[regs.RSP]&^0xffff | k.sp&0xffff
	}
	return k.sp & k.mask
}

// canonical reports whether the CPU has the address (SDM vol. 1 3.3.7.1).
func canonical(a uint64) bool { return uint64(int64(a)<<16>>16) == a }
