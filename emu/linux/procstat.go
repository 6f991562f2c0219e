package linux

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/namei"
	"panda/emu/linux/proc"
)

// What the files of /proc/PID say about a process and its threads, in the forms of
// proc(5).

// memText is a part of the process's memory, as cmdline shows it.
func (p *Process) memText(start, end guest.Addr) string {
	b := make([]byte, end-start)
	if p.mm.Space.Read(start, b) != nil {
		return ""
	}
	return string(b)
}

// stateLetter is the state of a thread as ps shows it.
func (t *Thread) stateLetter() string {
	switch {
	case t.p.job.stopped:
		return "T"
	case t.tracing.by != nil:
		return "t"
	case t.state == parked:
		return "S"
	}
	return "R"
}

// flagBits are those of a task (PF_FORKNOEXEC and PF_RANDOMIZE of linux/sched.h):
// no program is placed at random.
func (p *Process) flagBits() int {
	const forkNoExec = 0x40
	if p.family.parent != nil && !p.family.execed {
		return forkNoExec
	}
	return 0
}

// task is what stat and status tell of a thread, but for the signals that wait.
func (t *Thread) task() *proc.Task {
	p := t.p
	tty, fg := p.tty()
	ign, caught := p.signal.actions.Sets()
	return &proc.Task{
		PID: p.pid, TID: t.tid, PPID: p.parentID(), Tracer: t.tracer(), PGID: p.job.pgid, SID: p.job.sid,
		Comm: t.comm, State: t.stateLetter(), Flags: p.flagBits(), TTY: tty, Foreground: fg, Threads: len(p.threads), Waits: t.state == parked,
		Signals: proc.Signals{
			Pending: t.signal.pending.Set, Shared: p.signal.pending.Set, Blocked: t.signal.mask, Ignored: ign, Caught: caught,
			OnExit: p.exit.signal, Limit: p.limit(unix.RLIMIT_SIGPENDING),
		},
		Times: proc.Times{Used: t.sched.used / userTick, Children: p.usage.children / userTick, Started: t.sched.started / userTick},
		Creds: &p.creds, Umask: t.fs.umask, FDSize: t.files.size(), RSSLimit: p.limit(unix.RLIMIT_RSS),
	}
}

// statText is /proc/PID/stat, of the whole process or of a thread.
func statText(n *procNode) string {
	task := n.t.task()
	if n.path == namei.ProcTop+"/"+strconv.Itoa(n.p.pid)+"/stat" {
		task.Times.Used = n.p.usage.own / userTick
	}
	return proc.StatText(task, n.p.mm)
}

func statusText(n *procNode) string {
	task := n.t.task()
	task.Signals.Queued = n.k.queuedSignals()
	return proc.StatusText(task, n.p.mm, n.k.capabilities)
}

// remains are what is left of a process that has ended.
func (p *Process) remains() *proc.Ended {
	return &proc.Ended{
		PID: p.pid, PPID: p.parentID(), PGID: p.job.pgid, SID: p.job.sid, Comm: p.exit.comm, Creds: &p.creds,
		Times:      proc.Times{Used: p.usage.own / userTick, Children: p.usage.children / userTick},
		ExitSignal: p.exit.signal, Status: p.exit.status,
	}
}

func limitsText(n *procNode) string { return proc.LimitsText(&n.p.rlimits) }

func schedText(n *procNode) string {
	return proc.SchedText(n.t.tid, n.t.comm, len(n.p.threads), n.t.sched.used)
}

// tty is the terminal of the process's session: its device number and foreground
// group.
func (p *Process) tty() (dev uint64, fg int) {
	if x := p.k.sessionTTY(p.job.sid); x != nil {
		return x.dev, x.fg
	}
	return 0, -1
}

func autogroupText(n *procNode) string { return fmt.Sprintf("/autogroup-%d nice 0\n", n.p.job.sid) }

// ioText: the kernel counts none of it.
func ioText(*procNode) string {
	return "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n"
}

// childrenText are the children that a thread made. They belong to the leader.
func childrenText(n *procNode) string {
	var b strings.Builder
	if n.t == n.p.leader() {
		for _, c := range n.p.family.children {
			fmt.Fprintf(&b, "%d ", c.pid)
		}
	}
	return b.String()
}

// syscallText is the call that a thread is in, with its arguments, stack pointer
// and program counter.
func syscallText(n *procNode) string {
	t := n.t
	c := &t.call
	switch {
	case t == t.k.sched.cur && !c.active, t.state == ready && !c.active:
		return "running\n"
	case !c.active:
		return fmt.Sprintf("-1 0x%x 0x%x\n", t.sp(), t.pc())
	}
	text := strconv.Itoa(c.Number)
	for _, a := range c.regs {
		text += fmt.Sprintf(" 0x%x", a)
	}
	return text + fmt.Sprintf(" 0x%x 0x%x\n", t.sp(), t.pc())
}

// wchanText names no function of the kernel: there is none.
func wchanText(*procNode) string { return "0" }

// timersText lists the timers of timer_create.
func timersText(n *procNode) string {
	var b strings.Builder
	for _, tm := range n.p.timers.posix {
		if tm == nil { // deleted
			continue
		}
		fmt.Fprintf(&b, "ID: %d\nsignal: %d/%016x\nnotify: %s/%s.%d\nClockID: %d\n", tm.id, tm.signo, tm.value, notifyName(tm), "pid", n.p.pid, tm.clock)
	}
	return b.String()
}

func notifyName(tm *timer) string {
	const none, thread, threadID = 1, 2, 4
	switch tm.notify {
	case none:
		return "none"
	case thread:
		return "thread"
	case threadID:
		return "signal/tid"
	}
	return "signal"
}

// size is how many descriptors a table of the kernel has room for: it grows by
// doubling.
func (ft *fdTable) size() int { return max(64, 1<<bits.Len(uint(max(len(ft.slots), 1)-1))) }

// allCaps is the bounding set: prctl drops nothing from it.
const allCaps = 1<<41 - 1

// capabilities are the emulator's, as capget tells.
func (k *Kernel) capabilities() proc.Caps {
	head, data := make([]byte, 8), make([]byte, 24)
	le.PutUint32(head, capVersionNow)
	if k.host.Capget(head, data) != 0 {
		return proc.Caps{Bounding: allCaps}
	}
	word := func(i int) uint64 { return uint64(le.Uint32(data[4*i:])) | uint64(le.Uint32(data[12+4*i:]))<<32 }
	return proc.Caps{Effective: word(0), Permitted: word(1), Inheritable: word(2), Bounding: allCaps}
}
