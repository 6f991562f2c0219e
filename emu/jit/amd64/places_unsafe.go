package amd64

import (
	"unsafe"

	"panda/emu/vcpu"
)

// ctxBias is how far the context register points into the frame: the words used
// most then have short displacements.
const ctxBias = 128

// Places in the CPU, from the context register.
var (
	atLeft    = field(unsafe.Offsetof(vcpu.CPU{}.Left))
	atMem     = field(unsafe.Offsetof(vcpu.CPU{}.Mem))
	atLimit   = field(unsafe.Offsetof(vcpu.CPU{}.Limit))
	atJump    = field(unsafe.Offsetof(vcpu.CPU{}.Jump))
	atStop    = field(vcpu.StopOffset())
	atTarget  = field(offHost + unsafe.Offsetof(vcpu.Host{}.Target))
	atExit    = field(offHost + unsafe.Offsetof(vcpu.Host{}.Exit))
	atFP      = field(offHost + unsafe.Offsetof(vcpu.Host{}.FP))
	atVec     = field(offHost + unsafe.Offsetof(vcpu.Host{}.Vec))
	atMXCSR   = field(offHost + unsafe.Offsetof(vcpu.Host{}.MXCSR))
	atAddr    = field(offHost + unsafe.Offsetof(vcpu.Host{}.Addr))
	atScratch = field(offHost + unsafe.Offsetof(vcpu.Host{}.Scratch))
)

const offHost = unsafe.Offsetof(vcpu.CPU{}.Host)

func field(off uintptr) Mem { return at(R15, int32(off)-ctxBias) }

// counterAt is the address of a block's counter, which the block keeps alive.
func counterAt(tb *vcpu.TB, n int) uint64 {
	return uint64(uintptr(unsafe.Pointer(tb.Counters[n])))
}

// Places in a vcpu.Ring and a vcpu.Record.
const (
	ringBuf     = int32(unsafe.Offsetof(vcpu.Ring{}.Buf))
	ringLen     = ringBuf + 8
	ringN       = int32(unsafe.Offsetof(vcpu.Ring{}.N))
	ringLive    = int32(unsafe.Offsetof(vcpu.Ring{}.Live))
	recordPC    = int32(unsafe.Offsetof(vcpu.Record{}.PC))
	recordAddr  = int32(unsafe.Offsetof(vcpu.Record{}.Addr))
	recordValue = int32(unsafe.Offsetof(vcpu.Record{}.Value))
	recordBytes = int32(unsafe.Offsetof(vcpu.Record{}.Size))
	recordSize  = int32(unsafe.Sizeof(vcpu.Record{}))
)

// The code multiplies by 40.
var _ = [1]struct{}{}[recordSize-40]

// ringAt is the address of a ring, which a site of the block keeps alive.
func ringAt(r *vcpu.Ring) uint64 { return uint64(uintptr(unsafe.Pointer(r))) }
