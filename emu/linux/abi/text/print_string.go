package text

import (
	"strconv"
	"strings"

	"panda/emu/linux/abi"
)

// pathMax bounds a path, which is printed whole.
const pathMax = 4096

var escapes = map[byte]string{
	'"': `\"`, '\\': `\\`, '\t': `\t`, '\n': `\n`, '\v': `\v`, '\f': `\f`, '\r': `\r`,
}

// quote prints bytes as a C string. Octal escapes are as short as the next
// character allows.
func quote(b []byte) string {
	var s strings.Builder
	s.WriteByte('"')
	for i, ch := range b {
		if e, ok := escapes[ch]; ok {
			s.WriteString(e)
			continue
		}
		if ch >= ' ' && ch < 0x7f {
			s.WriteByte(ch)
			continue
		}
		digits := strconv.FormatUint(uint64(ch), 8)
		if i+1 < len(b) && b[i+1] >= '0' && b[i+1] <= '7' {
			digits = strings.Repeat("0", 3-len(digits)) + digits
		}
		s.WriteString(`\` + digits)
	}
	s.WriteByte('"')
	return s.String()
}

// quoteHex prints every byte as a hexadecimal escape.
func quoteHex(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	s.WriteByte('"')
	for _, ch := range b {
		s.WriteString(`\x`)
		s.WriteByte(digits[ch>>4])
		s.WriteByte(digits[ch&15])
	}
	s.WriteByte('"')
	return s.String()
}

// cString reads a NUL-terminated string of at most limit bytes, in aligned chunks
// because the next page need not exist. ended tells whether the NUL was there.
func (p *printer) cString(addr uint64, limit int) (s []byte, ended, ok bool) {
	const chunk = 64
	for len(s) < limit {
		n := min(limit-len(s), int(chunk-addr%chunk))
		b, readable := p.read(addr, n)
		if !readable {
			b, readable = p.readUpTo(addr, n)
		}
		for i, ch := range b {
			if ch == 0 {
				return append(s, b[:i]...), true, true
			}
		}
		s = append(s, b...)
		if !readable {
			return s, false, false
		}
		addr += uint64(n)
	}
	return s, false, true
}

// readUpTo reads byte by byte, for a string whose end is the end of what can be read.
func (p *printer) readUpTo(addr uint64, n int) ([]byte, bool) {
	var s []byte
	for i := range n {
		b, ok := p.read(addr+uint64(i), 1)
		if !ok {
			return s, false
		}
		s = append(s, b[0])
		if b[0] == 0 {
			return s, true
		}
	}
	return s, true
}

// str prints the NUL-terminated string at addr.
func (p *printer) str(addr uint64, limit int) string {
	if addr == 0 {
		return "NULL"
	}
	s, ended, ok := p.cString(addr, limit+1)
	switch {
	case !ok:
		return hex(addr)
	case ended:
		return quote(s)
	}
	return quote(s[:limit]) + "..."
}

// bytes prints n bytes at addr.
func (p *printer) bytes(addr uint64, n uint64, style func([]byte) string) string {
	if addr == 0 {
		return "NULL"
	}
	b, ok := p.read(addr, int(min(n, maxString)))
	if !ok {
		return hex(addr)
	}
	if n > maxString {
		return style(b) + "..."
	}
	return style(b)
}

func showPath(p *printer, a operand) string { return p.str(a.v, pathMax-1) }

func showStr(p *printer, a operand) string { return p.str(a.v, maxString) }

func showBuf(p *printer, a operand) string { return p.bytes(a.v, p.length(a), quote) }

func showOutBuf(p *printer, a operand) string { return p.bytes(a.v, uint64(p.ret), quote) }

func showOutHexBuf(p *printer, a operand) string { return p.bytes(a.v, uint64(p.ret), quoteHex) }

// showHostname prints a name; one that is too long for the kernel is not read.
func showHostname(p *printer, a operand) string {
	const longest = 64
	if p.length(a) > longest {
		return p.ptr(a.v)
	}
	return showBuf(p, a)
}

// length is the value of the argument that the operand refers to, a size.
func (p *printer) length(a operand) uint64 {
	if a.by < 0 {
		return 0
	}
	return p.value(a.by)
}

// showOutStr prints a string whose NUL is counted by the result: getcwd.
func showOutStr(p *printer, a operand) string {
	n := uint64(max(p.ret-1, 0))
	return p.text(a.v, n, pathMax)
}

// showOutLink prints a string without NUL: readlink.
func showOutLink(p *printer, a operand) string { return p.text(a.v, uint64(p.ret), maxString) }

func (p *printer) text(addr, n, limit uint64) string {
	if addr == 0 {
		return "NULL"
	}
	b, ok := p.read(addr, int(min(n, limit)))
	if !ok {
		return hex(addr)
	}
	if n > limit {
		return quote(b) + "..."
	}
	return quote(b)
}

// xattr prints the value of an attribute, which may end with a NUL that is
// not shown. A size of 0 asks for the size, so there is nothing to show.
func (p *printer) xattr(addr, n uint64) string {
	if n == 0 && addr != 0 {
		return hex(addr)
	}
	return p.bytes(addr, n, quote)
}

func showXattr(p *printer, a operand) string { return p.bytes(a.v, p.length(a), quote) }

func showOutXattr(p *printer, a operand) string {
	if p.length(a) == 0 {
		return p.ptr(a.v)
	}
	return p.xattr(a.v, uint64(p.ret))
}

// showStrArray prints argv.
func showStrArray(p *printer, a operand) string {
	if a.v == 0 {
		return "NULL"
	}
	var list []string
	for i := 0; ; i++ {
		at := a.v + uint64(i*p.l.Word)
		s, ok := p.word(at, p.l.Word)
		if !ok {
			if i == 0 {
				return hex(a.v)
			}
			list = append(list, "... /* "+hex(at)+" */")
			break
		}
		if s == 0 {
			break
		}
		if i == maxString {
			list = append(list, "...")
			break
		}
		list = append(list, p.str(s, maxString))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// showEnv prints where the environment is and how many variables it has.
func showEnv(p *printer, a operand) string {
	if a.v == 0 {
		return "NULL"
	}
	n, note := 0, ""
	for ; ; n++ {
		s, ok := p.word(a.v+uint64(n*p.l.Word), p.l.Word)
		if !ok {
			note = ", unterminated"
		}
		if !ok || s == 0 {
			break
		}
	}
	if n == 0 && note != "" {
		return hex(a.v)
	}
	unit := " vars"
	if n == 1 {
		unit = " var"
	}
	return hex(a.v) + " /* " + dec(int64(n)) + unit + note + " */"
}

// iovec prints a vector of buffers and as much of their contents as total.
func (p *printer) iovec(addr uint64, n int, total uint64, contents bool) string {
	return showArray(p, addr, n, func(p *printer, v *abi.Iovec) string {
		base := p.ptr(v.Base)
		if contents {
			base = p.bytes(v.Base, min(v.Len, total), quote)
			total -= min(v.Len, total)
		}
		return "{iov_base=" + base + ", iov_len=" + udec(v.Len) + "}"
	})
}

const everything = 1<<64 - 1

func showIovec(p *printer, a operand) string {
	return p.iovec(a.v, int(p.length(a)), everything, true)
}

func showOutIovec(p *printer, a operand) string {
	return p.iovec(a.v, int(p.length(a)), uint64(max(p.ret, 0)), !p.failed)
}

func showIovecPtrs(p *printer, a operand) string {
	return p.iovec(a.v, int(p.length(a)), 0, false)
}

// showDirents counts the entries of a directory.
func showDirents(next func(l *abi.Layout, b []byte) int) formatter {
	return func(p *printer, a operand) string {
		b, ok := p.read(a.v, int(p.ret))
		if !ok {
			return p.ptr(a.v)
		}
		n := 0
		for size := next(p.l, b); size > 0; size = next(p.l, b) {
			b, n = b[size:], n+1
		}
		return hex(a.v) + " /* " + dec(int64(n)) + " entries */"
	}
}

func nextDirent(l *abi.Layout, b []byte) int { return l.GetDirent(b, new(abi.Dirent)) }

func nextDirent64(_ *abi.Layout, b []byte) int { return abi.GetDirent64(b, new(abi.Dirent)) }

// showMincoreVec prints one digit a page.
func showMincoreVec(p *printer, a operand) string {
	pages := (p.length(a) + 4095) / 4096
	b, ok := p.read(a.v, int(min(pages, maxString)))
	if !ok {
		return p.ptr(a.v)
	}
	var list []string
	for _, v := range b {
		list = append(list, dec(int64(v&1)))
	}
	if pages > maxString {
		list = append(list, "...")
	}
	return "[" + strings.Join(list, ", ") + "]"
}
