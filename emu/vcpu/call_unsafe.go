package vcpu

import (
	"unsafe"

	"panda/emu/guest"
	"panda/emu/ir"
)

// Call is a site as machine code sees it that calls the function there itself:
// the function's value and its second argument, the CPU being the first. What
// FireSite and the sites of accesses do around a call, machine code does too.
type Call struct {
	Fn   unsafe.Pointer
	Arg  uintptr
	For  *Served
	TB   *TB
	Insn int
	Of   *Site // that it stands for; nil at an access
	// Failed is told of a panic of the function. It reports whether the guest may
	// go on, as if the function had returned.
	Failed func(r any) bool

	// What the engine adds: where the code goes on, the exit by which it leaves the
	// site to FireSite, and that by which it tells that the function wants something.
	Resume      uintptr
	Exit, Wants uintptr
	// The first word of the value of an access that the function may change, and
	// how many bytes it has.
	Value ir.Ref
	Takes int
}

// Served is a subscription as machine code sees it: whether it is to be called,
// and how often it was.
type Served struct {
	Hits uint64
	On   bool
}

// Funcs are the function types that machine code can call.
type Funcs interface {
	~func(*CPU, guest.Addr) | ~func(*CPU, *TB) | ~func(*CPU, *MemAccess)
}

// CallOf makes a Call of a function.
func CallOf[F Funcs](fn F, of *Served, failed func(r any) bool) *Call {
	return &Call{Fn: *(*unsafe.Pointer)(unsafe.Pointer(&fn)), For: of, Failed: failed}
}

// Block makes a block the argument.
func (l *Call) Block(tb *TB) *Call {
	l.TB, l.Arg = tb, uintptr(unsafe.Pointer(tb))
	return l
}

// Access makes what the CPU shows of an access the argument.
func (l *Call) Access(c *CPU) *Call {
	l.Arg = uintptr(unsafe.Pointer(&c.Access))
	return l
}

// StopAt is the place of the stop word in a CPU; Moved and Again stand in the
// same eight bytes.
const StopAt = unsafe.Offsetof(CPU{}.stop)

// The places of the bytes of an access in a CPU.
const DataAt = unsafe.Offsetof(CPU{}.Access) + unsafe.Offsetof(MemAccess{}.data)
