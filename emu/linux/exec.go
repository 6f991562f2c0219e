package linux

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/linux/signal"
	"panda/emu/load"
)

// program is an opened program, on its way to be executed.
type program struct {
	src    *hostSource
	head   *load.Program
	name   string // as the guest names the file
	real   string // without links
	execfn string // as the caller named it
	args   []string
	env    []string
	interp *program
}

func (p *program) close() {
	p.src.Close()
	if p.interp != nil {
		p.interp.close()
	}
}

// maxScripts is how many interpreters of scripts may follow one another.
const maxScripts = 5

func sysExecve(t *Thread, c *call) (int64, errno) { return t.execve(c, abi.AT_FDCWD, 0, 0) }

func sysExecveat(t *Thread, c *call) (int64, errno) {
	return t.execve(c, c.i32(0), 1, c.i32(4))
}

// execve has the path at argument arg and the vectors behind it.
func (t *Thread) execve(c *call, dirfd, arg, flags int) (int64, errno) {
	name, e := t.path(c.addr(arg))
	if e != 0 {
		return 0, e
	}
	args, e := t.strings(c.addr(arg + 1))
	if e != 0 {
		return 0, e
	}
	env, e := t.strings(c.addr(arg + 2))
	if e != 0 {
		return 0, e
	}
	if len(args) == 0 {
		args = []string{""}
	}
	tg, e := t.atName(dirfd, name, flags)
	if e != 0 {
		return 0, e
	}
	if flags&abi.AT_SYMLINK_NOFOLLOW != 0 {
		if st, e := t.statTarget(tg, flags); e == 0 && st.Mode&unix.S_IFMT == unix.S_IFLNK {
			return 0, abi.ELOOP
		}
	}
	if name == "" || name[0] != '/' && dirfd != abi.AT_FDCWD {
		name = strings.TrimSuffix(fmt.Sprintf("/dev/fd/%d/%s", dirfd, name), "/")
	}
	p, err := t.openProgram(tg, name, args, env, 0)
	if err != nil {
		return 0, execErrno(err)
	}
	defer p.close()
	if err := t.execute(p); err != nil {
		if lost := new(lostError); errors.As(err, &lost) {
			t.forceDefault(abi.SIGSEGV)
		}
		return 0, execErrno(err)
	}
	c.replaced = true
	return 0, 0
}

// lostError is what goes wrong when the old program is given up already: the
// process cannot return to it.
type lostError struct{ error }

func (e *lostError) Unwrap() error { return e.error }

// forceDefault gives the running thread a signal that kills it, whatever the
// program does with it.
func (t *Thread) forceDefault(sig int32) {
	own := *t.p.signal.actions
	own[sig] = abi.Sigaction{}
	t.p.signal.actions = &own
	t.signal.mask &^= signal.Bit(sig)
	t.signal.pending.Add(abi.Siginfo{Signo: sig, Code: abi.SI_KERNEL})
}

// execErrno is what execve says of a program that cannot be run.
func execErrno(err error) errno {
	var e errno
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, load.ErrRead):
		return abi.EIO
	}
	return abi.ENOEXEC
}

// execFirst loads the first program.
func (k *Kernel) execFirst(t *Thread) error {
	tg, e := t.resolve(abi.AT_FDCWD, k.cfg.Command.Path, false)
	if e != 0 {
		return e
	}
	args := k.cfg.Command.Args
	if len(args) == 0 {
		args = []string{k.cfg.Command.Path}
	}
	p, err := t.openProgram(tg, k.cfg.Command.Path, args, k.cfg.Command.Env, 0)
	if err != nil {
		return err
	}
	defer p.close()
	return t.execute(p)
}

// openProgram opens a program, or the interpreter of a script.
func (t *Thread) openProgram(tg target, name string, args, env []string, depth int) (*program, error) {
	src, err := t.openExecutable(tg)
	if err != nil {
		return nil, err
	}
	p := &program{src: src, name: name, execfn: name, args: args, env: env}
	host, _ := t.k.host.Readlinkat(unix.AT_FDCWD, fdPath(src.fd))
	p.real = t.k.guestPath(host)
	var line scriptLine
	if src.ReadAt(line[:], 0); string(line[:2]) == "#!" {
		src.Close()
		return t.openScript(p, &line, depth)
	}
	if p.head, err = load.Parse(src, t.k.guest.Machines); err == nil && p.head.HasInterp {
		err = t.openInterp(p)
	}
	if err != nil {
		src.Close()
		return nil, err
	}
	return p, nil
}

