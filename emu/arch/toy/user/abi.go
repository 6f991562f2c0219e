package user

import (
	"debug/elf"
	"fmt"

	"panda/emu/arch/toy"
	"panda/emu/arch/toy/asm"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/linux"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/load"
)

// names are the calls in the order of their numbers, from firstCall up, but for the last.
var names = []string{
	"rt_sigreturn", "exit", "exit_group", "write", "read", "openat", "close", "lseek", "pipe2", "dup3", "newfstatat", "unlinkat", "getrandom",
	"mmap", "munmap", "mprotect", "brk", "madvise", "rt_sigaction", "rt_sigprocmask", "sigaltstack", "kill", "tgkill",
	"getpid", "getppid", "gettid", "clone", "wait4", "execve", "restart_syscall", "set_tid_address", "futex", "sched_yield",
	"epoll_create1", "epoll_ctl", "epoll_wait", "nanosleep", "clock_gettime", "uname",
}

// The last call has its number far from the others, as the private ones of some
// architectures have.
const firstCall, farCall = 100, 0x8000

func number(i int) int {
	if i == len(names)-1 {
		return farCall
	}
	return firstCall + i
}

// Calls are the numbers of the system calls by their names.
func Calls() map[string]uint64 {
	numbers := map[string]uint64{}
	for i, n := range names {
		numbers[n] = uint64(number(i))
	}
	return numbers
}

// calls describes them as other architectures have them.
func calls() (cs []abi.Call) {
	for i, n := range names {
		c := *abi.LookupName(abi.X86_64, n)
		c.Number = number(i)
		cs = append(cs, c)
	}
	return cs
}

// end is where the addresses of programs end.
const end = 1 << 40

// layout is the data model: that of all 64-bit architectures, where struct epoll_event
// has a gap.
func layout() *abi.Layout {
	l := *abi.Layout64
	l.EpollPacked, l.SigMask = false, maskAt
	return &l
}

// newGuest is the CPU as the personality sees it.
func newGuest() *linux.Guest {
	a := &linux.ABI{
		Arch: toy.Arch, Layout: layout(), Calls: calls(),
		Regs:    linux.CallRegs{Number: toy.N, Args: [6]ir.Ref{toy.P0, toy.P0 + 1, toy.P0 + 2, toy.P0 + 3, toy.P0 + 4, toy.P0 + 5}, Ret: toy.P0},
		Restart: int(Calls()["restart_syscall"]), Shape: mm.Shape{Bits: 38, End: end}, Platform: "toy",
		Start: func(w *linux.Words, pc, sp guest.Addr) { w[toy.PC], w[toy.SP] = uint64(pc), uint64(sp) },
		SetTLS: func(_, child *linux.Thread, tls uint64) abi.Errno {
			child.SetReg(toy.TP, tls)
			return 0
		},
		SetResult: func(w *linux.Words, v int64) { w[toy.P0] = uint64(v) },
		Result:    func(w *linux.Words) int64 { return int64(w[toy.P0]) },
		Again: func(w *linux.Words, number int, first uint64) { // the result is where the first argument was
			w[toy.PC] -= toy.Size
			w[toy.P0], w[toy.N] = first, uint64(number)
		},
		Frames: linux.SignalFrames{Size: func(*linux.Words) uint64 { return frameSize + 16 }, Push: push, Pop: pop},
	}
	return &linux.Guest{
		ABIs: []*linux.ABI{a}, Gates: []linux.Gate{toy.GateSys: {ABI: a}},
		Machines: load.Machines{{Arch: toy.Arch, ELF: []elf.Machine{toy.Machine}, Bits: 64, End: end}},
		UserEnd:  end, Machine: "toy", Narrow: "toy",
		OfMemory: func(e *guest.Exception) bool { return e.Vector == toy.Memory },
		SignalOf: signalOf,
	}
}

// Assemble makes the file of a program, or panics: what is wrong is the text of a test.
func Assemble(text string) []byte {
	p, err := asm.Assemble(text, Calls())
	if err != nil {
		panic(fmt.Sprintf("BUG: %v", err))
	}
	return p.ELF()
}
