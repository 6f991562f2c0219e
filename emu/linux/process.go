package linux

import (
	"slices"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/cred"
	"panda/emu/linux/mm"
	"panda/emu/linux/namei"
	"panda/emu/linux/signal"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// numRlimits is the number of resource limits.
const numRlimits = abi.RLIM_NLIMITS

// Process is a thread group.
type Process struct {
	k       *Kernel
	pid     int
	threads []*Thread
	family  family
	job     job
	mm      *mm.MM // nil once it has ended
	abi     *ABI   // of its program
	signal  processSignals
	rlimits [numRlimits]abi.Rlimit64
	creds   cred.Creds
	timers  processTimers
	usage   cpuUsage
	exit    exitState
	pidfds  []*File
	dump    coreDump
	oomAdj  int // how ready the kernel should be to kill it
	persona uint32
}

// family is what a process has to do with its parent and its children.
type family struct {
	ppid      int // of a parent outside the guest; see parentID
	parent    *Process
	children  []*Process
	subreaper bool    // takes the orphans among its descendants
	execed    bool    // has executed a program since fork: setpgid of it fails
	vfork     *Thread // that waits until the process has executed a program or ended
}

// job is what job control knows of a process.
type job struct {
	pgid, sid  int
	stopped    bool
	stopStatus int // wait status of a stop or continuation not yet waited for
}

// processSignals are what the threads of a process share of signals.
type processSignals struct {
	actions *signal.Actions
	pending signal.Queue
}

// processTimers are those of setitimer and of timer_create, by id.
type processTimers struct {
	interval [3]timer
	posix    []*timer
}

// cpuUsage is CPU time, in nanoseconds.
type cpuUsage struct {
	own      int64
	children int64 // of those that were waited for
	limit    int64 // when RLIMIT_CPU must be looked at
}

// exitState is how far a process is with its end.
type exitState struct {
	signal int    // for the parent
	begun  bool   // its threads are ending
	ended  bool   // it is there for its parent only
	status int    // wait status, once ended
	comm   string // of the thread that ended last
}

// coreDump is what a process says of its core dumps.
type coreDump struct {
	able   int    // PR_SET_DUMPABLE
	filter uint32 // what a dump would hold
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
	k       *Kernel
	p       *Process
	tid     int
	comm    string
	state   threadState
	regs    savedRegs // while another thread is on the CPU
	call    call
	work    callWork
	wait    *wait
	resumed *resumedCall // what restart_syscall is to go on with
	files   *fdTable
	fs      *fsContext
	signal  threadSignals
	sched   threadSched
	own     vcpu.Extent // the stack that it began on, as far as is known
	tracing tracing

	registered registered
}

// savedRegs are the register words of a thread that is not on the CPU.
type savedRegs []uint64

// callWork is what a call works with until it returns: it is no state. Of paths, what
// it works with is made with the thread; the rest does not outlive a call.
type callWork struct {
	single [1][]byte // the vector of a call with one buffer
	spare  [512]byte // see scratch
	paths  namei.Resolver
}

// threadSignals are what a thread has of signals for itself.
type threadSignals struct {
	mask    uint64 // blocked signals
	oldMask uint64 // to be restored after a handler, when restore is set
	restore bool
	pending signal.Queue
	allowed int32     // signal that was held and is delivered next, 0 for none
	stack   abi.Stack // of sigaltstack
	fault   faultState
}

// threadSched is what the scheduler knows of a thread.
type threadSched struct {
	used      int64 // CPU time in nanoseconds
	vruntime  int64 // what it has used of the CPU, as turns count: see turn.go
	preempted bool  // its turn ended while it ran
	started   int64 // on the host's monotonic clock
}

// registered are addresses in the thread's memory that the kernel was told of.
type registered struct {
	clearTID   guest.Addr
	robustHead guest.Addr
	rseq       rseqArea
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
	if p.family.parent != nil {
		return p.family.parent.pid
	}
	return p.family.ppid
}

// process finds a process that is not reaped.
func (k *Kernel) process(pid int) *Process {
	for _, p := range k.tasks.procs {
		if p.pid == pid {
			return p
		}
	}
	return nil
}

// thread finds a living thread.
func (k *Kernel) thread(tid int) *Thread {
	for _, t := range k.tasks.threads {
		if t.tid == tid {
			return t
		}
	}
	return nil
}

// inGroup are the living processes of a process group.
func (k *Kernel) inGroup(pgid int) []*Process {
	var ps []*Process
	for _, p := range k.tasks.procs {
		if p.job.pgid == pgid && !p.exit.ended {
			ps = append(ps, p)
		}
	}
	return ps
}

// newASID names a new address space: by its process where that is free.
func (k *Kernel) newASID(pid int) guest.ASID {
	id := guest.ASID(pid)
	for k.mem.spaces[id] {
		id = guest.ASID(k.newID())
	}
	k.mem.spaces[id] = true
	return id
}

// dropMM gives up a process's reference to its memory, which has a successor when the
// process runs another program.
func (k *Kernel) dropMM(p *Process, successor bool) {
	m := p.mm
	p.mm = nil
	if m.Refs--; m.Refs > 0 {
		return
	}
	k.engine.Drop(m.Space, successor)
	delete(k.mem.spaces, m.Space.ID)
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
