package proc

import (
	"fmt"
	"strconv"
	"strings"

	"panda/emu/linux/cred"
	"panda/emu/linux/mm"
)

// StatText is /proc/PID/stat (proc_pid_stat(5)); what the kernel does not count
// is 0.
func StatText(t *Task, m *mm.MM) string {
	_, file, anon := m.RSS()
	waits := 0
	if t.Waits {
		waits = 1
	}
	return statLine(map[int]any{
		1: t.TID, 2: "(" + t.Comm + ")", 3: t.State, 4: t.PPID, 5: t.PGID, 6: t.SID, 7: t.TTY, 8: t.Foreground, 9: t.Flags,
		14: t.Times.Used, 16: t.Times.Children, 18: 20, 20: t.Threads, 22: t.Times.Started,
		23: m.Space.Size(), 24: file + anon, 25: t.RSSLimit,
		26: uint64(m.StartCode), 27: uint64(m.EndCode), 28: uint64(m.StartStack),
		31: t.Signals.Pending, 32: t.Signals.Blocked, 33: t.Signals.Ignored, 34: t.Signals.Caught, 35: waits, 38: t.Signals.OnExit,
		45: uint64(m.StartData), 46: uint64(m.EndData), 47: uint64(m.BrkStart),
		48: uint64(m.ArgStart), 49: uint64(m.ArgEnd), 50: uint64(m.EnvStart), 51: uint64(m.EnvEnd),
	})
}

// Ended is what is left of a process that nobody has waited for yet.
type Ended struct {
	PID, PPID, PGID, SID int
	Comm                 string
	Creds                *cred.Creds
	Times                Times
	ExitSignal, Status   int
}

// Files are the names of the files that it has.
func (*Ended) Files() []string { return []string{"stat", "status", "cmdline", "comm"} }

// Text is the content of one of its files.
func (p *Ended) Text(name string) string {
	switch name {
	case "cmdline":
		return ""
	case "comm":
		return p.Comm + "\n"
	case "stat":
		return statLine(map[int]any{
			1: p.PID, 2: "(" + p.Comm + ")", 3: "Z", 4: p.PPID, 5: p.PGID, 6: p.SID, 8: -1,
			14: p.Times.Used, 16: p.Times.Children, 18: 20, 20: 1, 38: p.ExitSignal, 52: p.Status,
		})
	}
	return formatRows([][2]string{
		{"Name", p.Comm},
		{"State", "Z (zombie)"},
		{"Tgid", strconv.Itoa(p.PID)},
		{"Ngid", "0"},
		{"Pid", strconv.Itoa(p.PID)},
		{"PPid", strconv.Itoa(p.PPID)},
		{"TracerPid", "0"},
		{"Uid", idList(p.Creds.UID)},
		{"Gid", idList(p.Creds.GID)},
		{"Threads", "1"},
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
