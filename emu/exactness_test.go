package emu

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// exactSource is a program without a library: every kind of event of user mode
// stands at a label of its own, and the exit code is what r12 holds.
const exactSource = `
.globl _start, block, read, write, hyper, call, fault, leave, other, var, movs, handler, back
.data
var:	.quad 3, 0, 0, 0
action:	.quad handler, 0x04000000, restorer, 0
.text
_start:	xor %r12d, %r12d
	mov $13, %eax			# rt_sigaction(SIGSEGV, action, 0, 8)
	mov $11, %edi
	lea action(%rip), %rsi
	xor %edx, %edx
	mov $8, %r10d
	syscall
	mov $5, %ecx
1:	add %rcx, var+16(%rip)		# a loop with flags that live on
	adc $0, %r15d
	dec %ecx
	jnz 1b
	lea var(%rip), %rsi
	lea var+8(%rip), %rdi
	mov $3, %ecx
movs:	rep movsb
	lea var(%rip), %rsi
	call block
	cmp $6, %rax
leave:	mov %r12d, %edi
	mov $60, %eax
	syscall
block:	cmp $3, %r12d
read:	mov (%rsi), %rax
write:	mov %rax, 8(%rsi)
hyper:	cpuid
	mov $39, %eax
call:	syscall
fault:	mov 16, %rax
	ret
handler: lea leave(%rip), %rax		# goes on at leave
	mov %rax, 168(%rdx)		# uc_mcontext.gregs[REG_RIP]
	ret
restorer: mov $15, %eax
	syscall
back:	ud2				# where sigreturn never goes
other:	mov $60, %eax
	mov $55, %edi
	syscall
`

func exactProgram(t *testing.T) string {
	t.Helper()
	return assemble(t, exactSource)
}

func assemble(t testing.TB, source string) string {
	t.Helper()
	dir := t.TempDir()
	src, exe := filepath.Join(dir, "exact.s"), filepath.Join(dir, "exact")
	if err := os.WriteFile(src, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-nostdlib", "-static", "-no-pie", "-o", exe, src).CombinedOutput(); err != nil {
		t.Skipf("no compiler: %v %s", err, out)
	}
	return exe
}

// regsOf is what a program can see of the CPU.
func regsOf(c *vcpu.CPU) map[string]uint64 {
	m := map[string]uint64{}
	for _, n := range c.Machine.Arch.Names {
		m[n], _ = c.Reg(n)
	}
	return m
}

// exactKinds are the kinds that a program in user mode fires between its first
// and its last instruction. A state is that before the instruction with the
// count; differ are registers that the event stands in the middle of.
var exactKinds = []struct {
	kind   event.Kind
	differ []string
}{
	{event.BeforeBlockTranslate, nil},
	{event.InsnTranslate, nil},
	{event.AfterBlockTranslate, nil},
	{event.BeforeBlockExecInvalidateOpt, nil},
	{event.BeforeBlockExec, nil},
	{event.AfterBlockExec, []string{"rax", "rcx", "r11"}}, // of a system call, before it is made
	{event.InsnExec, nil},
	{event.AfterInsnExec, []string{"rax", "rcx", "r11"}},
	{event.VirtMemBeforeRead, nil},
	{event.VirtMemAfterRead, nil},
	{event.VirtMemBeforeWrite, nil},
	{event.VirtMemAfterWrite, nil},
	{event.GuestHypercall, nil},
	{event.UserBeforeSyscall, []string{"rax"}},
	{event.SyscallEnter, []string{"rax"}},
	{event.UserAfterSyscall, nil},
	{event.SyscallLeave, nil},
	{event.CPURestoreState, nil},
	{event.BeforeException, nil},
}

