package emu

import (
	"fmt"
	"strings"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// TestRestoreState: cpu_restore_state is told of each instruction that faults in a
// block, with the state before it and that block, on both engines; a callback may
// go on elsewhere.
func TestRestoreState(t *testing.T) {
	path := assemble(t, `
.globl _start, block, null, wild, divide, done
.text
_start:	xor %ebx, %ebx
	jmp block
block:	mov $5, %ecx
	inc %ebx
null:	mov 16, %rax
	inc %ebx
	movabs $0x1234567812345678, %rsi
wild:	mov (%rsi), %rax
	inc %ebx
	xor %ecx, %ecx
	xor %edx, %edx
divide:	div %ecx
	inc %ebx
done:	lea -4(%rbx), %edi
	mov $60, %eax
	syscall
`)
	for _, accel := range Accels {
		m := newMachineOn(t, accel, path)
		at := func(name string) guest.Addr {
			a, _ := m.host.Core().Lookup(name)
			return a
		}
		next := map[guest.Addr]guest.Addr{at("null"): 8, at("wild"): 3, at("divide"): 2}
		var got []string
		exceptions := 0
		m.host.BeforeException(func(*vcpu.CPU, *guest.Exception) { exceptions++ })
		m.host.Subscribe(event.CPURestoreState, nil, event.BlockFunc(func(c *vcpu.CPU, tb *vcpu.TB) {
			name, _, _ := c.Machine.Symbol(c.PC())
			first, off, _ := c.Machine.Symbol(tb.PC)
			b, _ := c.Reg("rbx")
			got = append(got, name, first, string(rune('0'+off)), string(rune('0'+b)))
			c.SetPC(c.PC() + next[c.PC()])
		}))
		m.finish(t)
		want := "[null block 0 1 wild null 8 2 divide wild 3 3]"
		if s := fmt.Sprint(got); s != want || exceptions != 0 {
			t.Errorf("%s: %s, want %s; %d exceptions", accel, s, want, exceptions)
		}
	}
}

// TestAbsent: events that cannot occur are known by all their names, and say why.
func TestAbsent(t *testing.T) {
	for _, name := range []string{"phys_mem_read", "PANDA_CB_PHYS_MEM_WRITE", "monitor", "llvm_init", "replay_hd_transfer", "replay_handle_packet", "replay_before_cpu_physical_mem_rw_ram"} {
		if _, err := event.ParseKind(name); err == nil || !strings.Contains(err.Error(), "cannot occur here: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range event.Absent {
		for _, name := range append(event.Absent[i].Aliases, event.Absent[i].Name) {
			if _, err := event.ParseKind(name); err == nil || !strings.Contains(err.Error(), event.Absent[i].Why) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, name := range []string{"cpu_restore_state", "PANDA_CB_CPU_RESTORE_STATE", "cb_cpu_restore_state", "virt_mem_write", "PANDA_CB_MEM_READ", "mem_write"} {
		if _, err := event.ParseKind(name); err != nil {
			t.Error(err)
		}
	}
}
