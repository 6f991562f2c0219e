package amd64

import (
	"unsafe"

	"panda/emu/jit/amd64/asm"
	"panda/emu/jit/amd64/enter"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// ctxBias is how far the context register points into the frame.
const ctxBias = enter.Bias

// Places in the CPU, from the context register.
var (
	atLeft      = field(unsafe.Offsetof(vcpu.CPU{}.Left))
	atBase      = field(unsafe.Offsetof(vcpu.CPU{}.Base))
	atLimit     = field(unsafe.Offsetof(vcpu.CPU{}.Limit))
	atJump      = field(unsafe.Offsetof(vcpu.CPU{}.Jump))
	atTLBMask   = field(unsafe.Offsetof(vcpu.CPU{}.TLB) + unsafe.Offsetof(mmu.TLBHead{}.Mask))
	atTB        = field(unsafe.Offsetof(vcpu.CPU{}.TB))
	atDeadline  = field(unsafe.Offsetof(vcpu.CPU{}.Deadline))
	atMachine   = field(unsafe.Offsetof(vcpu.CPU{}.Machine))
	atInsn      = field(unsafe.Offsetof(vcpu.CPU{}.Insn))
	atStop      = field(vcpu.StopOffset())
	atTarget    = field(offHost + unsafe.Offsetof(vcpu.Host{}.Target))
	atExit      = field(offHost + unsafe.Offsetof(vcpu.Host{}.Exit))
	atFP        = field(offHost + unsafe.Offsetof(vcpu.Host{}.FP))
	atVec       = field(offHost + unsafe.Offsetof(vcpu.Host{}.Vec))
	atCanonical = field(offHost + unsafe.Offsetof(vcpu.Host{}.Canonical))
	atLink      = field(offHost + unsafe.Offsetof(vcpu.Host{}.Link))
	atSP        = field(offHost + unsafe.Offsetof(vcpu.Host{}.SP))
	atMXCSR     = field(offHost + unsafe.Offsetof(vcpu.Host{}.MXCSR))
	atAddr      = field(offHost + unsafe.Offsetof(vcpu.Host{}.Addr))
	atScratch   = field(offHost + unsafe.Offsetof(vcpu.Host{}.Scratch))
	atX87       = field(offOwn + unsafe.Offsetof(own{}.x87))
	atX87Temp   = field(offOwn + unsafe.Offsetof(own{}.temp))
	atX87Image  = field(offOwn + unsafe.Offsetof(own{}.image))
	atGoCW      = field(offOwn + unsafe.Offsetof(own{}.goCW))
	atBefore    = field(offHost + unsafe.Offsetof(vcpu.Host{}.Before))
	// Of what memory callbacks are shown.
	atAccPC   = field(offAccess + unsafe.Offsetof(vcpu.MemAccess{}.PC))
	atAccAddr = field(offAccess + unsafe.Offsetof(vcpu.MemAccess{}.Addr))
	atAccSize = field(offAccess + unsafe.Offsetof(vcpu.MemAccess{}.Size))
	atAccBuf  = field(offAccess + unsafe.Offsetof(vcpu.MemAccess{}.Buf))
	atAccData = field(vcpu.DataAt)
)

const offAccess = unsafe.Offsetof(vcpu.CPU{}.Access)

const offHost = unsafe.Offsetof(vcpu.CPU{}.Host)

// own is what the target has in vcpu.Host.Own: the state of the host's x87.
type own struct {
	x87   uint32     // not 0 while the host's x87 has the guest's control word
	goCW  uint32     // the control word of Go's environment
	temp  [2]uint64  // where machine code puts a value for the x87
	image [14]uint64 // the x87 of machine code that faulted, as FNSAVE writes it
}

const offOwn = offHost + unsafe.Offsetof(vcpu.Host{}.Own)

// There is room for it.
const _ = unsafe.Sizeof(vcpu.Host{}.Own) - unsafe.Sizeof(own{})

func ownOf(h *vcpu.Host) *own { return (*own)(unsafe.Pointer(&h.Own)) }

func field(off uintptr) asm.Mem { return asm.At(asm.R15, int32(off)-ctxBias) }

// counterAt is the address of a block's counter, which the block keeps alive.
func counterAt(tb *vcpu.TB, n int) uint64 {
	return uint64(uintptr(unsafe.Pointer(tb.Counters[n])))
}

// Places in an entry of a TLB.
const (
	tlbRead  = int32(unsafe.Offsetof(mmu.TLBEntry{}.Read))
	tlbWrite = int32(unsafe.Offsetof(mmu.TLBEntry{}.Write))
	tlbHost  = int32(unsafe.Offsetof(mmu.TLBEntry{}.Host))
	tlbStack = -int32(unsafe.Sizeof(mmu.TLBEntry{})) // the entry before the first
)

// Places in a vcpu.Ring and a vcpu.Record.
const (
	ringNext     = int32(vcpu.RingNext)
	ringLast     = int32(vcpu.RingLast)
	recordPC     = int32(unsafe.Offsetof(vcpu.Record{}.PC))
	recordAddr   = int32(unsafe.Offsetof(vcpu.Record{}.Addr))
	recordValue  = int32(unsafe.Offsetof(vcpu.Record{}.Value))
	recordBytes  = int32(unsafe.Offsetof(vcpu.Record{}.Size))
	recordIcount = int32(unsafe.Offsetof(vcpu.Record{}.Icount))
	recordThread = int32(unsafe.Offsetof(vcpu.Record{}.Thread))
	recordSize   = int32(unsafe.Sizeof(vcpu.Record{}))
)

// machineThread is the place of the thread in a vcpu.Machine.
const machineThread = int32(unsafe.Offsetof(vcpu.Machine{}.Thread))

// ringAt is the address of a ring, which a site of the block keeps alive.
func ringAt(r *vcpu.Ring) uint64 { return uint64(uintptr(unsafe.Pointer(r))) }

// callAt is the address of a call, which a site of the block keeps alive.
func callAt(c *vcpu.Call) uint64 { return uint64(uintptr(unsafe.Pointer(c))) }

// tbAt is the address of a block, which the engine keeps alive. Machine code may
// set CPU.TB to it without telling the collector.
func tbAt(tb *vcpu.TB) uint64 { return uint64(uintptr(unsafe.Pointer(tb))) }
