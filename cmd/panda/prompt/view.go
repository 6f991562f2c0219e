package prompt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/lua"
)

var dollarReg = regexp.MustCompile(`\$([a-z][a-z0-9]*)`)

// number is the value of a number, a register or a Lua expression, in which $reg
// stands for a register.
func (s *session) number(text string) (uint64, error) {
	if v, ok := s.m.CPU().Reg(strings.TrimPrefix(text, "$")); ok {
		return v, nil
	}
	if v, err := strconv.ParseUint(text, 0, 64); err == nil {
		return v, nil
	}
	expr := dollarReg.ReplaceAllString(text, "panda.cpu.$1")
	if text == "$pc" || text == "$sp" {
		expr = "panda.cpu." + text[1:]
	}
	v, err := s.lua.Number(expr)
	if err != nil && !strings.Contains(text, "$") {
		return 0, fmt.Errorf("%q is neither a number nor a symbol, a register or an expression", text)
	}
	return v, err
}

// address is a symbol, with an offset perhaps, or a number.
func (s *session) address(text string) (guest.Addr, error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "*")
	if text == "" {
		return 0, errors.New("an address is needed")
	}
	if a, ok := s.host.Core().Lookup(text); ok {
		return a, nil
	}
	if i := strings.LastIndexAny(text, "+-"); i > 0 {
		if a, ok := s.host.Core().Lookup(strings.TrimSpace(text[:i])); ok {
			off, err := s.number(strings.TrimSpace(text[i+1:]))
			if text[i] == '-' {
				off = -off
			}
			return a + guest.Addr(off), err
		}
	}
	v, err := s.number(text)
	return guest.Addr(v), err
}

