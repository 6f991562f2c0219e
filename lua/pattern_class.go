package lua

// The single items of a pattern: a character, a class such as %a, a set such as [a-z].

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

// setEnd is after the ] of a set. A ] that stands first is one of its members.
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
