package proc

import (
	"fmt"
	"strconv"
	"strings"

	"panda/emu/linux/cred"
	"panda/emu/linux/mm"
)

// formatRows joins names and values, each on a line of its own.
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

// StatusText is /proc/PID/status. rights is asked for last.
func StatusText(t *Task, m *mm.MM, rights func() Caps) string {
	rows := append(statusIDs(t), statusMemory(m)...)
	rows = append(rows, statusSignals(t)...)
	return formatRows(append(rows, statusRights(rights())...))
}

func statusIDs(t *Task) [][2]string {
	var groups []string
	for _, g := range t.Creds.Groups {
		groups = append(groups, strconv.FormatUint(uint64(g), 10))
	}
	return [][2]string{
		{"Name", t.Comm},
		{"Umask", fmt.Sprintf("%04o", t.Umask)},
		{"State", stateNames[t.State]},
		{"Tgid", strconv.Itoa(t.PID)},
		{"Ngid", "0"},
		{"Pid", strconv.Itoa(t.TID)},
		{"PPid", strconv.Itoa(t.PPID)},
		{"TracerPid", strconv.Itoa(t.Tracer)},
		{"Uid", idList(t.Creds.UID)},
		{"Gid", idList(t.Creds.GID)},
		{"FDSize", strconv.Itoa(t.FDSize)},
		{"Groups", strings.Join(groups, " ") + " "},
		{"NStgid", strconv.Itoa(t.PID)},
		{"NSpid", strconv.Itoa(t.TID)},
		{"NSpgid", strconv.Itoa(t.PGID)},
		{"NSsid", strconv.Itoa(t.SID)},
		{"Kthread", "0"},
	}
}

func statusMemory(m *mm.MM) [][2]string {
	kb := func(pages uint64) string { return fmt.Sprintf("%8d kB", pages*mm.PageSize/1024) }
	total, file, anon := m.RSS()
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
		{"VmData", kb(m.Pages(mm.IsData))},
		{"VmStk", kb(m.Pages(mm.IsStack))},
		{"VmExe", kb((uint64(m.EndCode)+mm.PageSize-1)/mm.PageSize - uint64(m.StartCode)/mm.PageSize)},
		{"VmLib", kb(m.Pages(m.IsLibrary))},
		{"VmPTE", kb(1 + total/512)},
		{"VmSwap", kb(0)},
		{"HugetlbPages", kb(0)},
		{"CoreDumping", "0"},
		{"THP_enabled", "0"},
		{"untag_mask", "0xffffffffffffffff"},
	}
}

func statusSignals(t *Task) [][2]string {
	s := &t.Signals
	return [][2]string{
		{"Threads", strconv.Itoa(t.Threads)},
		{"SigQ", fmt.Sprintf("%d/%d", s.Queued, s.Limit)},
		{"SigPnd", hex64(s.Pending)},
		{"ShdPnd", hex64(s.Shared)},
		{"SigBlk", hex64(s.Blocked)},
		{"SigIgn", hex64(s.Ignored)},
		{"SigCgt", hex64(s.Caught)},
	}
}

// statusRights: what the process may do, and where it may run.
func statusRights(c Caps) [][2]string {
	return [][2]string{
		{"CapInh", hex64(c.Inheritable)},
		{"CapPrm", hex64(c.Permitted)},
		{"CapEff", hex64(c.Effective)},
		{"CapBnd", hex64(c.Bounding)},
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
}

func hex64(v uint64) string { return fmt.Sprintf("%016x", v) }
