package exec_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/emutest"
	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// tabled is a machine whose page tables are in its memory.
type tabled struct {
	*paged
	pt *emutest.PageTables
	mm *mmu.Paged
}

// The window of addresses through which the guest changes the leaf table.
const (
	leafAt   = guest.Addr(0x100000)
	rootAt   = guest.PhysAddr(0x30000)
	leafPage = rootAt + mmu.PageSize
	allBits  = emutest.PagePresent | emutest.PageWrite
)

func newTabled(p *paged) *tabled {
	pt := emutest.NewPageTables(p.tables.Memory, rootAt)
	s := &tabled{p, pt, p.tables.Memory.NewPaged(pt)}
	p.CPU.SetSpace(s.mm)
	pt.Map(leafAt, leafPage, allBits)
	return s
}

// entryOf is where the guest finds the entry of a page.
func entryOf(a guest.Addr) uint64 { return uint64(leafAt) + uint64(a>>12&511)*8 }

const (
	storeEntry = "\x48\x89\x03" // mov [rbx], rax
	three      = "\xb8\x03\x00\x00\x00\x0f\x05"
)

// TestTableStore: what a guest stores into its page tables is so from the next instruction
// on, without a flush: for data, for code elsewhere and for the code that stores.
func TestTableStore(t *testing.T) {
	eachPaged(t, func(p *paged) {
		s := newTabled(p)
		const here, there = guest.Addr(0x10000), guest.Addr(0x11000)
		p.put(0x5000, storeEntry+"\xe9\xf8\x0f\x00\x00") // jmp there
		p.put(0x6000, one)
		p.put(0x7000, two)
		s.pt.Map(here, 0x5000, allBits)
		s.pt.Map(there, 0x6000, allBits)
		p.CPU.W[regs.RBX] = entryOf(there)
		for n := range 10 {
			frame := uint64(0x6000 + n%2*0x1000)
			p.CPU.W[regs.RAX] = frame | allBits
			p.want(fmt.Sprint("elsewhere ", n), here, uint64(1+n%2))
			if e := s.entry(there); e != frame|allBits|emutest.PageAccessed {
				t.Errorf("the entry is %#x", e)
			}
		}
		p.put(0x8000, storeEntry+two)
		p.put(0x9000, storeEntry+three)
		s.pt.Map(here, 0x8000, allBits)
		p.CPU.W[regs.RBX] = entryOf(here)
		for n := range 10 {
			other := uint64(0x9000 - n%2*0x1000)
			p.CPU.W[regs.RAX] = other | allBits
			p.want(fmt.Sprint("itself ", n), here, uint64(3-n%2))
		}
		// mov [rbx], rax; mov eax, [rsi]; syscall
		p.put(0xa000, storeEntry+"\x8b\x06\x0f\x05")
		p.put(0xb000, "\x11\x00\x00\x00")
		p.put(0xc000, "\x22\x00\x00\x00")
		s.pt.Map(here, 0xa000, allBits)
		s.pt.Map(there, 0xb000, allBits)
		p.CPU.W[regs.RBX], p.CPU.W[regs.RSI] = entryOf(there), uint64(there)
		for n := range 10 {
			p.CPU.W[regs.RAX] = uint64(0xb000+n%2*0x1000) | allBits
			p.want(fmt.Sprint("data ", n), here, uint64(0x11+n%2*0x11))
		}
		p.CPU.W[regs.RAX] = 0
		p.CPU.SetPC(here)
		if stop := p.Engine.Run(p.CPU, 100); stop != vcpu.StopException || p.CPU.Exc.Addr != there {
			t.Errorf("a page that has gone: stop %v, %v", stop, &p.CPU.Exc)
		}
	})
}

func (s *tabled) entry(a guest.Addr) uint64 {
	var b [8]byte
	if err := s.tables.Memory.Read(leafPage+guest.PhysAddr(a>>12&511)*8, b[:]); err != nil {
		s.t.Fatal(err)
	}
	return binary.LittleEndian.Uint64(b[:])
}

// TestTableSpaces: address spaces have their TLBs for themselves, and what both show is
// linked for both.
func TestTableSpaces(t *testing.T) {
	eachPaged(t, func(p *paged) {
		s := newTabled(p)
		other := emutest.NewPageTables(p.tables.Memory, rootAt+0x10000)
		p.put(0x5000, next)
		p.put(0x6000, one)
		p.put(0x7000, two)
		for i, pt := range []*emutest.PageTables{s.pt, other} {
			pt.Map(0x10000, 0x5000, allBits)
			pt.Map(0x11000, 0x6000+guest.PhysAddr(i)*0x1000, allBits)
		}
		roots := []guest.PhysAddr{s.pt.Root, other.Root}
		for n := range 40 {
			s.pt.Root = roots[n%2]
			s.mm.Enter(mmu.Root(n%20*2 + n%2)) // more than have TLBs
			p.CPU.SetSpace(s.mm)
			p.want(fmt.Sprint("space ", n), 0x10000, uint64(1+n%2))
		}
		if n := p.Engine.Stats.Blocks; n != 3 {
			t.Errorf("%d blocks, want 3", n)
		}
	})
}
