package linux

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/cred"
	"panda/emu/linux/mm"
)

// /proc/PID/status.

func formatRows(rows [][2]string) string {
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%s:\t%s\n", r[0], r[1])
	}
	return b.String()
}

// idList is real, effective, saved and file system id.
func idList(ids cred.IDs) string {
	return fmt.Sprintf("%d\t%d\t%d\t%d", ids[cred.Real], ids[cred.Effective], ids[cred.Saved], ids[cred.Effective])
}

var stateNames = map[string]string{"R": "R (running)", "S": "S (sleeping)", "T": "T (stopped)", "t": "t (tracing stop)"}

func statusText(n *procNode) string {
	rows := statusIDs(n.p, n.t)
	rows = append(rows, statusMemory(n.p.mm)...)
	rows = append(rows, statusSignals(n.p, n.t)...)
	return formatRows(append(rows, statusRights(n)...))
}

func statusIDs(p *Process, t *Thread) [][2]string {
	var groups []string
	for _, g := range p.creds.Groups {
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
		{"TracerPid", strconv.Itoa(t.tracer())},
		{"Uid", idList(p.creds.UID)},
		{"Gid", idList(p.creds.GID)},
		{"FDSize", strconv.Itoa(t.files.size())},
		{"Groups", strings.Join(groups, " ") + " "},
		{"NStgid", strconv.Itoa(p.pid)},
		{"NSpid", strconv.Itoa(t.tid)},
		{"NSpgid", strconv.Itoa(p.job.pgid)},
		{"NSsid", strconv.Itoa(p.job.sid)},
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
	ign, caught := p.signal.actions.Sets()
	queued := 0
	for _, q := range p.k.tasks.procs {
		queued += len(q.signal.pending.Infos)
		for _, o := range q.threads {
			queued += len(o.signal.pending.Infos)
		}
	}
	return [][2]string{
		{"Threads", strconv.Itoa(len(p.threads))},
		{"SigQ", fmt.Sprintf("%d/%d", queued, p.limit(unix.RLIMIT_SIGPENDING))},
		{"SigPnd", hex64(t.signal.pending.Set)},
		{"ShdPnd", hex64(p.signal.pending.Set)},
		{"SigBlk", hex64(t.signal.mask)},
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
