package lua

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

var stringModule = Module{
	Name: "string",
	Doc:  "Added to or corrected in Lua's string library.",
	Rows: []Row{
		{"format", "fmt, ...", "string", "Lua's; integers of 64 bits are exact: %d prints a U64 as an unsigned number, %x a negative number as two's complement.", stringFormat},
		{"rep", "s, n[, sep]", "string", "s n times, with sep between.", stringRep},
		{"byte", "s[, from[, to]]", "integers", "Lua's.", stringByte},
		{"find", "s, pattern[, from[, plain]]", "from, to, captures", "Lua's.", stringFind},
		{"match", "s, pattern[, from]", "captures", "Lua's.", stringMatch},
		{"gmatch", "s, pattern", "iterator", "Lua's.", stringGmatch},
		{"gsub", "s, pattern, replacement[, n]", "string, count", "Lua's.", stringGsub},
		{"pack", "fmt, ...", "string", "Values as bytes, by the formats of Lua 5.3: < > = ! b B h H i I l L j J T f d n s z x X and sizes, as in \"<I4\".", stringPack},
		{"unpack", "fmt, s[, pos]", "values, next position", "The values of bytes; i1…i8 are signed, I1…I8 unsigned.", stringUnpack},
		{"packsize", "fmt", "integer", "The bytes that a format without s and z takes.", stringPackSize},
		{"split", "s, sep[, plain]", "table", "The pieces between the matches of the pattern sep, or of the text sep when plain.", stringSplit},
		{"trim", "s", "string", "Without white space at both ends.", func(_ *State, L *glua.LState) int { return pushString(L, strings.TrimSpace(L.CheckString(1))) }},
	},
}

func stringRep(s *State, L *glua.LState) int {
	text, n, sep := L.CheckString(1), int64(argInt(L, 2)), L.OptString(3, "")
	if n <= 0 {
		return pushString(L, "")
	}
	s.room(L, int(min(float64(len(text)+len(sep))*float64(n), maxString+1)))
	if sep != "" {
		return pushString(L, strings.Repeat(text+sep, int(n-1))+text)
	}
	return pushString(L, strings.Repeat(text, int(n)))
}

func stringByte(_ *State, L *glua.LState) int {
	s := L.CheckString(1)
	from := L.OptInt(2, 1)
	to := L.OptInt(3, from)
	if from < 0 {
		from = max(len(s)+from+1, 1)
	}
	if to < 0 {
		to = len(s) + to + 1
	}
	from, to = max(from, 1), min(to, len(s))
	if to < from {
		return 0
	}
	n := checkResults(L, to-from+1)
	for _, c := range []byte(s[from-1 : to]) {
		L.Push(glua.LNumber(c))
	}
	return n
}

func stringSplit(st *State, L *glua.LState) int {
	s, sep := L.CheckString(1), L.CheckString(2)
	t := L.NewTable()
	ticks := ticker{s: st, L: L}
	pieces := func(next func(pos int) (from, to int)) {
		for pos := 0; ; {
			ticks.step(1)
			from, to := next(pos)
			if to <= from {
				t.Append(glua.LString(s[pos:]))
				return
			}
			t.Append(glua.LString(s[pos:from]))
			pos = to
		}
	}
	switch {
	case !L.ToBool(3) && strings.ContainsAny(sep, patternSpecials):
		m := newMatcher(st, L, s, sep)
		pieces(func(pos int) (from, to int) { from, to, _ = m.find(pos); return })
	case sep == "":
		for p := range strings.SplitSeq(s, sep) {
			ticks.step(1)
			t.Append(glua.LString(p))
		}
	default:
		pieces(func(pos int) (from, to int) {
			i := strings.Index(s[pos:], sep)
			if i < 0 {
				return 0, 0
			}
			return pos + i, pos + i + len(sep)
		})
	}
	L.Push(t)
	return 1
}

// spec is one conversion of a format.
type spec struct {
	minus, plus, space, alt, zero bool
	width, prec                   int // prec -1 when absent
	verb                          byte
}

func stringFormat(s *State, L *glua.LState) int {
	f := L.CheckString(1)
	out := s.text[:0]
	s.text = nil // a __tostring that formats gets a buffer of its own
	arg := 1
	ticks := ticker{s: s, L: L}
	for {
		ticks.step(1)
		i := strings.IndexByte(f, '%')
		if i < 0 {
			out = append(out, f...)
			L.Push(glua.LString(out))
			s.text = out
			return 1
		}
		out = append(out, f[:i]...)
		f = f[i+1:]
		if strings.HasPrefix(f, "%") {
			out, f = append(out, '%'), f[1:]
			continue
		}
		var sp spec
		f = sp.parse(L, f)
		arg++
		out = sp.append(s, L, out, arg)
	}
}

// parse reads a conversion after its % and gives the rest of the format.
func (sp *spec) parse(L *glua.LState, f string) string {
	i := 0
	for ; i < len(f); i++ {
		switch f[i] {
		case '-':
			sp.minus = true
		case '+':
			sp.plus = true
		case ' ':
			sp.space = true
		case '#':
			sp.alt = true
		case '0':
			sp.zero = true
		default:
			goto width
		}
	}
width:
	sp.width, i = digits(f, i)
	sp.prec = -1
	if i < len(f) && f[i] == '.' {
		sp.prec, i = digits(f, i+1)
	}
	if sp.width > 99 || sp.prec > 99 {
		L.RaiseError("invalid format (width or precision too long)")
	}
	if i == len(f) {
		L.RaiseError("invalid conversion '%%%s' to 'format'", f)
	}
	sp.verb = f[i]
	return f[i+1:]
}

