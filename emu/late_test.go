package emu

import (
	"slices"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// lateSource is one block with a place for each kind of callback, and then a loop.
const lateSource = `
.globl _start, at, load, store, hyper, tail
.data
var:	.quad 7
.text
_start:	lea var(%rip), %rsi
	jmp at
at:	nop
	nop
load:	mov (%rsi), %rax
	nop
store:	mov %rax, (%rsi)
	nop
hyper:	cpuid
	nop
tail:	mov $3, %ecx
1:	dec %ecx
	jnz 1b
	xor %edi, %edi
	mov $60, %eax
	syscall
`

// TestLate: what a callback subscribes to, enables, disables or removes acts from
// the next instruction on, within the block that runs.
func TestLate(t *testing.T) {
	path := assemble(t, lateSource)
	from := map[event.Kind]struct {
		place string
		next  bool // the instruction at the place is before the change
	}{
		event.InsnExec: {"at", true}, event.AfterInsnExec: {"at", true}, event.BeforeBlockExec: {"at", false},
		event.BeforeBlockExecInvalidateOpt: {"at", false}, event.BeforeBlockTranslate: {"at", false}, event.AfterBlockTranslate: {"at", false},
		event.VirtMemBeforeRead: {"load", true}, event.VirtMemAfterRead: {"load", true},
		event.VirtMemBeforeWrite: {"store", true}, event.VirtMemAfterWrite: {"store", true}, event.GuestHypercall: {"hyper", true},
	}
	for _, accel := range Accels {
		all := pcsOf(t, accel, path, func(m *testMachine, note event.PCFunc) {
			m.host.InsnExec(everywhere, note)
		})
		for k := range event.NumKinds {
			w, ok := from[k]
			if !ok {
				continue
			}
			for what, change := range lateChanges {
				var place guest.Addr
				got := pcsOf(t, accel, path, func(m *testMachine, note event.PCFunc) {
					place, _ = m.host.Core().Lookup(w.place)
					act := change(m, note)
					f := &event.Filter{PC: []event.Range{{Lo: place, Hi: place + 1}}}
					if k == event.GuestHypercall {
						f = nil
					}
					done := false
					m.host.Subscribe(k, f, k.Each(func(*event.Env) {
						if !done {
							done = true
							act()
						}
					}))
				})
				i := slices.Index(all, place)
				if w.next {
					i++
				}
				want := all[i:]
				if what == "disable" || what == "remove" {
					want = all[:i]
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s, %v, %s:\ngot  %x\nwant %x", accel, k, what, got, want)
				}
			}
		}
	}
}

var everywhere = event.Within(0, ^guest.Addr(0))

// lateChanges prepare a change of what note is called for.
var lateChanges = map[string]func(m *testMachine, note event.PCFunc) func(){
	"subscribe": func(m *testMachine, note event.PCFunc) func() {
		return func() { m.host.InsnExec(everywhere, note) }
	},
	"enable": func(m *testMachine, note event.PCFunc) func() {
		s := m.host.InsnExec(everywhere, note)
		s.Disable()
		return s.Enable
	},
	"disable": func(m *testMachine, note event.PCFunc) func() { return m.host.InsnExec(everywhere, note).Disable },
	"remove":  func(m *testMachine, note event.PCFunc) func() { return m.host.InsnExec(everywhere, note).Remove },
}

// pcsOf runs a program and lists what note was told.
func pcsOf(t *testing.T, accel, path string, prepare func(m *testMachine, note event.PCFunc)) (pcs []guest.Addr) {
	t.Helper()
	t.Run("", func(t *testing.T) { // which frees the machine
		m := newMachineOn(t, accel, path)
		prepare(m, func(_ *vcpu.CPU, pc guest.Addr) { pcs = append(pcs, pc) })
		m.finish(t)
	})
	return pcs
}

// TestLateAgain: callbacks of a translation that subscribe each time do not keep
// the guest from going on, and hold for the block that is translated.
func TestLateAgain(t *testing.T) {
	path := assemble(t, lateSource)
	for _, accel := range Accels {
		for _, k := range []event.Kind{event.BeforeBlockTranslate, event.AfterBlockTranslate, event.InsnTranslate} {
			m := newMachineOn(t, accel, path)
			hits := map[guest.Addr]int{}
			m.host.Subscribe(k, nil, k.Each(func(e *event.Env) {
				if place := e.PC; hits[place] == 0 {
					m.host.InsnExec(event.At(place), func(*vcpu.CPU, guest.Addr) { hits[place]++ })
				}
			}))
			at, _ := m.host.Core().Lookup("at")
			if m.finish(t); hits[at] == 0 {
				t.Errorf("%s, %v: no hit: %v", accel, k, hits)
			}
		}
	}
}
