package linux

import (
	"fmt"
	"strconv"
	"strings"

	"panda/emu/linux/abi"
)

// What may be written to files of /proc/PID.

func setComm(n *procNode, text string) errno {
	text, _, _ = strings.Cut(text, "\x00")
	n.t.comm = comm(text)
	if n.t == n.k.sched.cur {
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
		n.p.dump.filter = uint32(v) & 0x1ff
	}
	return e
}

const maxOOMAdj = 1000

func setOOMScoreAdj(n *procNode, text string) errno {
	v, e := number(text, -maxOOMAdj, maxOOMAdj)
	switch {
	case e != 0:
		return e
	case int(v) < n.p.oomAdj && !n.p.creds.Privileged():
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
