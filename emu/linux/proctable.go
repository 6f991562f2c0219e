package linux

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/hostfile"
	"panda/emu/linux/namei"
	"panda/emu/linux/proc"
	"panda/emu/mmu"
)

const (
	regular = unix.S_IFREG
	folder  = unix.S_IFDIR
	symlink = unix.S_IFLNK
)

// procRows are the files in the directory of a process, /proc/PID, and in those of
// its threads, /proc/PID/task/TID (proc(5)).
var procRows []procRow

func init() { // the rows refer to one another
	procRows = []procRow{
		{name: "arch_status", mode: regular | 0o444, text: fixed("")},
		{name: "attr", mode: folder | 0o555, names: attrNames, child: attrChild},
		{name: "autogroup", mode: regular | 0o644, text: autogroupText, set: accept, perProcess: true},
		{name: "auxv", mode: regular | 0o400, text: func(n *procNode) string { return string(n.p.mm.Auxv) }},
		{name: "cgroup", mode: regular | 0o444, text: mirrored("cgroup", "0::/\n")},
		{name: "children", mode: regular | 0o444, text: childrenText, perThread: true},
		{name: "clear_refs", mode: regular | 0o200, set: setClearRefs},
		{name: "cmdline", mode: regular | 0o444, text: func(n *procNode) string { return n.p.memText(n.p.mm.ArgStart, n.p.mm.ArgEnd) }},
		{name: "comm", mode: regular | 0o644, text: func(n *procNode) string { return n.t.comm + "\n" }, set: setComm},
		{name: "coredump_filter", mode: regular | 0o644, text: func(n *procNode) string { return fmt.Sprintf("%08x\n", n.p.dump.filter) }, set: setDumpFilter, perProcess: true},
		{name: "cpuset", mode: regular | 0o444, text: mirrored("cpuset", "/\n")},
		{name: "cwd", mode: symlink | 0o777, link: func(n *procNode) (string, errno) { return n.t.fs.name(n.k) }, open: openCwd},
		{name: "environ", mode: regular | 0o400, text: func(n *procNode) string { return n.p.memText(n.p.mm.EnvStart, n.p.mm.EnvEnd) }},
		{name: "exe", mode: symlink | 0o777, link: func(n *procNode) (string, errno) { return n.p.mm.Exe, 0 }, open: openExe},
		{name: "fd", mode: folder | 0o500, names: fdNames, child: fdChild},
		{name: "fdinfo", mode: folder | 0o555, names: fdNames, child: fdinfoChild},
		{name: "gid_map", mode: regular | 0o644, text: fixed(idMap)},
		{name: "io", mode: regular | 0o400, text: ioText},
		{name: "ksm_merging_pages", mode: regular | 0o400, text: fixed("0\n")},
		{name: "ksm_stat", mode: regular | 0o400, text: fixed(ksmStat)},
		{name: "limits", mode: regular | 0o444, text: limitsText},
		{name: "loginuid", mode: regular | 0o644, text: fixed("4294967295")},
		{name: "map_files", mode: folder | 0o500, names: mapFileNames, child: mapFileChild, perProcess: true},
		{name: "maps", mode: regular | 0o444, text: func(n *procNode) string { return proc.MapsText(n.p.mm) }},
		{name: "mem", mode: regular | 0o600, transfer: transferMem},
		{name: "mountinfo", mode: regular | 0o444, text: mirrored("mountinfo", "1 0 0:1 / / rw - overlay overlay rw\n2 1 0:2 / /proc rw - proc proc rw\n")},
		{name: "mounts", mode: regular | 0o444, text: mirrored("mounts", "overlay / overlay rw 0 0\nproc /proc proc rw 0 0\n")},
		{name: "mountstats", mode: regular | 0o400, text: mirrored("mountstats", "device overlay mounted on / with fstype overlay\ndevice proc mounted on /proc with fstype proc\n"), perProcess: true},
		{name: "net", mode: folder | 0o555, names: mirrorNames("net"), child: mirrorChild("net"), mirror: true},
		{name: "ns", mode: folder | 0o511, names: mirrorNames("ns"), child: mirrorChild("ns"), mirror: true},
		{name: "numa_maps", mode: regular | 0o444, text: func(n *procNode) string { return proc.NumaMapsText(n.p.mm) }},
		{name: "oom_adj", mode: regular | 0o644, text: oomAdjText, set: setOOMAdj},
		{name: "oom_score", mode: regular | 0o444, text: func(n *procNode) string { return fmt.Sprintf("%d\n", (1000+n.p.oomAdj)*2/3) }},
		{name: "oom_score_adj", mode: regular | 0o644, text: func(n *procNode) string { return fmt.Sprintf("%d\n", n.p.oomAdj) }, set: setOOMScoreAdj},
		{name: "pagemap", mode: regular | 0o400, transfer: transferPagemap},
		{name: "personality", mode: regular | 0o400, text: func(n *procNode) string { return fmt.Sprintf("%08x\n", n.p.persona) }},
		{name: "projid_map", mode: regular | 0o644, text: fixed(idMap)},
		{name: "root", mode: symlink | 0o777, link: func(*procNode) (string, errno) { return "/", 0 }, open: openRoot},
		{name: "sched", mode: regular | 0o644, text: schedText, set: accept},
		{name: "schedstat", mode: regular | 0o444, text: func(n *procNode) string { return fmt.Sprintf("%d 0 0\n", n.t.sched.used) }},
		{name: "sessionid", mode: regular | 0o444, text: fixed("4294967295")},
		{name: "setgroups", mode: regular | 0o644, text: fixed("allow\n")},
		{name: "smaps", mode: regular | 0o444, text: func(n *procNode) string { return proc.SmapsText(n.p.mm) }},
		{name: "smaps_rollup", mode: regular | 0o444, text: func(n *procNode) string { return proc.SmapsRollupText(n.p.mm) }},
		{name: "stack", mode: regular | 0o400, text: fixed("")},
		{name: "stat", mode: regular | 0o444, text: statText},
		{name: "statm", mode: regular | 0o444, text: func(n *procNode) string { return proc.StatmText(n.p.mm) }},
		{name: "status", mode: regular | 0o444, text: statusText},
		{name: "syscall", mode: regular | 0o400, text: syscallText},
		{name: "task", mode: folder | 0o555, names: taskNames, child: taskChild, perProcess: true},
		{name: "timens_offsets", mode: regular | 0o644, text: fixed("monotonic           0         0\nboottime            0         0\n"), perProcess: true},
		{name: "timers", mode: regular | 0o444, text: timersText, perProcess: true},
		{name: "timerslack_ns", mode: regular | 0o666, text: fixed("50000\n"), set: accept, perProcess: true},
		{name: "uid_map", mode: regular | 0o644, text: fixed(idMap)},
		{name: "wchan", mode: regular | 0o444, text: wchanText},
	}
	endedRow = procRow{mode: folder | 0o555, names: endedNames, child: endedChild}
}

