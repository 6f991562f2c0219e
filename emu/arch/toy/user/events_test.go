package user_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

// weigher calls functions: weigh(n, 10) is 11n for n from 3 to 1, and 66 all together.
const weigher = `
start:  set s0, 3
.again: mov p0, s0
        set p1, 10
        call weigh
        add s1, s1, v
        addi s0, s0, -1
        bne s0, z, .again
        adr t0, total
        st8 s1, [t0]
        ld1 p0, [t0]
        sys exit_group
weigh:  addi sp, sp, -32
        st8 lr, [sp+24]
        st8 fp, [sp+16]
        addi fp, sp, 32
        st4 p0, [sp+8]
        call times
        ld4s t0, [sp+8]
        add v, v, t0
        ld8 fp, [sp+16]
        ld8 lr, [sp+24]
        addi sp, sp, 32
        ret
times:  mul v, p0, p1
        ret
        .data
total:  .quad 0
`

// place names an address.
func place(c *vcpu.CPU, a guest.Addr) string {
	if name, off, ok := c.Machine.Symbol(a); ok {
		return fmt.Sprintf("%s+%d", name, off)
	}
	return fmt.Sprintf("%#x", uint64(a))
}

// TestBlocks: each block is told of before and after it runs, in order.
func TestBlocks(t *testing.T) {
	o := everywhere(t, weigher, func(h *plugin.Host, log *bytes.Buffer) {
		h.BeforeBlockExec(nil, func(c *vcpu.CPU, tb *vcpu.TB) {
			fmt.Fprintf(log, "%d before %s, %d instructions\n", c.Icount(), place(c, tb.PC), tb.Insns())
		})
		h.AfterBlockExec(event.Symbol("times"), func(c *vcpu.CPU, tb, next *vcpu.TB) {
			fmt.Fprintf(log, "%d after %s\n", c.Icount(), place(c, tb.PC))
		})
	})
	want := "0 before start+0, 4 instructions\n4 before weigh+0, 6 instructions\n10 before times+0, 2 instructions\n12 after times+0\n12 before weigh+24, 6 instructions\n18 before start+16, 3 instructions\n"
	if !strings.HasPrefix(o.log, want) || o.status != 66 || strings.Count(o.log, "before") != 16 || strings.Count(o.log, "after") != 3 {
		t.Errorf("status %d, log\n%swant first\n%s", o.status, o.log, want)
	}
}

// TestInsns: instructions chosen by a callback, by name, by class and by bytes are told
// of with the registers before and after them.
func TestInsns(t *testing.T) {
	const multiplied = "times+0: 3 times 10\nret at times+4: 30\ntimes+0: 2 times 10\nret at times+4: 20\ntimes+0: 1 times 10\nret at times+4: 10\n"
	mnemonic := func(h *plugin.Host, c *vcpu.CPU, pc guest.Addr) string {
		var b [4]byte
		if c.Read(pc, b[:]) != nil {
			return ""
		}
		text, _ := c.Machine.Arch.Disasm(c, b[:], pc, nil)
		return text
	}
	everywhere(t, weigher, func(h *plugin.Host, log *bytes.Buffer) {
		h.InsnTranslate(func(c *vcpu.CPU, pc guest.Addr) bool { return mnemonic(h, c, pc) == "mul v, p0, p1" })
		h.InsnExec(nil, func(c *vcpu.CPU, pc guest.Addr) {
			a, _ := c.Reg("p0")
			b, _ := c.Reg("p1")
			fmt.Fprintf(log, "%s: %d times %d\n", place(c, pc), a, b)
		})
		h.AfterInsnExec(event.Options(event.Mnemonic("mul"), event.Module("program")), func(c *vcpu.CPU, pc guest.Addr) {
			v, _ := c.Reg("v")
			fmt.Fprintf(log, "ret at %s: %d\n", place(c, c.PC()), v)
		})
	}).want(t, "", 66, multiplied)
	counts := func(h *plugin.Host, log *bytes.Buffer) {
		var calls, returns, branches, stores uint64
		h.Counter(event.InsnExec, &event.Filter{Class: []vcpu.Class{vcpu.ClassCall}}, &calls)
		h.Counter(event.InsnExec, &event.Filter{Class: []vcpu.Class{vcpu.ClassReturn}}, &returns)
		h.Counter(event.InsnExec, &event.Filter{Class: []vcpu.Class{vcpu.ClassBranch}}, &branches)
		h.Counter(event.VirtMemBeforeWrite, nil, &stores)
		h.Shutdown(func() { fmt.Fprint(log, calls, returns, branches, stores) })
	}
	everywhere(t, weigher, counts).want(t, "", 66, "6 6 3 10")
}

