package linux

import (
	"panda/emu/linux/abi"
)

// There is one CPU and one policy: threads in turn.

// sysSchedYield ends the thread's turn.
func sysSchedYield(t *Thread, _ *call) (int64, errno) {
	t.yield()
	return 0, 0
}

func sysSchedGetaffinity(t *Thread, c *call) (int64, errno) {
	if _, e := t.about(c.i32(0)); e != 0 {
		return 0, e
	}
	word := uint64(t.lay().Word)
	if c.Args[1] < word || c.Args[1]%word != 0 {
		return 0, abi.EINVAL
	}
	b := make([]byte, min(c.Args[1], 8))
	b[0] = 1
	return int64(len(b)), t.copyOut(c.addr(2), b)
}

func sysSchedSetaffinity(t *Thread, c *call) (int64, errno) {
	if _, e := t.about(c.i32(0)); e != 0 {
		return 0, e
	}
	b, e := t.mem(c.addr(2), min(c.Args[1], 128))
	if e != 0 {
		return 0, e
	}
	if len(b) == 0 || b[0]&1 == 0 {
		return 0, abi.EINVAL
	}
	return 0, 0
}

func sysSchedGetparam(t *Thread, c *call) (int64, errno) {
	if _, e := t.about(c.i32(0)); e != 0 {
		return 0, e
	}
	return 0, t.store(c.addr(1), &abi.SchedParam{})
}

func sysSchedGetscheduler(t *Thread, c *call) (int64, errno) {
	_, e := t.about(c.i32(0))
	return 0, e
}

func sysSchedSetscheduler(t *Thread, c *call) (int64, errno) {
	if _, e := t.about(c.i32(0)); e != 0 {
		return 0, e
	}
	const other, batch, idle = 0, 3, 5
	if p := c.i32(1); p == other || p == batch || p == idle {
		return 0, 0
	}
	return 0, abi.EPERM
}

// sysSchedPriorityMax and sysSchedPriorityMin: real-time policies have priorities from
// 1 to 99.
func sysSchedPriorityMax(_ *Thread, c *call) (int64, errno) { return schedPriority(c.i32(0), 99) }
func sysSchedPriorityMin(_ *Thread, c *call) (int64, errno) { return schedPriority(c.i32(0), 1) }

func schedPriority(policy int, n int64) (int64, errno) {
	switch policy {
	case 1, 2:
		return n, 0
	case 0, 3, 5, 6:
		return 0, 0
	}
	return 0, abi.EINVAL
}

func sysSchedRrGetInterval(t *Thread, c *call) (int64, errno) {
	return 0, t.storeTime(c.addr(1), &abi.Timespec{Nsec: 4e6})
}

func sysGetcpu(t *Thread, c *call) (int64, errno) {
	for i := range 2 {
		if a := c.addr(i); a != 0 {
			if e := t.putU32(a, 0); e != 0 {
				return 0, e
			}
		}
	}
	return 0, 0
}

func sysGetrandom(t *Thread, c *call) (int64, errno) {
	n := min(c.Args[1], 33554431)
	if n == 0 {
		return 0, 0
	}
	got, e := t.fill(c.addr(0), n, func(b []byte) (int, errno) { return t.k.host.Getrandom(b, c.i32(2)) })
	return int64(got), e
}
