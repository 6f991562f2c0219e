package linux

import (
	"panda/emu/linux/abi"
	"panda/emu/linux/cred"
)

// Calls of programs with longs of 32 bits: their arguments are put where the
// functions, which are written for 64 bits, expect them.

// unpack replaces a call of i386 whose arguments lie in memory by the one that is
// meant.
func (t *Thread) unpack() {
	c := &t.call
	if c.info == nil || len(c.info.Args) == 0 || !inMemory[c.info.Args[0].Type] {
		return
	}
	info, args := abi.Resolve(t.memory(), c.info, c.regs, c.abi.word())
	if info != c.info {
		c.info, c.regs, c.row = info, args, c.abi.row(info.Name)
		return
	}
	c.row = &unreadable
	if c.info.Args[0].Type == abi.TSocketCall && (c.regs[0] == 0 || c.regs[0] > abi.SYS_SENDMMSG) {
		c.row = &invalid
	} else if c.info.Args[0].Type == abi.TIPCCall {
		c.row = nil
	}
}

// inMemory are the first arguments of the calls with a block of arguments.
var inMemory = map[abi.Type]bool{abi.TMmapArgs: true, abi.TSelectArgs: true, abi.TSocketCall: true, abi.TIPCCall: true}

var (
	unreadable = row{fn: func(*Thread, *call) (int64, errno) { return 0, abi.EFAULT }}
	invalid    = row{fn: func(*Thread, *call) (int64, errno) { return 0, abi.EINVAL }}
)

// spread puts the arguments of an i386 call where the functions expect those of
// x86-64: halves of offsets are joined, signed longs and 16-bit ids extended.
func (c *call) spread() {
	if c.info == nil {
		return
	}
	c.Args = [6]uint64{}
	for i := range min(len(c.info.Args), len(c.Args)) {
		v := c.info.Value(i, c.regs, c.abi.Layout)
		switch c.info.Args[i].Type.Kind() {
		case abi.TLong:
			v = uint64(int64(int32(v)))
		case abi.TOffHiLo:
			v = v<<32 | v>>32
		case abi.TID16:
			if v &= 0xffff; v == 0xffff {
				v = uint64(cred.Keep)
			}
		}
		c.Args[i] = v
	}
}

// wide reports whether times, attributes and offsets in memory have 64 bits for a
// caller whose longs have 32.
func (c *call) wide() bool { return c.row != nil && c.row.wide }
