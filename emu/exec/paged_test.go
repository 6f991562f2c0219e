package exec_test

import (
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"panda/emu"
	"panda/emu/arch/x86"
	"panda/emu/arch/x86/regs"
	"panda/emu/emutest"
	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

const (
	rx  = guest.Read | guest.Exec
	rw  = guest.Read | guest.Write
	rwx = rw | guest.Exec
)

// paged is a machine with page tables whose code ends with a system call.
type paged struct {
	*emutest.Bare
	tables *emutest.Tables
	t      *testing.T
	space  *emutest.PagedSpace
}

// eachPaged runs a test with every engine that works on this host.
func eachPaged(t *testing.T, test func(p *paged)) {
	for _, name := range emu.Accels {
		t.Run(name, func(t *testing.T) {
			old := flag.Lookup("accel").Value.String()
			flag.Set("accel", name)
			defer flag.Set("accel", old)
			if b, _, err := emu.NewBackend(name, x86.New(nil).View(64)); err != nil {
				t.Skip(err)
			} else if c, ok := b.(io.Closer); ok {
				c.Close()
			}
			b, tables := emutest.NewPaged(t)
			test(&paged{b, tables, t, b.Space.(*emutest.PagedSpace)})
		})
	}
}

// put writes a code or data page of physical memory.
func (p *paged) put(at guest.PhysAddr, code string) {
	p.t.Helper()
	if err := p.tables.Memory.Write(at, []byte(code)); err != nil {
		p.t.Fatal(err)
	}
}

// want runs from pc to a system call and compares eax.
func (p *paged) want(what string, pc guest.Addr, eax uint64) {
	p.t.Helper()
	p.CPU.SetPC(pc)
	if stop := p.Engine.Run(p.CPU, 1000); stop != vcpu.StopSyscall || p.CPU.W[regs.RAX] != eax {
		p.t.Fatalf("%s: eax %d, want %d; stop %v, exception %v", what, p.CPU.W[regs.RAX], eax, stop, &p.CPU.Exc)
	}
}

// Code that ends with a system call: mov eax, 1 and 2; a jump to the next page.
const (
	one  = "\xb8\x01\x00\x00\x00\x0f\x05"
	two  = "\xb8\x02\x00\x00\x00\x0f\x05"
	next = "\xe9\xfb\x0f\x00\x00" // jmp +0x1000
)

// TestPagedAlias: a store through one address changes the code at all others.
func TestPagedAlias(t *testing.T) {
	eachPaged(t, func(p *paged) {
		p.put(0x5000, one)
		p.put(0x6000, "\xc6\x03\x07\x0f\x05") // mov byte [rbx], 7
		for _, a := range []guest.Addr{0x10000, 0x20000} {
			p.tables.Map(a, 0x1000, 0x5000, rx)
		}
		p.tables.Map(0x30000, 0x1000, 0x5000, rw)
		p.tables.Map(0x40000, 0x1000, 0x6000, rx)
		p.CPU.W[regs.RBX] = 0x30001
		p.want("first", 0x10000, 1)
		p.want("alias", 0x20000, 1)
		p.want("store", 0x40000, 1)
		p.want("first, changed", 0x10000, 7)
		p.want("alias, changed", 0x20000, 7)
		p.put(0x5001, "\x09")
		p.want("first, after DMA", 0x10000, 9)
		p.want("alias, after DMA", 0x20000, 9)
	})
}

// TestPagedMove: what leads to another page leads to what lies there now, and what was
// translated is found again.
func TestPagedMove(t *testing.T) {
	eachPaged(t, func(p *paged) {
		p.put(0x5000, next)
		p.put(0x6000, "\xff\xe6") // jmp rsi
		p.put(0x7000, one)
		p.put(0x8000, two)
		p.tables.Map(0x10000, 0x1000, 0x5000, rx)
		p.tables.Map(0x20000, 0x1000, 0x6000, rx)
		p.CPU.W[regs.RSI] = 0x11000
		for range 3 {
			for i, frame := range []guest.PhysAddr{0x7000, 0x8000} {
				p.tables.Map(0x11000, 0x1000, frame, rx)
				p.space.FlushPage(0x11000)
				for range 3 {
					p.want("direct", 0x10000, uint64(i+1))
					p.want("indirect", 0x20000, uint64(i+1))
				}
			}
		}
		if n := p.Engine.Stats.Blocks; n != 4 {
			t.Errorf("%d blocks for 4 pages", n)
		}
		p.tables.Unmap(0x11000)
		p.space.Flush()
		p.CPU.SetPC(0x10000)
		if stop := p.Engine.Run(p.CPU, 10); stop != vcpu.StopException || p.CPU.Exc.Addr != 0x11000 || p.CPU.PC() != 0x11000 {
			t.Errorf("a jump to no page: stop %v, %v, pc %#x", stop, &p.CPU.Exc, p.CPU.PC())
		}
	})
}

// TestPagedCrossing: a block in two pages is one for both of them.
func TestPagedCrossing(t *testing.T) {
	eachPaged(t, func(p *paged) {
		p.put(0x5ffe, "\xb8\x01") // mov eax, 1 ...
		p.put(0x6000, "\x00\x00\x00\x0f\x05")
		p.put(0x7000, "\x01\x00\x00\x0f\x05") // ... or 0x101
		p.tables.Map(0x10000, 0x1000, 0x5000, rx)
		for range 2 {
			for frame, want := range map[guest.PhysAddr]uint64{0x6000: 1, 0x7000: 0x101} {
				p.tables.Map(0x11000, 0x1000, frame, rx)
				p.space.Flush()
				p.want(fmt.Sprintf("%#x", frame), 0x10ffe, want)
			}
		}
		if n := p.Engine.Stats.Blocks; n != 2 {
			t.Errorf("%d blocks, want 2", n)
		}
		p.tables.Unmap(0x11000)
		p.space.Flush()
		p.CPU.SetPC(0x10ffe)
		if stop := p.Engine.Run(p.CPU, 10); stop != vcpu.StopException || p.CPU.Exc.Addr != 0x11000 || p.CPU.PC() != 0x10ffe {
			t.Errorf("half an instruction: stop %v, %v, pc %#x", stop, &p.CPU.Exc, p.CPU.PC())
		}
	})
}

// TestPagedSpaces: address spaces share what they both see, and see their own where they
// do not.
func TestPagedSpaces(t *testing.T) {
	eachPaged(t, func(p *paged) {
		other := emutest.NewTables(p.tables.Memory)
		second := other.Space()
		second.ID = 2
		p.put(0x5000, next)
		p.put(0x6000, one)
		p.put(0x7000, two)
		for i, tables := range []*emutest.Tables{p.tables, other} {
			tables.Map(0x10000, 0x1000, 0x5000, rx)
			tables.Map(0x11000, 0x1000, 0x6000+guest.PhysAddr(i)*0x1000, rx)
		}
		for range 3 {
			for i, s := range []vcpu.Space{p.space, second} {
				p.CPU.SetSpace(s)
				p.want(fmt.Sprint("space ", i), 0x10000, uint64(i+1))
			}
		}
		if n := p.Engine.Stats.Blocks; n != 3 {
			t.Errorf("%d blocks, want 3", n)
		}
		p.Engine.Drop(second)
		p.CPU.SetSpace(p.space)
		p.want("after the second has gone", 0x10000, 1)
		if n := p.Engine.Stats.Blocks; n != 3 {
			t.Errorf("%d blocks after the second has gone, want 3", n)
		}
	})
}

// port is a device that counts.
type port struct{ loads, stores uint64 }

func (d *port) Load(off uint64, size int) uint64     { d.loads++; return d.loads<<8 | off }
func (d *port) Store(off uint64, size int, v uint64) { d.stores += v }

// TestPagedDevice: each access reaches a device once, and none of a debugger does.
func TestPagedDevice(t *testing.T) {
	eachPaged(t, func(p *paged) {
		d := new(port)
		p.tables.Memory.Attach(0x9000, d)
		p.put(0x5000, "\x8b\x43\x04\x89\x43\x08\x0f\x05") // mov eax, [rbx+4]; mov [rbx+8], eax
		p.tables.Map(0x10000, 0x1000, 0x5000, rx)
		p.tables.Map(0x20000, 0x1000, 0x9000, rwx)
		p.CPU.W[regs.RBX] = 0x20000
		p.want("first", 0x10000, 0x104)
		p.want("second", 0x10000, 0x204)
		if d.loads != 2 || d.stores != 0x308 {
			t.Errorf("%d loads, stores add up to %#x", d.loads, d.stores)
		}
		var b [4]byte
		if p.CPU.Read(0x20000, b[:]) == nil || p.CPU.Write(0x20000, b[:]) == nil || d.loads != 2 {
			t.Error("a debugger reached a device")
		}
		p.CPU.SetPC(0x20000)
		if stop := p.Engine.Run(p.CPU, 10); stop != vcpu.StopException || !p.CPU.Exc.Bus {
			t.Errorf("code of a device: stop %v %v", stop, &p.CPU.Exc)
		}
	})
}

// A walk goes from page to page of code, most of which are changed, replaced and seen at
// several addresses all the time; a model in Go says where it must lead.
type walk struct {
	*paged
	rng    *rand.Rand
	frames [walkFrames]station
	spaces [2]walkSpace
	now    int
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

func (w *walk) station() station {
	r := w.rng
	return station{r.IntN(ways), r.Uint32(), r.IntN(walkSlots), uint16(r.Uint32()), uint16(r.Uint32()), r.IntN(walkFrames), byte(r.Uint32())}
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
	w.spaces[1].ID = 1
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