// TestExactState: registers, pc, flags and instruction count within a callback
// are those of the program stepped one instruction at a time.
func TestExactState(t *testing.T) {
	path := exactProgram(t)
	stepped := map[uint64][]map[string]uint64{}
	step := newTestMachine(t, path)
	for done := false; !done; {
		n := step.CPU().Icount()
		stepped[n] = append(stepped[n], regsOf(step.CPU()))
		var err error
		if _, done, err = step.Step(1); err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range exactKinds {
		m := newTestMachine(t, path)
		hits, told := 0, 0
		m.host.Subscribe(k.kind, nil, k.kind.Each(func(e *event.Env) {
			hits++
			c := e.CPU
			now := regsOf(c)
			switch name, off, _ := c.Machine.Symbol(c.PC()); {
			case off == 0 && (name == "handler" || name == "back"):
				return // between two steps: a signal frame stands, or falls
			case off == 0 && name == "movs" && e.Mem != nil:
				now = map[string]uint64{} // in the middle of an instruction
			}
			before := k.kind.Class() == "insn" || k.kind.Class() == "block"
			if before && k.kind != event.AfterInsnExec && k.kind != event.InsnTranslate && k.kind != event.AfterBlockExec && k.kind != event.CPURestoreState && c.PC() != e.PC {
				t.Errorf("%v: cpu.pc %#x, pc %#x", k.kind, c.PC(), e.PC)
			}
			equal := func(want map[string]uint64) bool {
				return alike(now, want, k.differ)
			}
			if e.Call != nil && e.Call.Name == "exit" || stepped[c.Icount()] == nil {
				return // the last
			}
			if !slices.ContainsFunc(stepped[c.Icount()], equal) && told == 0 {
				told++
				t.Errorf("%v at pc %#x icount %d:\ngot  %x\nwant %x", k.kind, uint64(c.PC()), c.Icount(), now, stepped[c.Icount()])
			}
		}))
		if k.kind == event.InsnTranslate {
			m.host.Subscribe(event.InsnExec, nil, event.PCFunc(func(*vcpu.CPU, guest.Addr) {}))
		}
		if status, done, err := m.Run(); status != 0 || !done || err != nil {
			t.Errorf("%v: status %d %v", k.kind, status, err)
		}
		if hits == 0 {
			t.Errorf("%v never fired", k.kind)
		}
	}
}

func alike(a, b map[string]uint64, but []string) bool {
	for n := range a {
		if a[n] != b[n] && !slices.Contains(but, n) {
			return false
		}
	}
	return true
}

// TestEffects: what a callback writes is what the program goes on with: registers
// and memory, the pc, a value that is replaced, a system call that is not made.
func TestEffects(t *testing.T) {
	path := exactProgram(t)
	places := map[event.Kind]string{
		event.BeforeBlockExec: "block", event.BeforeBlockExecInvalidateOpt: "block", event.InsnExec: "write", event.AfterInsnExec: "write",
		event.VirtMemBeforeRead: "read", event.VirtMemAfterRead: "read", event.VirtMemBeforeWrite: "write", event.VirtMemAfterWrite: "write",
		event.GuestHypercall: "hyper", event.UserBeforeSyscall: "", event.SyscallEnter: "", event.UserAfterSyscall: "", event.SyscallLeave: "",
		event.BeforeException: "", event.AfterBlockExec: "block",
	}
	for _, k := range slices.Sorted(maps.Keys(places)) {
		for what, want := range map[string]int{"register": 77, "memory": 0, "pc": 55} {
			m := newTestMachine(t, path)
			f := new(event.Filter)
			if l := places[k]; l != "" {
				f.Symbol = []string{l}
			}
			if k.Class() == "sys" || k.Class() == "sys leave" {
				f.Names = []string{"getpid"}
			}
			hits := 0
			at := func(name string) guest.Addr {
				a, ok := m.host.Core().Lookup(name)
				if !ok {
					t.Fatalf("no %s", name)
				}
				return a
			}
			m.host.Subscribe(k, f, k.Each(func(e *event.Env) {
				if hits++; hits > 1 {
					return
				}
				switch what {
				case "register":
					e.CPU.SetReg("r12", 77)
				case "memory":
					if err := m.host.VirtualMemoryRW(at("var")+24, []byte{9}, true); err != nil {
						t.Error(err)
					}
				case "pc":
					e.CPU.SetPC(at("other"))
				}
			}))
			m.host.InsnExec(event.Symbol("leave"), func(c *vcpu.CPU, _ guest.Addr) {
				var b [1]byte
				if m.host.VirtualMemoryRW(at("var")+24, b[:], false); what == "memory" && b[0] != 9 {
					t.Errorf("%v: memory is %d", k, b[0])
				}
			})
			if status, done, err := m.Run(); status != want || !done || err != nil || hits == 0 {
				t.Errorf("%v, %s: status %d, want %d; %d hits, %v %v", k, what, status, want, hits, err, m.told)
			}
		}
	}
}

// TestReplacedValues: values read and written, and system calls that a plugin
// answers itself.
func TestReplacedValues(t *testing.T) {
	m := newTestMachine(t, exactProgram(t))
	m.host.MemRead(event.Symbol("read"), func(_ *vcpu.CPU, a *vcpu.MemAccess) { a.Buf[0] = 40 })
	m.host.MemWrite(event.Symbol("write"), func(_ *vcpu.CPU, a *vcpu.MemAccess) { a.Buf[0] += 2 })
	m.host.SyscallEnter(event.Name("getpid"), func(_ *vcpu.CPU, s *event.Syscall) bool { s.Ret = 1234; return true })
	m.host.Hypercall(func(c *vcpu.CPU) bool { c.SetReg("rbx", 99); return true })
	got := ""
	m.host.InsnExec(event.Symbol("fault"), func(c *vcpu.CPU, _ guest.Addr) {
		var b [8]byte
		si, _ := c.Reg("rsi")
		c.Read(guest.Addr(si)+8, b[:])
		ax, _ := c.Reg("rax")
		bx, _ := c.Reg("rbx")
		got = fmt.Sprint(ax, bx, b[0])
	})
	if status, _, err := m.Run(); status != 0 || err != nil || got != "1234 99 42" {
		t.Errorf("status %d %v: %s", status, err, got)
	}
}

// TestBadInput: what a callback does wrong is told, and the guest and the other
// callbacks go on.
func TestBadInput(t *testing.T) {
	m := newTestMachine(t, exactProgram(t))
	hits := 0
	m.host.InsnExec(event.Symbol("block"), func(*vcpu.CPU, guest.Addr) { panic("oops") })
	m.host.InsnExec(event.Symbol("block"), func(*vcpu.CPU, guest.Addr) { hits++ })
	late := 0
	m.host.InsnExec(event.Symbol("read"), func(*vcpu.CPU, guest.Addr) {
		m.host.InsnExec(event.Symbol("read"), func(*vcpu.CPU, guest.Addr) { late++ }) // after its time
		m.host.InsnExec(event.Symbol("leave"), func(*vcpu.CPU, guest.Addr) { hits++ })
	})
	m.host.InsnExec(event.Symbol("write"), func(*vcpu.CPU, guest.Addr) {
		if err := m.host.Unload(m.Plugins().Get("test")); err != nil {
			t.Error(err)
		}
	})
	if status, _, err := m.Run(); status != 0 || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
	if hits != 1 || late != 0 || len(m.told) != 1 || m.told[0] != "test: insn_exec callback disabled: panic: oops" {
		t.Errorf("%d hits, %d late, %q", hits, late, m.told)
	}
	m = newTestMachine(t, exactProgram(t))
	m.host.InsnExec(event.Symbol("leave"), func(c *vcpu.CPU, _ guest.Addr) {
		if hits++; hits < 3 {
			c.SetPC(0x123456789000)
		}
	})
	if status, done, err := m.Run(); !done || err != nil || status != 0 || hits != 3 {
		t.Errorf("pc in unmapped memory: status %d, done %v, %v, %d hits", status, done, err, hits)
	}
}
