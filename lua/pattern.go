package lua

import (
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// Lua's patterns, matched by backtracking as the manual says. A pattern can take
// time that is exponential in its length: the matcher counts its steps, so that a
// deadline ends it.

const (
	patternSpecials = "^$*+?.([%-"
	maxCaptures     = 32
	// maxPattern bounds how many items of a pattern wait for what follows them.
	maxPattern = 200
)

// capture is a part of the subject; one that is a position, or not closed yet, has
// no length.
type capture struct{ from, len int }

const (
	openCapture = -1
	positionCap = -2
)

// patternMatch looks for one pattern in one subject.
type patternMatch struct {
	ticker
	src, pat string
	anchored bool // the pattern began with ^, which is cut off
	caps     []capture
	depth    int
	store    [8]capture
}

func newMatcher(s *State, L *glua.LState, src, pat string) *patternMatch {
	m := &patternMatch{ticker: ticker{s: s, L: L}, src: src, pat: pat}
	m.pat, m.anchored = strings.CutPrefix(pat, "^")
	m.caps = m.store[:0]
	return m
}

// find finds the first match that begins at pos or after it, at pos alone when
// the pattern is anchored.
func (m *patternMatch) find(pos int) (from, to int, ok bool) {
	for ; pos <= len(m.src); pos++ {
		m.step(1)
		if to, ok := m.at(pos); ok {
			return pos, to, true
		}
		if m.anchored {
			break
		}
	}
	return 0, 0, false
}

// at matches the pattern at pos.
func (m *patternMatch) at(pos int) (end int, ok bool) {
	m.caps = m.caps[:0]
	return m.match(pos, 0)
}

// match matches what the pattern has from p on, at s.
func (m *patternMatch) match(s, p int) (end int, ok bool) {
	if m.depth++; m.depth > maxPattern {
		m.L.RaiseError("pattern too complex")
	}
	defer func() { m.depth-- }()
	for p < len(m.pat) {
		m.step(1)
		switch c := m.pat[p]; {
		case c == '(':
			return m.open(s, p+1)
		case c == ')':
			return m.close(s, p+1)
		case c == '$' && p+1 == len(m.pat):
			return s, s == len(m.src)
		case c == '%' && p+1 < len(m.pat) && m.special(m.pat[p+1]):
			if s, p, ok = m.escape(s, p+1); !ok {
				return 0, false
			}
			continue
		}
		next := m.classEnd(p)
		if next < len(m.pat) && strings.IndexByte("*+-?", m.pat[next]) >= 0 {
			return m.repeat(s, p, next)
		}
		if !m.single(s, p, next) {
			return 0, false
		}
		s, p = s+1, next
	}
	return s, true
}

// special reports whether % and a character are more than a class.
func (m *patternMatch) special(c byte) bool { return c == 'b' || c == 'f' || isDigit(c) }

// escape matches %b, %f and %1 to %9; p is after the %.
func (m *patternMatch) escape(s, p int) (int, int, bool) {
	switch m.pat[p] {
	case 'b':
		if p+2 >= len(m.pat) {
			m.L.RaiseError("malformed pattern (%s)", "missing arguments to '%b'")
		}
		end, ok := m.balanced(s, m.pat[p+1], m.pat[p+2])
		return end, p + 3, ok
	case 'f':
		p++
		if p >= len(m.pat) || m.pat[p] != '[' {
			m.L.RaiseError("malformed pattern (%s)", "missing '[' after '%f'")
		}
		next := m.classEnd(p)
		var before, after byte
		if s > 0 {
			before = m.src[s-1]
		}
		if s < len(m.src) {
			after = m.src[s]
		}
		return s, next, !m.inSet(before, p, next-1) && m.inSet(after, p, next-1)
	}
	text := m.closed(int(m.pat[p] - '1'))
	m.step(len(text) / 8)
	return s + len(text), p + 1, strings.HasPrefix(m.src[s:], text)
}

// balanced finds the end of a text that opens and closes.
func (m *patternMatch) balanced(s int, open, end byte) (int, bool) {
	if s >= len(m.src) || m.src[s] != open {
		return 0, false
	}
	for depth, i := 1, s+1; i < len(m.src); i++ {
		m.step(1)
		switch m.src[i] {
		case end:
			if depth--; depth == 0 {
				return i + 1, true
			}
		case open:
			depth++
		}
	}
	return 0, false
}

func (m *patternMatch) open(s, p int) (end int, ok bool) {
	if len(m.caps) == maxCaptures {
		m.L.RaiseError("too many captures")
	}
	n := len(m.caps)
	c := capture{s, openCapture}
	if p < len(m.pat) && m.pat[p] == ')' {
		c.len = positionCap
		p++
	}
	m.caps = append(m.caps, c)
	if end, ok = m.match(s, p); !ok {
		m.caps = m.caps[:n]
	}
	return end, ok
}

func (m *patternMatch) close(s, p int) (end int, ok bool) {
	i := len(m.caps) - 1
	for i >= 0 && m.caps[i].len != openCapture {
		i--
	}
	if i < 0 {
		m.L.RaiseError("invalid pattern capture")
	}
	m.caps[i].len = s - m.caps[i].from
	if end, ok = m.match(s, p); !ok {
		m.caps[i].len = openCapture
	}
	return end, ok
}

// repeat matches an item that is repeated, as often as the character at next
// says, and what follows it.
func (m *patternMatch) repeat(s, p, next int) (end int, ok bool) {
	least, most, lazy := 0, len(m.src)-s, false
	switch m.pat[next] {
	case '+':
		least = 1
	case '?':
		most = min(most, 1)
	case '-':
		lazy = true
	}
	if lazy {
		for {
			if end, ok = m.match(s, next+1); ok || !m.single(s, p, next) {
				return end, ok
			}
			s++
		}
	}
	n := 0
	for n < most && m.single(s+n, p, next) {
		m.step(1)
		n++
	}
	for ; n >= least; n-- {
		if end, ok = m.match(s+n, next+1); ok {
			return end, true
		}
	}
	return 0, false
}

// closed is the text of a capture that has its end.
func (m *patternMatch) closed(i int) string {
	if i < 0 || i >= len(m.caps) || m.caps[i].len < 0 {
		m.L.RaiseError("invalid capture index")
	}
	return m.src[m.caps[i].from : m.caps[i].from+m.caps[i].len]
}

// value is capture i of a match in [from, to): the whole match for the first, if
// the pattern has none.
func (m *patternMatch) value(i, from, to int) glua.LValue {
	if i == 0 && len(m.caps) == 0 {
		return glua.LString(m.src[from:to])
	}
	if i >= len(m.caps) {
		m.L.RaiseError("invalid capture index")
	}
	switch c := m.caps[i]; c.len {
	case positionCap:
		return glua.LNumber(c.from + 1)
	case openCapture:
		m.L.RaiseError("unfinished capture")
		return nil
	default:
		return glua.LString(m.src[c.from : c.from+c.len])
	}
}

// push pushes the captures of a match, the whole match when there is none.
func (m *patternMatch) push(from, to int) int {
	n := max(len(m.caps), 1)
	for i := range n {
		m.L.Push(m.value(i, from, to))
	}
	return n
}
