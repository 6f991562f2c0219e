package linux

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
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

// statText is /proc/PID/stat (proc_pid_stat(5)); what the kernel does not count
// is 0.
func statText(n *procNode) string {
	p, t, m := n.p, n.t, n.p.mm
	used := p.usage.own
	if n.path != procTop+"/"+strconv.Itoa(p.pid)+"/stat" {
		used = t.sched.used
	}
	tty, fg := p.tty()
	ign, caught := p.signal.actions.Sets()
	_, file, anon := rss(m)
	return statLine(map[int]any{
		1: t.tid, 2: "(" + t.comm + ")", 3: t.stateLetter(), 4: p.parentID(), 5: p.job.pgid, 6: p.job.sid, 7: tty, 8: fg, 9: p.flagBits(),
		14: used / userTick, 16: p.usage.children / userTick, 18: 20, 20: len(p.threads), 22: t.startTicks(),
		23: m.Space.Size(), 24: file + anon, 25: p.limit(unix.RLIMIT_RSS),
		26: uint64(m.StartCode), 27: uint64(m.EndCode), 28: uint64(m.StartStack),
		31: t.signal.pending.Set, 32: t.signal.mask, 33: ign, 34: caught, 35: wchan(t), 38: p.exit.signal,
		45: uint64(m.StartData), 46: uint64(m.EndData), 47: uint64(m.BrkStart),
		48: uint64(m.ArgStart), 49: uint64(m.ArgEnd), 50: uint64(m.EnvStart), 51: uint64(m.EnvEnd),
	})
}

// statLine joins the fields of stat by their numbers; the others are 0.
func statLine(values map[int]any) string {
	fields := make([]string, 53)
	for i := range fields {
		fields[i] = "0"
		if v, ok := values[i]; ok {
			fields[i] = fmt.Sprint(v)
		}
	}
	return strings.Join(fields[1:], " ") + "\n"
}

// startTicks is when a thread began, since the host did.
func (t *Thread) startTicks() int64 { return t.sched.started / userTick }

// wchan is whether a thread waits.
func wchan(t *Thread) int {
	if t.state == parked {
		return 1
	}
	return 0
}

// tty is the terminal of the process's session: its device number and foreground
// group.
func (p *Process) tty() (dev uint64, fg int) {
	if x := p.k.sessionTTY(p.job.sid); x != nil {
		return x.dev, x.fg
	}
	return 0, -1
}

// endedText is a file of a process that nobody has waited for yet.
func endedText(p *Process, name string) string {
	comm := p.exit.comm
	switch name {
	case "cmdline":
		return ""
	case "comm":
		return comm + "\n"
	case "stat":
		return statLine(map[int]any{
			1: p.pid, 2: "(" + comm + ")", 3: "Z", 4: p.parentID(), 5: p.job.pgid, 6: p.job.sid, 8: -1,
			14: p.usage.own / userTick, 16: p.usage.children / userTick, 18: 20, 20: 1, 38: p.exit.signal, 52: p.exit.status,
		})
	}
	return formatRows([][2]string{
		{"Name", comm},
		{"State", "Z (zombie)"},
		{"Tgid", strconv.Itoa(p.pid)},
		{"Ngid", "0"},
		{"Pid", strconv.Itoa(p.pid)},
		{"PPid", strconv.Itoa(p.parentID())},
		{"TracerPid", "0"},
		{"Uid", idList(p.creds.UID)},
		{"Gid", idList(p.creds.GID)},
		{"Threads", "1"},
	})
}

func hex64(v uint64) string { return fmt.Sprintf("%016x", v) }

// limitRows are the resource limits with their units, by number.
var limitRows = [numRlimits][2]string{
	unix.RLIMIT_CPU: {"cpu time", "seconds"}, unix.RLIMIT_FSIZE: {"file size", "bytes"}, unix.RLIMIT_DATA: {"data size", "bytes"},
	unix.RLIMIT_STACK: {"stack size", "bytes"}, unix.RLIMIT_CORE: {"core file size", "bytes"}, unix.RLIMIT_RSS: {"resident set", "bytes"},
	unix.RLIMIT_NPROC: {"processes", "processes"}, unix.RLIMIT_NOFILE: {"open files", "files"}, unix.RLIMIT_MEMLOCK: {"locked memory", "bytes"},
	unix.RLIMIT_AS: {"address space", "bytes"}, unix.RLIMIT_LOCKS: {"file locks", "locks"}, unix.RLIMIT_SIGPENDING: {"pending signals", "signals"},
	unix.RLIMIT_MSGQUEUE: {"msgqueue size", "bytes"}, unix.RLIMIT_NICE: {"nice priority", ""}, unix.RLIMIT_RTPRIO: {"realtime priority", ""},
	unix.RLIMIT_RTTIME: {"realtime timeout", "us"},
}

func limitsText(n *procNode) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units")
	value := func(v uint64) string {
		if v == unlimited {
			return "unlimited"
		}
		return strconv.FormatUint(v, 10)
	}
	for i, r := range limitRows {
		l := n.p.rlimits[i]
		fmt.Fprintf(&b, "%-25s %-20s %-20s ", "Max "+r[0], value(l.Cur), value(l.Max))
		if r[1] != "" {
			fmt.Fprintf(&b, "%-10s", r[1])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// schedText is what /proc/PID/sched begins with.
func schedText(n *procNode) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%d, #threads: %d)\n%s\n", n.t.comm, n.t.tid, len(n.p.threads), strings.Repeat("-", 67))
	row := func(name string, v any) { fmt.Fprintf(&b, "%-45s:%21v\n", name, v) }
	ms := fmt.Sprintf("%d.%06d", n.t.sched.used/1e6, n.t.sched.used%1e6)
	row("se.exec_start", ms)
	row("se.vruntime", ms)
	row("se.sum_exec_runtime", ms)
	for _, name := range []string{"se.nr_migrations", "nr_switches", "nr_voluntary_switches", "nr_involuntary_switches"} {
		row(name, 0)
	}
	row("se.load.weight", 1048576)
	row("policy", 0)
	row("prio", 120)
	return b.String()
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