// endedRow is the directory of a process that nobody has waited for yet.
var endedRow procRow

const (
	idMap   = "         0          0 4294967295\n"
	ksmStat = "ksm_rmap_items 0\nksm_zero_pages 0\nksm_merging_pages 0\nksm_process_profit 0\nksm_merge_any: no\nksm_mergeable: no\n"
)

// fixed is a text that is the same for every process.
func fixed(text string) func(*procNode) string { return func(*procNode) string { return text } }

// accept takes a setting that means nothing here.
func accept(*procNode, string) errno { return 0 }

// mirrored is a text that is the same for the guest as for the emulator: it tells of
// mounts and groups. Where there is no such file on the host it is other.
func mirrored(name, other string) func(*procNode) string {
	return func(n *procNode) string {
		if text, e := n.k.hostText("/proc/self/" + name); e == 0 {
			return text
		}
		return other
	}
}

// mirrorNames and mirrorChild are those of a directory that is the same for the
// guest as for the emulator.
func mirrorNames(name string) func(*procNode) []string {
	return func(n *procNode) []string { return n.k.hostNames("/proc/self/" + name) }
}

func mirrorChild(name string) func(*procNode, string) *procNode {
	return func(n *procNode, child string) *procNode {
		at := *n
		at.host = "/proc/self/" + name
		c := hostChild(&at, child)
		if c != nil && c.Typ() == symlink {
			c.row = &namespaceRow
		}
		return c
	}
}

// namespaceRow is a link to a namespace, which the guest shares with the emulator.
var namespaceRow = procRow{mode: symlink | 0o777, link: hostLink, open: openHostLink}

func taskNames(n *procNode) []string {
	var names []string
	for _, t := range n.p.threads {
		names = append(names, strconv.Itoa(t.tid))
	}
	return names
}

func taskChild(n *procNode, name string) *procNode {
	for _, t := range n.p.threads {
		if strconv.Itoa(t.tid) == name {
			at := n.below(&threadRow, name)
			at.t = t
			return at
		}
	}
	return nil
}

func endedNames(n *procNode) []string { return n.p.remains().Files() }

func endedChild(n *procNode, name string) *procNode {
	if !slices.Contains(endedNames(n), name) {
		return nil
	}
	return n.below(&endedFileRow, name)
}

// endedFileRow is a file in the directory of a process that has ended.
var endedFileRow = procRow{mode: regular | 0o444, text: func(n *procNode) string { return n.p.remains().Text(path.Base(n.path)) }}

func fdNames(n *procNode) []string { return n.t.files.names() }

// fdChild is a link to an open file. Its permissions tell how that was opened.
func fdChild(n *procNode, name string) *procNode {
	f := n.fileOf(name)
	if f == nil {
		return nil
	}
	at := n.below(&fdRow, name)
	at.file, at.mode = f, symlink
	switch {
	case f.flags&abi.O_PATH != 0:
	default:
		at.mode |= [4]uint32{0o500, 0o300, 0o700, 0o700}[f.flags&abi.O_ACCMODE]
	}
	return at
}

func (n *procNode) fileOf(name string) *File {
	fd, err := strconv.Atoi(name)
	if err != nil || name != strconv.Itoa(fd) {
		return nil
	}
	f, _ := n.t.files.file(fd)
	return f
}

