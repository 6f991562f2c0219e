package lua

import (
	"strconv"
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

// find finds the first match that begins at pos or behind it, at pos alone when
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

// escape matches %b, %f and %1 to %9; p is behind the %.
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

// classEnd is where the single item at p ends.
func (m *patternMatch) classEnd(p int) int {
	switch m.pat[p] {
	case '%':
		if p+1 == len(m.pat) {
			m.L.RaiseError("malformed pattern (%s)", "ends with '%'")
		}
		return p + 2
	case '[':
		return m.setEnd(p)
	}
	return p + 1
}

// setEnd is behind the ] of a set. A ] that stands first is one of its members.
func (m *patternMatch) setEnd(p int) int {
	i := p + 1
	if i < len(m.pat) && m.pat[i] == '^' {
		i++
	}
	for first := true; ; first = false {
		switch {
		case i >= len(m.pat):
			m.L.RaiseError("malformed pattern (missing ']')")
		case m.pat[i] == ']' && !first:
			m.step(i - p)
			return i + 1
		case m.pat[i] == '%':
			i++
		}
		i++
	}
}

// single matches one character against the item in [p, next).
func (m *patternMatch) single(s, p, next int) bool {
	if s >= len(m.src) {
		return false
	}
	switch c := m.src[s]; m.pat[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pat[p+1])
	case '[':
		return m.inSet(c, p, next-1)
	default:
		return c == m.pat[p]
	}
}

// inSet reports whether the set from the [ at p to the ] at end has c.
func (m *patternMatch) inSet(c byte, p, end int) bool {
	m.step((end - p) / 8)
	in := true
	p++
	if m.pat[p] == '^' {
		in = false
		p++
	}
	for ; p < end; p++ {
		switch {
		case m.pat[p] == '%' && p+1 < end:
			p++
			if inClass(c, m.pat[p]) {
				return in
			}
		case p+2 < end && m.pat[p+1] == '-':
			if m.pat[p] <= c && c <= m.pat[p+2] {
				return in
			}
			p += 2
		case m.pat[p] == c:
			return in
		}
	}
	return !in
}

// inClass reports whether %class has c; in capitals it is what the class has not.
func inClass(c, class byte) bool {
	var in bool
	switch class | 0x20 {
	case 'a':
		in = isAlpha(c)
	case 'c':
		in = c < ' ' || c == 0x7f
	case 'd':
		in = isDigit(c)
	case 'g':
		in = c > ' ' && c < 0x7f
	case 'l':
		in = c >= 'a' && c <= 'z'
	case 'p':
		in = c > ' ' && c < 0x7f && !isAlpha(c) && !isDigit(c)
	case 's':
		in = c == ' ' || c >= '\t' && c <= '\r'
	case 'u':
		in = c >= 'A' && c <= 'Z'
	case 'w':
		in = isAlpha(c) || isDigit(c)
	case 'x':
		in = isHex(c)
	case 'z':
		in = c == 0
	default:
		return c == class
	}
	if !isAlpha(class) {
		return c == class
	}
	return in == (class >= 'a')
}

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

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

func stringFind(s *State, L *glua.LState) int {
	src, pat := L.CheckString(1), L.CheckString(2)
	start := startIndex(L, src)
	if L.ToBool(4) || !strings.ContainsAny(pat, patternSpecials) {
		i := -1
		if start <= len(src) {
			i = strings.Index(src[start:], pat)
		}
		if i < 0 {
			L.Push(glua.LNil)
			return 1
		}
		L.Push(glua.LNumber(start + i + 1))
		L.Push(glua.LNumber(start + i + len(pat)))
		return 2
	}
	m := newMatcher(s, L, src, pat)
	from, to, ok := m.find(start)
	if !ok {
		L.Push(glua.LNil)
		return 1
	}
	L.Push(glua.LNumber(from + 1))
	L.Push(glua.LNumber(to))
	if len(m.caps) == 0 {
		return 2
	}
	return 2 + m.push(from, to)
}

