package user_test

import (
	"bytes"
	"fmt"
	"testing"

	"panda/emu/arch/toy"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

// TestHooks: calls by the name of a function, with arguments and results; one result is
// replaced, and one call is not made.
func TestHooks(t *testing.T) {
	everywhere(t, weigher, func(h *plugin.Host, log *bytes.Buffer) {
		h.HookCalls(event.Symbol("weigh"), func(c *vcpu.CPU, call *event.Call) {
			call.Data = call.Arg(c, 0)
			fmt.Fprintf(log, "weigh(%d, %d) for %s\n", call.Arg(c, 0), call.Arg(c, 1), place(c, call.Return))
		}, func(c *vcpu.CPU, call *event.Call) {
			fmt.Fprintf(log, "weigh(%d) = %d\n", call.Data, call.Result(c))
			if call.Data == uint64(3) {
				call.SetResult(c, 1)
			}
		})
		h.HookCalls(event.Symbol("times"), func(c *vcpu.CPU, call *event.Call) {
			if n := call.Arg(c, 0); n == 2 {
				call.Skip(c, 1000)
			}
		}, nil)
	}).want(t, "", (1+1002+11)&0xff, "weigh(3, 10) for start+16\nweigh(3) = 33\nweigh(2, 10) for start+16\nweigh(2) = 1002\nweigh(1, 10) for start+16\nweigh(1) = 11\n")
}

// recursive counts down by calls, at whose end the stack is deep, and leaves some of
// them by a jump to where the outermost returns.
const recursive = `
start:  set p0, 4
        adr t0, back
        st8 sp, [t0]
        call down
        mov s1, v
        set p0, 2
        set p1, 1
        call down
        add p0, s1, v
        sys exit_group
down:   addi sp, sp, -32
        st8 lr, [sp+24]
        st8 fp, [sp+16]
        addi fp, sp, 32
        beq p0, z, .end
        addi p0, p0, -1
        call down
        addi v, v, 1
.out:   ld8 fp, [sp+16]
        ld8 lr, [sp+24]
        addi sp, sp, 32
        ret
.end:   call bottom
        jump .out
bottom: beq p1, z, .back
        adr t0, back
        ld8 sp, [t0]
        set v, 40
        adr t0, start
        addi t0, t0, 32
        jumpr t0
.back:  set v, 0
        ret
        .data
back:   .quad 0
`

// TestBacktrace: the frame pointers lead from the innermost call to the outermost, from
// its first instruction as from its middle.
func TestBacktrace(t *testing.T) {
	o := everywhere(t, recursive, func(h *plugin.Host, log *bytes.Buffer) {
		show := func(c *vcpu.CPU, _ guest.Addr) {
			for i, f := range event.Backtrace(c, 10) {
				if i > 0 {
					fmt.Fprint(log, " < ")
				}
				fmt.Fprint(log, place(c, f.PC))
			}
			fmt.Fprintln(log)
		}
		end, _ := h.Core().Lookup("down")
		h.InsnExec(event.Options(event.Symbol("bottom"), event.Where("p1 == 0")), show)
		h.InsnExec(event.Options(event.At(end+24), event.Where("p1 == 0 and p0 == 3")), show)
	})
	o.want(t, "", 44, "down+24 < start+16\nbottom+0 < down+52 < down+28 < down+28 < down+28 < down+28 < start+16\n")
}

// TestUnwound: calls that a jump has left end as such; the one that it leads to the end
// of has returned.
func TestUnwound(t *testing.T) {
	o := everywhere(t, recursive, func(h *plugin.Host, log *bytes.Buffer) {
		calls := h.HookCalls(event.Symbol("down"), nil, func(c *vcpu.CPU, call *event.Call) { fmt.Fprintf(log, "%d ", c.Result()) })
		calls.Abandoned = func(_ *vcpu.CPU, _ *event.Call, how string) { fmt.Fprintf(log, "%s ", how) }
		h.Shutdown(func() { fmt.Fprint(log, calls.InProgress()) })
	})
	o.want(t, "", 44, "0 1 2 3 4 unwound unwound 40 0")
}

// TestCallGuest: a callback calls functions of the program, which sees nothing of it.
func TestCallGuest(t *testing.T) {
	o := everywhere(t, weigher, func(h *plugin.Host, log *bytes.Buffer) {
		h.InsnExec(event.Options(event.Symbol("times"), event.Limit(1)), func(c *vcpu.CPU, pc guest.Addr) {
			sp, n, before := c.SP(), c.Icount(), [toy.Words]uint64(c.W[:])
			at, _ := h.Core().Lookup("weigh")
			v, err := h.CallLimited(1000, at, 7, 9)
			fmt.Fprintln(log, v, err, c.SP() == sp, c.Icount() == n, before == [toy.Words]uint64(c.W[:]))
			start, _ := h.Core().Lookup("start")
			_, err = h.CallLimited(1000, start)
			fmt.Fprintln(log, err)
		})
	})
	o.want(t, "", 66, "70 <nil> true true true\nthe function called exit_group, which is not done\n")
}

// TestDisassembly: code is printed with symbols.
func TestDisassembly(t *testing.T) {
	o := everywhere(t, weigher, func(h *plugin.Host, log *bytes.Buffer) {
		h.InsnExec(event.Options(event.Symbol("weigh"), event.Limit(1)), func(c *vcpu.CPU, pc guest.Addr) {
			for at := pc - 12; at < pc+12; at += 4 {
				var b [4]byte
				if err := c.Read(at, b[:]); err != nil {
					t.Error(err)
				}
				text, n := c.Machine.Arch.Disasm(c, b[:], at, func(a uint64) (string, uint64, bool) { return c.Machine.Symbol(guest.Addr(a)) })
				fmt.Fprintln(log, n, text)
			}
		})
	})
	o.want(t, "", 66, "4 ld1 p0, [t0]\n4 set n, 102\n4 sys\n4 addi sp, sp, -32\n4 st8 lr, [sp+24]\n4 st8 fp, [sp+16]\n")
}
