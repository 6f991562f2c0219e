package linux

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"iter"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/arch/x86/regs"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
	"panda/emu/vcpu"
)

// fakeEngine runs guest programs that are Go functions: each guest thread is a
// coroutine that yields at every system call. The registers and the memory are
// real, so that the kernel sees what it would see of machine code.
//
// An image has its own addresses: entry starts the function; the only system
// call instruction stands at entry+callAt.
type fakeEngine struct {
	t        testing.TB
	images   map[uint64]func(g *fakeThread) // by entry
	children []func(g *fakeThread)          // of clone calls, in order
	handlers map[uint64]func(g *fakeThread, sig int)
	threads  map[int]*fakeThread
	count    uint64
	dropped  int
}

const (
	callAt    = 0x10
	handlerAt = 0x800
	dataAt    = 0x10000
	dataSize  = 1 << 20
)

// fakeThread is a guest thread as its function sees it.
type fakeThread struct {
	e      *fakeEngine
	c      *vcpu.CPU
	entry  uint64
	frames []*fakeFrame
	brk    uint64 // of the data segment
}

// fakeFrame is a function that runs: the program, or a handler above it.
type fakeFrame struct {
	next    func() (fakeReq, bool)
	stop    func()
	yield   func(fakeReq) bool
	ret     int64
	last    fakeReq
	handler bool
}

// fakeReq is why a function yields.
type fakeReq struct {
	nr   int
	args [6]uint64
	exc  *guest.Exception
	idle bool // its time is up
}

func (e *fakeEngine) Drop(vcpu.Space, bool) { e.dropped++ }

func (e *fakeEngine) Run(c *vcpu.CPU, n int64) vcpu.Stop {
	e.count++
	c.Deadline, c.Left = e.count, 0
	if c.StopWord() && c.Stopping() {
		return vcpu.StopRequest
	}
	g := e.thread(c)
	f := g.frames[len(g.frames)-1]
	if c.W[regs.RIP] == g.entry+callAt { // the call is to be made again, perhaps as restart_syscall
		f.last.nr = int(c.W[regs.RAX])
		return g.issue(f.last)
	}
	f.ret = int64(c.W[regs.RAX])
	req, ok := f.next()
	if !ok {
		req = g.finish(f)
	}
	f.last = req
	return g.issue(req)
}

// thread finds the running thread, and starts what its pc says is new.
func (e *fakeEngine) thread(c *vcpu.CPU) *fakeThread {
	g := e.threads[c.Machine.Thread]
	pc := c.W[regs.RIP]
	if fn := e.images[pc]; fn != nil {
		g = &fakeThread{e: e, c: c, entry: pc}
		g.start(fn, false)
		e.threads[c.Machine.Thread] = g
	} else if g == nil {
		g = &fakeThread{e: e, c: c, entry: (pc - callAt) &^ 0xfff, brk: dataSize / 2}
		g.start(e.children[0], false)
		e.children = e.children[1:]
		e.threads[c.Machine.Thread] = g
	} else if h := e.handlers[pc]; h != nil {
		sig := int(c.W[regs.RDI])
		c.W[regs.RIP]++
		g.start(func(g *fakeThread) { h(g, sig) }, true)
	}
	return g
}

func (g *fakeThread) start(fn func(g *fakeThread), handler bool) {
	f := &fakeFrame{handler: handler}
	f.next, f.stop = iter.Pull(func(yield func(fakeReq) bool) {
		f.yield = yield
		fn(g)
	})
	g.frames = append(g.frames, f)
}

// finish is what a function that returned does next.
func (g *fakeThread) finish(f *fakeFrame) fakeReq {
	g.frames = g.frames[:len(g.frames)-1]
	if !f.handler {
		return fakeReq{nr: unix.SYS_EXIT_GROUP}
	}
	g.c.W[regs.RSP] += 8
	return fakeReq{nr: unix.SYS_RT_SIGRETURN}
}

func (g *fakeThread) issue(r fakeReq) vcpu.Stop {
	w := &g.c.W
	switch {
	case r.idle:
		return vcpu.StopBudget
	case r.exc != nil:
		g.c.Exc = *r.exc
		return vcpu.StopException
	}
	w[regs.RAX] = uint64(r.nr)
	for i, a := range argRegs64 {
		w[a] = r.args[i]
	}
	w[regs.RIP] = g.entry + callAt + callInsnSize
	g.c.Gate = regs.GateSyscall
	return vcpu.StopSyscall
}

