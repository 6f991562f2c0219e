package linux

import (
	"math"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
)

// overcommit is what Linux does about memory that it may not have
// (Documentation/mm/overcommit-accounting.rst). It is the host's, as its memory is.
type overcommit struct {
	asked bool
	most  uint64 // bytes of a map
}

// overcommitGuess is the default mode of vm.overcommit_memory.
const overcommitGuess = '0'

// overcommits reports whether size more bytes are so obviously too much that Linux
// refuses them.
func (k *Kernel) overcommits(size uint64) bool {
	if o := &k.mem.overcommit; !o.asked {
		*o = overcommit{true, math.MaxUint64}
		if s, e := k.host.Sysinfo(); e == 0 && k.overcommitMode() == overcommitGuess {
			o.most = (s.Totalram + s.Totalswap) * uint64(s.Unit)
		}
	}
	return size > k.mem.overcommit.most
}

// overcommitMode is the first byte of the file.
func (k *Kernel) overcommitMode() byte {
	fd, e := k.host.Openat(unix.AT_FDCWD, "/proc/sys/vm/overcommit_memory", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if e != 0 {
		return overcommitGuess
	}
	defer k.host.Close(fd)
	var b [1]byte
	if n, e := k.host.Read(fd, b[:]); e != 0 || n != 1 {
		return overcommitGuess
	}
	return b[0]
}

// accounts reports whether a map takes memory of its own: it is private and may be
// written, or shared and without a file.
func accounts(r *mm.Request) bool {
	if r.Flags&abi.MAP_NORESERVE != 0 {
		return false
	}
	if r.Flags&abi.MAP_TYPE == abi.MAP_PRIVATE {
		return r.Prot&guest.Write != 0
	}
	return r.File < 0
}
