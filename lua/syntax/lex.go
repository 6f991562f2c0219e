package syntax

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// prelexer turns newer Lua spellings into those that gopher-lua's parser knows:
// the escapes \xNN, \z and \u{XXX}, number suffixes ULL and LL, decimal numbers
// with leading zeros, a first line beginning with #. Lines keep their numbers.
type prelexer struct {
	name string
	src  string
	pos  int
	line int
	out  strings.Builder
}

func prelex(name, src string) (string, error) {
	p := &prelexer{name: name, src: src, line: 1}
	if strings.HasPrefix(src, "#") {
		p.pos = strings.IndexByte(src+"\n", '\n')
	}
	for p.pos < len(p.src) {
		if err := p.token(); err != nil {
			return "", err
		}
	}
	return p.out.String(), nil
}

// peek is the byte i places ahead, 0 beyond the end.
func (p *prelexer) peek(i int) byte {
	if p.pos+i < len(p.src) {
		return p.src[p.pos+i]
	}
	return 0
}

// copy passes n bytes on.
func (p *prelexer) copy(n int) {
	n = min(n, len(p.src)-p.pos)
	s := p.src[p.pos : p.pos+n]
	p.line += strings.Count(s, "\n")
	p.out.WriteString(s)
	p.pos += n
}

// skip drops n bytes.
func (p *prelexer) skip(n int) { p.pos += n }

func (p *prelexer) errorf(near, format string, a ...any) error {
	return &Error{File: p.name, Line: p.line, Near: near, Msg: fmt.Sprintf(format, a...)}
}

func (p *prelexer) token() error {
	switch c := p.peek(0); {
	case c == '-' && p.peek(1) == '-':
		p.comment()
	case c == '"' || c == '\'':
		return p.quoted(c)
	case c == '[' && p.longBracket(0) >= 0:
		p.long(0)
	case isDigit(c) || c == '.' && isDigit(p.peek(1)):
		return p.number()
	case isLetter(c):
		n := 1
		for isLetter(p.peek(n)) || isDigit(p.peek(n)) {
			n++
		}
		p.copy(n)
	case c == '.': // .. and ... in one piece: the last dot begins no number
		n := 1
		for p.peek(n) == '.' {
			n++
		}
		p.copy(n)
	default:
		p.copy(1)
	}
	return nil
}

func (p *prelexer) comment() {
	if p.peek(2) == '[' && p.longBracket(2) >= 0 {
		p.long(2)
		return
	}
	n := strings.IndexByte(p.src[p.pos:], '\n')
	if n < 0 {
		n = len(p.src) - p.pos
	}
	p.copy(n)
}

// longBracket counts the = of a long bracket that opens at offset i, -1 if none
// opens there.
func (p *prelexer) longBracket(i int) int {
	n := 0
	for p.peek(i+1+n) == '=' {
		n++
	}
	if p.peek(i+1+n) != '[' {
		return -1
	}
	return n
}

// long passes on a long string or comment whose bracket opens at offset i.
func (p *prelexer) long(i int) {
	end := "]" + strings.Repeat("=", p.longBracket(i)) + "]"
	n := strings.Index(p.src[p.pos:], end)
	if n < 0 { // the parser says it
		n = len(p.src)
	}
	p.copy(n + len(end))
}

// number passes on a number without suffix and leading zeros.
func (p *prelexer) number() error {
	n := 0
	if p.peek(0) == '0' && p.peek(1)|0x20 == 'x' {
		n = 2
		for isHex(p.peek(n)) {
			n++
		}
		if digits := strings.TrimLeft(p.src[p.pos+2:p.pos+n], "0"); len(digits) > 16 {
			return p.errorf(p.src[p.pos:p.pos+n], "number of more than 64 bits")
		}
	} else {
		n = p.decimal()
	}
	p.copy(n)
	for _, suffix := range []string{"ull", "ll"} {
		rest := p.src[p.pos:]
		if len(rest) >= len(suffix) && strings.EqualFold(rest[:len(suffix)], suffix) {
			p.skip(len(suffix))
			break
		}
	}
	return nil
}

// decimal drops leading zeros, which the parser would take for octal, and
// measures the number that follows.
func (p *prelexer) decimal() int {
	for p.peek(0) == '0' && isDigit(p.peek(1)) {
		p.skip(1)
	}
	n := 0
	for isDigit(p.peek(n)) || p.peek(n) == '.' && p.peek(n+1) != '.' {
		n++
	}
	if p.peek(n)|0x20 == 'e' {
		n++
		if p.peek(n) == '+' || p.peek(n) == '-' {
			n++
		}
		for isDigit(p.peek(n)) {
			n++
		}
	}
	return n
}

// quoted passes on a string with its escapes rewritten. Lines that \z swallows
// come after the string, so that what follows keeps its line.
func (p *prelexer) quoted(quote byte) error {
	p.copy(1)
	lines := 0
	for p.pos < len(p.src) {
		switch c := p.peek(0); {
		case c == quote:
			p.copy(1)
			p.out.WriteString(strings.Repeat("\n", lines))
			return nil
		case c == '\n': // unterminated: the parser says it
			return nil
		case c != '\\':
			p.copy(1)
		case p.peek(1) == 'x':
			if err := p.escapeX(); err != nil {
				return err
			}
		case p.peek(1) == 'u' && p.peek(2) == '{':
			if err := p.escapeU(); err != nil {
				return err
			}
		case p.peek(1) == 'z':
			p.skip(2)
			for strings.IndexByte(" \t\r\n\v\f", p.peek(0)) >= 0 && p.pos < len(p.src) {
				if p.peek(0) == '\n' {
					lines++
					p.line++
				}
				p.skip(1)
			}
		default:
			p.copy(2)
		}
	}
	return nil
}

func (p *prelexer) escapeX() error {
	if !isHex(p.peek(2)) || !isHex(p.peek(3)) {
		return p.errorf(p.src[p.pos:min(p.pos+4, len(p.src))], "two hexadecimal digits expected")
	}
	v, _ := strconv.ParseUint(p.src[p.pos+2:p.pos+4], 16, 8)
	p.byteEscape(byte(v))
	p.skip(4)
	return nil
}

func (p *prelexer) escapeU() error {
	n := strings.IndexByte(p.src[p.pos:], '}')
	if n < 0 {
		return p.errorf(`\u{`, "missing '}'")
	}
	v, err := strconv.ParseUint(p.src[p.pos+3:p.pos+n], 16, 31)
	if err != nil || v > utf8.MaxRune {
		return p.errorf(p.src[p.pos:p.pos+n+1], "no Unicode character")
	}
	for _, b := range []byte(string(rune(v))) {
		p.byteEscape(b)
	}
	p.skip(n + 1)
	return nil
}

func (p *prelexer) byteEscape(b byte) { fmt.Fprintf(&p.out, `\%03d`, b) }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
