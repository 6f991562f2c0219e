package linux

import "panda/emu/linux/abi"

// Signal calls of i386 from before real-time signals: their masks have 32 bits.

const oldMask = 1<<32 - 1

func sysSigaction(t *Thread, c *call) (int64, errno) {
	var act *abi.Sigaction
	if a := c.addr(1); a != 0 {
		var old abi.OldSigaction
		if e := t.load(a, &old); e != 0 {
			return 0, e
		}
		act = (*abi.Sigaction)(&old)
	}
	old, e := t.sigaction(c.i32(0), act)
	if e != 0 {
		return 0, e
	}
	return 0, t.storeIf(c.addr(2), (*abi.OldSigaction)(&old))
}

func sysSignal(t *Thread, c *call) (int64, errno) {
	old, e := t.sigaction(c.i32(0), &abi.Sigaction{Handler: c.Args[1], Flags: abi.SA_RESETHAND | abi.SA_NODEFER})
	return int64(old.Handler), e
}

func sysSigprocmask(t *Thread, c *call) (int64, errno) {
	old := t.signal.mask
	if a := c.addr(1); a != 0 {
		set, e := t.u32(a)
		if e != 0 {
			return 0, e
		}
		keep := uint64(0)
		if c.i32(0) == abi.SIG_SETMASK {
			keep = t.signal.mask &^ oldMask
		}
		if e := t.changeMask(c.i32(0), uint64(set)|keep); e != 0 {
			return 0, e
		}
	}
	if a := c.addr(2); a != 0 {
		return 0, t.putU32(a, uint32(old))
	}
	return 0, 0
}

func sysSigpending(t *Thread, c *call) (int64, errno) {
	return 0, t.putU32(c.addr(0), uint32((t.signal.pending.Set|t.p.signal.pending.Set)&t.signal.mask))
}

// sysSigsuspend has the mask itself as its third argument.
func sysSigsuspend(t *Thread, c *call) (int64, errno) {
	t.maskWhileParked(uint64(c.u32(2)))
	return 0, t.park(wait{interrupted: abi.ERESTARTNOHAND})
}

func sysSgetmask(t *Thread, _ *call) (int64, errno) { return int64(t.signal.mask & oldMask), 0 }

func sysSsetmask(t *Thread, c *call) (int64, errno) {
	old := t.signal.mask
	return int64(old & oldMask), t.changeMask(abi.SIG_SETMASK, uint64(c.u32(0)))
}