func (g *fakeThread) yield(r fakeReq) int64 {
	f := g.frames[len(g.frames)-1]
	if !f.yield(r) {
		panic("test is over")
	}
	return f.ret
}

// sys makes a system call. An argument is an integer, a string or []byte, which
// is put into guest memory.
func (g *fakeThread) sys(nr int, args ...any) int64 {
	r := fakeReq{nr: nr}
	for i, a := range args {
		r.args[i] = g.arg(a)
	}
	return g.yield(r)
}

func (g *fakeThread) arg(a any) uint64 {
	switch v := a.(type) {
	case int:
		return uint64(v)
	case int64:
		return uint64(v)
	case uint64:
		return v
	case string:
		return g.put(append([]byte(v), 0))
	case []byte:
		return g.put(v)
	case abi.Struct:
		return g.put(abi.Layout64.Bytes(v))
	}
	panic("BUG: bad argument")
}

// must makes a call that shall not fail.
func (g *fakeThread) must(nr int, args ...any) int64 {
	g.e.t.Helper()
	n := g.sys(nr, args...)
	if e, bad := abi.IsError(n); bad {
		g.e.t.Errorf("call %d%v: %v", nr, args, e)
	}
	return n
}

// fails makes a call that shall fail with an errno.
func (g *fakeThread) fails(want errno, nr int, args ...any) {
	g.e.t.Helper()
	if n := g.sys(nr, args...); n != -int64(want) {
		g.e.t.Errorf("call %d%v: %d, want -%v", nr, args, n, want)
	}
}

// alloc takes memory of the data segment; put fills it.
func (g *fakeThread) alloc(n int) uint64 {
	a := g.entry + dataAt + g.brk
	g.brk += uint64(n+15) &^ 15
	return a
}

func (g *fakeThread) put(b []byte) uint64 {
	a := g.alloc(len(b))
	if err := g.c.Space.Write(guest.Addr(a), b); err != nil {
		g.e.t.Fatal(err)
	}
	return a
}

func (g *fakeThread) get(a uint64, n int) []byte {
	b := make([]byte, n)
	if err := g.c.Space.Read(guest.Addr(a), b); err != nil {
		g.e.t.Fatal(err)
	}
	return b
}

func (g *fakeThread) u32(a uint64) uint32 { return le.Uint32(g.get(a, 4)) }
func (g *fakeThread) setU32(a uint64, v uint32) {
	g.c.Space.Write(guest.Addr(a), le.AppendUint32(nil, v))
}

// fork makes a process that runs fn, and returns its id.
func (g *fakeThread) fork(fn func(g *fakeThread)) int64 {
	g.e.children = append(g.e.children, fn)
	return g.must(unix.SYS_FORK)
}

// newThread makes a thread that runs fn.
func (g *fakeThread) newThread(fn func(g *fakeThread)) int64 {
	g.e.children = append(g.e.children, fn)
	flags := abi.CLONE_VM | abi.CLONE_FS | abi.CLONE_FILES | abi.CLONE_SIGHAND | abi.CLONE_THREAD
	return g.must(unix.SYS_CLONE, flags, g.alloc(4096)+4096)
}

// handle installs a handler for a signal.
func (g *fakeThread) handle(sig, flags int, fn func(g *fakeThread, sig int)) {
	a := g.entry + handlerAt + uint64(len(g.e.handlers))*16
	g.e.handlers[a] = fn
	act := &abi.Sigaction{Handler: a, Flags: uint64(flags) | abi.SA_RESTORER, Restorer: g.entry + 0x700}
	g.must(unix.SYS_RT_SIGACTION, sig, act, 0, 8)
}

func (g *fakeThread) wait() (pid int64, status uint32) {
	a := g.alloc(4)
	pid = g.sys(unix.SYS_WAIT4, -1, a, 0, 0)
	return pid, g.u32(a)
}

