package text

import (
	"strings"

	"panda/emu/linux/abi"
)

// printer formats the arguments of one call. A formatter is a function of an
// operand that returns its text, or "" for an argument that does not count.
type printer struct {
	mem     abi.Memory
	l       *abi.Layout
	call    *abi.Call
	regs    [6]uint64
	printed int       // arguments printed since the beginning or the last comma
	ret     int64     // the result, once it is known
	failed  bool      // the result is an error
	saved   [6]uint64 // what in-out arguments held before the call
}

// operand is one argument: its position, its value, and the position of the
// argument that its type refers to.
type operand struct {
	i  int
	v  uint64
	by int
}

type formatter func(p *printer, a operand) string

// maxString is how many bytes of a string, and how many elements of an array,
// are printed before "...".
const maxString = 32

func (p *printer) operand(i int) operand {
	return operand{i, p.value(i), p.call.Args[i].Type.By()}
}

func (p *printer) value(i int) uint64 { return p.call.Value(i, p.regs, p.l) }

// show prints argument i; one that the kernel should have filled in, but did
// not because the call failed, is an address.
func (p *printer) show(i int) string {
	a := p.operand(i)
	k := &kinds[p.call.Args[i].Type.Kind()]
	if p.failed && !k.always && p.fills(k, a) {
		return p.ptr(a.v)
	}
	return k.show(p, a)
}

// fills reports whether the kernel fills the argument in.
func (p *printer) fills(k *kind, a operand) bool {
	return k.out || k.outIf != nil && k.outIf(p, a)
}

// positions finds arguments by name.
func (p *printer) positions(names []string) []int {
	var at []int
	for _, name := range names {
		for i, a := range p.call.Args {
			if a.Name == name {
				at = append(at, i)
			}
		}
	}
	return at
}

// printOrders lists the calls whose arguments are not printed in the order of
// the registers.
var printOrders = map[string][]string{
	"clone": {"stack", "flags", "parent_tid", "tls", "child_tid"},
}

func (p *printer) ptr(v uint64) string {
	if v == 0 {
		return "NULL"
	}
	return hex(v)
}

// signed is a long of the guest.
func (p *printer) signed(v uint64) int64 {
	if p.l.Word == 4 {
		return int64(int32(v))
	}
	return int64(v)
}

// flags and enum make formatters of 32-bit values out of tables.
func flags(f *Flags) formatter {
	return func(_ *printer, a operand) string { return f.Format(uint64(uint32(a.v))) }
}

// wordFlags makes a formatter of flags that are a long.
func wordFlags(f *Flags) formatter {
	return func(_ *printer, a operand) string { return f.Format(a.v) }
}

func enum(e *Enum) formatter {
	return func(_ *printer, a operand) string { return e.Format(uint64(uint32(a.v))) }
}

// structure makes a formatter of a pointer to a structure.
func structure[V any, P interface {
	*V
	abi.Struct
}](format func(p *printer, v P) string) formatter {
	return func(p *printer, a operand) string { return showAt(p, a.v, format) }
}

// showAt reads a structure and formats it; an address that cannot be read is
// printed as such.
func showAt[V any, P interface {
	*V
	abi.Struct
}](p *printer, addr uint64, format func(p *printer, v P) string) string {
	var v V
	if addr == 0 {
		return "NULL"
	}
	if p.l.Load(p.mem, addr, P(&v)) != nil {
		return hex(addr)
	}
	return format(p, &v)
}

// showArray formats n structures of an array. Where one cannot be read, the
// array ends with its address.
func showArray[V any, P interface {
	*V
	abi.Struct
}](p *printer, addr uint64, n int, format func(p *printer, v P) string) string {
	if addr == 0 {
		return "NULL"
	}
	if n <= 0 {
		return "[]"
	}
	var list []string
	for i := range n {
		var v V
		at := addr + uint64(i*p.l.Size(P(&v)))
		if i == maxString {
			list = append(list, "...")
			break
		}
		if p.l.Load(p.mem, at, P(&v)) != nil {
			if i == 0 {
				return hex(addr)
			}
			list = append(list, "... /* "+hex(at)+" */")
			break
		}
		list = append(list, format(p, &v))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// maxRead bounds what a number that the guest passed can make us allocate.
const maxRead = 1 << 20

// read returns n bytes of guest memory.
func (p *printer) read(addr uint64, n int) ([]byte, bool) {
	if n < 0 || n > maxRead {
		return nil, false
	}
	b := make([]byte, n)
	return b, p.mem.Read(addr, b) == nil
}

// word reads a number of size bytes.
func (p *printer) word(addr uint64, size int) (uint64, bool) {
	b, ok := p.read(addr, size)
	if !ok {
		return 0, false
	}
	return abi.Uint(b, size), true
}

// number makes a formatter of a pointer to a number: [5].
func number(size func(l *abi.Layout) int, format func(p *printer, v uint64) string) formatter {
	return func(p *printer, a operand) string {
		if a.v == 0 {
			return "NULL"
		}
		v, ok := p.word(a.v, size(p.l))
		if !ok {
			return hex(a.v)
		}
		return "[" + format(p, v) + "]"
	}
}

func bytes2(*abi.Layout) int      { return 2 }
func bytes4(*abi.Layout) int      { return 4 }
func bytes8(*abi.Layout) int      { return 8 }
func bytesWord(l *abi.Layout) int { return l.Word }

// numbers formats n numbers of size bytes in memory.
func (p *printer) numbers(addr uint64, n, size int, format func(v uint64) string) string {
	if addr == 0 {
		return "NULL"
	}
	shown := min(n, maxString)
	b, ok := p.read(addr, shown*size)
	if !ok {
		return hex(addr)
	}
	var list []string
	for i := range shown {
		list = append(list, format(abi.Uint(b[i*size:], size)))
	}
	if n > shown {
		list = append(list, "...")
	}
	return "[" + strings.Join(list, ", ") + "]"
}

func int32Text(v uint64) string { return dec(int64(int32(v))) }

func idText(v uint64) string {
	if uint32(v) == 1<<32-1 {
		return "-1"
	}
	return udec(uint64(uint32(v)))
}

func id16Text(v uint64) string {
	if uint16(v) == 1<<16-1 {
		return "-1"
	}
	return udec(uint64(uint16(v)))
}

func devText(dev uint64) string {
	return "makedev(" + hex(uint64(abi.Major(dev))) + ", " + hex(uint64(abi.Minor(dev))) + ")"
}
