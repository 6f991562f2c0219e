package emu

import (
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// TestAfterInsn: after_insn_exec fires each time that an instruction has run,
// also one that branches to itself, and the last of a block; for a string
// instruction once, when it is done.
func TestAfterInsn(t *testing.T) {
	path := assemble(t, `
.globl _start, turns, again, self, rep, long, last
.bss
buf:	.skip 40000
.text
_start:	mov $5, %ecx
turns:	loop turns			# five turns
	xor %ecx, %ecx
again:	jrcxz again			# until the callback sets rcx
self:	jmp self			# until the callback sets the pc
done:	lea buf(%rip), %rdi
	mov $5, %ecx
rep:	rep stosb
	lea buf(%rip), %rdi
	mov $40000, %ecx
long:	rep stosb
	mov $7, %ecx
1:	nop
last:	dec %ecx			# not the last of its block
	jnz 1b
	xor %edi, %edi
	mov $60, %eax
	syscall
`)
	want := map[string]int{"turns": 5, "again": 3, "self": 4, "rep": 1, "long": 1, "last": 7}
	for _, accel := range Accels {
		m := newMachineOn(t, accel, path)
		got := map[string]int{}
		counted := map[string]*uint64{}
		for name := range want {
			counted[name] = new(uint64)
			m.host.Counter(event.AfterInsnExec, &event.Filter{Symbol: []string{name}}, counted[name])
			m.host.AfterInsnExec(event.Symbol(name), func(c *vcpu.CPU, pc guest.Addr) {
				got[name]++
				switch {
				case name == "again" && got[name] == 2:
					c.SetReg("rcx", 1)
				case name == "self" && got[name] == 4:
					c.SetPC(pc + 2)
				}
			})
		}
		m.finish(t)
		for name, n := range want {
			if got[name] != n || *counted[name] != uint64(n) {
				t.Errorf("%s, %s: called %d times, counted %d, want %d", accel, name, got[name], *counted[name], n)
			}
		}
	}
}

// TestAfterSyscall: who changes subscriptions after the instruction of a system call does
// not keep the kernel from it.
func TestAfterSyscall(t *testing.T) {
	path := assemble(t, `
.globl _start, call, end
.text
_start:	mov $5, %ebx
1:	mov $39, %eax			# getpid
call:	syscall
	cmp $39, %eax			# as if it had not been made
	je 2f
	dec %ebx
	jnz 1b
2:	mov %ebx, %edi
	mov $60, %eax
end:	syscall
`)
	for _, accel := range Accels {
		m := newMachineOn(t, accel, path)
		m.host.AfterInsnExec(event.Symbol("call"), func(c *vcpu.CPU, _ guest.Addr) {
			var h *event.Sub
			h = m.host.AfterInsnExec(event.Symbol("call"), func(*vcpu.CPU, guest.Addr) { h.Remove() })
			c.SetReg("xmm1", 1)
		})
		m.finish(t) // with status 0
	}
}
