package library

import (
	"encoding/binary"
	"math"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/lua/num"
	"panda/lua/val"
)

// item is one element of a pack format.
type item struct {
	kind  byte // i, u, f, d, s, z, x, c, X (alignment only)
	size  int
	pad   int // zero bytes before it, for alignment
	order binary.ByteOrder
}

// packer reads a format of Lua 5.3's string.pack.
type packer struct {
	L     *glua.LState
	fmt   string
	pos   int
	order binary.ByteOrder
	align int
}

func newPacker(L *glua.LState) *packer {
	return &packer{L: L, fmt: L.CheckString(1), order: binary.LittleEndian, align: 1}
}

var packSizes = map[byte]item{
	'b': {kind: 'i', size: 1}, 'B': {kind: 'u', size: 1}, 'h': {kind: 'i', size: 2}, 'H': {kind: 'u', size: 2},
	'l': {kind: 'i', size: 8}, 'L': {kind: 'u', size: 8}, 'j': {kind: 'i', size: 8}, 'J': {kind: 'u', size: 8},
	'T': {kind: 'u', size: 8}, 'f': {kind: 'f', size: 4}, 'd': {kind: 'd', size: 8}, 'n': {kind: 'd', size: 8},
	'x': {kind: 'x', size: 1}, 'z': {kind: 'z'},
}

// next is the next element, given how many bytes stand before it.
func (p *packer) next(offset int) (it item, ok bool) {
	for p.pos < len(p.fmt) {
		c := p.fmt[p.pos]
		p.pos++
		if p.option(c) {
			continue
		}
		it = p.element(c)
		it.order = p.order
		if n := min(it.size, p.align); n > 1 && strings.IndexByte("iufdX", it.kind) >= 0 {
			if n&(n-1) != 0 {
				p.L.ArgError(1, "format asks for alignment not power of 2")
			}
			it.pad = -offset & (n - 1)
		}
		if it.kind == 'X' {
			it.size = 0
		}
		return it, true
	}
	return it, false
}

// option takes a character that sets the byte order or the alignment.
func (p *packer) option(c byte) bool {
	switch c {
	case '<', '=':
		p.order = binary.LittleEndian
	case '>':
		p.order = binary.BigEndian
	case '!':
		p.align = p.number(8)
	case ' ':
	default:
		return false
	}
	return true
}

func (p *packer) element(c byte) item {
	if it, ok := packSizes[c]; ok {
		return it
	}
	switch c {
	case 'i':
		return item{kind: 'i', size: p.intSize(4)}
	case 'I':
		return item{kind: 'u', size: p.intSize(4)}
	case 's':
		return item{kind: 's', size: p.intSize(8)}
	case 'c':
		n := p.number(-1)
		if n < 0 {
			p.L.ArgError(1, "missing size for format option 'c'")
		}
		return item{kind: 'c', size: n}
	case 'X':
		if p.pos == len(p.fmt) {
			p.L.ArgError(1, "invalid next option for option 'X'")
		}
		p.pos++
		if p.fmt[p.pos-1] == 'X' {
			p.L.ArgError(1, "invalid next option for option 'X'")
		}
		it := p.element(p.fmt[p.pos-1])
		return item{kind: 'X', size: it.size}
	}
	p.L.ArgError(1, "invalid format option '"+string(rune(c))+"'")
	return item{}
}

func (p *packer) number(def int) int {
	n, end := digits(p.fmt, p.pos)
	if end == p.pos {
		return def
	}
	p.pos = end
	return n
}

func (p *packer) intSize(def int) int {
	n := p.number(def)
	if n < 1 || n > 16 {
		p.L.ArgError(1, "integral size out of limits [1,16]")
	}
	return n
}

func stringPack(s *Env, L *glua.LState) int {
	p := newPacker(L)
	var out []byte
	arg := 1
	ticks := s.ticker(L)
	for {
		ticks.Step(1)
		it, ok := p.next(len(out))
		if !ok {
			return val.PushString(L, string(out))
		}
		out = appendN(out, 0, it.pad)
		if it.kind == 'x' || it.kind == 'X' {
			out = appendN(out, 0, it.size)
			continue
		}
		arg++
		s.room(L, len(out)+it.size+val.TextLen(L.Get(arg)))
		out = it.pack(L, out, arg)
	}
}

func (it *item) pack(L *glua.LState, out []byte, arg int) []byte {
	switch it.kind {
	case 'i', 'u':
		return it.appendInt(out, it.checkInt(L, arg))
	case 'f':
		return it.appendUint(out, uint64(math.Float32bits(float32(val.ArgFloat(L, arg)))))
	case 'd':
		return it.appendUint(out, math.Float64bits(val.ArgFloat(L, arg)))
	}
	s := L.CheckString(arg)
	switch it.kind {
	case 's':
		if it.size < 8 && uint64(len(s)) >= 1<<(8*it.size) {
			L.ArgError(arg, "string length does not fit in given size")
		}
		return append(it.appendUint(out, uint64(len(s))), s...)
	case 'z':
		if strings.IndexByte(s, 0) >= 0 {
			L.ArgError(arg, "string contains zeros")
		}
		return append(append(out, s...), 0)
	}
	if len(s) > it.size {
		L.ArgError(arg, "string longer than given size")
	}
	return appendN(append(out, s...), 0, it.size-len(s))
}

