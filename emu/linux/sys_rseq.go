package linux

import (
	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// Restartable sequences: code that must not be interrupted names itself in an area
// of its thread. A thread that was within such code when another one had its turn,
// or when a signal comes, goes on at the code's abort handler (rseq(2)). There is
// one CPU, whose number is 0.

// rseqArea is what a thread has registered.
type rseqArea struct {
	addr guest.Addr // 0 for none
	size uint32
	sig  uint32 // stands before every abort handler
}

const (
	rseqSize       = 32 // of the area, and what it is aligned to
	rseqFeatures   = 28 // how much of it the kernel knows
	rseqCSAt       = 8  // the pointer to the description of the code
	rseqUnregister = 1
	rseqNoCPU      = ^uint32(0) // RSEQ_CPU_ID_UNINITIALIZED
)

func sysRseq(t *Thread, c *call) (int64, errno) {
	a := rseqArea{c.addr(0), c.u32(1), c.u32(3)}
	switch flags := c.u32(2); {
	case flags == rseqUnregister:
		return 0, t.dropRseq(a)
	case flags != 0:
		return 0, abi.EINVAL
	case t.registered.rseq.addr != 0:
		return 0, t.sameRseq(a, abi.EBUSY)
	case a.addr%rseqSize != 0 || a.size < rseqSize:
		return 0, abi.EINVAL
	}
	b, e := t.mem(a.addr, rseqSize)
	if e != 0 {
		return 0, e
	}
	clear(b[:rseqCSAt])
	clear(b[rseqCSAt+12 : rseqFeatures])
	if e := t.copyOut(a.addr, b); e != 0 {
		return 0, e
	}
	t.registered.rseq = a
	return 0, 0
}

// sameRseq is e when a is the area that the thread has.
func (t *Thread) sameRseq(a rseqArea, e errno) errno {
	switch {
	case t.registered.rseq.addr != a.addr || t.registered.rseq.size != a.size:
		return abi.EINVAL
	case t.registered.rseq.sig != a.sig:
		return abi.EPERM
	}
	return e
}

func (t *Thread) dropRseq(a rseqArea) errno {
	if t.registered.rseq.addr == 0 {
		return abi.EINVAL
	}
	if e := t.sameRseq(a, 0); e != 0 {
		return e
	}
	var b [rseqFeatures]byte
	le.PutUint32(b[4:], rseqNoCPU)
	if e := t.copyOut(a.addr, b[:]); e != 0 {
		return e
	}
	t.registered.rseq = rseqArea{}
	return 0
}

// restartSequence moves the thread, which does not go on at once, out of a
// restartable sequence. What is wrong with its description is a SIGSEGV.
func (t *Thread) restartSequence() {
	if t.registered.rseq.addr == 0 {
		return
	}
	if !t.abortSequence() {
		t.force(abi.Siginfo{Signo: abi.SIGSEGV, Code: abi.SI_KERNEL})
	}
}

func (t *Thread) abortSequence() (ok bool) {
	at, e := t.u64(t.registered.rseq.addr + rseqCSAt)
	if e != 0 {
		return false
	}
	if at == 0 {
		return true
	}
	cs, e := t.mem(guest.Addr(at), 32)
	if e != 0 {
		return false
	}
	version, start, size, abort := le.Uint32(cs), le.Uint64(cs[8:]), le.Uint64(cs[16:]), le.Uint64(cs[24:])
	end := uint64(t.p.mm.Layout.End)
	if version != 0 || start >= end || start+size >= end || start+size < start || abort >= end || abort-start < size {
		return false
	}
	if sig, e := t.u32(guest.Addr(abort - 4)); e != 0 || sig != t.registered.rseq.sig {
		return false
	}
	if t.putU64(t.registered.rseq.addr+rseqCSAt, 0) != 0 {
		return false
	}
	if t.pc()-start < size {
		t.SetReg(t.k.cpu.Machine.Arch.PC, abort)
	}
	return true
}