// TestMemory: accesses are told of with their values, which callbacks may change.
func TestMemory(t *testing.T) {
	o := everywhere(t, weigher, func(h *plugin.Host, log *bytes.Buffer) {
		show := func(what string) event.MemFunc {
			return func(c *vcpu.CPU, m *vcpu.MemAccess) {
				var b [8]byte
				copy(b[:], m.Buf)
				fmt.Fprintf(log, "%s %s %d: %d\n", what, place(c, m.PC), m.Size, binary.LittleEndian.Uint64(b[:]))
			}
		}
		h.MemWrite(event.Symbol("nosuch"), show("never"))
		h.MemWrite(event.Mnemonic("st4"), show("write"))
		h.MemRead(event.Mnemonic("ld4s"), show("read"))
		h.MemRead(event.Mnemonic("ld4s"), func(_ *vcpu.CPU, m *vcpu.MemAccess) { // -1, which the load extends
			if m.Buf[0] == 1 {
				copy(m.Buf, "\xff\xff\xff\xff")
			}
		})
		h.MemWrite(event.Mnemonic("st8"), func(c *vcpu.CPU, m *vcpu.MemAccess) {
			if a, ok := h.Core().Lookup("total"); ok && m.Addr == a {
				show("total")(c, m)
				m.Buf[0]++
			}
		})
	})
	o.want(t, "", 65, "write weigh+16 4: 3\nread weigh+24 4: 3\nwrite weigh+16 4: 2\nread weigh+24 4: 2\nwrite weigh+16 4: 1\nread weigh+24 4: 1\ntotal start+32 8: 64\n")
}

// TestCalls: system calls are told of with names, arguments and results, one of them is
// not made, and the program asks plugins for something.
func TestCalls(t *testing.T) {
	o := everywhere(t, `
start:  set p0, 1
        adr p1, text
        set p2, 6
        sys write
        mov s0, p0
        sys getpid
        mov p0, s0
        tell
        mov p0, v
        sys exit_group
        .data
text:   .ascii "hello\n"
`, func(h *plugin.Host, log *bytes.Buffer) {
		h.SyscallEnter(nil, func(_ *vcpu.CPU, s *event.Syscall) bool {
			fmt.Fprintf(log, "%s %d", s.Name, s.Number)
			if s.Name == "write" {
				fmt.Fprintf(log, " %d %d", s.Args[0], s.Args[2])
			}
			s.Ret = 77
			fmt.Fprintln(log)
			return s.Name == "getpid"
		})
		h.SyscallLeave(event.Name("write", "getpid"), func(_ *vcpu.CPU, s *event.Syscall) { fmt.Fprintf(log, "%s = %d\n", s.Name, s.Ret) })
		h.Hypercall(func(c *vcpu.CPU) bool {
			v, _ := c.Reg("p0")
			fmt.Fprintf(log, "told %d\n", v)
			return c.SetReg("v", v+1)
		})
	})
	o.want(t, "hello\n", 7, "write 103 1 6\nwrite = 6\ngetpid 123\ngetpid = 77\ntold 6\nexit_group 102\n")
	if !strings.HasPrefix(o.strace, `write(1, "hello\n", 6) `) {
		t.Error(o.strace)
	}
}