func digits(s string, i int) (n, end int) {
	for ; i < len(s) && isDigit(s[i]); i++ {
		n = min(n*10+int(s[i]-'0'), 1000)
	}
	return n, i
}

func (sp *spec) append(st *State, L *glua.LState, out []byte, arg int) []byte {
	if arg > L.GetTop() {
		L.ArgError(arg, expected(map[bool]string{true: "string", false: "number"}[sp.verb == 's' || sp.verb == 'q'], glua.LNil))
	}
	v := L.Get(arg)
	switch sp.verb {
	case 'd', 'i', 'u', 'x', 'X', 'o', 'c':
		n := number(v)
		if n == nil {
			L.ArgError(arg, expected("number", v))
		}
		return sp.integer(out, n)
	case 'e', 'E', 'f', 'F', 'g', 'G', 'a', 'A':
		return sp.float(out, argFloat(L, arg))
	case 's':
		s := L.ToStringMeta(v).String()
		if sp.prec >= 0 && sp.prec < len(s) {
			s = s[:sp.prec]
		}
		st.room(L, len(out)+len(s))
		return sp.pad(out, "", []byte(s), false)
	case 'q':
		s := L.ToStringMeta(v).String()
		st.room(L, len(out)+2*len(s))
		return quote(out, s)
	}
	L.RaiseError("invalid conversion '%%%c' to 'format'", sp.verb)
	return nil
}

// integer prints a number under an integer verb; a fraction is cut off, as in
// Lua 5.1.
func (sp *spec) integer(out []byte, v glua.LValue) []byte {
	if f, ok := v.(glua.LNumber); ok && !isWhole(f) {
		t := math.Trunc(float64(f))
		if _, ok := wholeFloat(t); !ok {
			return sp.pad(out, "", strconv.AppendFloat(nil, t, 'f', 0, 64), false)
		}
		v = glua.LNumber(t)
	}
	u, _ := bits64(v)
	n, isPlain := v.(glua.LNumber)
	sign := ""
	if sp.verb == 'd' || sp.verb == 'i' {
		switch {
		case isPlain && n < 0:
			sign, u = "-", -u
		case sp.plus:
			sign = "+"
		case sp.space:
			sign = " "
		}
	}
	return sp.integerDigits(out, sign, u)
}

func (sp *spec) integerDigits(out []byte, sign string, u uint64) []byte {
	var digits [64]byte
	s := digits[:0]
	switch sp.verb {
	case 'c':
		return sp.pad(out, "", []byte{byte(u)}, false)
	case 'x', 'X':
		s = strconv.AppendUint(s, u, 16)
		if sp.alt && u != 0 {
			sign = "0x"
		}
		if sp.verb == 'X' {
			s, sign = bytes.ToUpper(s), strings.ToUpper(sign)
		}
	case 'o':
		if sp.alt && u != 0 {
			s = append(s, '0')
		}
		s = strconv.AppendUint(s, u, 8)
	default:
		s = strconv.AppendUint(s, u, 10)
	}
	if sp.prec == 0 && u == 0 {
		s = nil
	}
	if n := sp.prec - len(s); n > 0 {
		s = append(appendN(nil, '0', n), s...)
	}
	return sp.pad(out, sign, s, sp.zero && sp.prec < 0)
}

// pad puts a text into the field.
func (sp *spec) pad(out []byte, sign string, s []byte, zeros bool) []byte {
	n := sp.width - len(sign) - len(s)
	if n <= 0 || sp.minus {
		out = append(append(out, sign...), s...)
		return appendN(out, ' ', n)
	}
	if zeros {
		return append(appendN(append(out, sign...), '0', n), s...)
	}
	return append(append(appendN(out, ' ', n), sign...), s...)
}

func appendN(out []byte, c byte, n int) []byte {
	for range n {
		out = append(out, c)
	}
	return out
}

func (sp *spec) float(out []byte, f float64) []byte {
	sign := ""
	switch {
	case math.Signbit(f) && f == f:
		sign, f = "-", -f
	case sp.plus:
		sign = "+"
	case sp.space:
		sign = " "
	}
	verb, prec := sp.verb|0x20, sp.prec
	if prec < 0 && verb != 'a' {
		prec = 6
	}
	s := formatFloat(f, verb, prec, sp.alt)
	if sp.verb < 'a' {
		s = strings.ToUpper(s)
	}
	return sp.pad(out, sign, []byte(s), sp.zero && !math.IsInf(f, 0) && f == f)
}

func formatFloat(f float64, verb byte, prec int, alt bool) string {
	switch {
	case f != f:
		return "nan"
	case math.IsInf(f, 0):
		return "inf"
	case verb == 'a':
		s := strconv.FormatFloat(f, 'x', prec, 64)
		return strings.NewReplacer("p+0", "p+", "p-0", "p-").Replace(s)
	case verb == 'g' && alt:
		return fmt.Sprintf("%#.*g", prec, f)
	case verb == 'g':
		prec = max(prec, 1)
	}
	return strconv.FormatFloat(f, verb, prec, 64)
}

// quote prints a string as Lua source.
func quote(out []byte, s string) []byte {
	out = append(out, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case slices.Contains([]byte("\"\\\n"), c):
			out = append(out, '\\', c)
		case c == '\r':
			out = append(out, `\r`...)
		case c == 0:
			out = append(out, `\000`...)
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
