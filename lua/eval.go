package lua

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/plugin"
	"panda/lua/num"
	"panda/lua/syntax"
	"panda/lua/val"
)

// Host is the machine that the state is bound to, nil before Init.
func (s *State) Host() *plugin.Host { return s.host }

// Eval runs a line of a session, an expression or a chunk, and prints its
// results. more says that the text ends too early: ask for another line.
func (s *State) Eval(text string) (more bool, err error) {
	fn, err := s.compileLine(text)
	if err != nil {
		var se *syntax.Error
		if errors.As(err, &se) && se.Incomplete {
			return true, nil
		}
		return false, err
	}
	if s.guard != nil {
		s.guard.forgive()
	}
	ret, err := s.run(fn)
	if err != nil {
		return false, err
	}
	if len(ret) > 0 {
		fmt.Fprintln(s.out(), s.show(ret))
	}
	return false, nil
}

// compileLine takes a text for an expression if it is one, else for a chunk.
func (s *State) compileLine(text string) (*glua.LFunction, error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "=")
	fn, err := s.compile(s.name, "return "+text)
	var se *syntax.Error
	if err == nil || errors.As(err, &se) && se.Incomplete {
		return fn, err
	}
	return s.compile(s.name, text)
}

// IsChunk reports whether a text is Lua statements as it stands: an expression
// other than a call is none.
func (s *State) IsChunk(text string) bool {
	_, err := s.compile(s.name, text)
	return err == nil
}

// Number is the value of an expression that must be an integer.
func (s *State) Number(expr string) (uint64, error) {
	fn, err := s.compile("expression", "return "+expr)
	if err != nil {
		return 0, err
	}
	ret, err := s.run(fn)
	if err != nil {
		return 0, err
	}
	if len(ret) > 0 {
		if u, ok := num.Bits(ret[0]); ok {
			return u, nil
		}
	}
	return 0, fmt.Errorf("%s is not a number", expr)
}

// IsGlobal reports whether a global variable of the name has a value.
func (s *State) IsGlobal(name string) bool { return s.L.G.Global.RawGetString(name) != glua.LNil }

// Complete lists the names that may stand for a beginning such as "panda.re" or
// "cpu:u"; each is given whole.
func (s *State) Complete(prefix string) []string {
	cut := strings.LastIndexAny(prefix, ".:") + 1
	var names []string
	for _, n := range s.members(strings.TrimRight(prefix[:cut], ".:")) {
		if strings.HasPrefix(n, prefix[cut:]) {
			names = append(names, prefix[:cut]+n)
		}
	}
	sort.Strings(names)
	return names
}

// members are the names within an object that is given by its path.
func (s *State) members(path string) []string {
	if path == "cpu" || path == "panda.cpu" {
		if s.cpu == nil {
			return nil
		}
		return s.cpuNames(s.cpu)
	}
	t := glua.LValue(s.L.G.Global)
	if path != "" {
		for p := range strings.SplitSeq(path, ".") {
			next, ok := t.(*glua.LTable)
			if !ok {
				return nil
			}
			t = next.RawGetString(p)
		}
	}
	var names []string
	if t, ok := t.(*glua.LTable); ok {
		t.ForEach(func(k, _ glua.LValue) {
			if n, ok := k.(glua.LString); ok {
				names = append(names, string(n))
			}
		})
	}
	return names
}

// show prints values as a session does: large integers in hexadecimal too,
// tables with what they hold.
func (s *State) show(vs []glua.LValue) string {
	var parts []string
	for _, v := range vs {
		if _, ok := v.(*glua.LUserData); ok {
			v = s.L.ToStringMeta(v)
		}
		parts = append(parts, show(v, 0))
	}
	return strings.TrimSuffix(strings.Join(parts, "\t"), "\n")
}

const (
	showDepth = 3
	showMax   = 40
)

func show(v glua.LValue, depth int) string {
	switch v := v.(type) {
	case glua.LNumber:
		if num.IsWhole(v) && v >= 1<<16 {
			return fmt.Sprintf("0x%x (%d)", uint64(v), uint64(v))
		}
	case glua.LString:
		if depth > 0 {
			return strconv.Quote(string(v))
		}
	case *glua.LTable:
		return showTable(v, depth)
	}
	return v.String()
}

func showTable(t *glua.LTable, depth int) string {
	if depth == showDepth {
		return "{…}"
	}
	var keys []glua.LValue
	t.ForEach(func(k, _ glua.LValue) { keys = append(keys, k) })
	if len(keys) == 0 {
		return "{}"
	}
	sort.SliceStable(keys, func(i, j int) bool { return val.KeyLess(keys[i], keys[j]) })
	indent := strings.Repeat("  ", depth)
	var b strings.Builder
	b.WriteString("{\n")
	for i, k := range keys {
		if i == showMax {
			fmt.Fprintf(&b, "%s  … %d more\n", indent, len(keys)-i)
			break
		}
		fmt.Fprintf(&b, "%s  %s = %s\n", indent, showKey(k), show(t.RawGet(k), depth+1))
	}
	return b.String() + indent + "}"
}

func showKey(k glua.LValue) string {
	if s, ok := k.(glua.LString); ok {
		return string(s)
	}
	return "[" + show(k, 1) + "]"
}

// compile makes a function of source text. This is the only way that text
// becomes code, so that integers are exact everywhere.
func (s *State) compile(name, src string) (*glua.LFunction, error) {
	proto, err := syntax.Compile(name, src, &s.help, s.sourceLimits())
	if err != nil {
		return nil, err
	}
	return s.L.NewFunctionFromProto(proto), nil
}
