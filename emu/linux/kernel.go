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
	"panda/emu/linux/hostfile"
	"panda/emu/linux/hostsys"
	"panda/emu/linux/mm"
	"panda/emu/linux/namei"
	"panda/emu/linux/signal"
	"panda/emu/linux/strace"
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
	Drop(s vcpu.Space, successor bool)
}

// Config says what to run and where.
type Config struct {
	Command Command
	Memory  Memory
	Limits  Limits
	Guest   *Guest        // the architecture of the CPU
	Host    *hostsys.Host // the world
	Symbols *hostsys.Host // the files of symbols are read through; Host when nil
	// OpenSymbols opens files of symbols that are mapped, where they are not
	// read through Symbols; may be nil.
	OpenSymbols func(id sym.FileID) (sym.Source, error)
	Budget      FileBudget // of the sandbox; may be nil
	Bus         *event.Bus
	Log         *slog.Logger
	Warn        func(format string, a ...any)     // lines for the user; may be nil
	Died        func(line string)                 // is told how a fault kills the first process; may be nil
	Strace      io.Writer                         // calls are printed to; may be nil
	Seed        uint64                            // of the lengths of turns; with another one, threads change places elsewhere
	OnSwitch    func(icount uint64, pid, tid int) // is told that another thread than before has its turn; may be nil
}

// Command is the first program and what it is started with.
type Command struct {
	Path                  string // of the program; looked up as execve does
	Args, Env             []string
	Sysroot               string // where absolute paths are tried first
	Dir                   string // working directory; the emulator's own when empty
	Stdin, Stdout, Stderr int    // host descriptors
}

// Memory says how the address spaces of programs are made.
type Memory struct {
	Soft   bool   // guest memory lies behind a TLB: see mmu.Soft
	Window uint64 // how large a program's window is: see mmu.Group
	Layout mm.Kind
	Audit  bool            // each change of memory is checked: see mmu.Group
	Short  func(err error) // see mmu.Group
}

// Kernel is the state of all guest processes, and what it is worked with.
type Kernel struct {
	machinery
	limits  Limits
	tasks   tasks
	sched   scheduler
	futexes futex.Queues
	timers  armedTimers
	mem     memory
	files   openFiles
	ttys    []*terminal
	sockets sockets
	uts     utsNames
	end     ending

	unsupported map[string]int // calls that the personality lacks, by name: see Unsupported
}

// machinery is what the kernel works with: none of it is state of the guest, and
// what goes on from a guest's state brings its own.
type machinery struct {
	cfg        Config
	cpu        *vcpu.CPU
	engine     Engine
	host       *hostsys.Host
	bus        *event.Bus
	tracer     *strace.Printer
	log        *slog.Logger
	guest      *Guest
	reset      []uint64        // register words of a new program
	limited    map[string]bool // limits that the user has been told of
	syms       *sym.Symbols
	library    library
	sysroot    *hostfile.Root
	procs      *namei.Procfs
	umask      uint32        // of the host
	live       []vcpu.Extent // frames that wait for functions that plugin code calls
	onDelivery func(Delivery) Verdict
}

// tasks are the processes and threads.
type tasks struct {
	first   *Process
	procs   []*Process // all that are not reaped, by pid
	threads []*Thread  // all that are alive, by tid
	lastID  int
	ever    map[int]bool // ids that ever were a guest's
}

// scheduler says whose turn it is, and who is next.
type scheduler struct {
	cur     *Thread   // on the CPU
	queue   []*Thread // ready, without the one whose turn it is
	turn    turn
	last    *Thread // had the last turn
	turns   int     // since the world was looked at
	stirred bool    // what was done since then may have made a descriptor ready
	floor   int64   // the most virtual runtime that a thread had when its turn began
	seed    uint64  // of the lengths of turns: see vary

	// happened counts what happens between two instructions: turns that begin, signals
	// that a thread gets, calls, exceptions. With the count of instructions it tells when
	// an input came.
	happened uint64
}

// armedTimers are the timers that will go off.
type armedTimers struct {
	real []*timer // by real time
	cpu  []*timer // by CPU time
}

// memory is the address spaces.
type memory struct {
	group      *mmu.Group // of all processes
	spaces     map[guest.ASID]bool
	lastASID   guest.ASID // of the space that was current last
	overcommit overcommit
}

// openFiles is what the kernel knows of the open files besides their tables.
type openFiles struct {
	open      int     // how many, with those that only a message holds
	maxFD     int     // descriptors of the host from here on are the emulator's own
	lastFD    int     // the same for processes with few files
	full      bool    // no other is below
	async     []*File // with O_ASYNC
	signalFDs []*File
	openings  []*opening
}

// sockets is what the kernel knows of sockets and of what messages hold.
type sockets struct {
	bound   map[string]boundName // names of Unix sockets, by the host's
	passed  map[fileID]File      // see rememberPassed
	flights []*flight
	landing bool // landAll is at work
}

// utsNames are the names of the machine that the guest has set.
type utsNames struct{ hostname, domainname ownName }

// ending is how the guest has ended, and when.
type ending struct {
	exited      bool
	status      int
	signal      int   // that killed the first process, or 0
	lingerUntil int64 // after the first process ended; 0 to end at once
}

