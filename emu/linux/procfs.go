package linux

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/mmu"
)

// procNode is a file of /proc that tells about a guest process. What is not
// listed here comes from the host's /proc/self, which has the same form.
type procNode struct {
	text func(p *Process, t *Thread) string
	// link is the guest's view of where a link leads; open is where it leads.
	link string
	open target
	// list is the names of a directory whose entries are the guest's.
	list func() []string
	host string // the host's file of this name, for its attributes
}

// procTexts are the files with text, by name.
var procTexts = map[string]func(p *Process, t *Thread) string{
	"maps":    func(p *Process, _ *Thread) string { return mapsText(p.mm) },
	"cmdline": func(p *Process, _ *Thread) string { return p.memText(p.mm.ArgStart, p.mm.ArgEnd) },
	"environ": func(p *Process, _ *Thread) string { return p.memText(p.mm.EnvStart, p.mm.EnvEnd) },
	"auxv":    func(p *Process, _ *Thread) string { return string(p.mm.Auxv) },
	"comm":    func(_ *Process, t *Thread) string { return t.comm + "\n" },
	"stat":    statText,
	"statm":   func(p *Process, _ *Thread) string { return statmText(p.mm) },
	"status":  statusText,
}

// procNode finds the node of a clean path below /proc, nil when the host shall
// answer.
func (t *Thread) procNode(clean string) *procNode {
	parts := strings.Split(clean, "/")[2:]
	p, at := t.p, t
	switch parts[0] {
	case "self":
	case "thread-self":
	default:
		pid, err := strconv.Atoi(parts[0])
		if err != nil {
			return nil
		}
		if p = t.k.process(pid); p == nil {
			if at = t.k.thread(pid); at == nil && t.k.ever[pid] {
				return &procNode{}
			} else if at == nil {
				return nil
			}
			p = at.p
		} else {
			at = p.leader()
		}
	}
	rest := parts[1:]
	if len(rest) >= 2 && rest[0] == "task" {
		tid, _ := strconv.Atoi(rest[1])
		if at = t.k.thread(tid); at == nil || at.p != p {
			return &procNode{}
		}
		rest = rest[2:]
	}
	if p.ended || at == nil {
		return &procNode{}
	}
	return p.node(at, rest)
}

// node finds a file of a living process. A node without anything is one that
// does not exist.
func (p *Process) node(t *Thread, rest []string) *procNode {
	host := "/proc/self/" + strings.Join(rest, "/")
	if len(rest) == 0 {
		return p.rewrite("/proc/self")
	}
	if text := procTexts[rest[0]]; text != nil && len(rest) == 1 {
		return &procNode{text: text, host: host}
	}
	switch rest[0] {
	case "exe":
		return &procNode{link: p.mm.Exe, host: host, open: target{path: t.k.hostPath(p.mm.Exe), guest: p.mm.Exe}}
	case "cwd":
		return p.linkTo(t.fs.path, target{dir: t.fs.cwd, path: ".", guest: t.fs.path}, host, rest[1:])
	case "root":
		return p.linkTo("/", target{path: "/", guest: "/"}, host, rest[1:])
	case "task":
		return &procNode{list: p.taskNames, host: "/proc/self/task"}
	case "fd", "fdinfo":
		return p.fdNode(t, rest)
	}
	return p.rewrite(host)
}

// rewrite is a node that the host answers for under another name.
func (p *Process) rewrite(host string) *procNode {
	return &procNode{host: host, open: target{path: host}}
}

// linkTo is a link to a directory, or a path through it.
func (p *Process) linkTo(link string, to target, host string, rest []string) *procNode {
	if len(rest) != 0 {
		to.path += "/" + strings.Join(rest, "/")
		return &procNode{host: to.full(), open: to}
	}
	return &procNode{link: link, host: host, open: to}
}

func (p *Process) taskNames() []string {
	var names []string
	for _, t := range p.threads {
		names = append(names, strconv.Itoa(t.tid))
	}
	return names
}

// fdNode is fd, fdinfo, or a file in them.
func (p *Process) fdNode(t *Thread, rest []string) *procNode {
	if len(rest) == 1 {
		return &procNode{list: t.files.names, host: "/proc/self/" + rest[0]}
	}
	n, err := strconv.Atoi(rest[1])
	f, e := t.files.file(n)
	if err != nil || e != 0 || len(rest) > 2 && f.mode != unix.S_IFDIR {
		return &procNode{}
	}
	if rest[0] == "fdinfo" {
		return p.rewrite("/proc/self/fdinfo/" + strconv.Itoa(f.fd))
	}
	to := target{path: strings.Join(append([]string{fdPath(f.fd)}, rest[2:]...), "/"), guest: f.path}
	if len(rest) > 2 {
		return &procNode{host: to.path, open: to}
	}
	return &procNode{link: p.k.realPath(f), host: fdPath(f.fd), open: to}
}

