package abi

// Call describes one system call of one architecture.
type Call struct {
	Number int
	Name   string
	Args   []Arg
	Ret    RetType
}

// Arg is one argument of a call. An argument whose Type is two words wide takes
// two registers, so positions in Call.Args and registers can differ: see Slot.
type Arg struct {
	Name string
	Type Type
}

type args = []Arg

// RetType says how the result of a call is printed.
type RetType uint8

const (
	RInt        RetType = iota // signed, decimal
	RUint                      // unsigned, decimal
	RHex                       // address: brk, mmap, shmat
	ROctal                     // umask
	RFD                        // a new descriptor
	RSigmask                   // the first 32 signals: sgetmask
	ROldSigmask                // the same, replaced: ssetmask
	RUserDesc                  // which entry: set_thread_area
	RSigHandler                // a handler: signal
	RTime                      // seconds since the epoch
	RPoll                      // count, and which descriptors
	RSelect                    // count, and which descriptors
	RFcntl                     // depends on the command
	RPrctl                     // depends on the option
	RPersona                   // execution domain
	RTimex                     // state of the clock
	RSched                     // scheduling policy
	RMembarrier                // set of commands
	RSignal                    // a signal number
	RNone                      // does not return: exit_group
)

// Lookup returns the call with the given number, or nil. The table must be
// sorted by number, as X86_64 and I386 are.
func Lookup(table []Call, number int) *Call {
	lo, hi := 0, len(table)
	for lo < hi {
		mid := (lo + hi) / 2
		if table[mid].Number < number {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(table) && table[lo].Number == number {
		return &table[lo]
	}
	return nil
}

// LookupName returns the call with the given name, or nil.
func LookupName(table []Call, name string) *Call {
	for i := range table {
		if table[i].Name == name {
			return &table[i]
		}
	}
	return nil
}

// Slot returns the index of the register that holds argument i, where even says
// whether one of two registers begins at a register with an even number.
func (c *Call) Slot(i int, even bool) int {
	slot := 0
	for n, a := range c.Args[:i+1] {
		size := a.Type.slots()
		if even && size == 2 {
			slot += slot & 1
		}
		if n < i {
			slot += size
		}
	}
	return slot
}

// Value returns argument i of a call made with the given registers by a guest of
// that data model. It joins the halves of a two-register offset.
func (c *Call) Value(i int, regs [6]uint64, l *Layout) uint64 {
	slot := c.Slot(i, l.EvenPairs)
	if slot >= len(regs) {
		return 0
	}
	v := regs[slot]
	if l.Word == 8 {
		return v
	}
	v = uint64(uint32(v))
	if c.Args[i].Type.slots() == 2 && slot+1 < len(regs) {
		v |= regs[slot+1] << 32
	}
	return v
}
