package plugin

import (
	"cmp"
	"fmt"
	"slices"

	"panda/emu/event"
	"panda/emu/vcpu"
)

// Host is what a plugin sees of the machine. Its methods may be called from
// Init and from callbacks.
type Host struct {
	m      *Manager
	loaded *Loaded
	owner  *event.Owner
	args   *Args
}

// Args are the plugin's arguments.
func (h *Host) Args() *Args { return h.args }

// Name is the name the plugin was loaded under.
func (h *Host) Name() string { return h.loaded.Name }

// CPU is the virtual CPU.
func (h *Host) CPU() *vcpu.CPU { return h.m.Core.CPU() }

// Core gives the machine's switches.
func (h *Host) Core() Core { return h.m.Core }

// Log prints a line to the user, under the plugin's name.
func (h *Host) Log(format string, a ...any) {
	h.m.Log("%s: %s", h.loaded.Name, fmt.Sprintf(format, a...))
}

// Get finds another plugin, nil when it is not loaded.
func (h *Host) Get(name string) *Loaded { return h.m.Get(name) }

// Load loads another plugin by name, with arguments.
func (h *Host) Load(name string, args ...Arg) (*Loaded, error) { return h.m.Load(name, args) }

// LoadFile loads another plugin from a file, with arguments.
func (h *Host) LoadFile(path string, args ...Arg) (*Loaded, error) { return h.m.LoadFile(path, args) }

// Unload unloads a plugin, also the caller's own.
func (h *Host) Unload(l *Loaded) error { return h.m.Unload(l) }

// Enable lets the plugin's callbacks fire after Disable.
func (l *Loaded) Enable() { l.set(false) }

// Disable keeps all callbacks of the plugin from firing.
func (l *Loaded) Disable() { l.set(true) }

func (l *Loaded) set(off bool) {
	if l.Host.owner.Disabled != off {
		l.Host.owner.Disabled = off
		l.Host.m.Bus.OwnerChanged(l.Host.owner)
	}
}

// Subscribe adds a callback of any kind; fn must have the kind's function
// type of package event. The typed methods below do the same.
func (h *Host) Subscribe(k event.Kind, f *event.Filter, fn any) *event.Sub {
	return h.m.Bus.Subscribe(h.owner, k, f, fn)
}

// Counter adds a counter that translated code increments.
func (h *Host) Counter(k event.Kind, f *event.Filter, n *uint64) *event.Sub {
	return h.m.Bus.Count(h.owner, k, f, n)
}

// CounterAt adds counters by place: at gives the counter of a place when it is
// translated; fn, of the kind's function type, is called where nothing is.
func (h *Host) CounterAt(k event.Kind, f *event.Filter, at func(in *event.Insn) *uint64, fn any) *event.Sub {
	return h.m.Bus.CountAt(h.owner, k, f, at, fn)
}

// Subscriptions lists every subscription of the machine, by plugin.
func (h *Host) Subscriptions() []*event.Sub {
	subs := h.m.Bus.All()
	slices.SortStableFunc(subs, func(a, b *event.Sub) int { return cmp.Compare(a.Owner.Order, b.Owner.Order) })
	return subs
}

// on subscribes with options; an option that does not parse is a mistake in
// the plugin's text and ends its Init.
func (h *Host) on(k event.Kind, fn any, opts []event.Option) *event.Sub {
	return h.Subscribe(k, h.filter(k, opts), fn)
}

func (h *Host) filter(k event.Kind, opts []event.Option) *event.Filter {
	f, err := event.NewFilter(opts...)
	if err == nil {
		err = f.Bind(k, h.CPU().Machine.Arch.Lookup)
	}
	if err != nil {
		panic(fmt.Errorf("%v: %w", k, err))
	}
	return f
}

// InsnExec calls fn before each instruction that the options choose. fn comes
// last, as the last argument: h.InsnExec(event.Bytes("0f 05"), fn).
func (h *Host) InsnExec(choose event.Option, fn event.PCFunc) *event.Sub {
	return h.on(event.InsnExec, fn, options(choose))
}

// AfterInsnExec calls fn after each instruction chosen.
func (h *Host) AfterInsnExec(choose event.Option, fn event.PCFunc) *event.Sub {
	return h.on(event.AfterInsnExec, fn, options(choose))
}

// InsnTranslate calls fn before each instruction is translated; true makes the
// plugin's unfiltered InsnExec callbacks fire for it.
func (h *Host) InsnTranslate(fn event.PCBoolFunc) *event.Sub {
	return h.on(event.InsnTranslate, fn, nil)
}

// BeforeBlockTranslate calls fn before a block is translated.
func (h *Host) BeforeBlockTranslate(fn event.PCFunc) *event.Sub {
	return h.on(event.BeforeBlockTranslate, fn, nil)
}

// AfterBlockTranslate calls fn after a block was translated.
func (h *Host) AfterBlockTranslate(fn event.BlockFunc) *event.Sub {
	return h.on(event.AfterBlockTranslate, fn, nil)
}

// BeforeBlockExec calls fn before each block runs.
func (h *Host) BeforeBlockExec(choose event.Option, fn event.BlockFunc) *event.Sub {
	return h.on(event.BeforeBlockExec, fn, options(choose))
}

// BeforeBlockExecInvalidate calls fn before each block; true translates the
// block again.
func (h *Host) BeforeBlockExecInvalidate(fn event.BlockBoolFunc) *event.Sub {
	return h.on(event.BeforeBlockExecInvalidateOpt, fn, nil)
}

// AfterBlockExec calls fn after each block.
func (h *Host) AfterBlockExec(choose event.Option, fn event.AfterBlockFunc) *event.Sub {
	return h.on(event.AfterBlockExec, fn, options(choose))
}

// MemRead calls fn after each read that the options choose.
func (h *Host) MemRead(choose event.Option, fn event.MemFunc) *event.Sub {
	return h.on(event.VirtMemAfterRead, fn, options(choose))
}

// MemWrite calls fn before each write that the options choose.
func (h *Host) MemWrite(choose event.Option, fn event.MemFunc) *event.Sub {
	return h.on(event.VirtMemBeforeWrite, fn, options(choose))
}

// Hypercall calls fn when the guest executes the instruction by which it talks to plugins; true means handled.
func (h *Host) Hypercall(fn event.HypercallFunc) *event.Sub {
	return h.on(event.GuestHypercall, fn, nil)
}

// SyscallEnter calls fn before each system call; true swallows the call.
func (h *Host) SyscallEnter(choose event.Option, fn event.SyscallBoolFunc) *event.Sub {
	return h.on(event.SyscallEnter, fn, options(choose))
}

// SyscallLeave calls fn after each system call.
func (h *Host) SyscallLeave(choose event.Option, fn event.SyscallFunc) *event.Sub {
	return h.on(event.SyscallLeave, fn, options(choose))
}

// BeforeException calls fn before an exception is delivered to the guest.
func (h *Host) BeforeException(fn event.ExceptionFunc) *event.Sub {
	return h.on(event.BeforeException, fn, nil)
}

// Shutdown calls fn when the guest has ended.
func (h *Host) Shutdown(fn func()) *event.Sub { return h.on(event.Shutdown, event.Func(fn), nil) }

func options(o event.Option) []event.Option {
	if o == nil {
		return nil
	}
	return []event.Option{o}
}
