package abi

// Sigaction is the kernel's struct sigaction, as rt_sigaction takes it (the C
// library's has another order).
type Sigaction struct {
	Handler  uint64
	Flags    uint64
	Restorer uint64
	Mask     uint64 // bit n-1 is signal n
}

// OldSigaction is struct old_sigaction of i386's sigaction.
type OldSigaction Sigaction

func (v *Sigaction) shape(c *codec) {
	words(c, &v.Handler, &v.Flags, &v.Restorer)
	u64(c, &v.Mask)
}

func (v *OldSigaction) shape(c *codec) { words(c, &v.Handler, &v.Mask, &v.Flags, &v.Restorer) }

// Stack is stack_t of sigaltstack(2).
type Stack struct {
	SP    uint64
	Flags int32
	Size  uint64
}

func (v *Stack) shape(c *codec) {
	word(c, &v.SP)
	u32(c, &v.Flags)
	word(c, &v.Size)
}

// SiginfoKind is the part of Siginfo's union that is in use.
type SiginfoKind uint8

const (
	SigKill  SiginfoKind = iota // PID, UID
	SigTimer                    // TimerID, Overrun, Value
	SigQueue                    // PID, UID, Value
	SigChild                    // PID, UID, Status, Utime, Stime
	SigFault                    // Addr, AddrLSB, Lower, Upper, Pkey
	SigPoll                     // Band, FD
	SigCall                     // CallAddr, Syscall, Arch
)

// Siginfo is siginfo_t. Which fields count is decided by Signo and Code: see Kind.
type Siginfo struct {
	Signo, Errno, Code int32

	PID          int32
	UID          uint32
	Value        uint64
	TimerID      int32
	Overrun      int32
	Status       int32
	Utime, Stime int64
	Addr         uint64
	AddrLSB      int16
	Lower, Upper uint64 // SEGV_BNDERR
	Pkey         uint32 // SEGV_PKUERR
	Band         int64
	FD           int32
	Poll         bool // Band and FD count whatever the signal is: that of F_SETSIG
	CallAddr     uint64
	Syscall      int32
	Arch         uint32
}

// SiginfoSize is the size of siginfo_t in every guest.
const SiginfoSize = 128

var siginfoKinds = map[int32]SiginfoKind{
	SIGILL: SigFault, SIGFPE: SigFault, SIGSEGV: SigFault, SIGBUS: SigFault, SIGTRAP: SigFault,
	SIGCHLD: SigChild, SIGPOLL: SigPoll, SIGSYS: SigCall,
}

// KindOf is what the kernel tells of a fault or another event that raises a signal.
func KindOf(signo int32) SiginfoKind { return siginfoKinds[signo] }

// Kind tells which union member the kernel uses for this signal and code.
func (v *Siginfo) Kind() SiginfoKind {
	switch {
	case v.Poll:
		return SigPoll
	case v.Code > SI_USER && v.Code < SI_KERNEL:
		return siginfoKinds[v.Signo]
	case v.Code == SI_TIMER:
		return SigTimer
	case v.Code == SI_SIGIO:
		return SigPoll
	case v.Code < 0 && v.Code != SI_TKILL:
		return SigQueue
	}
	return SigKill
}

func (v *Siginfo) shape(c *codec) {
	u32s(c, &v.Signo, &v.Errno, &v.Code)
	c.alignTo(c.Word)
	siginfoShapes[v.Kind()](c, v)
	c.padTo(SiginfoSize)
}

var siginfoShapes = [...]func(c *codec, v *Siginfo){
	SigKill: shapeSender, // a value is 0, but for a forged siginfo
	SigTimer: func(c *codec, v *Siginfo) {
		u32s(c, &v.TimerID, &v.Overrun)
		word(c, &v.Value)
	},
	SigQueue: shapeSender,
	SigChild: func(c *codec, v *Siginfo) {
		u32(c, &v.PID)
		u32(c, &v.UID)
		u32(c, &v.Status)
		words(c, &v.Utime, &v.Stime)
	},
	SigFault: shapeFault,
	SigPoll: func(c *codec, v *Siginfo) {
		word(c, &v.Band)
		u32(c, &v.FD)
	},
	SigCall: func(c *codec, v *Siginfo) {
		word(c, &v.CallAddr)
		u32(c, &v.Syscall)
		u32(c, &v.Arch)
	},
}

func shapeSender(c *codec, v *Siginfo) {
	u32(c, &v.PID)
	u32(c, &v.UID)
	word(c, &v.Value)
}

func shapeFault(c *codec, v *Siginfo) {
	word(c, &v.Addr)
	switch {
	case v.Signo == SIGBUS && (v.Code == BUS_MCEERR_AR || v.Code == BUS_MCEERR_AO):
		u16(c, &v.AddrLSB)
	case v.Signo == SIGSEGV && v.Code == SEGV_BNDERR:
		c.pad(c.Word)
		words(c, &v.Lower, &v.Upper)
	case v.Signo == SIGSEGV && v.Code == SEGV_PKUERR:
		c.pad(c.Word)
		u32(c, &v.Pkey)
	}
}

// Sigevent is struct sigevent.
type Sigevent struct {
	Value             uint64
	Signo, Notify     int32
	TID               int32  // SIGEV_THREAD_ID
	Function, Attribs uint64 // SIGEV_THREAD
}

func (v *Sigevent) shape(c *codec) {
	word(c, &v.Value)
	u32s(c, &v.Signo, &v.Notify)
	if v.Notify == SIGEV_THREAD {
		words(c, &v.Function, &v.Attribs)
	} else {
		u32(c, &v.TID)
	}
	c.padTo(64)
}

// SignalfdSiginfo is struct signalfd_siginfo, what a read of a signalfd returns.
type SignalfdSiginfo struct {
	Signo              uint32
	Errno, Code        int32
	PID, UID           uint32
	FD                 int32
	TID, Band, Overrun uint32
	Trapno             uint32
	Status, Int        int32
	Ptr, Utime, Stime  uint64
	Addr               uint64
	AddrLSB            uint16
	Syscall            int32
	CallAddr           uint64
	Arch               uint32
}

func (v *SignalfdSiginfo) shape(c *codec) {
	u32(c, &v.Signo)
	u32s(c, &v.Errno, &v.Code)
	u32s(c, &v.PID, &v.UID)
	u32(c, &v.FD)
	u32s(c, &v.TID, &v.Band, &v.Overrun, &v.Trapno)
	u32s(c, &v.Status, &v.Int)
	u64s(c, &v.Ptr, &v.Utime, &v.Stime, &v.Addr)
	u16(c, &v.AddrLSB)
	c.pad(2)
	u32(c, &v.Syscall)
	u64(c, &v.CallAddr)
	u32(c, &v.Arch)
	c.padTo(128)
}