func cmdRegs(s *session, args string) error {
	c := s.m.CPU()
	if args == "" {
		for i, n := range c.Machine.Arch.Names {
			v, _ := c.Reg(n)
			mark := " "
			if v != s.regs[n] {
				mark = "*"
			}
			fmt.Fprintf(s.out, "%s%-7s%0*x", mark, n, c.Machine.Arch.Bits/4, v)
			if i%3 == 2 || i == len(c.Machine.Arch.Names)-1 {
				fmt.Fprintln(s.out)
			} else {
				fmt.Fprint(s.out, "  ")
			}
		}
		return nil
	}
	for f := range strings.FieldsSeq(args) {
		name, value, assign := strings.Cut(f, "=")
		name = strings.TrimPrefix(name, "$")
		if err := s.reg(name, value, assign); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) reg(name, value string, assign bool) error {
	c := s.m.CPU()
	if _, ok := c.Reg(name); !ok {
		return fmt.Errorf("no register %q%s", name, event.DidYouMean(name, c.Machine.Arch.Names))
	}
	if assign {
		a, err := s.address(value)
		if err != nil {
			return err
		}
		c.SetReg(name, uint64(a))
	}
	v, _ := c.Reg(name)
	fmt.Fprintf(s.out, " %-7s%#x\n", name, v)
	return nil
}

// format is what stands after x/.
type format struct {
	n    int
	how  byte
	size int
}

func parseFormat(text string) (f format, err error) {
	f = format{1, 'x', 8}
	digits := 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	if digits > 0 {
		if f.n, err = strconv.Atoi(text[:digits]); err != nil || f.n > 10000 {
			return f, fmt.Errorf("x/%s: at most 10000 items", text)
		}
	}
	for _, c := range text[digits:] {
		switch {
		case strings.ContainsRune("xduocsaif", c):
			f.how = byte(c)
			if c == 'c' {
				f.size = 1
			}
		case strings.ContainsRune("bhwg", c):
			f.size = map[rune]int{'b': 1, 'h': 2, 'w': 4, 'g': 8}[c]
		default:
			return f, fmt.Errorf("x/%s: %q is neither a format (x d u o c s a i f) nor a unit (b h w g)", text, c)
		}
	}
	return f, nil
}

func cmdExamine(s *session, args string) error {
	spec := ""
	if rest, ok := strings.CutPrefix(args, "/"); ok {
		spec, args, _ = strings.Cut(rest, " ")
	}
	f, err := parseFormat(spec)
	if err != nil {
		return err
	}
	a := s.examined
	if args = strings.TrimSpace(args); args != "" {
		if a, err = s.address(args); err != nil {
			return err
		}
	}
	s.repeat = "x/" + spec // on from where it ended
	switch f.how {
	case 'i':
		return s.disas(a, f.n)
	case 's':
		return s.strings(a, f.n)
	}
	return s.words(a, f)
}

func (s *session) words(a guest.Addr, f format) error {
	perLine := max(1, 16/f.size)
	if f.how == 'a' {
		perLine = 1
	}
	for i := range f.n {
		if i%perLine == 0 {
			if i > 0 {
				fmt.Fprintln(s.out)
			}
			fmt.Fprintf(s.out, "%s:", s.place(a))
		}
		b := make([]byte, 8)
		if err := s.m.CPU().Read(a, b[:f.size]); err != nil {
			fmt.Fprintln(s.out)
			return err
		}
		fmt.Fprintf(s.out, "  %s", s.word(binary.LittleEndian.Uint64(b), f))
		a += guest.Addr(f.size)
	}
	fmt.Fprintln(s.out)
	s.examined = a
	return nil
}

func (s *session) word(v uint64, f format) string {
	unused := 64 - 8*f.size
	switch f.how {
	case 'd':
		return strconv.FormatInt(int64(v<<unused)>>unused, 10)
	case 'u':
		return strconv.FormatUint(v, 10)
	case 'o':
		return "0" + strconv.FormatUint(v, 8)
	case 'c':
		return strconv.QuoteRune(rune(v & 0xff))
	case 'a':
		return s.place(guest.Addr(v))
	case 'f':
		if f.size == 4 {
			return strconv.FormatFloat(float64(math.Float32frombits(uint32(v))), 'g', -1, 32)
		}
		return strconv.FormatFloat(math.Float64frombits(v), 'g', -1, 64)
	}
	return fmt.Sprintf("0x%0*x", 2*f.size, v)
}

func (s *session) strings(a guest.Addr, n int) error {
	for range n {
		text, size, err := s.text(a)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s:  %s\n", s.place(a), strconv.Quote(text))
		a += guest.Addr(size)
		s.examined = a
	}
	return nil
}

// text reads up to a zero byte, at most 200 bytes.
func (s *session) text(a guest.Addr) (string, int, error) {
	var out []byte
	for len(out) < 200 {
		var b [1]byte
		if err := s.m.CPU().Read(a+guest.Addr(len(out)), b[:]); err != nil {
			return "", 0, err
		}
		if b[0] == 0 {
			return string(out), len(out) + 1, nil
		}
		out = append(out, b[0])
	}
	return string(out), len(out), nil
}

func cmdHexdump(s *session, args string) error {
	where, count := lastField(args)
	n := uint64(64)
	a, err := s.address(where)
	if err != nil && count == "" {
		return err
	}
	if count != "" {
		if n, err = s.number(count); err != nil {
			return err
		}
		if a, err = s.address(where); err != nil {
			return err
		}
	}
	b := make([]byte, min(n, 1<<20))
	if err := s.m.CPU().Read(a, b); err != nil {
		return err
	}
	fmt.Fprint(s.out, lua.Hexdump(b, uint64(a)))
	s.repeat = fmt.Sprintf("hexdump %#x %d", uint64(a)+n, n)
	return nil
}

// lastField splits "addr n" at its last blank.
func lastField(args string) (where, count string) {
	i := strings.LastIndexAny(args, " \t")
	if i < 0 {
		return args, ""
	}
	return strings.TrimSpace(args[:i]), args[i+1:]
}

func cmdDisas(s *session, args string) error {
	where, count := lastField(args)
	n := uint64(8)
	a := s.m.CPU().PC()
	var err error
	if where != "" {
		if a, err = s.address(where); err != nil {
			return err
		}
	}
	if count != "" {
		if n, err = s.number(count); err != nil {
			return err
		}
	}
	if err := s.disas(a, int(min(n, 10000))); err != nil {
		return err
	}
	s.repeat = fmt.Sprintf("disas %#x %d", uint64(s.examined), n)
	return nil
}

func (s *session) disas(a guest.Addr, n int) error {
	ins := lua.Disassemble(s.m.CPU(), a, n)
	for _, in := range ins {
		s.printInsn(in)
		s.examined = in.PC + guest.Addr(len(in.Code))
	}
	if len(ins) == 0 {
		return s.m.CPU().Read(a, make([]byte, 1))
	}
	return nil
}

func (s *session) printInsn(in lua.Insn) {
	mark, i := "  ", ink("")
	if in.PC == s.m.CPU().PC() {
		mark, i = "=>", inkHere
	}
	if sym := lua.SymbolAt(s.m.CPU(), in.PC); sym != "" && !strings.Contains(sym, "+") {
		fmt.Fprintf(s.out, "%s:\n", sym)
	}
	line := fmt.Sprintf("%s %#x  %-24x %s", mark, uint64(in.PC), in.Code, in.Text)
	if i != "" {
		line = s.style.paint(i, line)
	}
	fmt.Fprintln(s.out, line)
}

func (s *session) current() *lua.Insn {
	ins := lua.Disassemble(s.m.CPU(), s.m.CPU().PC(), 1)
	if len(ins) == 0 {
		return nil
	}
	return &ins[0]
}

func cmdMaps(s *session, args string) error {
	for _, r := range s.host.Core().Regions() {
		line := fmt.Sprintf("%012x-%012x %v %8x %s", uint64(r.Start), uint64(r.End), r.Prot, r.Offset, r.File)
		if strings.Contains(line, args) {
			fmt.Fprintln(s.out, strings.TrimRight(line, " "))
		}
	}
	return nil
}

func cmdSymbol(s *session, args string) error {
	a, err := s.address(args)
	if err != nil {
		return err
	}
	file, base, ok := s.m.CPU().Machine.Module(a)
	fmt.Fprint(s.out, s.place(a))
	if ok {
		fmt.Fprintf(s.out, " in %s+%#x", file, uint64(a-base))
	}
	fmt.Fprintln(s.out)
	return nil
}

func cmdBacktrace(s *session, args string) error {
	n := uint64(30)
	if args != "" {
		var err error
		if n, err = s.number(args); err != nil {
			return err
		}
	}
	for i, f := range event.Backtrace(s.m.CPU(), int(min(n, 1000))) {
		fmt.Fprintf(s.out, "#%-3d %s\n", i, s.place(f.PC))
	}
	return nil
}
