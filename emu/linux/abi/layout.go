package abi

import "encoding/binary"

// Problem: every structure that crosses the system call boundary has another
// layout in a 32-bit guest, and both must be read and written.
//
// Idea: a structure is described once, by a shape method that names its fields
// in the order of the C declaration. A codec walks the shape and measures,
// encodes or decodes; it applies the C rules for alignment with the word size
// of the Layout. Where two ABIs differ in more than that (struct stat), the
// shape asks the Layout.
//
// Invariant: shape visits the same fields in all three modes.

// Layout is the data model of a guest ABI.
type Layout struct {
	Word  int                     // bytes in a pointer, a long, a size_t
	align int                     // alignment of 64-bit integers
	stat  func(c *codec, v *Stat) // struct stat of stat(2)

	// EvenPairs says that an argument in two registers begins at one with an even
	// number (ARM: AAPCS 5.5, C.3).
	EvenPairs bool
	// EpollPacked says that struct epoll_event has no gap.
	EpollPacked bool
	// SigMask is how far from the stack pointer at rt_sigreturn the mask is.
	SigMask uint64
}

// The data models of x86-64 and i386. On x86-64 the return address is gone from a
// signal frame and its ucontext is first; on i386 three pointers and the siginfo stand
// before it.
var (
	Layout64 = &Layout{Word: 8, align: 8, stat: shapeStatX86_64, EpollPacked: true, SigMask: 296}
	Layout32 = &Layout{Word: 4, align: 4, stat: shapeStatI386, EpollPacked: true, SigMask: 12 + SiginfoSize + 4 + 4 + 12 + 88}
)

// Struct is a value with a layout: *Stat, *Timespec, …
type Struct interface{ shape(c *codec) }

// Memory is guest memory as a reader. Read fills b or fails.
type Memory interface {
	Read(addr uint64, b []byte) error
}

// Size returns how many bytes v takes in guest memory.
func (l *Layout) Size(v Struct) int {
	c := codec{Layout: l}
	v.shape(&c)
	return c.end()
}

// Put encodes v at the start of b, zeroes the padding, and returns the size.
// It panics if b is shorter than Size(v).
func (l *Layout) Put(b []byte, v Struct) int {
	c := codec{Layout: l, b: b}
	v.shape(&c)
	return c.end()
}

// Get decodes v from the start of b and returns the size.
// It panics if b is shorter than Size(v).
func (l *Layout) Get(b []byte, v Struct) int {
	c := codec{Layout: l, b: b, decode: true}
	v.shape(&c)
	return c.end()
}

// Bytes returns v encoded.
func (l *Layout) Bytes(v Struct) []byte {
	b := make([]byte, l.Size(v))
	l.Put(b, v)
	return b
}

// Load reads v from guest memory.
func (l *Layout) Load(m Memory, addr uint64, v Struct) error {
	b := make([]byte, l.Size(v))
	if err := m.Read(addr, b); err != nil {
		return err
	}
	l.Get(b, v)
	return nil
}

// LoadAt reads element i of an array of values of v's type.
func (l *Layout) LoadAt(m Memory, addr uint64, i int, v Struct) error {
	return l.Load(m, addr+uint64(i*l.Size(v)), v)
}

// GetWord reads a pointer-sized value.
func (l *Layout) GetWord(b []byte) uint64 { return Uint(b, l.Word) }

// PutWord writes a pointer-sized value.
func (l *Layout) PutWord(b []byte, v uint64) { store(b, l.Word, v) }

// codec walks a shape. With b nil it only measures.
type codec struct {
	*Layout
	b      []byte
	off    int
	max    int // the strictest alignment seen
	decode bool
}

type integer interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~int | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// num visits an integer of size bytes. Signed Go types are sign-extended.
func num[T integer](c *codec, size int, p *T) {
	c.alignTo(min(size, c.align))
	switch {
	case c.b == nil:
	case c.decode:
		v := Uint(c.b[c.off:], size)
		if ^T(0) < 0 {
			shift := 64 - 8*size
			v = uint64(int64(v<<shift) >> shift)
		}
		*p = T(v)
	default:
		store(c.b[c.off:], size, uint64(*p))
	}
	c.off += size
}

// word visits a long, a pointer or a size_t.
func word[T integer](c *codec, p *T) { num(c, c.Word, p) }

// words visits several of them.
func words[T integer](c *codec, ps ...*T) {
	for _, p := range ps {
		word(c, p)
	}
}

func u8[T integer](c *codec, p *T)  { num(c, 1, p) }
func u16[T integer](c *codec, p *T) { num(c, 2, p) }
func u32[T integer](c *codec, p *T) { num(c, 4, p) }
func u64[T integer](c *codec, p *T) { num(c, 8, p) }

// u32s visits several 32-bit fields.
func u32s[T integer](c *codec, ps ...*T) {
	for _, p := range ps {
		u32(c, p)
	}
}

// u64s visits several 64-bit fields.
func u64s[T integer](c *codec, ps ...*T) {
	for _, p := range ps {
		u64(c, p)
	}
}

// chars visits a fixed array of bytes with a NUL-terminated string in it.
func (c *codec) chars(n int, p *string) {
	switch {
	case c.b == nil:
	case c.decode:
		*p = CString(c.b[c.off : c.off+n])
	default:
		clear(c.b[c.off : c.off+n])
		copy(c.b[c.off:c.off+n-1], *p)
	}
	c.off += n
}

// raw visits a fixed array of bytes.
func (c *codec) raw(p []byte) {
	switch {
	case c.b == nil:
	case c.decode:
		copy(p, c.b[c.off:])
	default:
		copy(c.b[c.off:], p)
	}
	c.off += len(p)
}

// pad skips n bytes; an encoder zeroes them.
func (c *codec) pad(n int) { c.padTo(c.off + n) }

// padTo skips to an offset from the start of the structure.
func (c *codec) padTo(off int) {
	if off <= c.off {
		return
	}
	if c.b != nil && !c.decode {
		clear(c.b[c.off:off])
	}
	c.off = off
}

func (c *codec) alignTo(n int) {
	c.padTo((c.off + n - 1) &^ (n - 1))
	c.max = max(c.max, n)
}

// end is the size of the structure with its tail padding.
func (c *codec) end() int {
	if c.max > 1 {
		c.alignTo(c.max)
	}
	return c.off
}

// Uint is the number of size bytes at the beginning of b.
func Uint(b []byte, size int) uint64 {
	switch size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}

func store(b []byte, size int, v uint64) {
	switch size {
	case 1:
		b[0] = byte(v)
	case 2:
		binary.LittleEndian.PutUint16(b, uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(b, uint32(v))
	default:
		binary.LittleEndian.PutUint64(b, v)
	}
}

// CString is what stands before the first NUL of b, or all of it.
func CString(b []byte) string {
	for i, ch := range b {
		if ch == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}