func (ft *fdTable) names() []string {
	var names []string
	for i, s := range ft.slots {
		if s.file != nil {
			names = append(names, strconv.Itoa(i))
		}
	}
	return names
}

// resolveNode turns a node into a target. What the host answers for becomes a
// plain name.
func (t *Thread) resolveNode(tg target, node *procNode, nofollow bool) (target, errno) {
	switch {
	case node.host == "" && node.open.path == "":
		return tg, abi.ENOENT
	case node.text != nil, node.list != nil:
		tg.node = node
	case node.link != "" && nofollow:
		tg.node = node
	default:
		guest := tg.guest
		if tg = node.open; tg.guest == "" {
			tg.guest = guest
		}
		return tg, 0
	}
	tg.path = node.host
	return tg, 0
}

// memText is a part of the process's memory, as cmdline shows it.
func (p *Process) memText(start, end guest.Addr) string {
	b := make([]byte, end-start)
	if p.mm.Space.Read(start, b) != nil {
		return ""
	}
	return string(b)
}

// mapsText is /proc/PID/maps.
func mapsText(m *mm.MM) string {
	var b strings.Builder
	for _, r := range m.Space.Regions() {
		share := "p"
		if r.Shared {
			share = "s"
		}
		dev := fmt.Sprintf("%02x:%02x", abi.Major(r.Dev), abi.Minor(r.Dev))
		line := fmt.Sprintf("%08x-%08x %v%s %08x %s %d ", uint64(r.Start), uint64(r.End), r.Prot, share, r.Offset, dev, r.Ino)
		if r.Name != "" {
			line = fmt.Sprintf("%-73s%s", line, r.Name)
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// pages counts the pages of the regions that want takes.
func pages(m *mm.MM, want func(r *mmu.Region) bool) (n uint64) {
	for _, r := range m.Space.Regions() {
		if want(&r) {
			n += uint64(r.End-r.Start) / mm.PageSize
		}
	}
	return n
}

// residentPages is what could be in memory: what may be written and is its own.
func residentPages(m *mm.MM) uint64 {
	return pages(m, func(r *mmu.Region) bool { return r.Prot&guest.Write != 0 && !r.Shared })
}

func anyRegion(*mmu.Region) bool { return true }

func statmText(m *mm.MM) string {
	text := pages(m, func(r *mmu.Region) bool { return r.Prot&guest.Exec != 0 })
	data := residentPages(m)
	return fmt.Sprintf("%d %d %d %d 0 %d 0\n", pages(m, anyRegion), data, text, text, data)
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

// statText is /proc/PID/stat (proc_pid_stat(5)); what the kernel does not count
// is 0.
func statText(p *Process, t *Thread) string {
	fields := make([]string, 53)
	for i := range fields {
		fields[i] = "0"
	}
	m := p.mm
	tty, fg := p.tty()
	for at, v := range map[int]any{
		1: t.tid, 2: "(" + t.comm + ")", 3: t.stateLetter(), 4: p.parentID(), 5: p.pgid, 6: p.sid,
		7: tty, 8: fg, 14: p.used / clockTick, 16: p.childUsed / clockTick, 17: p.exitSignal, 18: 20, 20: len(p.threads), 23: pages(m, anyRegion) * mm.PageSize,
		24: pages(m, func(r *mmu.Region) bool { return r.Prot&guest.Write != 0 }), 25: ^uint64(0), 28: uint64(m.Layout.StackTop),
		47: uint64(m.BrkStart), 48: uint64(m.ArgStart), 49: uint64(m.ArgEnd), 50: uint64(m.EnvStart), 51: uint64(m.EnvEnd),
	} {
		fields[at] = fmt.Sprint(v)
	}
	return strings.Join(fields[1:], " ") + "\n"
}

// tty is the terminal of the process's session: its device number and foreground
// group.
func (p *Process) tty() (dev uint64, fg int) {
	if x := p.k.sessionTTY(p.sid); x != nil {
		return x.dev, x.fg
	}
	return 0, -1
}

func statusText(p *Process, t *Thread) string {
	states := map[string]string{"R": "R (running)", "S": "S (sleeping)", "T": "T (stopped)"}
	ids := func(a, b, c uint32) string { return fmt.Sprintf("%d\t%d\t%d\t%d", a, b, c, b) }
	u, g := p.k.host.Resids(unix.SYS_GETRESUID), p.k.host.Resids(unix.SYS_GETRESGID)
	kb := pages(p.mm, anyRegion) * mm.PageSize / 1024
	data := pages(p.mm, func(r *mmu.Region) bool { return r.Prot&guest.Write != 0 }) * mm.PageSize / 1024
	ign, caught := p.actionSets()
	rows := [][2]string{
		{"Name", t.comm},
		{"Umask", fmt.Sprintf("%04o", t.fs.umask)},
		{"State", states[t.stateLetter()]},
		{"Tgid", strconv.Itoa(p.pid)},
		{"Ngid", "0"},
		{"Pid", strconv.Itoa(t.tid)},
		{"PPid", strconv.Itoa(p.parentID())},
		{"TracerPid", "0"},
		{"Uid", ids(u[0], u[1], u[2])},
		{"Gid", ids(g[0], g[1], g[2])},
		{"FDSize", strconv.Itoa(max(64, len(t.files.slots)))},
		{"VmPeak", fmt.Sprintf("%8d kB", kb)},
		{"VmSize", fmt.Sprintf("%8d kB", kb)},
		{"VmRSS", fmt.Sprintf("%8d kB", data)},
		{"VmData", fmt.Sprintf("%8d kB", data)},
		{"VmStk", fmt.Sprintf("%8d kB", p.mm.Layout.StackSize/1024)},
		{"Threads", strconv.Itoa(len(p.threads))},
		{"SigPnd", hex64(t.pending.set)},
		{"ShdPnd", hex64(p.pending.set)},
		{"SigBlk", hex64(t.mask)},
		{"SigIgn", hex64(ign)},
		{"SigCgt", hex64(caught)},
		{"NoNewPrivs", "0"},
		{"Seccomp", "0"},
		{"Cpus_allowed", "1"},
		{"Cpus_allowed_list", "0"},
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%s:\t%s\n", r[0], r[1])
	}
	return b.String()
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

// openNode opens a node of /proc. Its content is that of this moment.
func (t *Thread) openNode(tg target, flags int) (*File, errno) {
	k, node := t.k, tg.node
	if flags&abi.O_ACCMODE != abi.O_RDONLY {
		return nil, abi.EACCES
	}
	if node.list != nil {
		return t.openList(tg)
	}
	if node.link != "" {
		return nil, abi.ELOOP
	}
	p, at := t.owner(tg.guest)
	fd, e := k.host.Memfd("proc", unix.MFD_CLOEXEC)
	if e != 0 {
		return nil, e
	}
	text := []byte(node.text(p, at))
	for len(text) != 0 {
		n, e := k.host.Write(fd, text)
		if e != 0 {
			k.host.Close(fd)
			return nil, e
		}
		text = text[n:]
	}
	k.host.Lseek(fd, 0, unix.SEEK_SET)
	f := k.newFile(fd, tg.guest, flags)
	f.real = tg.guest
	return f, 0
}

// owner is the thread that a path below /proc is about.
func (t *Thread) owner(name string) (*Process, *Thread) {
	parts := strings.Split(name, "/")
	id := parts[min(2, len(parts)-1)]
	if i := slices.Index(parts, "task"); i == 3 && len(parts) > 4 {
		id = parts[4]
	}
	n, err := strconv.Atoi(id)
	if err != nil {
		return t.p, t
	}
	if o := t.k.thread(n); o != nil {
		return o.p, o
	}
	if p := t.k.process(n); p != nil && !p.ended {
		return p, p.leader()
	}
	return t.p, t
}

// openList opens a directory whose entries are the guest's.
func (t *Thread) openList(tg target) (*File, errno) {
	fd, e := t.k.host.Openat(unix.AT_FDCWD, tg.node.host, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if e != 0 {
		return nil, e
	}
	f := t.k.newFile(fd, tg.guest, abi.O_DIRECTORY)
	f.list = tg.node.list
	return f, 0
}

// rewind makes a listing anew, as the first read of a directory does.
func (f *File) rewind() {
	f.entries = f.entries[:0]
	for i, name := range append([]string{".", ".."}, f.list()...) {
		f.entries = append(f.entries, abi.Dirent{Ino: uint64(i + 1), Off: int64(i + 1), Type: dirType(f.path, name), Name: name})
	}
}

// dirType is the type of an entry of a listing: of fd they are links, of task
// directories, of /proc whatever the host has.
func dirType(dir, name string) uint8 {
	_, err := strconv.Atoi(name)
	switch {
	case name == "." || name == ".." || strings.HasSuffix(dir, "/task") || dir == "/proc" && err == nil:
		return unix.DT_DIR
	case strings.HasSuffix(dir, "/fd"):
		return unix.DT_LNK
	case dir == "/proc":
		return unix.DT_UNKNOWN
	}
	return unix.DT_REG
}
