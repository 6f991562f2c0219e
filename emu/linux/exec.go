package linux

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/event"
	"panda/emu/linux/abi"
	"panda/emu/linux/binfmt"
	"panda/emu/linux/cred"
	"panda/emu/linux/hostfile"
	"panda/emu/linux/mm"
	"panda/emu/linux/namei"
	"panda/emu/linux/signal"
	"panda/emu/load"
)

// maxScripts is how many interpreters of scripts may follow one another.
const maxScripts = 5

func sysExecve(t *Thread, c *call) (int64, errno) { return t.execve(c, abi.AT_FDCWD, 0, 0) }

func sysExecveat(t *Thread, c *call) (int64, errno) {
	return t.execve(c, c.i32(0), 1, c.i32(4))
}

// execve has the path at argument arg and the vectors after it.
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
	defer p.Close()
	if err := t.execute(p); err != nil {
		if lost := new(binfmt.LostError); errors.As(err, &lost) {
			t.forceDefault(abi.SIGSEGV)
		}
		return 0, execErrno(err)
	}
	c.replaced = true
	return 0, 0
}

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
	defer p.Close()
	return t.execute(p)
}

// openProgram opens a program, or the interpreter of a script.
func (t *Thread) openProgram(tg namei.Target, name string, args, env []string, depth int) (*binfmt.Program, error) {
	src, err := t.openExecutable(tg)
	if err != nil {
		return nil, err
	}
	p := &binfmt.Program{Src: src, Name: name, ExecFn: name, Args: args, Env: env}
	host, _ := t.k.host.Readlinkat(unix.AT_FDCWD, hostfile.Path(src.FD))
	p.Real = t.k.guestPath(host)
	var line binfmt.ScriptLine
	if src.ReadAt(line[:], 0); string(line[:2]) == "#!" {
		src.Close()
		return t.openScript(p, &line, depth)
	}
	if p.Head, err = load.Parse(src, t.k.guest.Machines); err == nil && p.Head.HasInterp {
		err = t.openInterp(p)
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// openExecutable opens a file that may be executed.
func (t *Thread) openExecutable(tg namei.Target) (*hostfile.Source, error) {
	if e := tg.OnHost(abi.EACCES); e != 0 {
		return nil, e
	}
	h := t.k.host
	fd, e := h.Openat(unix.AT_FDCWD, tg.Full(), unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if e != 0 {
		return nil, e
	}
	st, e := h.Fstat(fd)
	if e == 0 && st.Mode&unix.S_IFMT != unix.S_IFREG {
		e = abi.EACCES
	}
	if e == 0 {
		e = h.Faccessat(unix.AT_FDCWD, hostfile.Path(fd), unix.X_OK, unix.AT_EACCESS)
	}
	if e != 0 {
		h.Close(fd)
		return nil, e
	}
	return &hostfile.Source{Host: h, FD: fd}, nil
}

// openScript opens the interpreter that a #! line names.
func (t *Thread) openScript(script *binfmt.Program, line *binfmt.ScriptLine, depth int) (*binfmt.Program, error) {
	args, ok := line.Parse()
	if !ok {
		return nil, abi.ENOEXEC
	}
	name := args[0]
	args = append(append(args, script.Name), script.Args[1:]...)
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
	p, err := t.openProgram(tg, name, args, script.Env, depth+1)
	if err == nil {
		p.ExecFn = script.ExecFn
	}
	return p, err
}

// interpreter resolves the name of an interpreter. An empty one is the current
// directory, which cannot be executed.
func (t *Thread) interpreter(name string) (namei.Target, errno) {
	if name == "" {
		return namei.Target{}, abi.EACCES
	}
	return t.resolve(abi.AT_FDCWD, name, false)
}

// openInterp opens the dynamic linker.
func (t *Thread) openInterp(p *binfmt.Program) error {
	tg, e := t.interpreter(p.Head.Interp)
	if e != 0 {
		return fmt.Errorf("program interpreter %s: %w", p.Head.Interp, e)
	}
	src, err := t.openExecutable(tg)
	if err != nil {
		return fmt.Errorf("program interpreter %s: %w", p.Head.Interp, err)
	}
	p.Interp = &binfmt.Program{Src: src, Real: t.k.guestPath(t.k.lookup(p.Head.Interp, false))}
	if host, e := t.k.host.Readlinkat(unix.AT_FDCWD, hostfile.Path(src.FD)); e == 0 {
		p.Interp.Real = t.k.guestPath(host)
	}
	if p.Interp.Head, err = binfmt.ParseInterp(src, p.Head, t.k.guest.Machines); err != nil {
		return fmt.Errorf("program interpreter %s: %w", p.Head.Interp, err)
	}
	return nil
}

// execute replaces the process's program.
func (t *Thread) execute(p *binfmt.Program) error {
	k, proc := t.k, t.p
	m := mm.New(k.mem.group, k.abiOf(p.Head.Arch).Shape, k.layoutOf(p), proc.rlimits[unix.RLIMIT_STACK].Cur)
	start, err := p.Load(m, t.system(k.abiOf(p.Head.Arch)))
	if err != nil {
		m.Space.Close()
		return err
	}
	t.leaveOldImage()
	proc.mm, m.Space.ID = m, k.newASID(proc.pid)
	t.own = mainStack(m)
	t.setUpProgram(p, start)
	k.switchTo(t)
	k.fireProcess(event.ProcessStart, event.Process{PID: proc.pid, Path: p.Real})
	k.fireModules(event.ModuleMapped, k.modules(m.Space, event.ModuleMapped, 0, m.Space.Limit))
	return nil
}

// system is what a program of an ABI is given and told.
func (t *Thread) system(a *ABI) *binfmt.System {
	g, uid, gid := t.k.guest, t.p.creds.UID, t.p.creds.GID
	sys := &binfmt.System{
		Layout: a.Layout, Platform: a.Platform, HWCap: g.HWCap, HWCap2: g.HWCap2, Frame: a.Frames.Size(t.Words()),
		VdsoAuxv: a.Auxv, RseqFeatures: rseqFeatures, RseqAlign: rseqSize,
		UID: uid[cred.Real], EUID: uid[cred.Effective], GID: gid[cred.Real], EGID: gid[cred.Effective],
		Random: func(b []byte) { t.k.host.Getrandom(b, 0) },
	}
	if a.Vdso != nil {
		sys.Vdso = a.Vdso(g.HWCap)
	}
	return sys
}

// layoutOf says how a program is laid out.
func (k *Kernel) layoutOf(p *binfmt.Program) mm.Kind {
	if mm.NeedsNative(p.Head, p.Src) {
		return mm.Native
	}
	return k.cfg.Memory.Layout
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
		k.dropMM(p, true)
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
	p.creds.Exec()
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
func (t *Thread) setUpProgram(p *binfmt.Program, e binfmt.Entry) {
	t.comm = comm(baseName(p.ExecFn))
	t.p.abi = t.k.abiOf(p.Head.Arch)
	w := t.Words()
	copy(w[:], t.k.reset)
	t.p.abi.Start(w, e.PC, e.SP)
}

// comm is a thread's name as the kernel cuts it.
func comm(name string) string { return name[:min(len(name), maxComm)] }

// maxComm is the length of a thread's name (TASK_COMM_LEN without the NUL).
const maxComm = 15
