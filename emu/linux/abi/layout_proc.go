package abi

// Rlimit is struct rlimit of the guest's long. RLIM_INFINITY is the 64-bit one
// for every guest; a 32-bit guest sees 0xffffffff for it and for all that does
// not fit.
type Rlimit struct{ Cur, Max uint64 }

// Rlimit64 is struct rlimit64 of prlimit64.
type Rlimit64 Rlimit

func (v *Rlimit) shape(c *codec) {
	if c.Word == 8 {
		u64s(c, &v.Cur, &v.Max)
		return
	}
	for _, p := range []*uint64{&v.Cur, &v.Max} {
		n := min(*p, RLIM_INFINITY32)
		u32(c, &n)
		switch {
		case !c.decode || c.b == nil:
		case n == RLIM_INFINITY32:
			*p = RLIM_INFINITY
		default:
			*p = n
		}
	}
}

func (v *Rlimit64) shape(c *codec) { u64s(c, &v.Cur, &v.Max) }

// Rusage is struct rusage.
type Rusage struct {
	Utime, Stime             Timeval
	Maxrss, Ixrss, Idrss     int64
	Isrss, Minflt, Majflt    int64
	Nswap, Inblock, Oublock  int64
	Msgsnd, Msgrcv, Nsignals int64
	Nvcsw, Nivcsw            int64
}

func (v *Rusage) shape(c *codec) {
	v.Utime.shape(c)
	v.Stime.shape(c)
	words(c, &v.Maxrss, &v.Ixrss, &v.Idrss, &v.Isrss, &v.Minflt, &v.Majflt, &v.Nswap,
		&v.Inblock, &v.Oublock, &v.Msgsnd, &v.Msgrcv, &v.Nsignals, &v.Nvcsw, &v.Nivcsw)
}

// Sysinfo is struct sysinfo. Loads are fixed-point with 16 fraction bits.
type Sysinfo struct {
	Uptime               int64
	Loads                [3]uint64
	Totalram, Freeram    uint64
	Sharedram, Bufferram uint64
	Totalswap, Freeswap  uint64
	Procs                uint16
	Totalhigh, Freehigh  uint64
	Unit                 uint32
}

func (v *Sysinfo) shape(c *codec) {
	word(c, &v.Uptime)
	words(c, &v.Loads[0], &v.Loads[1], &v.Loads[2], &v.Totalram, &v.Freeram,
		&v.Sharedram, &v.Bufferram, &v.Totalswap, &v.Freeswap)
	u16(c, &v.Procs)
	c.pad(2)
	words(c, &v.Totalhigh, &v.Freehigh)
	u32(c, &v.Unit)
	c.pad(20 - 2*c.Word - 4)
}

// Utsname is struct new_utsname.
type Utsname struct{ Sysname, Nodename, Release, Version, Machine, Domainname string }

// OldUtsname is struct old_utsname: no domain name.
type OldUtsname Utsname

// OldOldUtsname is struct oldold_utsname: fields of 9 bytes.
type OldOldUtsname Utsname

func (v *Utsname) shape(c *codec) {
	(*OldUtsname)(v).shape(c)
	c.chars(65, &v.Domainname)
}

func (v *OldUtsname) shape(c *codec) {
	for _, p := range []*string{&v.Sysname, &v.Nodename, &v.Release, &v.Version, &v.Machine} {
		c.chars(65, p)
	}
}

func (v *OldOldUtsname) shape(c *codec) {
	for _, p := range []*string{&v.Sysname, &v.Nodename, &v.Release, &v.Version, &v.Machine} {
		c.chars(9, p)
	}
}

// CloneArgs is struct clone_args of clone3.
type CloneArgs struct {
	Flags, PidFD, ChildTID, ParentTID, ExitSignal uint64
	Stack, StackSize, TLS                         uint64
	SetTID, SetTIDSize                            uint64
	Cgroup                                        uint64
}

// The sizes of struct clone_args that kernels have published.
const (
	CloneArgsSizeVer0 = 64
	CloneArgsSizeVer1 = 80
	CloneArgsSizeVer2 = 88
)

func (v *CloneArgs) shape(c *codec) {
	u64s(c, &v.Flags, &v.PidFD, &v.ChildTID, &v.ParentTID, &v.ExitSignal,
		&v.Stack, &v.StackSize, &v.TLS, &v.SetTID, &v.SetTIDSize, &v.Cgroup)
}

// RobustListHead is struct robust_list_head.
type RobustListHead struct {
	Next    uint64
	Offset  int64
	Pending uint64
}

func (v *RobustListHead) shape(c *codec) {
	word(c, &v.Next)
	word(c, &v.Offset)
	word(c, &v.Pending)
}

// UserDesc is struct user_desc of set_thread_area and modify_ldt.
type UserDesc struct {
	EntryNumber uint32
	Base, Limit uint32
	Flags       uint32 // UserDesc…
}

// Bits of UserDesc.Flags; the contents are two bits wide.
const (
	UserDescSeg32Bit      = 1 << 0
	UserDescContentsShift = 1
	UserDescReadExecOnly  = 1 << 3
	UserDescLimitInPages  = 1 << 4
	UserDescNotPresent    = 1 << 5
	UserDescUseable       = 1 << 6
	UserDescLM            = 1 << 7
)

func (v *UserDesc) shape(c *codec) { u32s(c, &v.EntryNumber, &v.Base, &v.Limit, &v.Flags) }

// CapHeader is struct __user_cap_header_struct.
type CapHeader struct {
	Version uint32
	PID     int32
}

func (v *CapHeader) shape(c *codec) {
	u32(c, &v.Version)
	u32(c, &v.PID)
}

// CapData is struct __user_cap_data_struct. Versions 2 and 3 have two of them.
type CapData struct{ Effective, Permitted, Inheritable uint32 }

func (v *CapData) shape(c *codec) { u32s(c, &v.Effective, &v.Permitted, &v.Inheritable) }

// SchedParam is struct sched_param.
type SchedParam struct{ Priority int32 }

func (v *SchedParam) shape(c *codec) { u32(c, &v.Priority) }

// Rseq is the head of struct rseq.
type Rseq struct {
	CPUIDStart, CPUID uint32
	CS                uint64
	Flags             uint32
	NodeID, MMCID     uint32
}

func (v *Rseq) shape(c *codec) {
	u32s(c, &v.CPUIDStart, &v.CPUID)
	u64(c, &v.CS)
	u32s(c, &v.Flags, &v.NodeID, &v.MMCID)
	c.padTo(32)
}
