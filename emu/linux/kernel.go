package linux

import (
	"fmt"
	"io"
	"log/slog"
	"slices"

	"golang.org/x/sys/unix"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/futex"
	"panda/emu/linux/hostsys"
	"panda/emu/linux/mm"
	"panda/emu/mmu"
	"panda/emu/sym"
	"panda/emu/vcpu"
)

type errno = abi.Errno

// Engine runs guest code.
type Engine interface {
	// Run runs the registers and the space of c for about n instructions. It
	// sets OnCodeChange of the spaces whose code it keeps.
	Run(c *vcpu.CPU, n int64) vcpu.Stop
	// Drop forgets the translations of an address space that is gone.
	Drop(s vcpu.Space)
}

// Config says what to run and where.
type Config struct {
	Path                  string // of the program; looked up as execve does
	Args, Env             []string
	Sysroot               string // where absolute paths are tried first
	Dir                   string // working directory; the emulator's own when empty
	Stdin, Stdout, Stderr int    // host descriptors
	Strace                io.Writer
	Bus                   *event.Bus
	Log                   *slog.Logger
	Warn                  func(format string, a ...any) // lines for the user; may be nil
	Host                  *hostsys.Host
	Symbols               *hostsys.Host // the files of symbols are read through; Host when nil
	Guest                 *Guest        // the architecture of the CPU
	SoftMMU               bool          // guest memory lies behind a TLB: see mmu.Soft
	Window                uint64        // how large a program's window is: see mmu.Group
	Layout                mm.Kind
	AuditMemory           bool // each change of memory is checked: see mmu.Group
	Limits                Limits
	Seed                  uint64 // of the lengths of turns; with another one, threads change places elsewhere
	// OnSwitch, when set, is told that another thread than before has its turn.
	OnSwitch func(icount uint64, pid, tid int)
}

// Kernel is the state of all guest processes.
type Kernel struct {
	cfg     Config
	cpu     *vcpu.CPU
	engine  Engine
	host    *hostsys.Host
	bus     *event.Bus
	tracer  *tracer
	log     *slog.Logger
	guest   *Guest
	reset   []uint64 // register words of a new program
	syms    *sym.Symbols
	library library
	live    []vcpu.Extent // frames that wait for functions that plugin code calls

	first      *Process
	procs      []*Process // all that are not reaped, by pid
	threads    []*Thread  // all that are alive, by tid
	nextPID    int
	ever       map[int]bool         // ids that ever were a guest's
	bound      map[string]boundName // names of Unix sockets, by the host's
	spaces     map[guest.ASID]bool
	memory     *mmu.Group // of all processes
	limits     Limits
	overcommit overcommit
	open       int // files, with those that only a message holds

	hostname, domainname ownName

	cur       *Thread
	runq      []*Thread
	turn      turn
	last      *Thread // had the last turn
	turns     int     // since the world was looked at
	stirred   bool    // what was done since then may have made a descriptor ready
	floor     int64   // the most virtual runtime that a thread had when its turn began
	seed      uint64  // of the lengths of turns: see vary
	futexes   futex.Queues
	timers    []*timer // armed, by real time
	cpuTimers []*timer // armed, by CPU time
	lastASID  guest.ASID
	umask     uint32 // of the host
	maxFD     int    // descriptors of the host from here on are the emulator's own
	lastFD    int    // the same for processes with few files
	fdsOut    bool   // no other is below
	ttys      []*terminal
	async     []*File // with O_ASYNC
	sysroot   *rootDir
	signalFDs []*File
	openings  []*opening
	passed    map[fileID]File // see passing
	flights   []*flight
	landing   bool
	procDevs  map[uint64]bool // see isProc

	onDelivery func(Delivery) Verdict

	unsupported map[string]int
	exitStatus  int
	killed      int // signal that killed the first process, or 0
	exited      bool
	lingerUntil int64 // after the first process ended; 0 to end at once
}

// New loads the program and sets up the first process. Registers that c holds
// are those of a CPU after reset; New keeps the ones that a program does not
// set, such as control registers.
func New(cfg Config, c *vcpu.CPU, e Engine) (*Kernel, error) {
	k := &Kernel{
		cfg: cfg, cpu: c, engine: e, host: cfg.Host, bus: cfg.Bus, log: cfg.Log, guest: cfg.Guest,
		seed: cfg.Seed, ever: map[int]bool{}, bound: map[string]boundName{}, spaces: map[guest.ASID]bool{}, memory: mmu.NewGroup(), unsupported: map[string]int{},
		procDevs: map[uint64]bool{},
	}
	if k.bus == nil {
		k.bus = event.NewBus()
	}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	k.tracer = newTracer(cfg.Strace)
	k.futexes.Woken = k.futexWoken
	k.memory.Audit, k.memory.Paged, k.memory.Window = cfg.AuditMemory, cfg.SoftMMU, cfg.Window
	k.reset = k.newRegs()
	copy(k.reset, c.W[:])
	k.syms = sym.New(k.library.open)
	k.syms.Warn = cfg.Warn
	c.Machine.Symbol = k.symbolAt
	c.Machine.Module, c.Machine.Home = k.moduleAt, k.homeOf
	c.Machine.Names, c.Machine.FindSymbols = k.namesAt, k.findSymbols
	c.Machine.Stacks = k.threadStacks
	for _, a := range k.guest.ABIs {
		a.prepare()
	}
	if k.guest.attach != nil {
		k.guest.attach(k)
	}
	k.host.OnSignal(c.Tap)
	var err error
	if k.sysroot, err = openSysroot(k.host, cfg.Sysroot); err != nil {
		return nil, err
	}
	if err := k.openLibrary(); err != nil {
		return nil, err
	}
	return k, k.startFirst()
}

