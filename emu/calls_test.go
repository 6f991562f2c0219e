package emu

import (
	"fmt"
	"strings"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// hookApart is hookTrace with a hook for each function.
func hookApart(m *testMachine, names ...string) *[]string {
	log := new([]string)
	for _, name := range names {
		traceHook(m, log, name)
	}
	return log
}

// hookTrace hooks functions and lists what happens: >f is a call, <f its return,
// and xf:why the end of one that does not return.
func hookTrace(m *testMachine, names ...string) *[]string {
	log := new([]string)
	traceHook(m, log, names...)
	return log
}

func traceHook(m *testMachine, log *[]string, names ...string) {
	note := func(mark string, c *vcpu.CPU, call *event.Call, why string) {
		name, _, _ := c.Machine.Symbol(call.Func)
		*log = append(*log, mark+name+why)
	}
	h := m.host.HookCalls(event.Symbol(names...),
		func(c *vcpu.CPU, call *event.Call) { note(">", c, call, "") },
		func(c *vcpu.CPU, call *event.Call) { note("<", c, call, "") })
	h.Abandoned = func(c *vcpu.CPU, call *event.Call, how string) { note("x", c, call, ":"+how) }
}

// callTries are ways to leave a function, as programs without a library. f, g and h
// are hooked.
var callTries = []struct{ what, body, want string }{
	{"a return", `
		call f
		jmp exit
	f:	call g
	g:	ret`, ">f >g <g >g <g <f"}, // f falls into g
	{"a jump to another function", `
		call f
		jmp exit
	f:	jmp g
	g:	jmp h
	h:	ret`, ">f >g >h <h <g <f"},
	{"functions that jump to each other", `
		mov $5, %ecx
		call f
		jmp exit
	f:	dec %ecx
		jz 1f
		jmp g
	g:	dec %ecx
		jz 1f
		jmp f
	1:	ret`, ">f >g >f >g >f <f <g <f <g <f"},
	{"a loop at the first instruction", `
		mov $9, %ecx
		call f
		jmp exit
	f:	loop f
		ret`, ">f <f"},
	{"longjmp to a jump to the place of the return", `
		mov %rsp, %r12
		lea back(%rip), %r13
		call f
	r:	nop
		jmp exit
	back:	nop
		jmp r
	f:	call g
	g:	mov %r12, %rsp
		jmp *%r13`, ">f >g xg:unwound xf:unwound"},
	{"longjmp to what falls through to the place of the return", `
		mov %rsp, %r12
		lea back(%rip), %r13
		xor %ebx, %ebx
		jmp 1f
	back:	inc %ebx
		jmp 2f
	1:	call f
	2:	cmp $3, %ebx
		jb 1b
		jmp exit
	f:	mov %r12, %rsp
		jmp *%r13`, ">f xf:unwound >f xf:unwound >f xf:unwound"},
	{"longjmp, and the same call again", `
		mov %rsp, %r12
		lea back(%rip), %r13
		xor %ebx, %ebx
	1:	call f
		jmp exit
	back:	inc %ebx
		cmp $3, %ebx
		jmp 1b
	f:	cmp $3, %ebx
		je g
		mov %r12, %rsp
		jmp *%r13
	g:	ret`, ">f xf:unwound >f xf:unwound >f xf:unwound >f >g <g <f"},
	{"longjmp, and another function at the same place", `
		mov %rsp, %r12
		lea back(%rip), %r13
		lea f(%rip), %rbx
	1:	call *%rbx
		jmp exit
	back:	lea g(%rip), %rbx
		jmp 1b
	f:	mov %r12, %rsp
		jmp *%r13
	g:	ret`, ">f xf:unwound >g <g"},
	{"a stack switched under a call, and back", `
		lea other(%rip), %r12	# below the stack
		call f
		jmp exit
	f:	call g
		ret
	g:	xchg %rsp, %r12
		call h
		xchg %rsp, %r12
		ret
	h:	ret`, ">f >g >h <h <g <f"},
	{"coroutines on stacks beside each other", `
		lea other(%rip), %r12
		lea other-1024(%rip), %r13
		lea 1f(%rip), %rax
		mov %rax, (%r12)	# the second coroutine begins there
		xchg %rsp, %r13
		call f			# which switches to the second
		xchg %rsp, %r13
		jmp exit
	1:	call g			# which switches back to f
		xchg %rsp, %r12
		ret
	f:	xchg %rsp, %r12
		ret
	g:	xchg %rsp, %r12
		ret`, ">f >g <f xg:exit"},
	{"a stack that moved", `
		mov %rsp, %r12
		call f
	r:	mov %r12, %rsp
		jmp exit
	f:	lea other(%rip), %rax
		mov (%rsp), %rbx
		mov %rbx, (%rax)
		mov %rax, %rsp
		ret`, ">f xf:unwound"},
	{"the end of the program", `
		call f
	f:	call g
	g:	jmp exit`, ">f >g xg:exit xf:exit"},
	{"a call from machine code that was entered by a jump", `
		lea 1f(%rip), %rax
		push %rax
		jmp f
	1:	call f
		jmp exit
	f:	ret`, ">f <f >f <f"},
}

// apartTries are ways to leave functions that have a hook each.
var apartTries = []struct{ what, body, want string }{
	{"longjmp to a caller that returns", `
		call f
		jmp exit
	f:	mov %rsp, %r12
		lea 1f(%rip), %r13
		call g
		nop
	1:	ret
	g:	sub $64, %rsp
		call h
	h:	mov %r12, %rsp
		jmp *%r13`, ">f >g >h xh:unwound xg:unwound <f"},
	{"longjmp to what calls another function", `
		mov %rsp, %r12
		lea 1f(%rip), %r13
		call f
		jmp exit
	1:	call h
		jmp exit
	f:	sub $64, %rsp
		call g
	g:	mov %r12, %rsp
		jmp *%r13
	h:	ret`, ">f >g xg:unwound xf:unwound >h <h"},
	{"longjmp to the place of a return", `
		mov %rsp, %r12
		lea 1f(%rip), %r13
		call f
	2:	jmp exit
	1:	jmp 2b
	f:	sub $64, %rsp
		call g
	g:	mov %r12, %rsp
		jmp *%r13`, ">f >g xg:unwound xf:unwound"},
	{"longjmp, and the end of the program", `
		mov %rsp, %r12
		lea exit(%rip), %r13
		call f
	f:	sub $64, %rsp
		call g
	g:	mov %r12, %rsp
		jmp *%r13`, ">f >g xg:unwound xf:unwound"},
	{"the end of the program", `
		call f
	f:	call g
	g:	jmp exit`, ">f >g xg:exit xf:exit"},
	{"a coroutine below, on memory that is no stack", `
		mov %rsp, %r12
		lea other(%rip), %r13
		lea 1f(%rip), %rax
		mov %rax, (%r13)
		call f
		jmp exit
	1:	call g
	f:	xchg %rsp, %r13
		ret
	g:	xchg %rsp, %r13
		ret`, ">f >g <f xg:exit"},
	{"a coroutine on a variable", `
		sub $4096, %rsp
		lea 4000(%rsp), %r13
		lea 1f(%rip), %rax
		mov %rax, (%r13)
		call f		# resumes it
		call f
		jmp exit
	1:	call g		# yields
		call h
		call g
	f:	xchg %rsp, %r13
		ret
	g:	xchg %rsp, %r13
		ret
	h:	ret`, ">f >g <f >f <g >h <h >g <f xg:exit"},
}

// TestCallsEnd: what was entered ends once, by a return or otherwise, on both
// engines, in chained blocks and in blocks of one instruction.
func TestCallsEnd(t *testing.T) {
	for _, c := range callTries {
		tryCalls(t, hookTrace, c.what, c.body, c.want)
	}
	for _, c := range apartTries {
		tryCalls(t, hookApart, "apart: "+c.what, c.body, c.want)
	}
}

func tryCalls(t *testing.T, hook func(*testMachine, ...string) *[]string, what, body, want string) {
	path := assemble(t, ".globl _start, f, g, h\n.bss\n.skip 4096\nother: .skip 64\n.text\n_start:\n"+body+"\nexit: xor %edi, %edi\nmov $60, %eax\nsyscall\n.ifndef g\ng: nop\n.endif\n.ifndef h\nh: nop\n.endif\n")
	for _, accel := range Accels {
		for _, step := range []int64{0, 1, 3} {
			t.Run(what, func(t *testing.T) {
				m := newMachineOn(t, accel, path)
				log := hook(m, "f", "g", "h")
				run := m.Run
				if step > 0 {
					run = func() (int, bool, error) { return m.Step(step) }
				}
				status, done, err := run()
				for step > 0 && !done && err == nil {
					status, done, err = run()
				}
				if got := strings.Join(*log, " "); got != want || status != 0 || !done || err != nil {
					t.Errorf("%s, steps of %d: %s\nwant %s; status %d %v", accel, step, got, want, status, err)
				}
			})
		}
	}
}

// BenchmarkCalls calls a function that has hooks, within another that has one.
func BenchmarkCalls(b *testing.B) {
	path := assemble(b, `
.globl _start, f, g
_start:	mov $1000000, %ecx
	call f
	xor %edi, %edi
	mov $60, %eax
	syscall
f:	nop
1:	call g
	dec %ecx
	jnz 1b
	ret
g:	ret`)
	for b.Loop() {
		m := newMachineOn(b, Accels[0], path)
		left := 0
		for range 2 {
			m.host.HookCalls(event.Symbol("f", "g"), nil, func(*vcpu.CPU, *event.Call) { left++ })
		}
		if m.Run(); left != 2000002 {
			b.Fatal(left)
		}
	}
}

// TestCallTapped: a tap while plugin code runs a guest function is for afterwards.
func TestCallTapped(t *testing.T) {
	path := assemble(t, `
.globl _start, at, f
_start:	nop
at:	mov $39, %eax	# getpid
	syscall
	xor %edi, %edi
	mov $60, %eax
	syscall
f:	mov $100, %ecx
1:	loop 1b
	mov $42, %eax
	ret`)
	for _, accel := range Accels {
		m := newMachineOn(t, accel, path)
		var order []string
		m.host.InsnExec(event.Symbol("f"), func(*vcpu.CPU, guest.Addr) { m.Do(func() { order = append(order, "done") }) })
		m.host.InsnExec(event.Symbol("at"), func(c *vcpu.CPU, _ guest.Addr) {
			f, _ := m.env.(Symbols).FindSymbol("f")
			ret, err := m.host.Call(f)
			order = append(order, fmt.Sprint(ret, err))
		})
		m.finish(t)
		if got := strings.Join(order, ", "); got != "42 <nil>, done" {
			t.Errorf("%s: %s", accel, got)
		}
	}
}

// TestCallsByHooks: functions that jump to one another return together, the innermost
// first, whichever hook watches them and in whatever order the hooks were made.
func TestCallsByHooks(t *testing.T) {
	path := assemble(t, `
.globl _start, f, g, h
.text
_start:	call f
	call g
	xor %edi, %edi
	mov $60, %eax
	syscall
f:	nop
	jmp g
g:	nop
	jmp h
h:	ret
`)
	for _, accel := range Accels {
		for _, order := range []string{"fgh", "hgf", "gfh"} {
			m := newMachineOn(t, accel, path)
			log := new([]string)
			for _, name := range order {
				traceHook(m, log, string(name))
			}
			m.finish(t)
			if got := strings.Join(*log, " "); got != ">f >g >h <h <g <f >g >h <h <g" {
				t.Errorf("%s, hooks %s: %s", accel, order, got)
			}
		}
	}
}