func stringMatch(s *State, L *glua.LState) int {
	src, pat := L.CheckString(1), L.CheckString(2)
	m := newMatcher(s, L, src, pat)
	from, to, ok := m.find(startIndex(L, src))
	if !ok {
		L.Push(glua.LNil)
		return 1
	}
	return m.push(from, to)
}

// startIndex is argument 3 as an offset; negative ones count from the end.
func startIndex(L *glua.LState, s string) int {
	i := L.OptInt(3, 1)
	if i < 0 {
		i = len(s) + i + 1
	}
	return max(i-1, 0)
}

func stringGmatch(s *State, L *glua.LState) int {
	src, pat := L.CheckString(1), L.CheckString(2)
	pos := 0
	L.Push(L.NewFunction(func(L *glua.LState) int {
		m := newMatcher(s, L, src, pat)
		if m.anchored && pos > 0 {
			return 0
		}
		from, to, ok := m.find(pos)
		if !ok {
			pos = len(src) + 1
			return 0
		}
		if pos = to; to == from {
			pos++
		}
		return m.push(from, to)
	}))
	return 1
}

func stringGsub(s *State, L *glua.LState) int {
	src, pat := L.CheckString(1), L.CheckString(2)
	g := replacer{patternMatch: newMatcher(s, L, src, pat), with: L.Get(3)}
	switch v := g.with.(type) {
	case glua.LNumber:
		g.with = glua.LString(v.String())
	case glua.LString, *glua.LTable, *glua.LFunction:
	default:
		L.ArgError(3, expected("string, function or table", v))
	}
	most := len(src) + 1
	if L.Get(4) != glua.LNil {
		most = min(L.CheckInt(4), most)
	}
	n, pos := 0, 0
	for n < most {
		g.step(1)
		to, ok := g.at(pos)
		if ok {
			n++
			g.replace(pos, to)
		}
		switch {
		case ok && to > pos:
			pos = to
		case pos < len(src):
			g.append(src[pos : pos+1])
			pos++
		default:
			most = n
		}
		if g.anchored {
			break
		}
	}
	g.append(src[min(pos, len(src)):])
	L.Push(glua.LString(g.out))
	L.Push(glua.LNumber(n))
	return 2
}

// replacer builds what gsub gives.
type replacer struct {
	*patternMatch
	with glua.LValue
	out  []byte
}

func (g *replacer) append(s string) {
	if n := len(g.out) + len(s); n > cap(g.out) { // it grows by a half or more
		g.s.room(g.L, n+n/2)
	}
	g.out = append(g.out, s...)
}

// replace appends what stands for the match in [from, to).
func (g *replacer) replace(from, to int) {
	var v glua.LValue
	switch with := g.with.(type) {
	case glua.LString:
		g.template(string(with), from, to)
		return
	case *glua.LTable:
		v = g.L.GetTable(with, g.value(0, from, to))
	default:
		caps := g.caps
		g.L.Push(with)
		n := g.push(from, to)
		g.L.Call(n, 1)
		v = g.L.Get(-1)
		g.L.Pop(1)
		g.caps = caps
	}
	switch {
	case glua.LVIsFalse(v):
		g.append(g.src[from:to])
	case glua.LVCanConvToString(v) || isNumber(v):
		g.append(v.String())
	default:
		g.L.RaiseError("invalid replacement value (a %s)", typeName(v))
	}
}

// template appends a text in which %0 to %9 stand for captures.
func (g *replacer) template(t string, from, to int) {
	for {
		i := strings.IndexByte(t, '%')
		if i < 0 || i+1 == len(t) {
			g.append(t)
			return
		}
		g.step(1)
		g.append(t[:i])
		switch c := t[i+1]; {
		case c == '0':
			g.append(g.src[from:to])
		case isDigit(c):
			g.append(textOf(g.value(int(c-'1'), from, to)))
		default:
			g.append(t[i+1 : i+2])
		}
		t = t[i+2:]
	}
}

func textOf(v glua.LValue) string {
	if n, ok := v.(glua.LNumber); ok {
		return strconv.Itoa(int(n))
	}
	return v.String()
}