// checkInt reads an integer that must fit; unsigned formats take negative
// numbers as two's complement only when they have 64 bits.
func (it *item) checkInt(L *glua.LState, arg int) uint64 {
	u := val.ArgInt(L, arg)
	if it.size >= 8 {
		return u
	}
	n := uint(8 * it.size)
	if it.kind == 'u' && u>>n != 0 || it.kind == 'i' && int64(u)>>(n-1) != 0 && int64(u)>>(n-1) != -1 {
		L.ArgError(arg, "integer overflow")
	}
	return u
}

// appendInt appends a signed number, sign-extended to sizes above 8.
func (it *item) appendInt(out []byte, u uint64) []byte {
	fill := byte(0)
	if it.kind == 'i' && int64(u) < 0 {
		fill = 0xff
	}
	return it.bytes(out, u, fill)
}

func (it *item) appendUint(out []byte, u uint64) []byte { return it.bytes(out, u, 0) }

func (it *item) bytes(out []byte, u uint64, fill byte) []byte {
	for i := range it.size {
		n := i
		if it.order == binary.BigEndian {
			n = it.size - 1 - i
		}
		if n < 8 {
			out = append(out, byte(u>>(8*n)))
		} else {
			out = append(out, fill)
		}
	}
	return out
}

func stringUnpack(st *Env, L *glua.LState) int {
	p, s := newPacker(L), L.CheckString(2)
	ticks := st.ticker(L)
	pos := val.ArgLen(L, 3, 1) - 1
	if pos < 0 || pos > len(s) {
		L.ArgError(3, "initial position out of string")
	}
	n := 0
	for {
		ticks.Step(1)
		it, ok := p.next(pos)
		if !ok {
			L.Push(glua.LNumber(pos + 1))
			return n + 1
		}
		pos += it.pad
		if pos+it.size > len(s) {
			L.ArgError(2, "data string too short")
		}
		if it.kind == 'x' || it.kind == 'X' {
			pos += it.size
			continue
		}
		var v glua.LValue
		v, pos = it.unpack(L, s, pos)
		L.Push(v)
		n = val.CheckResults(L, n+1)
	}
}

func (it *item) unpack(L *glua.LState, s string, pos int) (glua.LValue, int) {
	end := pos + it.size
	switch it.kind {
	case 'i', 'u':
		return it.integer(L, s[pos:end]), end
	case 'f':
		return glua.LNumber(math.Float32frombits(uint32(it.uint(s[pos:end])))), end
	case 'd':
		return glua.LNumber(math.Float64frombits(it.uint(s[pos:end]))), end
	case 's':
		n := it.uint(s[pos:end])
		if n > uint64(len(s)-end) {
			L.ArgError(2, "data string too short")
		}
		return glua.LString(s[end : end+int(n)]), end + int(n)
	case 'z':
		n := strings.IndexByte(s[pos:], 0)
		if n < 0 {
			L.ArgError(2, "unfinished string for format 'z'")
		}
		return glua.LString(s[pos : pos+n]), pos + n + 1
	}
	return glua.LString(s[pos:end]), end
}

func (it *item) uint(s string) uint64 {
	var u uint64
	for i := range len(s) {
		n := i
		if it.order == binary.BigEndian {
			n = len(s) - 1 - i
		}
		if n < 8 {
			u |= uint64(s[i]) << (8 * n)
		}
	}
	return u
}

func (it *item) integer(L *glua.LState, s string) glua.LValue {
	u := it.uint(s)
	if n := uint(64 - 8*min(len(s), 8)); it.kind == 'i' {
		u = uint64(int64(u<<n) >> n)
	}
	if string((&item{kind: it.kind, size: len(s), order: it.order}).appendInt(nil, u)) != s {
		L.RaiseError("%d-byte integer does not fit into a number of 64 bits", len(s))
	}
	if it.kind == 'i' {
		return num.Signed(int64(u))
	}
	return num.Int(u)
}

func stringPackSize(s *Env, L *glua.LState) int {
	p := newPacker(L)
	ticks := s.ticker(L)
	n := 0
	for {
		ticks.Step(1)
		it, ok := p.next(n)
		if !ok {
			return val.PushInt(L, uint64(n))
		}
		if it.kind == 's' || it.kind == 'z' {
			L.ArgError(1, "variable-length format")
		}
		n += it.pad + it.size
	}
}