// openExecutable opens a file that may be executed.
func (t *Thread) openExecutable(tg target) (*hostSource, error) {
	if e := tg.onHost(abi.EACCES); e != 0 {
		return nil, e
	}
	h := t.k.host
	fd, e := h.Openat(unix.AT_FDCWD, tg.full(), unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if e != 0 {
		return nil, e
	}
	st, e := h.Fstat(fd)
	if e == 0 && st.Mode&unix.S_IFMT != unix.S_IFREG {
		e = abi.EACCES
	}
	if e == 0 {
		e = h.Faccessat(unix.AT_FDCWD, fdPath(fd), unix.X_OK, unix.AT_EACCESS)
	}
	if e != 0 {
		h.Close(fd)
		return nil, e
	}
	return &hostSource{h, fd}, nil
}

// openScript opens the interpreter that a #! line names.
func (t *Thread) openScript(script *program, line *scriptLine, depth int) (*program, error) {
	args, ok := line.parse()
	if !ok {
		return nil, abi.ENOEXEC
	}
	name := args[0]
	args = append(append(args, script.name), script.args[1:]...)
	tg, e := t.interpreter(name)
	if e != 0 {
		return nil, e
	}
	if depth == maxScripts {
		src, err := t.openExecutable(tg)
		if err == nil {
			src.Close()
			err = abi.ELOOP
		}
		return nil, err
	}
	p, err := t.openProgram(tg, name, args, script.env, depth+1)
	if err == nil {
		p.execfn = script.execfn
	}
	return p, err
}

// interpreter resolves the name of an interpreter. An empty one is the current
// directory, which cannot be executed.
func (t *Thread) interpreter(name string) (target, errno) {
	if name == "" {
		return target{}, abi.EACCES
	}
	return t.resolve(abi.AT_FDCWD, name, false)
}

// openInterp opens the dynamic linker.
func (t *Thread) openInterp(p *program) error {
	tg, e := t.interpreter(p.head.Interp)
	if e != 0 {
		return fmt.Errorf("program interpreter %s: %w", p.head.Interp, e)
	}
	src, err := t.openExecutable(tg)
	if err != nil {
		return fmt.Errorf("program interpreter %s: %w", p.head.Interp, err)
	}
	p.interp = &program{src: src, real: t.k.guestPath(t.k.lookup(p.head.Interp, false))}
	if host, e := t.k.host.Readlinkat(unix.AT_FDCWD, fdPath(src.fd)); e == 0 {
		p.interp.real = t.k.guestPath(host)
	}
	if p.interp.head, err = t.parseInterp(src, p.head); err != nil {
		return fmt.Errorf("program interpreter %s: %w", p.head.Interp, err)
	}
	return nil
}

// parseInterp reads the headers of a program's interpreter. What is wrong with it
// has an error of its own, but for a type that nothing can be said of before it is
// mapped.
func (t *Thread) parseInterp(src *hostSource, of *load.Program) (*load.Program, error) {
	if n, _ := src.ReadAt(make([]byte, of.HeaderSize), 0); n < of.HeaderSize {
		return nil, fmt.Errorf("%w: %w", load.ErrRead, load.ErrNotELF)
	}
	head, err := load.ParseInterp(src, t.k.guest.Machines)
	switch {
	case err == nil && head.Arch != of.Arch:
		return nil, fmt.Errorf("%w: it is for %v, the program for %v: %w", load.ErrForeign, head.Arch, of.Arch, abi.ELIBBAD)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", err, abi.ELIBBAD)
	}
	return head, nil
}

// execute replaces the process's program.
func (t *Thread) execute(p *program) error {
	k, proc := t.k, t.p
	m := mm.New(k.mem.group, k.abiOf(p.head.Arch).Shape, k.layoutOf(p), proc.rlimits[unix.RLIMIT_STACK].Cur)
	start, err := t.loadInto(m, p)
	if err != nil {
		m.Space.Close()
		return err
	}
	t.leaveOldImage()
	proc.mm, m.Space.ASID = m, k.newASID(proc.pid)
	t.own = mainStack(m)
	t.setUpProgram(p, start)
	k.switchTo(t)
	k.fireProcess(event.ProcessStart, event.Process{PID: proc.pid, Path: p.real})
	k.fireModules(event.ModuleMapped, k.modules(m.Space, event.ModuleMapped, 0, m.Space.Limit))
	return nil
}

// entry is where a loaded program begins.
type entry struct{ pc, sp guest.Addr }

// loadInto maps a program and its interpreter and builds the stack.
func (t *Thread) loadInto(m *mm.MM, p *program) (entry, error) {
	img, err := t.mapImage(m, p, bias(p.head, m.Layout.ProgramBase))
	if err != nil {
		return entry{}, err
	}
	e := entry{pc: img.Entry}
	var base guest.Addr
	if p.interp != nil {
		linker, err := t.mapInterp(m, p.interp)
		if err != nil {
			return entry{}, err
		}
		e.pc, base = linker.Entry, linker.Start
	}
	m.Exe = p.real
	m.BrkStart = guest.Addr(mm.RoundUp(uint64(img.End)))
	m.Brk = m.BrkStart
	if err := t.k.mapVdso(m, t.k.abiOf(p.head.Arch)); err != nil {
		return entry{}, err
	}
	noteSegments(m, img)
	e.sp, err = t.buildStack(m, p, img, base)
	m.StartStack = e.sp
	return e, err
}

// noteSegments notes where code and data of a program are, as far as its file
// goes.
func noteSegments(m *mm.MM, img *load.Image) {
	for _, s := range img.Segments {
		start := guest.Addr(s.Addr) + img.Bias
		end := start + guest.Addr(s.File)
		if s.Prot&guest.Exec != 0 {
			if m.StartCode == 0 || start < m.StartCode {
				m.StartCode = start
			}
			m.EndCode = max(m.EndCode, end)
		}
		m.StartData, m.EndData = max(m.StartData, start), max(m.EndData, end)
	}
}

// layoutOf says how a program is laid out.
func (k *Kernel) layoutOf(p *program) mm.Kind {
	if mm.NeedsNative(p.head, p.src) {
		return mm.Native
	}
	return k.cfg.Memory.Layout
}

// mapImage maps a file. When it fails, the old program is gone.
func (t *Thread) mapImage(m *mm.MM, p *program, bias guest.Addr) (*load.Image, error) {
	img, err := load.Map(m.Space, p.head, p.src.fd, p.real, bias)
	if err == nil && t.p.creds.uid[effectiveID] != 0 && p.head.Below(mm.MinAddr, uint64(bias)) {
		err = fmt.Errorf("map %s: only root may map addresses below %#x", p.real, mm.MinAddr)
	}
	if err != nil {
		err = &lostError{err}
	}
	return img, err
}

func (t *Thread) mapInterp(m *mm.MM, p *program) (*load.Image, error) {
	start, end := p.head.Range()
	if p.head.Executable && !p.head.Dynamic {
		return t.mapImage(m, p, 0)
	}
	if !p.head.Executable || start == end {
		return nil, &lostError{fmt.Errorf("program interpreter %s: nothing to load", p.real)}
	}
	at, ok := m.Space.FindFree(end-start, 0x10000, m.Layout.MapTop, true)
	if !ok {
		return nil, fmt.Errorf("program interpreter %s: %w", p.real, abi.ENOMEM)
	}
	return t.mapImage(m, p, at-guest.Addr(start))
}

// bias is where a program is moved to: one that is not position-independent
// stays.
func bias(p *load.Program, base guest.Addr) guest.Addr {
	if !p.Dynamic {
		return 0
	}
	start, _ := p.Range()
	return base&^guest.Addr(p.Align()-1) - guest.Addr(start)
}

// leaveOldImage ends the other threads and gives up what a new program does not
// inherit.
func (t *Thread) leaveOldImage() {
	k, p := t.k, t.p
	for _, o := range append([]*Thread(nil), p.threads...) {
		if o != t {
			o.exit(0)
		}
	}
	if t.tid != p.pid {
		t.tid = p.pid // the thread that executes becomes the leader
	}
	if p.mm != nil {
		t.releaseRobust()
		if t.registered.clearTID != 0 && p.mm.Refs > 1 {
			t.clearChildTID()
		}
		k.dropMM(p)
	}
	p.releaseParent()
	t.closeOnExec()
	own := *p.signal.actions
	own.Reset()
	p.signal.actions = &own
	k.dropPosixTimers(p)
	t.registered.clearTID, t.registered.robustHead, t.signal.stack, t.signal.fault = 0, 0, abi.Stack{}, faultState{}
	t.registered.rseq = rseqArea{}
	p.family.execed, p.dump.able = true, 1
}

func (t *Thread) closeOnExec() {
	if t.files.refs > 1 {
		own := t.files.clone()
		t.files.unref(t.k)
		t.files = own
	}
	for i, s := range t.files.slots {
		if s.cloexec {
			t.files.drop(t.k, i)
		}
	}
}

// setUpProgram gives the registers the values with which a program starts.
func (t *Thread) setUpProgram(p *program, e entry) {
	t.comm = comm(baseName(p.execfn))
	t.p.abi = t.k.abiOf(p.head.Arch)
	w := t.Words()
	copy(w[:], t.k.reset)
	t.p.abi.Start(w, e.pc, e.sp)
}

// comm is a thread's name as the kernel cuts it.
func comm(name string) string { return name[:min(len(name), maxComm)] }

// maxComm is the length of a thread's name (TASK_COMM_LEN without the NUL).
const maxComm = 15