// pipe makes a pipe.
func (g *fakeThread) pipe() (r, w int64) {
	a := g.alloc(8)
	g.must(unix.SYS_PIPE2, a, 0)
	return int64(g.u32(a)), int64(g.u32(a + 4))
}

// check reports a false condition.
func (g *fakeThread) check(ok bool, format string, args ...any) {
	g.e.t.Helper()
	if !ok {
		g.e.t.Errorf(format, args...)
	}
}

// image writes an ELF file whose function is fn.
func (e *fakeEngine) image(path string, fn func(g *fakeThread)) {
	base := uint64(0x400000 + 0x1000000*len(e.images))
	e.images[base+0x100] = fn
	h := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Entry: base + 0x100,
		Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 2,
	}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	ph := []elf.Prog64{
		{Type: uint32(elf.PT_LOAD), Flags: 5, Vaddr: base, Filesz: 0x1000, Memsz: 0x1000},
		{Type: uint32(elf.PT_LOAD), Flags: 6, Off: 0x1000, Vaddr: base + 0x100 + dataAt - 0x100, Memsz: dataSize + 0x1000},
	}
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, h)
	binary.Write(&b, binary.LittleEndian, ph)
	b.Write(make([]byte, 0x1000-b.Len()))
	if err := os.WriteFile(path, b.Bytes(), 0o755); err != nil {
		e.t.Fatal(err)
	}
}

// session is a kernel about to run a program that is a Go function.
type session struct {
	*testing.T
	dir    string
	cfg    Config
	engine *fakeEngine
	kernel *Kernel
}

func newFakeEngine(t testing.TB) *fakeEngine {
	return &fakeEngine{t: t, images: map[uint64]func(*fakeThread){}, handlers: map[uint64]func(*fakeThread, int){}, threads: map[int]*fakeThread{}}
}

func newSession(t *testing.T) *session {
	t.Helper()
	s := &session{T: t, dir: t.TempDir(), engine: newFakeEngine(t)}
	s.cfg = testConfig(t, s.dir)
	return s
}

// testConfig runs dir/prog without input; its output goes to dir/.out.
func testConfig(t testing.TB, dir string) Config {
	t.Helper()
	host, err := hostsys.Real(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(host.Release)
	out, err := os.Create(dir + "/.out")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	// Not a device: random calls would change its mode.
	in, err := os.OpenFile(dir+"/.in", os.O_CREATE|os.O_RDONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return Config{
		Command: Command{
			Path: dir + "/prog", Args: []string{"prog", "arg"}, Env: []string{"A=1"}, Dir: dir,
			Stdin: int(in.Fd()), Stdout: int(out.Fd()), Stderr: int(out.Fd()),
		},
		Bus: event.NewBus(), Host: host, Guest: X86(new(regs.Environment), 0, 0),
	}
}

// argRegs64 hold the arguments of a call.
var argRegs64 = newX86_64().Regs.Args

// newFakeCPU is a CPU with registers alone.
func newFakeCPU() *vcpu.CPU {
	return &vcpu.CPU{Machine: &vcpu.Machine{Arch: &vcpu.Arch{PC: regs.RIP, SP: regs.RSP, TempBase: regs.TempBase}}}
}

// run runs fn as the first process and returns its status.
func (s *session) run(fn func(g *fakeThread)) int {
	s.Helper()
	s.engine.image(s.cfg.Command.Path, fn)
	c := newFakeCPU()
	k, err := New(s.cfg, c, s.engine)
	if err != nil {
		s.Fatal(err)
	}
	s.kernel = k
	defer k.Close()
	status, ended, err := k.Run()
	if err != nil || !ended {
		s.Fatal(ended, err)
	}
	for _, g := range s.engine.threads {
		for _, f := range g.frames {
			func() {
				defer func() { recover() }()
				f.stop()
			}()
		}
	}
	return status
}

// guestRun runs fn alone and expects status 0.
func guestRun(t *testing.T, fn func(g *fakeThread)) {
	t.Helper()
	s := newSession(t)
	if status := s.run(fn); status != 0 {
		t.Errorf("status %d: %s", status, s.output())
	}
}

func (s *session) output() string {
	b, err := os.ReadFile(s.dir + "/.out")
	if err != nil {
		s.Fatal(err)
	}
	return strings.TrimSuffix(string(b), "\n")
}
