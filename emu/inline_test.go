package emu

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"panda/emu/arch/x86"
	"panda/emu/event"
	"panda/emu/vcpu"
)

// inlineSource is a loop that runs often enough to be made longer, with accesses
// of all sizes; then an access that faults in the middle of a block, a string
// instruction that does, stores into code, and code that stores after itself.
const inlineSource = `
.globl _start, loop, store, rare, patch, patched, handler, var
.bss
.balign 4096
page:	.skip 4096
.data
.balign 64
var:	.quad 3, 0, 0, 0, 5, 6, 7, 8
action:	.quad handler, 0x04000000, restorer, 0
.text
_start:	mov $13, %eax			# rt_sigaction(SIGSEGV, action, 0, 8)
	mov $11, %edi
	lea action(%rip), %rsi
	xor %edx, %edx
	mov $8, %r10d
	syscall
	lea var(%rip), %rsi
	xor %edi, %edi
	mov $ROUNDS, %ecx
loop:	mov (%rsi), %rax
	add %rcx, 8(%rsi)
	movzbl (%rsi,%rdi), %edx
	inc %edi
	and $31, %edi
	jnz 1f
rare:	push %rax
	pop %rbx
	incw 16(%rsi)
1:	movups 32(%rsi), %xmm0
	adc $0, %r15d
store:	movups %xmm0, 32(%rsi)
	mov %edi, 24(%rsi)
	dec %ecx
	jnz loop
	mov $10, %eax			# mprotect(page of patch, 4096, all)
	lea patch(%rip), %rdi
	and $-4096, %rdi
	mov $8192, %esi
	mov $7, %edx
	syscall
	mov $4, %ecx
2:	lea patch(%rip), %rdi
	incb 1(%rdi)			# the code that follows
	call patch
	add %eax, %r12d
	movb %cl, patched+1(%rip)
patched: mov $1, %eax
	add %eax, %r12d
	dec %ecx
	jnz 2b
	inc %r12d
	mov 16, %rax			# continues after it, at 3
	inc %r12d
3:	lea page+4080(%rip), %rdi
	mov $99, %ecx
	rep stosb			# until the end of the page
4:	mov %r12d, %edi
	and $63, %edi
	mov $60, %eax
	syscall
handler: mov 168(%rdx), %rax		# uc_mcontext.gregs[REG_RIP]
	cmpw $0xaaf3, (%rax)
	je 5f
	lea 3b(%rip), %rax
	mov %rax, 168(%rdx)
	ret
5:	lea 4b(%rip), %rax
	mov %rax, 168(%rdx)
	ret
restorer: mov $15, %eax
	syscall
.balign 64
patch:	mov $1, %eax
	ret
`

