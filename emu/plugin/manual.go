package plugin

import (
	"errors"
	"fmt"
	"io"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// The functions of PANDA's manual under their own names. What a program in user
// mode has not, physical memory and an LLVM back end, is an error and not a
// silent success.

// ErrNoPhysicalMemory is what asks for physical memory gets in user mode.
var ErrNoPhysicalMemory = errors.New("a program in user mode has no physical memory")

// ErrNoLLVM is what the llvm functions get.
var ErrNoLLVM = errors.New("this build has no LLVM back end")

// errNoSystem is what a machine without threads answers.
var errNoSystem = errors.New("this machine has no threads that could run a function")

// DoFlushTB drops all translations as soon as the current block is done
// (panda_do_flush_tb).
func (h *Host) DoFlushTB() { h.m.Core.FlushTB() }

// EnableMemcb lets memory callbacks fire. They do unless DisableMemcb was called:
// where nobody subscribes they cost nothing (panda_enable_memcb).
func (h *Host) EnableMemcb() { h.m.Core.SetMemCallbacks(true) }

// DisableMemcb keeps all memory callbacks from firing (panda_disable_memcb).
func (h *Host) DisableMemcb() { h.m.Core.SetMemCallbacks(false) }

// EnableTBChaining lets blocks lead to others without the run loop
// (panda_enable_tb_chaining).
func (h *Host) EnableTBChaining() { h.m.Core.SetChaining(true) }

// DisableTBChaining makes every block return to the run loop
// (panda_disable_tb_chaining).
func (h *Host) DisableTBChaining() { h.m.Core.SetChaining(false) }

// EnablePrecisePC asks for what is always so: callbacks see the exact pc
// (panda_enable_precise_pc).
func (h *Host) EnablePrecisePC() { h.m.Core.SetPrecisePC(true) }

// DisablePrecisePC changes what Switches says and nothing else
// (panda_disable_precise_pc).
func (h *Host) DisablePrecisePC() { h.m.Core.SetPrecisePC(false) }

// Switches tells how the switches stand.
func (h *Host) Switches() Switches {
	if h.m.System == nil {
		return Switches{Chaining: true, MemCallbacks: true}
	}
	return h.m.System.Switches()
}

// Recording is what the run is recorded to, or nil.
func (h *Host) Recording() *Recording {
	if h.m.System == nil {
		return nil
	}
	return h.m.System.Recording()
}

// Replay is the recording that the run repeats, or nil.
func (h *Host) Replay() *Recording {
	if h.m.System == nil {
		return nil
	}
	return h.m.System.Replay()
}

// VirtualMemoryRW reads or writes guest memory (panda_virtual_memory_rw). It
// never touches a device; nothing is done when a part is not mapped.
func (h *Host) VirtualMemoryRW(a guest.Addr, b []byte, write bool) error {
	if write {
		return h.VirtualMemoryWrite(a, b)
	}
	return h.VirtualMemoryRead(a, b)
}

// VirtualMemoryRead reads guest memory.
func (h *Host) VirtualMemoryRead(a guest.Addr, b []byte) error { return h.CPU().Read(a, b) }

// VirtualMemoryWrite writes guest memory, also what the guest may not write.
func (h *Host) VirtualMemoryWrite(a guest.Addr, b []byte) error { return h.CPU().Write(a, b) }

// PhysicalMemoryRW reads or writes physical memory (panda_physical_memory_rw).
func (h *Host) PhysicalMemoryRW(guest.PhysAddr, []byte, bool) error { return ErrNoPhysicalMemory }

// MemSave saves physical memory (panda_memsavep).
func (h *Host) MemSave(io.Writer) error { return ErrNoPhysicalMemory }

// EnableLLVM, and the three functions with it, would have blocks translated by
// LLVM (panda_enable_llvm, panda_disable_llvm, panda_enable_llvm_helpers,
// panda_disable_llvm_helpers).
func (h *Host) EnableLLVM() error { return ErrNoLLVM }

// DisableLLVM belongs to EnableLLVM.
func (h *Host) DisableLLVM() error { return ErrNoLLVM }

// EnableLLVMHelpers belongs to EnableLLVM.
func (h *Host) EnableLLVMHelpers() error { return ErrNoLLVM }

// DisableLLVMHelpers belongs to EnableLLVM.
func (h *Host) DisableLLVMHelpers() error { return ErrNoLLVM }

// Threads lists the guest's threads.
func (h *Host) Threads() []Thread {
	if h.m.System == nil {
		return nil
	}
	return h.m.System.Threads()
}

// Symbols lists the names of symbols that begin with a prefix, or with
// "FILE!PREFIX", sorted: for completion.
func (h *Host) Symbols(prefix string) []string {
	if h.m.System == nil {
		return nil
	}
	return h.m.System.Symbols(prefix)
}

// CallLimit is how many instructions Call lets a function run.
const CallLimit = 100_000_000

// MostCalls is how many guest functions may run within one another.
const MostCalls = 16

// ErrTooDeep is what Call answers beyond that.
var ErrTooDeep = fmt.Errorf("%d guest functions are running within one another; a hook that wants its own function calls it as the original, without the hook", MostCalls)

// Call runs a guest function in the current thread, now, and gives its result;
// arguments and result are passed as the calling convention passes integers. It
// may be used in a callback. The function has a stack of its own and may make
// system calls; registers, the instruction count, the thread's signal mask and its
// pending signals are afterwards as before. A fault, a system call that would end
// or fork the process, a signal that the function sends itself, a jump back among
// the frames that wait for it (longjmp), or CallLimit instructions are an error, and
// so are calls that lead to further calls more than MostCalls deep.
func (h *Host) Call(fn guest.Addr, args ...uint64) (uint64, error) {
	return h.CallLimited(CallLimit, fn, args...)
}

// CallLimited is Call with a limit of instructions.
func (h *Host) CallLimited(limit uint64, fn guest.Addr, args ...uint64) (uint64, error) {
	if h.m.System == nil {
		return 0, errNoSystem
	}
	if h.m.calls >= MostCalls {
		return 0, ErrTooDeep
	}
	h.m.calls++
	defer func() { h.m.calls-- }()
	return h.m.System.Call(fn, args, limit)
}

// CallOriginal is Call with all hooks of that function at rest, by HookCalls and by
// panda.hook, until it has returned.
func (h *Host) CallOriginal(fn guest.Addr, args ...uint64) (uint64, error) {
	defer h.m.Bus.Mute(fn)()
	return h.Call(fn, args...)
}

// At calls fn when n instructions have been completed, before the next begins.
func (h *Host) At(n uint64, fn func()) *event.Timer { return h.m.Bus.SetTimer(h.owner, n, 0, fn) }

// Every calls fn each time that n more instructions have been completed.
func (h *Host) Every(n uint64, fn func()) *event.Timer {
	return h.m.Bus.SetTimer(h.owner, h.CPU().Icount()+n, max(n, 1), fn)
}

// HookCalls calls enter at the first instruction of the functions chosen and
// leave when they return; one of the two may be nil. The field Abandoned of what it
// gives may be set to a function that is told of calls that end without a return.
func (h *Host) HookCalls(choose event.Option, enter, leave func(c *vcpu.CPU, call *event.Call)) *event.Calls {
	return h.m.Bus.HookCalls(h.owner, h.filter(event.InsnExec, options(choose)), enter, leave)
}

// Batch hands the events of a kind to take by the slice, n at a time (0: as many
// as suits). The slice is valid during the call; a record has the fields chosen.
// The kinds are those of instructions, blocks and memory accesses.
func (h *Host) Batch(k event.Kind, choose event.Option, fields vcpu.Fields, n int, take func(rs []vcpu.Record)) (*event.Batch, error) {
	f, err := event.NewFilter(options(choose)...)
	if err == nil {
		err = f.Bind(k, h.CPU().Machine.Arch.Lookup)
	}
	if err != nil {
		return nil, err
	}
	return h.BatchFiltered(k, f, fields, n, take)
}

// BatchFiltered is Batch with a filter that is made already.
func (h *Host) BatchFiltered(k event.Kind, f *event.Filter, fields vcpu.Fields, n int, take func(rs []vcpu.Record)) (*event.Batch, error) {
	if !k.Batches() {
		return nil, errors.New(k.String() + " comes too seldom for batches")
	}
	return h.m.Bus.Collect(h.owner, k, f, fields, n, take), nil
}
