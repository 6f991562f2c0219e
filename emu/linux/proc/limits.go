package proc

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// limitRows are the resource limits with their units, by number.
var limitRows = [abi.RLIM_NLIMITS][2]string{
	unix.RLIMIT_CPU: {"cpu time", "seconds"}, unix.RLIMIT_FSIZE: {"file size", "bytes"}, unix.RLIMIT_DATA: {"data size", "bytes"},
	unix.RLIMIT_STACK: {"stack size", "bytes"}, unix.RLIMIT_CORE: {"core file size", "bytes"}, unix.RLIMIT_RSS: {"resident set", "bytes"},
	unix.RLIMIT_NPROC: {"processes", "processes"}, unix.RLIMIT_NOFILE: {"open files", "files"}, unix.RLIMIT_MEMLOCK: {"locked memory", "bytes"},
	unix.RLIMIT_AS: {"address space", "bytes"}, unix.RLIMIT_LOCKS: {"file locks", "locks"}, unix.RLIMIT_SIGPENDING: {"pending signals", "signals"},
	unix.RLIMIT_MSGQUEUE: {"msgqueue size", "bytes"}, unix.RLIMIT_NICE: {"nice priority", ""}, unix.RLIMIT_RTPRIO: {"realtime priority", ""},
	unix.RLIMIT_RTTIME: {"realtime timeout", "us"},
}

// LimitsText is /proc/PID/limits.
func LimitsText(limits *[abi.RLIM_NLIMITS]abi.Rlimit64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units")
	value := func(v uint64) string {
		if v == ^uint64(0) {
			return "unlimited"
		}
		return strconv.FormatUint(v, 10)
	}
	for i, r := range limitRows {
		l := limits[i]
		fmt.Fprintf(&b, "%-25s %-20s %-20s ", "Max "+r[0], value(l.Cur), value(l.Max))
		if r[1] != "" {
			fmt.Fprintf(&b, "%-10s", r[1])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// SchedText is what /proc/PID/sched begins with. used is in nanoseconds.
func SchedText(tid int, comm string, threads int, used int64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%d, #threads: %d)\n%s\n", comm, tid, threads, strings.Repeat("-", 67))
	row := func(name string, v any) { fmt.Fprintf(&b, "%-45s:%21v\n", name, v) }
	ms := fmt.Sprintf("%d.%06d", used/1e6, used%1e6)
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