// inlineCases are subscriptions whose work is done by machine code as far as it
// can be. What they show must be what the interpreter shows.
var inlineCases = []struct {
	name   string
	rounds int
	watch  func(a *account)
}{
	{"counters", 60000, func(a *account) {
		a.count("insns", event.InsnExec)
		a.count("after", event.AfterInsnExec)
		a.count("some", event.InsnExec, event.Mnemonic("adc", "push", "rep"))
	}},
	{"counters of blocks", 60000, func(a *account) {
		a.count("blocks", event.BeforeBlockExec)
		a.count("insns", event.InsnExec)
	}},
	{"counters of accesses", 60000, func(a *account) {
		for _, k := range accesses {
			for _, n := range []int{1, 2, 4, 8, 16} {
				f := a.filter(k)
				f.Size = n
				c := new(uint64)
				a.n[fmt.Sprint(k, n)] = c
				a.host.Counter(k, f, c)
			}
		}
		a.count("insns", event.InsnExec)
	}},
	{"counters with conditions", 20000, func(a *account) {
		a.count("registers", event.InsnExec, event.Where("ecx & 7 == 3 && (dil < 9 or rax != -1)"))
		for _, k := range accesses {
			a.count(k.String(), k, event.Where("addr & 15 == 8 and rdi > 5 and size >= 8"))
			a.count(k.String()+" memory", k, event.Where("size < 8 and u32(rsi) == 3 or -1 > rdi"))
		}
	}},
	{"counters with addresses", 20000, func(a *account) {
		v := a.symbolData()
		for _, k := range accesses {
			a.count(k.String(), k, event.Addresses(v+9, v+17), event.Addresses(v+40, v+41))
			a.count(k.String()+" when", k, event.Addresses(v, v+64), event.Where("rdi == 7"))
		}
	}},
	{"insns", 3000, func(a *account) {
		a.on(event.InsnExec, func(e *event.Env) { a.state("insns", e.CPU, uint64(e.PC)) })
	}},
	{"insns and after", 1000, func(a *account) {
		a.on(event.InsnExec, func(e *event.Env) { a.state("insns", e.CPU, uint64(e.PC)) })
		a.on(event.AfterInsnExec, func(e *event.Env) { a.state("after", e.CPU) })
		a.count("insns", event.InsnExec)
	}},
	{"blocks", 3000, func(a *account) {
		a.on(event.BeforeBlockExec, func(e *event.Env) { a.state("blocks", e.CPU, uint64(e.TB.PC), uint64(e.TB.Size)) })
	}},
	{"accesses", 2000, func(a *account) {
		for _, k := range accesses {
			a.on(k, func(e *event.Env) {
				vs := []uint64{uint64(e.Mem.PC), uint64(e.Mem.Addr), uint64(e.Mem.Size), e.CPU.Icount()}
				for _, b := range e.Mem.Buf {
					vs = append(vs, uint64(b))
				}
				a.note(k.String(), vs...)
			})
		}
	}},
	{"values are replaced", 500, func(a *account) {
		v := a.symbolData()
		n := 0
		a.on(event.VirtMemAfterRead, func(e *event.Env) { n++; e.Mem.Buf[0] += byte(n) }, event.Addresses(v, v+8))
		a.on(event.VirtMemBeforeWrite, func(e *event.Env) { e.Mem.Buf[3] ^= 0x81 }, event.Where("size == 4"))
		a.on(event.InsnExec, func(e *event.Env) { a.state("insns", e.CPU) })
	}},
	{"batches", 8000, func(a *account) {
		a.batch(event.InsnExec, 100, vcpu.AllFields)
		for i, k := range accesses {
			a.batch(k, 1000*i, vcpu.AllFields)
		}
	}},
	{"batches of blocks", 5000, func(a *account) { a.batch(event.BeforeBlockExec, 3, vcpu.AllFields) }},
	{"batches with conditions", 8000, func(a *account) {
		v := a.symbolData()
		a.batch(event.InsnExec, 10, vcpu.AllFields, event.Where("rdi == 3"))
		a.batch(event.VirtMemAfterRead, 7, vcpu.AllFields, event.Addresses(v, v+4), event.Addresses(v+30, v+33))
		a.batch(event.VirtMemBeforeWrite, 1, vcpu.FieldAddr|vcpu.FieldValue, event.Addresses(v+32, v+33), event.Where("edi != 9"))
		a.batch(event.VirtMemBeforeRead, 50, vcpu.FieldPC|vcpu.FieldIcount, event.Where("u8(rsi) == 3 && size > 1"))
	}},
	{"rare callbacks that write", 20000, func(a *account) {
		a.count("insns", event.InsnExec)
		a.on(event.InsnExec, func(e *event.Env) {
			a.state("rare", e.CPU)
			a.CPU().SetReg("r12", e.CPU.Icount())
			a.CPU().SetReg("rbx", 5)
		}, event.Where("ecx & 1023 == 17"))
	}},
	{"rare callbacks that move", 5000, func(a *account) {
		a.on(event.InsnExec, func(e *event.Env) {
			a.state("rare", e.CPU)
			e.CPU.SetReg("rcx", 16)
			e.CPU.SetPC(e.PC)
		}, event.Symbol("loop"), event.Where("ecx & 1023 == 17"))
	}},
	{"a callback writes flags", 2000, func(a *account) {
		a.on(event.InsnExec, func(e *event.Env) { e.CPU.SetReg("eflags", 0x203) }, event.Symbol("store"))
		a.on(event.InsnExec, func(e *event.Env) { a.state("insns", e.CPU) })
	}},
	{"a callback stops", 2000, func(a *account) {
		a.count("insns", event.InsnExec)
		a.count("blocks", event.BeforeBlockExec)
		a.on(event.InsnExec, func(e *event.Env) { a.state("insn", e.CPU); a.Stop() }, event.Where("ecx & 127 == 5"))
		a.on(event.VirtMemAfterWrite, func(e *event.Env) { a.state("store", e.CPU); a.Stop() }, event.Where("ecx & 255 == 7"))
	}},
	{"a callback of every insn stops", 300, func(a *account) {
		a.count("insns", event.InsnExec)
		a.on(event.InsnExec, func(e *event.Env) {
			if a.state("insn", e.CPU); e.CPU.Icount()%7 == 0 {
				a.Stop()
			}
		})
	}},
	{"callbacks come and go", 2000, func(a *account) {
		var other *event.Sub
		n := 0
		a.count("insns", event.InsnExec)
		other = a.on(event.VirtMemAfterRead, func(e *event.Env) { a.note("read", uint64(e.Mem.PC), e.CPU.Icount()) })
		var s *event.Sub
		s = a.on(event.InsnExec, func(e *event.Env) {
			switch n++; {
			case n == 5000:
				other.Disable()
			case n == 7001:
				other.Enable()
			case n == 9000:
				s.Remove()
			}
			a.state("insn", e.CPU)
		})
	}},
	{"callbacks fail", 2000, func(a *account) {
		a.count("insns", event.InsnExec)
		n := 0
		s := a.on(event.InsnExec, func(e *event.Env) {
			if n++; n == 3000 {
				e.CPU.SetReg("r12", 3)
				panic("oops")
			}
		})
		m := a.on(event.VirtMemBeforeWrite, func(e *event.Env) {
			if e.CPU.Icount() > 4000 {
				panic("write")
			}
		})
		a.n["insn hits"], a.n["write hits"] = &s.Hits, &m.Hits
		a.on(event.BeforeBlockExec, func(e *event.Env) {
			if e.CPU.Icount() > 5000 {
				panic("block")
			}
		})
	}},
	{"timers in callbacks", 2000, func(a *account) {
		a.on(event.InsnExec, func(e *event.Env) {
			if e.CPU.Icount()%100 == 3 {
				a.At(e.CPU.Icount()+2, func() { a.state("timer", a.CPU()) })
			}
		})
		a.on(event.VirtMemBeforeRead, func(e *event.Env) {
			if e.CPU.Icount()%50 == 1 {
				a.At(e.CPU.Icount()+1, func() { a.state("timer of a read", a.CPU()) })
			}
		})
	}},
}

// TestInline holds what machine code does of subscriptions against the
// interpreter.
func TestInline(t *testing.T) {
	paths := map[int]string{}
	for _, c := range inlineCases {
		if paths[c.rounds] == "" {
			paths[c.rounds] = assemble(t, fmt.Sprintf(".set ROUNDS, %d\n%s", c.rounds, inlineSource))
		}
		t.Run(c.name, func(t *testing.T) {
			var first []string
			for _, accel := range Accels {
				if !works(accel) {
					continue
				}
				a := &account{testMachine: newMachineOn(t, accel, paths[c.rounds]), t: t, sums: map[string]uint64{}, n: map[string]*uint64{}}
				c.watch(a)
				got := a.run()
				t.Log(accel, got)
				if first == nil {
					first = got
				} else if !slices.Equal(got, first) {
					t.Errorf("%s:\n%q\n%s:\n%q", Accels[0], first, accel, got)
				}
			}
		})
	}
}

// works reports whether an engine works on this host.
func works(accel string) bool {
	b, _, err := NewBackend(accel, x86.New(nil).View(64))
	if c, ok := b.(io.Closer); ok && err == nil {
		c.Close()
	}
	return err == nil
}