var fdRow = procRow{mode: symlink | 0o700, link: func(n *procNode) (string, errno) { return n.k.realPath(n.file), 0 }, open: openFD}

// openFD is the open file that a link of fd leads to. One of /proc is opened by its name.
func openFD(n *procNode) (namei.Target, errno) {
	f := n.file
	switch {
	case f.proc.name != "":
		return namei.Target{Proc: f.proc.name}, 0
	case f.mode == unix.S_IFDIR:
		return namei.Target{Dir: f.fd, Guest: f.path}, 0
	}
	return namei.Target{Dir: unix.AT_FDCWD, Path: hostfile.Path(f.fd), Guest: f.path}, 0
}

func fdinfoChild(n *procNode, name string) *procNode {
	f := n.fileOf(name)
	if f == nil {
		return nil
	}
	at := n.below(&fdinfoRow, name)
	at.file = f
	return at
}

var fdinfoRow = procRow{mode: regular | 0o444, text: fdinfoText}

// fdinfoText is the host's, but for what the guest sees otherwise: flags, and the
// position of a file of /proc.
func fdinfoText(n *procNode) string {
	f := n.file
	text, _ := n.k.hostText("/proc/self/fdinfo/" + strconv.Itoa(f.fd))
	var b strings.Builder
	for line := range strings.Lines(text) {
		switch key, _, _ := strings.Cut(line, ":"); {
		case key == "flags":
			fmt.Fprintf(&b, "flags:\t0%o\n", f.flags|abi.O_LARGEFILE)
		case key == "pos" && f.proc.node != nil && f.proc.node.row.transfer != nil:
			fmt.Fprintf(&b, "pos:\t%d\n", f.proc.at)
		case key == "pos" && f.proc.node != nil && f.proc.node.Typ() == folder:
			fmt.Fprintf(&b, "pos:\t%d\n", f.listing.pos)
		default:
			b.WriteString(line)
		}
	}
	if text == "" {
		fmt.Fprintf(&b, "pos:\t0\nflags:\t0%o\nmnt_id:\t1\nino:\t1\n", f.flags|abi.O_LARGEFILE)
	}
	return b.String()
}

func openCwd(n *procNode) (namei.Target, errno) {
	if n.t.fs.proc != "" {
		return namei.Target{Proc: n.t.fs.proc}, 0
	}
	return namei.Target{Dir: n.t.fs.cwd.fd, Guest: n.t.fs.path}, 0
}

func openRoot(*procNode) (namei.Target, errno) {
	return namei.Target{Dir: unix.AT_FDCWD, Path: "/", Guest: "/"}, 0
}

// openExe is the program's file. Where it lay is a name without links; what the
// guest has put there since is not followed.
func openExe(n *procNode) (namei.Target, errno) {
	fd, _, walk, e := n.k.sched.cur.work.paths.OpenHandle(unix.AT_FDCWD, n.k.hostPath(n.p.mm.Exe), unix.O_NOFOLLOW)
	if walk {
		e = abi.ENOENT
	}
	return namei.Target{Dir: unix.AT_FDCWD, Path: hostfile.Path(fd), Guest: n.p.mm.Exe}, e
}

// attrNames are the attributes of security modules, of which there is none.
func attrNames(*procNode) []string {
	return []string{"current", "prev", "exec", "fscreate", "keycreate", "sockcreate"}
}

func attrChild(n *procNode, name string) *procNode {
	if !slices.Contains(attrNames(n), name) {
		return nil
	}
	return n.below(&attrRow, name)
}

var attrRow = procRow{mode: regular | 0o666, transfer: func(*File, []byte, int64, bool) (int, errno) { return 0, abi.EINVAL }}

func mapFileName(r *mmu.Region) string { return fmt.Sprintf("%x-%x", uint64(r.Start), uint64(r.End)) }

func mapFileNames(n *procNode) (names []string) {
	if n.gone() {
		return nil
	}
	for _, r := range n.p.mm.Space.Regions() {
		if r.Ino != 0 {
			names = append(names, mapFileName(&r))
		}
	}
	return names
}

func mapFileChild(n *procNode, name string) *procNode {
	at := n.below(&mapFileRow, name)
	r, ok := at.mapped()
	if !ok {
		return nil
	}
	at.mode = symlink | 0o400
	if r.Prot&guest.Write != 0 {
		at.mode |= 0o200
	}
	return at
}

// mapped is the map of a file that a link of map_files names.
func (n *procNode) mapped() (r mmu.Region, ok bool) {
	name := path.Base(n.path)
	start, _, _ := strings.Cut(name, "-")
	a, err := strconv.ParseUint(start, 16, 64)
	if err != nil {
		return r, false
	}
	r, ok = n.p.mm.Space.Region(guest.Addr(a))
	return r, ok && r.Ino != 0 && mapFileName(&r) == name
}

// mapFileRow is a link of map_files.
var mapFileRow = procRow{mode: symlink | 0o400, link: func(n *procNode) (string, errno) {
	if r, ok := n.mapped(); ok {
		return r.Name, 0
	}
	return "", abi.ENOENT
}}
