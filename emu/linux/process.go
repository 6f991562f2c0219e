package linux

import (
	"slices"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// numRlimits is the number of resource limits.
const numRlimits = 16

// Process is a thread group.
type Process struct {
	k        *Kernel
	pid      int
	ppid     int // of a parent outside the guest; see parentID
	parent   *Process
	children []*Process
	threads  []*Thread
	pgid     int
	sid      int
	mm       *mm.MM // nil once it has ended
	abi      *ABI
	actions  *sigActions
	pending  sigQueue
	rlimits  [numRlimits]abi.Rlimit64

	exitSignal int
	ended      bool
	ending     bool
	status     int // wait status, once ended
	stopped    bool
	stopStatus int  // wait status of a stop or continuation not yet waited for
	execed     bool // has executed a program since fork: setpgid of it fails
	vfork      *Thread
	pidfds     []*File
	creds      creds
	itimers    [3]timer
	posix      []*timer
	subreaper  bool
	dumpable   int
	comm       string // of the thread that ended last
	dumpFilter uint32 // what a core dump would hold
	oomAdj     int    // how ready the kernel should be to kill it
	persona    uint32

	used      int64 // CPU time in nanoseconds
	childUsed int64 // of children that were waited for
	cpuLimit  int64 // when RLIMIT_CPU must be looked at
}

// threadState says what a thread is doing.
type threadState uint8

const (
	ready  threadState = iota // runs or waits for its turn
	parked                    // waits: see wait
	dead
)

// Thread is a guest thread.
type Thread struct {
	k      *Kernel
	p      *Process
	tid    int
	comm   string
	state  threadState
	regs   []uint64 // while another thread is on the CPU
	call   call
	single [1][]byte // the vector of a call with one buffer
	spare  [512]byte // see scratch
	wait   *wait
	files  *fdTable
	fs     *fsContext

	mask    uint64 // blocked signals
	oldMask uint64 // to be restored after a handler, when restore is set
	restore bool
	pending sigQueue
	allowed int32 // signal that was held and is delivered next, 0 for none
	stack   abi.Stack
	own     vcpu.Extent // the stack that it began on, as far as is known
	fault   faultState

	clearTID   guest.Addr
	robustHead guest.Addr
	used       int64 // CPU time in nanoseconds
	started    int64 // on the host's monotonic clock
	pins       []int // see unpin
	rseq       rseqArea
	resumed    *resumedCall // what restart_syscall is to go on with
	preempted  bool         // its turn ended while it ran
	vruntime   int64        // what it has used of the CPU, as turns count: see turn.go
	tracing    tracing
}

// faultState is the last fault of a thread, for signal frames.
type faultState struct{ trapno, err, addr uint64 }

// pc and sp are the program counter and the stack pointer.
func (t *Thread) pc() uint64 { return t.Reg(t.k.cpu.Machine.Arch.PC) }
func (t *Thread) sp() uint64 { return t.Reg(t.k.cpu.Machine.Arch.SP) }

// newRegs are registers for a thread.
func (k *Kernel) newRegs() []uint64 { return make([]uint64, k.cpu.Machine.Arch.TempBase) }

func (p *Process) leader() *Thread {
	if len(p.threads) == 0 {
		return nil
	}
	return p.threads[0]
}

// parentID is what getppid says.
func (p *Process) parentID() int {
	if p.parent != nil {
		return p.parent.pid
	}
	return p.ppid
}

// process finds a process that is not reaped.
func (k *Kernel) process(pid int) *Process {
	for _, p := range k.procs {
		if p.pid == pid {
			return p
		}
	}
	return nil
}

// thread finds a living thread.
func (k *Kernel) thread(tid int) *Thread {
	for _, t := range k.threads {
		if t.tid == tid {
			return t
		}
	}
	return nil
}

// inGroup are the living processes of a process group.
func (k *Kernel) inGroup(pgid int) []*Process {
	var ps []*Process
	for _, p := range k.procs {
		if p.pgid == pgid && !p.ended {
			ps = append(ps, p)
		}
	}
	return ps
}

// newASID names a new address space: by its process where that is free.
func (k *Kernel) newASID(pid int) guest.ASID {
	id := guest.ASID(pid)
	for k.spaces[id] {
		id = guest.ASID(k.newID())
	}
	k.spaces[id] = true
	return id
}

// dropMM gives up a process's reference to its memory.
func (k *Kernel) dropMM(p *Process) {
	m := p.mm
	p.mm = nil
	if m.Refs--; m.Refs > 0 {
		return
	}
	k.engine.Drop(m.Space)
	delete(k.spaces, m.Space.ID)
	if k.cpu.Space == m.Space {
		k.cpu.SetSpace(new(mmu.Space)) // nothing is mapped there: who still looks gets an error
	}
	if err := m.Space.Close(); err != nil {
		k.log.Error("unmap a guest's memory", "pid", p.pid, "err", err)
	}
}

func remove[T comparable](list []T, x T) []T {
	if i := slices.Index(list, x); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

func compareStrings(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
