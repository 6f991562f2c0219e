package user_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"panda/emu"
	"panda/emu/arch/toy"
	"panda/emu/arch/toy/user"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/load"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

// faulty raises each exception there is. Its handler goes on where u0 says, and prints
// the signal as a letter and si_code as a digit.
const faulty = `
start:  adr s0, signals
.next:  ld1 p0, [s0]
        beq p0, z, .go
        adr p1, action
        set p3, 8
        sys rt_sigaction
        addi s0, s0, 1
        jump .next
.go:    adr u0, .a
        .word 0
.a:     adr u0, .b
        brk
.b:     adr u0, .c
        adr t0, .b
        addi t0, t0, 2
        jumpr t0
.c:     adr u0, .d
        div v, p0, z
.d:     adr u0, .e
        ld8 v, [z+64]
.e:     adr u0, .f
        adr t0, start
        st1 z, [t0+1]
.f:     adr u0, .g
        jumpr z
.g:     set p0, 5
        sys exit_group
handler: ld8 t0, [p2+232]
        st8 t0, [p2+256]
        ld4 t1, [p1+8]
        adr t2, report
        addi t3, p0, 64
        st1 t3, [t2]
        addi t1, t1, 48
        st1 t1, [t2+1]
        set p0, 1
        mov p1, t2
        set p2, 3
        sys write
        ret
restorer: sys rt_sigreturn
        .data
signals: .byte 4, 5, 7, 8, 11, 0
report: .ascii "   "
        .align 8
action: .quad handler, 0x04000004, restorer, 0
`

// TestSignals: each exception becomes a signal, whose handler returns.
func TestSignals(t *testing.T) {
	o := everywhere(t, faulty, func(h *plugin.Host, log *bytes.Buffer) {
		h.BeforeException(func(_ *vcpu.CPU, x *guest.Exception) { fmt.Fprint(log, x.Vector, " ") })
	})
	o.want(t, "D1 E1 G1 H1 K1 K2 K1 ", 5, "1 2 5 3 4 4 4 ")
	for _, want := range []string{
		"SIGILL {si_signo=SIGILL, si_code=ILL_ILLOPC, si_addr=0x401028}", "SIGTRAP {si_signo=SIGTRAP, si_code=TRAP_BRKPT, si_addr=0x401030}",
		"SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRALN, si_addr=0x401036}", "SIGFPE {si_signo=SIGFPE, si_code=FPE_INTDIV, si_addr=0x401048}",
		"SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x40}", "SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_ACCERR, si_addr=0x401001}",
		"SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL}", "rt_sigreturn({mask=[]})",
	} {
		if !strings.Contains(o.strace, want) {
			t.Errorf("no %s in\n%s", want, o.strace)
		}
	}
}

// aside has a handler on its own stack, which looks at that and changes the mask and the
// registers that the program goes on with.
const aside = `
start:  adr p0, stack
        set p1, 0
        sys sigaltstack
        set p0, 10
        adr p1, action
        set p2, 0
        set p3, 8
        sys rt_sigaction
        sys getpid
        set p1, 10
        sys kill
        set p0, 0
        set p1, 0
        adr p2, old
        set p3, 8
        sys rt_sigprocmask
        mov p0, s0
        sys exit_group
handler: mov s1, p2
        set p0, 0
        adr p1, old
        sys sigaltstack
        set t0, 7
        st8 t0, [s1+136]
        set t0, 2048
        st8 t0, [s1-8]
        set t0, -1
        st8 t0, [s1]
        st8 t0, [s1+264]
        ret
restorer: sys rt_sigreturn
        .data
        .align 8
stack:  .quad room, 0, 8192
action: .quad handler, 0x0c000004, restorer, 2048
old:    .space 24
room:   .space 8192
`

// TestSignalFrame: what a handler finds on its stack, and what becomes of what it leaves
// there. z and what floating point must not be stay as they are.
func TestSignalFrame(t *testing.T) {
	o := everywhere(t, aside, func(h *plugin.Host, log *bytes.Buffer) {
		h.SyscallEnter(event.Name("exit_group"), func(c *vcpu.CPU, _ *event.Syscall) bool {
			for _, n := range []string{"z", "fs"} {
				v, _ := c.Reg(n)
				fmt.Fprintf(log, "%s %#x ", n, v)
			}
			return false
		})
	})
	o.want(t, "", 7, "z 0x0 fs 0x7fbf ")
	for _, want := range []string{"ss_flags=SS_ONSTACK, ss_size=8192}", "rt_sigreturn({mask=[USR2]})", "rt_sigprocmask(SIG_BLOCK, NULL, [USR2], 8)"} {
		if !strings.Contains(o.strace, want) {
			t.Errorf("no %s in\n%s", want, o.strace)
		}
	}
}

// TestKilled: without a handler the program ends, and is told why.
func TestKilled(t *testing.T) {
	o := everywhere(t, "start: set t0, 1\n divu t0, t0, t1\n sys exit_group", nil)
	o.want(t, "program: Floating point exception (pc 0x401004 <start+0x4>, address 0x401004)\n", 128+8, "")
	if o.killed != 8 || !strings.Contains(o.strace, "+++ killed by SIGFPE") {
		t.Errorf("killed by %d\n%s", o.killed, o.strace)
	}
}

