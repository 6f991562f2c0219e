package emu

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"

	"panda/emu/linux/hostsys"
)

// world is a Door behind which everything is the same in each run: time is what the
// guest has executed and slept, chance a sequence, and what a host tells of its own
// state is constant.
type world struct {
	hostsys.Door
	icount  func() uint64
	slept   int64
	chance  uint64
	strange map[uint64]uint64 // numbers of pipes and the like, by the host's
}

// worldBegan is the time at which each run begins.
const worldBegan = 1_700_000_000_000_000_000

func newWorld(d hostsys.Door) *world {
	return &world{Door: d, icount: func() uint64 { return 0 }, strange: map[uint64]uint64{}}
}

func (w *world) now() int64 { return worldBegan + int64(w.icount()) + w.slept }

// Clock answers for each clock.
func (w *world) Clock(int) (int64, bool) { return w.now(), true }

// worldCalls are the calls that are answered here, or after the host was asked.
var worldCalls = map[uintptr]func(w *world, c *hostsys.Call){
	unix.SYS_CLOCK_GETTIME: func(w *world, c *hostsys.Call) {
		*at[unix.Timespec](c, 1), c.Ret = unix.NsecToTimespec(w.now()), 0
	},
	unix.SYS_PPOLL: (*world).poll,
	unix.SYS_GETRANDOM: func(w *world, c *hostsys.Call) {
		for i := range c.Args[0].Buf {
			w.chance = w.chance*6364136223846793005 + 1442695040888963407
			c.Args[0].Buf[i] = byte(w.chance >> 56)
		}
		c.Ret = int64(len(c.Args[0].Buf))
	},
	unix.SYS_SCHED_GETAFFINITY: func(w *world, c *hostsys.Call) {
		clear(c.Args[2].Buf)
		c.Args[2].Buf[0], c.Ret = 3, 8
	},
	unix.SYS_SYSINFO: func(w *world, c *hostsys.Call) {
		*at[unix.Sysinfo_t](c, 0) = unix.Sysinfo_t{Totalram: 8 << 30, Freeram: 4 << 30, Procs: 1, Unit: 1}
	},
	unix.SYS_FSTAT:      func(w *world, c *hostsys.Call) { w.stat(c, 1) },
	unix.SYS_NEWFSTATAT: func(w *world, c *hostsys.Call) { w.stat(c, 2) },
	unix.SYS_STATX: func(w *world, c *hostsys.Call) {
		if w.Door.Do(c); c.Err == 0 {
			st := at[unix.Statx_t](c, 4)
			st.Atime, st.Mnt_id = st.Mtime, 0
		}
	},
}

// at is the structure that an argument points to.
func at[T any](c *hostsys.Call, i int) *T {
	return (*T)(unsafe.Pointer(unsafe.SliceData(c.Args[i].Buf)))
}

// Do answers a call.
func (w *world) Do(c *hostsys.Call) {
	if f := worldCalls[c.Nr]; f != nil {
		f(w, c)
		return
	}
	w.Door.Do(c)
}

// poll lets time pass instead of waiting for it.
func (w *world) poll(c *hostsys.Call) {
	wait := c.Args[2].Buf
	if wait == nil {
		w.Door.Do(c)
		return
	}
	now := *c
	now.Args[2].Buf = make([]byte, len(wait))
	w.Door.Do(&now)
	if c.Ret, c.Err = now.Ret, now.Err; c.Ret == 0 {
		w.slept += int64(binary.NativeEndian.Uint64(wait))*1e9 + int64(binary.NativeEndian.Uint64(wait[8:]))
	}
}

// stat hides when a file was looked at, and which of the host's pipes a pipe is.
func (w *world) stat(c *hostsys.Call, arg int) {
	if w.Door.Do(c); c.Err != 0 {
		return
	}
	st := at[unix.Stat_t](c, arg)
	st.Atim = st.Mtim
	if typ := st.Mode & unix.S_IFMT; typ == unix.S_IFREG || typ == unix.S_IFDIR || typ == unix.S_IFLNK {
		return
	}
	if w.strange[st.Ino] == 0 {
		w.strange[st.Ino] = uint64(len(w.strange)) + 1
	}
	st.Ino, st.Atim, st.Mtim, st.Ctim = w.strange[st.Ino], unix.Timespec{}, unix.Timespec{}, unix.Timespec{}
}