// startFirst makes the first process. It takes the host's ids, so that what it
// says about itself is true outside too.
func (k *Kernel) startFirst() error {
	pid := k.host.ID(unix.SYS_GETPID)
	k.nextPID = pid
	p := &Process{k: k, pid: pid, ppid: k.host.ID(unix.SYS_GETPPID), exitSignal: abi.SIGCHLD, actions: new(sigActions), abi: k.guest.ABIs[0]}
	p.pgid, _ = k.host.Getpgid(0)
	p.sid, _ = k.host.Getsid(0)
	p.creds, p.dumpable, p.dumpFilter = k.hostCreds(), 1, dumpFilter
	k.takeID(pid)
	for i := range p.rlimits {
		r, _ := k.host.Getrlimit(i)
		p.rlimits[i] = abi.Rlimit64{Cur: r.Cur, Max: r.Max}
	}
	k.maxFD, k.lastFD = maxFD(p.limit(unix.RLIMIT_NOFILE))
	k.memory.KeptFD, k.memory.Files = k.maxFD, hostsys.Mapped{Host: k.host}
	k.setLimits(p)
	p.limitTime()
	for _, sig := range k.host.Ignored {
		p.actions[sig].Handler = abi.SIG_IGN
	}
	k.host.RaiseLimits()
	t := &Thread{k: k, p: p, tid: pid, regs: k.newRegs(), started: k.host.Now()}
	p.threads = []*Thread{t}
	if err := k.openFirst(t); err != nil {
		return err
	}
	k.firstTTY(t)
	k.first, k.procs, k.threads = p, []*Process{p}, []*Thread{t}
	k.cur = t
	if err := k.execFirst(t); err != nil {
		return fmt.Errorf("run %s: %w", k.cfg.Path, err)
	}
	for i := range t.files.slots {
		t.ownNode(t.files.slots[i].file)
	}
	k.runq = []*Thread{t}
	return nil
}

// takeID marks an id as the guest's.
func (k *Kernel) takeID(id int) { k.ever[id] = true }

// newID is the next process or thread id.
func (k *Kernel) newID() int {
	k.nextPID++
	k.takeID(k.nextPID)
	return k.nextPID
}

// Run runs the guest until the first process has ended, with its exit code or
// 128 + signal, or until the engine stops for a request: it may be called again then.
func (k *Kernel) Run() (status int, ended bool, err error) {
	if k.turn.t != nil {
		k.takeSignals(true)
	}
	for !k.done() {
		if k.cpu.Stopping() {
			return 0, false, nil
		}
		if k.turn.t == nil && !k.pick() {
			continue
		}
		if k.slice() == vcpu.StopRequest && !k.done() {
			return 0, false, nil
		}
	}
	return k.exitStatus, true, nil
}

// lingering is how long, in nanoseconds, processes that the first one left behind
// may keep the emulator from ending, and how long they may be idle meanwhile.
// They are such as the tee of "prog > >(tee log)"; a daemon ends with the first
// process.
const (
	lingering = 2e9
	idle      = 1e8
)

// done reports whether the guest has ended.
func (k *Kernel) done() bool {
	if !k.exited || k.lingerUntil == 0 {
		return k.exited
	}
	return len(k.threads) == 0 || k.host.Now() >= k.lingerUntil
}

// Stop makes Run return soon. It may be called from any goroutine.
func (k *Kernel) Stop() {
	k.cpu.Stop()
	k.host.Ring()
}

// Exit ends the guest with an exit code, as if the first process had ended.
func (k *Kernel) Exit(status int) {
	k.exited, k.exitStatus, k.lingerUntil = true, status, 0
	k.Stop()
}

// Close frees what the guest still holds.
func (k *Kernel) Close() {
	for _, t := range k.threads {
		t.files.unref(k)
		t.fs.unref(k)
	}
	for _, p := range k.procs {
		if p.mm != nil {
			k.dropMM(p)
		}
	}
	k.endFlights()
	k.sysroot.close()
	k.library.root.close()
}

// Killed is the signal that killed the first process, 0 for none.
func (k *Kernel) Killed() int { return k.killed }

// Unsupported lists the calls that failed because the personality lacks them,
// with their counts, most frequent first.
func (k *Kernel) Unsupported() []string {
	var names []string
	for n := range k.unsupported { // sorted below
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := k.unsupported[b] - k.unsupported[a]; d != 0 {
			return d
		}
		return compareStrings(a, b)
	})
	for i, n := range names {
		names[i] = fmt.Sprintf("%s (%d×)", n, k.unsupported[n])
	}
	return names
}

func (k *Kernel) symbolAt(a guest.Addr) (string, uint64, bool) {
	return k.syms.At(k.space(), a)
}

func (k *Kernel) moduleAt(a guest.Addr) (string, guest.Addr, bool) {
	return k.syms.Module(k.space(), a)
}

// FindSymbol finds a name in the current address space: "main", "libc.so.6!malloc".
func (k *Kernel) FindSymbol(name string) (guest.Addr, bool) {
	if k.exited {
		return 0, false
	}
	return k.syms.Find(k.space(), name)
}
