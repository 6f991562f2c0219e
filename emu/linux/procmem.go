package linux

import (
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/linux/proc"
)

// memory is what an open file of memory is about, nil when that is gone.
func (f *procFile) memory() *mm.MM {
	if f.mm == nil || f.node.p.mm != f.mm {
		return nil
	}
	return f.mm
}

// transferMem reads and writes the memory of a process at the position of
// /proc/PID/mem.
func transferMem(f *File, b []byte, off int64, write bool) (int, errno) {
	m := f.proc.memory()
	if m == nil || m.Refs <= 0 {
		return 0, 0 // with it, what could be read is gone
	}
	return proc.Transfer(m.Space, b, off, write)
}

// transferPagemap reads the entries of /proc/PID/pagemap.
func transferPagemap(f *File, b []byte, off int64, write bool) (int, errno) {
	const entry = 8
	if write || off%entry != 0 || len(b)%entry != 0 {
		return 0, abi.EINVAL
	}
	m := f.proc.memory()
	if m == nil {
		return 0, 0
	}
	return proc.Entries(m.Space, b, off), 0
}
