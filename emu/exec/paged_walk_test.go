package exec_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/emutest"
	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// A walk goes from page to page of code, most of which are changed, replaced and seen at
// several addresses all the time; a model in Go says where it must lead.
type walk struct {
	*paged
	rng    *rand.Rand
	frames [walkFrames]station
	spaces [2]walkSpace
	now    int
}

const (
	walkPages  = 8
	walkFrames = 12
	walkSlots  = 4

	walkAt    = guest.Addr(0x10000)  // code, and a page more that leads back
	aliasAt   = guest.Addr(0x80000)  // all frames, to be written
	tableAt   = guest.Addr(0x100000) // addresses
	frameAt   = guest.PhysAddr(0x10000)
	lastFrame = guest.PhysAddr(0x40000)
	tableRAM  = guest.PhysAddr(0x41000)
	stationAt = 0x10
	immAt     = stationAt + 1
	lateAt    = 0xffd
)

// The ways on: to the next page; to an address of the table; through an instruction that
// ends in the next page; to an address, after a store into a frame.
const (
	wayNext = iota
	wayTable
	wayCross
	wayStore
	ways
)

func (w *walk) station() station {
	r := w.rng
	return station{r.IntN(ways), r.Uint32(), r.IntN(walkSlots), uint16(r.Uint32()), uint16(r.Uint32()), r.IntN(walkFrames), byte(r.Uint32())}
}

// walkSpace is an address space, with the frame of each of its pages.
type walkSpace struct {
	*emutest.PagedSpace
	shows [walkPages]int
}

// station is the code of a frame, from stationAt on: it adds imm to eax, counts ecx down
// to a system call, and then leads on, in one of four ways.
type station struct {
	way   int
	imm   uint32
	slot  int    // of the table of addresses that rbx points to
	high  uint16 // the upper half of an immediate that the page before may begin
	low   uint16 // the lower half of its own
	frame int    // whose imm gets its lowest byte stored
	store byte
}

// code is the page of a station.
func (s *station) code() []byte {
	page := make([]byte, mmu.PageSize)
	le := binary.LittleEndian
	le.PutUint16(page, s.high)
	copy(page[2:], "\xeb\x0c") // jmp stationAt
	b := page[:stationAt]
	b = le.AppendUint32(append(b, 0x05), s.imm)  // add eax, imm
	b = append(b, "\xff\xc9\x75\x02\x0f\x05"...) // dec ecx; jnz over a syscall
	jump := func(op string, to int) { b = le.AppendUint32(append(b, op...), uint32(to-len(b)-len(op)-4)) }
	switch s.way {
	case wayNext:
		jump("\xe9", mmu.PageSize+stationAt)
	case wayCross:
		jump("\xe9", lateAt)
	case wayStore:
		b = le.AppendUint32(append(b, "\xc6\x86"...), uint32(s.frame*mmu.PageSize+immAt)) // mov byte [rsi+...], store
		b = append(b, s.store)
		fallthrough
	case wayTable:
		b = append(b, 0xff, 0x63, byte(8*s.slot)) // jmp [rbx+8*slot]
	}
	page[lateAt] = 0x05
	le.PutUint16(page[lateAt+1:], s.low)
	return page
}

// set gives a frame other code.
func (w *walk) set(n int, s station) {
	w.frames[n] = s
	w.put(frameAt+guest.PhysAddr(n*mmu.PageSize), string(s.code()))
}

// show has a page of a space show another frame.
func (w *walk) show(space, page, n int) {
	s := &w.spaces[space]
	s.shows[page] = n
	at := walkAt + guest.Addr(page*mmu.PageSize)
	s.Tables.Map(at, mmu.PageSize, frameAt+guest.PhysAddr(n*mmu.PageSize), rwx)
	s.FlushPage(at)
}

// model is where a walk of n stations from a page leads.
func (w *walk) model(page int, eax uint32, n int, table []int) uint32 {
	for cross := -1; ; {
		if page == walkPages { // the page that leads back
			page, cross = table[0], -1
		}
		f := &w.frames[w.spaces[w.now].shows[page]]
		if cross >= 0 {
			eax += uint32(cross) | uint32(f.high)<<16
			cross = -1
		}
		eax += f.imm
		if n--; n == 0 {
			return eax
		}
		switch f.way {
		case wayNext:
			page++
		case wayCross:
			page, cross = page+1, int(f.low)
			if page == walkPages {
				eax += uint32(f.low)
			}
		case wayStore:
			g := &w.frames[f.frame]
			g.imm = g.imm&^0xff | uint32(f.store)
			page = table[f.slot]
		case wayTable:
			page = table[f.slot]
		}
	}
}

// begin fills memory and both spaces.
func (w *walk) begin() {
	w.spaces[0].PagedSpace = w.space
	w.spaces[1].PagedSpace = emutest.NewTables(w.tables.Memory).Space()
	w.spaces[1].Enter(1)
	w.put(lastFrame, "\x00\x00\xeb\x0c            \xff\x23") // jmp stationAt; there jmp [rbx]
	for n := range w.frames {
		w.set(n, w.station())
	}
	for i := range w.spaces {
		t := w.spaces[i].Tables
		t.Map(walkAt+walkPages*mmu.PageSize, mmu.PageSize, lastFrame, rx)
		t.Map(tableAt, mmu.PageSize, tableRAM, rw)
		t.Map(aliasAt, walkFrames*mmu.PageSize, frameAt, rw)
		for page := range walkPages {
			w.show(i, page, w.rng.IntN(walkFrames))
		}
	}
}

// change does something to memory or to the tables.
func (w *walk) change() {
	r := w.rng
	switch r.IntN(5) {
	case 0:
		w.set(r.IntN(walkFrames), w.station())
	case 1, 2:
		w.show(r.IntN(2), r.IntN(walkPages), r.IntN(walkFrames))
	case 3:
		w.now = r.IntN(2)
		w.CPU.SetSpace(w.spaces[w.now].PagedSpace)
	case 4:
		w.spaces[w.now].Flush()
	}
}

// TestPagedWalk walks.
func TestPagedWalk(t *testing.T) {
	eachPaged(t, func(p *paged) {
		w := &walk{paged: p, rng: rand.New(rand.NewPCG(1, 2))}
		w.begin()
		for step := range 4000 {
			w.change()
			table := make([]int, walkSlots)
			var raw []byte
			for i := range table {
				table[i] = w.rng.IntN(walkPages)
				raw = binary.LittleEndian.AppendUint64(raw, uint64(walkAt)+uint64(table[i]*mmu.PageSize+stationAt))
			}
			w.put(tableRAM, string(raw))
			page, n := w.rng.IntN(walkPages), 1+w.rng.IntN(60)
			c := w.CPU
			c.W[regs.RAX], c.W[regs.RCX], c.W[regs.RBX], c.W[regs.RSI] = 0, uint64(n), uint64(tableAt), uint64(aliasAt)
			c.SetPC(walkAt + guest.Addr(page*mmu.PageSize+stationAt))
			stop := w.Engine.Run(c, 1<<20)
			if want := w.model(page, 0, n, table); stop != vcpu.StopSyscall || uint32(c.W[regs.RAX]) != want {
				t.Fatalf("step %d: eax %#x, want %#x; stop %v, %v", step, c.W[regs.RAX], want, stop, &c.Exc)
			}
		}
		t.Logf("%+v", w.Engine.Stats)
	})
}