// New loads the program and sets up the first process. Registers that c holds
// are those of a CPU after reset; New keeps the ones that a program does not
// set, such as control registers.
func New(cfg Config, c *vcpu.CPU, e Engine) (*Kernel, error) {
	k := &Kernel{
		machinery: machinery{cfg: cfg, cpu: c, engine: e, host: cfg.Host, bus: cfg.Bus, log: cfg.Log, guest: cfg.Guest, procs: namei.NewProcfs(cfg.Host), limited: map[string]bool{}},
		tasks:     tasks{ever: map[int]bool{}},
		sched:     scheduler{seed: cfg.Seed},
		mem:       memory{group: mmu.NewGroup(), spaces: map[guest.ASID]bool{}},
		sockets:   sockets{bound: map[string]boundName{}},

		unsupported: map[string]int{},
	}
	if k.bus == nil {
		k.bus = event.NewBus()
	}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	if k.cfg.Died == nil {
		k.cfg.Died = func(line string) { k.host.Write(cfg.Command.Stderr, []byte(line)) }
	}
	k.tracer = strace.New(cfg.Strace)
	k.mem.group.Short = k.short
	k.mem.group.Audit, k.mem.group.Paged, k.mem.group.Window = cfg.Memory.Audit, cfg.Memory.Soft, cfg.Memory.Window
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
	if k.sysroot, err = hostfile.OpenRoot(k.host, cfg.Command.Sysroot); err != nil {
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
	k.tasks.lastID = pid
	p := &Process{k: k, pid: pid, abi: k.guest.ABIs[0]}
	p.family.ppid, p.exit.signal, p.signal.actions = k.host.ID(unix.SYS_GETPPID), abi.SIGCHLD, new(signal.Actions)
	p.job.pgid, _ = k.host.Getpgid(0)
	p.job.sid, _ = k.host.Getsid(0)
	p.creds, p.dump.able, p.dump.filter = k.hostCreds(), 1, dumpFilter
	k.takeID(pid)
	for i := range p.rlimits {
		r, _ := k.host.Getrlimit(i)
		p.rlimits[i] = abi.Rlimit64{Cur: r.Cur, Max: r.Max}
	}
	k.files.maxFD, k.files.lastFD = maxFD(p.limit(unix.RLIMIT_NOFILE))
	k.mem.group.KeptFD, k.mem.group.Files = k.files.maxFD, hostsys.Mapped{Host: k.host}
	k.setLimits(p)
	p.limitTime()
	for _, sig := range k.host.Ignored {
		p.signal.actions[sig].Handler = abi.SIG_IGN
	}
	k.host.RaiseLimits()
	t := &Thread{k: k, p: p, tid: pid, regs: k.newRegs(), sched: threadSched{started: k.host.Now()}}
	t.work.paths = t.newPaths()
	p.threads = []*Thread{t}
	if err := k.openFirst(t); err != nil {
		return err
	}
	k.firstTTY(t)
	k.tasks.first, k.tasks.procs, k.tasks.threads = p, []*Process{p}, []*Thread{t}
	k.sched.cur = t
	if err := k.execFirst(t); err != nil {
		return fmt.Errorf("run %s: %w", k.cfg.Command.Path, err)
	}
	for i := range t.files.slots {
		t.ownNode(t.files.slots[i].file)
	}
	k.sched.queue = []*Thread{t}
	return nil
}

// takeID marks an id as the guest's.
func (k *Kernel) takeID(id int) { k.tasks.ever[id] = true }

// newID is the next process or thread id.
func (k *Kernel) newID() int {
	k.tasks.lastID++
	k.takeID(k.tasks.lastID)
	return k.tasks.lastID
}

// Run runs the guest until the first process has ended, with its exit code or
// 128 + signal, or until the engine stops for a request: it may be called again then.
func (k *Kernel) Run() (status int, ended bool, err error) {
	for !k.done() {
		if k.cpu.Stopping() {
			return 0, false, nil
		}
		if k.sched.turn.t == nil && !k.pick() {
			continue
		}
		if k.slice() == vcpu.StopRequest && !k.done() {
			return 0, false, nil
		}
	}
	return k.end.status, true, nil
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
	return k.end.exited && (k.end.lingerUntil == 0 || len(k.tasks.threads) == 0)
}

// linger looks, between two turns, how long others may go on after the first process.
func (k *Kernel) linger() {
	if k.end.exited && k.end.lingerUntil != 0 && k.host.Now() >= k.end.lingerUntil {
		k.end.lingerUntil = 0
	}
}

// Stop makes Run return soon. It may be called from any goroutine.
func (k *Kernel) Stop() {
	k.cpu.Stop()
	k.host.Ring()
}

// Exit ends the guest with an exit code, as if the first process had ended.
func (k *Kernel) Exit(status int) {
	k.end.exited, k.end.status, k.end.lingerUntil = true, status, 0
	k.Stop()
}

// Close frees what the guest still holds.
func (k *Kernel) Close() {
	for _, t := range k.tasks.threads {
		t.files.unref(k)
		t.fs.unref(k)
	}
	for _, p := range k.tasks.procs {
		if p.mm != nil {
			k.dropMM(p, false)
		}
	}
	k.endFlights()
	k.sysroot.Close()
	k.library.root.Close()
}

// Killed is the signal that killed the first process, 0 for none.
func (k *Kernel) Killed() int { return k.end.signal }

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
	if k.end.exited {
		return 0, false
	}
	return k.syms.Find(k.space(), name)
}
