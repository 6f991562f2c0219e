package exec_test

import (
	"flag"
	"fmt"
	"io"
	"testing"

	"panda/emu"
	"panda/emu/arch/x86"
	"panda/emu/arch/x86/regs"
	"panda/emu/emutest"
	"panda/emu/event"
	"panda/emu/guest"
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
		second.Enter(2)
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
		p.Engine.Drop(second, false)
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

// TestPagedGrow: machine code does not look into a TLB that has become larger since.
func TestPagedGrow(t *testing.T) {
	eachPaged(t, func(p *paged) {
		p.put(0x5000, "\x8b\x03\x0f\x05") // mov eax, [rbx]
		p.put(0x7000, one)
		p.put(0x8000, "\x11")
		p.put(0x9000, "\x22")
		p.tables.Map(0x10000, 0x1000, 0x5000, rx)
		const data = guest.Addr(0x1000000 + 0xff000)
		p.tables.Map(data, 0x1000, 0x8000, rw)
		p.CPU.W[regs.RBX] = uint64(data)
		p.want("before", 0x10000, 0x11)
		for n := range guest.Addr(600) { // in entries of their own
			a := 0x2000000 + n/4*0x100000 + 0x20000 + n%4*0x1000
			p.tables.Map(a, 0x1000, 0x7000, rx)
			p.want("code", a, 1)
		}
		p.tables.Map(data, 0x1000, 0x9000, rw)
		p.space.FlushPage(data)
		p.want("after", 0x10000, 0x22)
	})
}

// TestPagedAwaits: a direct branch from another page comes through the run loop where
// somebody waits for that.
func TestPagedAwaits(t *testing.T) {
	eachPaged(t, func(p *paged) {
		p.put(0x5000, next)
		p.put(0x6000, one)
		p.tables.Map(0x10000, 0x1000, 0x5000, rx)
		p.tables.Map(0x11000, 0x1000, 0x6000, rx)
		n, direct := 0, 0
		p.Bus.Subscribe(&event.Owner{Name: "test"}, event.InsnExec, &event.Filter{PC: []event.Range{{Lo: 0x11000, Hi: 0x11001}}}, event.PCFunc(func(c *vcpu.CPU, _ guest.Addr) {
			if c.Direct == c.Icount()+1 {
				direct++
			}
		})).Awaits = &n
		for range 4 {
			p.want("nobody waits", 0x10000, 1)
		}
		n, direct = 1, 0
		p.CPU.Cut(&n)
		for range 4 {
			p.want("somebody waits", 0x10000, 1)
		}
		if direct != 4 {
			t.Errorf("%d of 4 branches are known to be direct", direct)
		}
	})
}

// TestPagedTop: the last page of all is one like any.
func TestPagedTop(t *testing.T) {
	eachPaged(t, func(p *paged) {
		const top = guest.Addr(0xfffffffffffff000)
		if p.space.Check(top, 0x1000, guest.Read) == nil {
			t.Error("it may be read where nothing is mapped")
		}
		p.put(0x5000, "\x8b\x03\x0f\x05") // mov eax, [rbx]
		p.put(0x8000, "\x11")
		p.put(0x9000, "\x22")
		p.tables.Map(0x10000, 0x1000, 0x5000, rx)
		p.tables.Map(top, 0x1000, 0x8000, rw)
		p.CPU.W[regs.RBX] = uint64(top)
		p.want("before", 0x10000, 0x11)
		p.tables.Map(top, 0x1000, 0x9000, rw)
		p.space.FlushPage(top)
		p.want("after", 0x10000, 0x22)
		p.tables.Memory.Attach(0x9000, new(port))
		p.want("a device since", 0x10000, 0x100)
	})
}
