package linux

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
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
	case t.p.stopped:
		return "T"
	case t.state == parked:
		return "S"
	}
	return "R"
}

// flagBits are those of a task (PF_FORKNOEXEC and PF_RANDOMIZE of linux/sched.h):
// no program is placed at random.
func (p *Process) flagBits() int {
	const forkNoExec = 0x40
	if p.parent != nil && !p.execed {
		return forkNoExec
	}
	return 0
}

// statText is /proc/PID/stat (proc_pid_stat(5)); what the kernel does not count
// is 0.
func statText(n *procNode) string {
	p, t, m := n.p, n.t, n.p.mm
	used := p.used
	if n.path != procTop+"/"+strconv.Itoa(p.pid)+"/stat" {
		used = t.used
	}
	tty, fg := p.tty()
	ign, caught := p.actionSets()
	_, file, anon := rss(m)
	return statLine(map[int]any{
		1: t.tid, 2: "(" + t.comm + ")", 3: t.stateLetter(), 4: p.parentID(), 5: p.pgid, 6: p.sid, 7: tty, 8: fg, 9: p.flagBits(),
		14: used / clockTick, 16: p.childUsed / clockTick, 18: 20, 20: len(p.threads), 22: t.startTicks(),
		23: pages(m, anyRegion) * mm.PageSize, 24: file + anon, 25: p.limit(unix.RLIMIT_RSS),
		26: uint64(m.StartCode), 27: uint64(m.EndCode), 28: uint64(m.StartStack),
		31: t.pending.set, 32: t.mask, 33: ign, 34: caught, 35: wchan(t), 38: p.exitSignal,
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
func (t *Thread) startTicks() int64 { return t.started / clockTick }

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
	if x := p.k.sessionTTY(p.sid); x != nil {
		return x.dev, x.fg
	}
	return 0, -1
}

// endedText is a file of a process that nobody has waited for yet.
func endedText(p *Process, name string) string {
	comm := p.comm
	switch name {
	case "cmdline":
		return ""
	case "comm":
		return comm + "\n"
	case "stat":
		return statLine(map[int]any{
			1: p.pid, 2: "(" + comm + ")", 3: "Z", 4: p.parentID(), 5: p.pgid, 6: p.sid, 8: -1,
			14: p.used / clockTick, 16: p.childUsed / clockTick, 18: 20, 20: 1, 38: p.exitSignal, 52: p.status,
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
		{"Uid", idList(p.creds.uid)},
		{"Gid", idList(p.creds.gid)},
		{"Threads", "1"},
	})
}

func formatRows(rows [][2]string) string {
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%s:\t%s\n", r[0], r[1])
	}
	return b.String()
}

// idList is real, effective, saved and file system id.
func idList(ids [3]uint32) string {
	return fmt.Sprintf("%d\t%d\t%d\t%d", ids[realID], ids[effectiveID], ids[savedID], ids[effectiveID])
}

var stateNames = map[string]string{"R": "R (running)", "S": "S (sleeping)", "T": "T (stopped)"}

func statusText(n *procNode) string {
	rows := statusIDs(n.p, n.t)
	rows = append(rows, statusMemory(n.p.mm)...)
	rows = append(rows, statusSignals(n.p, n.t)...)
	return formatRows(append(rows, statusRights(n)...))
}

func statusIDs(p *Process, t *Thread) [][2]string {
	var groups []string
	for _, g := range p.creds.groups {
		groups = append(groups, strconv.FormatUint(uint64(g), 10))
	}
	return [][2]string{
		{"Name", t.comm},
		{"Umask", fmt.Sprintf("%04o", t.fs.umask)},
		{"State", stateNames[t.stateLetter()]},
		{"Tgid", strconv.Itoa(p.pid)},
		{"Ngid", "0"},
		{"Pid", strconv.Itoa(t.tid)},
		{"PPid", strconv.Itoa(p.parentID())},
		{"TracerPid", "0"},
		{"Uid", idList(p.creds.uid)},
		{"Gid", idList(p.creds.gid)},
		{"FDSize", strconv.Itoa(t.files.size())},
		{"Groups", strings.Join(groups, " ") + " "},
		{"NStgid", strconv.Itoa(p.pid)},
		{"NSpid", strconv.Itoa(t.tid)},
		{"NSpgid", strconv.Itoa(p.pgid)},
		{"NSsid", strconv.Itoa(p.sid)},
		{"Kthread", "0"},
	}
}

// size is how many descriptors a table of the kernel has room for: it grows by
// doubling.
func (ft *fdTable) size() int { return max(64, 1<<bits.Len(uint(max(len(ft.slots), 1)-1))) }

func statusMemory(m *mm.MM) [][2]string {
	kb := func(pages uint64) string { return fmt.Sprintf("%8d kB", pages*mm.PageSize/1024) }
	total, file, anon := rss(m)
	return [][2]string{
		{"VmPeak", kb(total)},
		{"VmSize", kb(total)},
		{"VmLck", kb(0)},
		{"VmPin", kb(0)},
		{"VmHWM", kb(file + anon)},
		{"VmRSS", kb(file + anon)},
		{"RssAnon", kb(anon)},
		{"RssFile", kb(file)},
		{"RssShmem", kb(0)},
		{"VmData", kb(pages(m, isData))},
		{"VmStk", kb(pages(m, isStack))},
		{"VmExe", kb((uint64(m.EndCode)+mm.PageSize-1)/mm.PageSize - uint64(m.StartCode)/mm.PageSize)},
		{"VmLib", kb(pages(m, isLibrary(m)))},
		{"VmPTE", kb(1 + total/512)},
		{"VmSwap", kb(0)},
		{"HugetlbPages", kb(0)},
		{"CoreDumping", "0"},
		{"THP_enabled", "0"},
		{"untag_mask", "0xffffffffffffffff"},
	}
}

func statusSignals(p *Process, t *Thread) [][2]string {
	ign, caught := p.actionSets()
	queued := 0
	for _, q := range p.k.procs {
		queued += len(q.pending.infos)
		for _, o := range q.threads {
			queued += len(o.pending.infos)
		}
	}
	return [][2]string{
		{"Threads", strconv.Itoa(len(p.threads))},
		{"SigQ", fmt.Sprintf("%d/%d", queued, p.limit(unix.RLIMIT_SIGPENDING))},
		{"SigPnd", hex64(t.pending.set)},
		{"ShdPnd", hex64(p.pending.set)},
		{"SigBlk", hex64(t.mask)},
		{"SigIgn", hex64(ign)},
		{"SigCgt", hex64(caught)},
	}
}

// statusRights: what the process may do, and where it may run.
func statusRights(n *procNode) [][2]string {
	effective, permitted, inheritable := n.k.capabilities()
	rows := [][2]string{
		{"CapInh", hex64(inheritable)},
		{"CapPrm", hex64(permitted)},
		{"CapEff", hex64(effective)},
		{"CapBnd", hex64(allCaps)},
		{"CapAmb", hex64(0)},
		{"NoNewPrivs", "0"},
		{"Seccomp", "0"},
		{"Seccomp_filters", "0"},
		{"Speculation_Store_Bypass", "vulnerable"},
		{"SpeculationIndirectBranch", "always enabled"},
		{"Cpus_allowed", "1"},
		{"Cpus_allowed_list", "0"},
		{"Mems_allowed", "00000000,00000001"},
		{"Mems_allowed_list", "0"},
		{"voluntary_ctxt_switches", "0"},
		{"nonvoluntary_ctxt_switches", "0"},
	}
	return rows
}

// allCaps is the bounding set: prctl drops nothing from it.
const allCaps = 1<<41 - 1

// capabilities are the emulator's, as capget tells.
func (k *Kernel) capabilities() (effective, permitted, inheritable uint64) {
	head, data := make([]byte, 8), make([]byte, 24)
	le.PutUint32(head, capVersionNow)
	if k.host.Capget(head, data) != 0 {
		return 0, 0, 0
	}
	word := func(i int) uint64 { return uint64(le.Uint32(data[4*i:])) | uint64(le.Uint32(data[12+4*i:]))<<32 }
	return word(0), word(1), word(2)
}

func hex64(v uint64) string { return fmt.Sprintf("%016x", v) }

// actionSets are the signals that are ignored and that have handlers.
func (p *Process) actionSets() (ign, caught uint64) {
	for sig := int32(1); sig <= numSignals; sig++ {
		switch p.actions[sig].Handler {
		case abi.SIG_DFL:
		case abi.SIG_IGN:
			ign |= bit(sig)
		default:
			caught |= bit(sig)
		}
	}
	return ign, caught
}

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
	ms := fmt.Sprintf("%d.%06d", n.t.used/1e6, n.t.used%1e6)
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

func autogroupText(n *procNode) string { return fmt.Sprintf("/autogroup-%d nice 0\n", n.p.sid) }

// ioText: the kernel counts none of it.
func ioText(*procNode) string {
	return "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n"
}

// childrenText are the children that a thread made. They belong to the leader.
func childrenText(n *procNode) string {
	var b strings.Builder
	if n.t == n.p.leader() {
		for _, c := range n.p.children {
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
	case t == t.k.cur && !c.active, t.state == ready && !c.active:
		return "running\n"
	case !c.active:
		return fmt.Sprintf("-1 0x%x 0x%x\n", t.reg(spReg), t.reg(regs.RIP))
	}
	text := strconv.Itoa(c.Number)
	for _, a := range c.regs {
		text += fmt.Sprintf(" 0x%x", a)
	}
	return text + fmt.Sprintf(" 0x%x 0x%x\n", t.reg(spReg), t.reg(regs.RIP))
}

// wchanText names no function of the kernel: there is none.
func wchanText(*procNode) string { return "0" }

// timersText lists the timers of timer_create.
func timersText(n *procNode) string {
	var b strings.Builder
	for _, tm := range n.p.posix {
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

func setComm(n *procNode, text string) errno {
	text, _, _ = strings.Cut(text, "\x00")
	n.t.comm = comm(text)
	if n.t == n.k.cur {
		n.k.cpu.Machine.Comm = n.t.comm
	}
	return 0
}

// number reads a number that is written to a file of /proc, between two bounds.
func number(text string, lo, hi int64) (int64, errno) {
	v, err := strconv.ParseInt(strings.TrimSpace(text), 0, 64)
	if err != nil || v < lo || v > hi {
		return 0, abi.EINVAL
	}
	return v, 0
}

// dumpFilter is what core dumps hold unless told otherwise (core(5)).
const dumpFilter = 0x33

func setDumpFilter(n *procNode, text string) errno {
	v, e := number(text, 0, 1<<32-1)
	if e == 0 {
		n.p.dumpFilter = uint32(v) & 0x1ff
	}
	return e
}

const maxOOMAdj = 1000

func setOOMScoreAdj(n *procNode, text string) errno {
	v, e := number(text, -maxOOMAdj, maxOOMAdj)
	switch {
	case e != 0:
		return e
	case int(v) < n.p.oomAdj && !n.p.creds.privileged():
		return abi.EACCES
	}
	n.p.oomAdj = int(v)
	return 0
}

// oomAdjText and setOOMAdj are the same by the old scale, which ends at 15 and
// disables at -17.
func oomAdjText(n *procNode) string {
	if n.p.oomAdj == maxOOMAdj {
		return "15\n"
	}
	return fmt.Sprintf("%d\n", n.p.oomAdj*17/maxOOMAdj)
}

func setOOMAdj(n *procNode, text string) errno {
	v, e := number(text, -17, 15)
	if e != 0 {
		return e
	}
	adj := v * maxOOMAdj / 17
	if v == 15 {
		adj = maxOOMAdj
	}
	return setOOMScoreAdj(n, strconv.FormatInt(adj, 10))
}

func setClearRefs(_ *procNode, text string) errno {
	_, e := number(text, 1, 5)
	return e
}