// family waits for a byte of its handler while a child sends the signal, and then for a
// child with an area.
const family = `
start:  adr p0, fds
        sys pipe2
        set p0, 10
        adr p1, action
        set p3, 8
        sys rt_sigaction
        set p0, 17
        set p1, 0
        set p3, 0
        sys clone
        beq p0, z, child
        adr t0, fds
        ld4 p0, [t0]
        adr p1, got
        set p2, 1
        sys read
        mov s0, p0
        call wait
        li p0, 0x84111
        adr p1, got
        set p2, 0
        set p3, 0
        adr p4, area
        sys clone
        beq p0, z, second
        call wait
        adr p0, name
        sys uname
        set p0, 1
        adr p1, name+260
        set p2, 3
        sys write
        mov p0, s0
        sys exit_group
child:  sys getppid
        set p1, 10
        sys kill
        set p0, 0
        sys exit_group
second: set p0, 1
        mov p1, tp
        set p2, 5
        sys write
        set p0, 0
        sys exit_group
wait:   set p0, -1
        set p1, 0
        set p2, 0
        set p3, 0
        sys wait4
        ret
handler: set p0, 1
        adr p1, text
        set p2, 8
        sys write
        adr t0, fds
        ld4 p0, [t0+4]
        set p2, 1
        sys write
        ret
restorer: sys rt_sigreturn
        .data
text:   .ascii "handled\n"
area:   .ascii "area\n"
        .align 8
action: .quad handler, 0x14000000, restorer, 0
fds:    .space 8
name:   .space 390
        .space 256
got:    .space 8
`

// TestProcesses: a signal comes while a call waits, whose result is where its first
// argument was and which is made again; new processes, one with an area of its own.
func TestProcesses(t *testing.T) {
	o := everywhere(t, family, func(h *plugin.Host, log *bytes.Buffer) {
		h.Subscribe(event.ProcessFork, nil, event.ProcessFunc(func(*vcpu.CPU, *event.Process) { fmt.Fprint(log, "fork ") }))
		h.Subscribe(event.ProcessExit, nil, event.ProcessFunc(func(_ *vcpu.CPU, p *event.Process) { fmt.Fprint(log, "exit ", p.Status>>8, " ") }))
	})
	o.want(t, "handled\narea\ntoy", 1, "fork exit 0 fork exit 0 exit 1 ")
	for _, want := range []string{"ERESTARTSYS", "si_signo=SIGUSR1"} {
		if !strings.Contains(o.strace, want) {
			t.Errorf("no %s in\n%s", want, o.strace)
		}
	}
}

// TestEpoll: a structure that is laid out otherwise than on x86 goes both ways.
func TestEpoll(t *testing.T) {
	everywhere(t, `
start:  adr p0, fds
        set p1, 0
        sys pipe2
        set p0, 0
        sys epoll_create1
        mov s0, p0
        set p1, 1
        adr t0, fds
        ld4 p2, [t0]
        adr p3, watched
        sys epoll_ctl
        adr t0, fds
        ld4 p0, [t0+4]
        adr p1, watched
        set p2, 1
        sys write
        mov p0, s0
        adr p1, events
        set p2, 2
        set p3, 0
        sys epoll_wait
        mov s1, p0
        set p0, 1
        adr p1, events+8
        set p2, 8
        sys write
        mov p0, s1
        sys exit_group
        .data
fds:    .space 8
watched: .quad 1
        .ascii "123\n5678"
events: .space 32
`, nil).want(t, "123\n5678", 1, "")
}

// TestOwnCode: a program changes code that has run, and what is about to run.
func TestOwnCode(t *testing.T) {
	everywhere(t, `
start:  adr p0, start
        li p1, 4096
        set p2, 7
        sys mprotect
        set s0, 30
.again: call code
        add s1, s1, v
        adr t0, code
        ld4 t1, [t0]
        addi t1, t1, 1
        st4 t1, [t0]
        addi s0, s0, -1
        bne s0, z, .again
        adr t0, .ahead
        ld4 t1, [t0]
        addi t1, t1, 5
        st4 t1, [t0]
.ahead: addi s1, s1, 0
        addi p0, s1, -400
        sys exit_group
code:   set v, 1
        ret
`, nil).want(t, "", 30*31/2+5-400, "")
}

// TestForeign: an architecture runs its own programs and says which those are.
func TestForeign(t *testing.T) {
	own := user.Assemble("start: sys exit_group")
	other := bytes.Clone(own)
	binary.LittleEndian.PutUint16(other[18:], 62) // EM_X86_64
	for _, r := range []struct {
		arch, want string
		file       []byte
	}{{"toy", "this emulator runs toy programs", other}, {"x86", "this emulator runs x86_64 and i386 programs", own}} {
		path := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(path, r.file, 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := emu.New(emu.Config{Arch: r.arch, Program: &emu.Program{Path: path, Args: []string{path}, Stdout: 1, Stderr: 2}})
		if !errors.Is(err, load.ErrForeign) || !strings.Contains(err.Error(), r.want) {
			t.Errorf("%s: %v, want %q", r.arch, err, r.want)
		}
	}
	path := program(t, "start: sys exit_group")
	m, err := emu.New(emu.Config{Program: &emu.Program{Path: path, Args: []string{path}, Stdout: 1, Stderr: 2}})
	if err != nil {
		t.Fatal(err)
	}
	if a := m.CPU().Machine.Arch; a != new(toy.Guest).View(0) {
		t.Errorf("without a name: %s", a.Name)
	}
	m.Close()
	var bad *emu.OptionError
	if _, err := emu.New(emu.Config{Arch: "toy", CPU: "max"}); !errors.As(err, &bad) || bad.Option != "cpu" || !strings.Contains(err.Error(), `"max"; there are wood`) {
		t.Errorf("a model of x86: %v", err)
	}
}

// TestFar: an indirect jump to an address that no page is at is the guest's fault.
func TestFar(t *testing.T) {
	o := everywhere(t, "start: set t0, 1\n shli t0, t0, 63\n jumpr t0", nil)
	if o.status != 128+11 {
		t.Errorf("%+v", o)
	}
}
