package prompt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
	"panda/lua"
)

// What the context view shows: instructions before and after the pc, words of
// the stack, and steps of a chain of pointers.
const (
	codeBefore  = 3
	codeAfter   = 5
	stackWords  = 8
	chainLength = 5
)

// showStop says why the guest stopped, and then as much about where as the user
// has set.
func (s *session) showStop() {
	for _, w := range s.why {
		fmt.Fprintln(s.out, w)
	}
	s.showHeld()
	s.dropTemporary()
	switch s.setting("context") {
	case "full":
		s.context()
	case "short":
		s.short()
	}
}

// short shows the registers that changed and the current instruction.
func (s *session) short() {
	c := s.m.CPU()
	var changed []string
	for _, n := range c.Machine.Arch.Names {
		if v, ok := c.Reg(n); ok && v != s.regs[n] && !strings.EqualFold(n, c.Machine.Arch.PCName) {
			changed = append(changed, fmt.Sprintf("%s=%#x", n, v))
		}
	}
	if len(changed) > 0 && len(changed) <= 8 {
		fmt.Fprintf(s.out, "  %s\n", strings.Join(changed, " "))
	}
	for _, in := range lua.Disassemble(c, c.PC(), 1) {
		s.printInsn(in)
	}
}

func cmdContext(s *session, _ string) error {
	s.context()
	return nil
}

// context shows registers, the code around the pc and the stack.
func (s *session) context() {
	p := s.pointers()
	s.head("registers")
	for _, n := range s.m.CPU().Machine.Arch.Names {
		s.registerLine(p, n)
	}
	s.head("code")
	s.codeAround(s.m.CPU().PC())
	s.head("stack")
	// A stack that cannot be read is shown as far as it goes.
	_ = s.telescope(p, s.m.CPU().SP(), stackWords)
}

func (s *session) head(title string) {
	fmt.Fprintln(s.out, s.style.paint(inkHead, "-- "+title+" --"))
}

func (s *session) registerLine(p *pointers, name string) {
	v, ok := s.m.CPU().Reg(name)
	if !ok {
		return
	}
	line := fmt.Sprintf("%-7s%s", name, p.chain(v))
	if flags, ok := flagNames(s.m.CPU().Machine.Arch, name, v); ok {
		line = fmt.Sprintf("%-7s%#x%s", name, v, flags)
	}
	if v != s.regs[name] {
		line = s.style.paint(inkChanged, "*"+name) + line[len(name):]
	} else {
		line = " " + line
	}
	fmt.Fprintln(s.out, line)
}

// flagNames names the flags that are set; ok is false for a register that has none.
func flagNames(a *vcpu.Arch, name string, v uint64) (text string, ok bool) {
	if a.Flags == nil {
		return "", false
	}
	set, ok := a.Flags(name, v)
	return strings.TrimRight(" "+strings.Join(set, " "), " "), ok
}

// codeAround shows instructions up to the pc, if its function begins where it
// can be told, and from it on.
func (s *session) codeAround(pc guest.Addr) {
	c := s.m.CPU()
	if _, off, ok := c.Machine.Symbol(pc); ok && off > 0 && off < 4096 {
		for _, in := range s.before(pc, guest.Addr(off)) {
			s.printInsn(in)
		}
	}
	for _, in := range lua.Disassemble(c, pc, codeAfter) {
		s.printInsn(in)
	}
}

// before lists the last instructions before the pc of a function that begins off
// bytes below it. Where decoding from there does not meet the pc there are none.
func (s *session) before(pc, off guest.Addr) []lua.Insn {
	ins := lua.Disassemble(s.m.CPU(), pc-off, int(off))
	i := slices.IndexFunc(ins, func(in lua.Insn) bool { return in.PC >= pc })
	if i < 0 {
		i = len(ins)
	}
	if i == 0 || ins[i-1].PC+guest.Addr(len(ins[i-1].Code)) != pc {
		return nil
	}
	return ins[max(0, i-codeBefore):i]
}

func cmdTelescope(s *session, args string) error {
	where, count := lastField(args)
	if where == "" { // one word: a place, or how many
		where, count = count, ""
	}
	n := uint64(stackWords)
	a := s.m.CPU().SP()
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
	n = min(n, 10000)
	if err := s.telescope(s.pointers(), a, int(n)); err != nil {
		return err
	}
	s.repeat = fmt.Sprintf("telescope %#x %d", uint64(s.examined), n)
	return nil
}

// telescope shows words of memory with what they point to.
func (s *session) telescope(p *pointers, a guest.Addr, n int) error {
	for i := range n {
		v, ok := p.word(a)
		if !ok {
			if i == 0 {
				return fmt.Errorf("guest memory at %#x is not mapped", uint64(a))
			}
			break
		}
		fmt.Fprintf(s.out, "%s +%#04x  %s\n", p.address(a), i*p.size, p.chain(v))
		a += guest.Addr(p.size)
		s.examined = a
	}
	return nil
}

// pointers follows chains of pointers through the guest's mappings as they are
// now.
type pointers struct {
	s       *session
	regions []plugin.Region
	size    int
}

func (s *session) pointers() *pointers {
	return &pointers{s, s.host.Core().Regions(), s.m.CPU().Machine.Arch.Bits / 8}
}

func (p *pointers) region(a guest.Addr) *plugin.Region {
	i := slices.IndexFunc(p.regions, func(r plugin.Region) bool { return a >= r.Start && a < r.End })
	if i < 0 {
		return nil
	}
	return &p.regions[i]
}

// word is the number of an address's size at a.
func (p *pointers) word(a guest.Addr) (uint64, bool) {
	var b [8]byte
	err := p.s.m.CPU().Read(a, b[:p.size])
	return binary.LittleEndian.Uint64(b[:]), err == nil
}

// address names an address, in the colour of its memory.
func (p *pointers) address(a guest.Addr) string {
	r := p.region(a)
	text := p.s.place(a)
	switch {
	case r == nil:
		return text
	case r.Prot&guest.Exec != 0:
		return p.s.style.paint(inkCode, text)
	case r.Prot&guest.Write != 0:
		return p.s.style.paint(inkData, text)
	}
	return p.s.style.paint(inkConst, text)
}

// chain shows a number, and if it is an address what is there, and so on: it
// ends at a number, at code, or at a text.
func (p *pointers) chain(v uint64) string {
	var parts []string
	for range chainLength {
		a := guest.Addr(v)
		r := p.region(a)
		if r == nil {
			return strings.Join(append(parts, fmt.Sprintf("%#x", v)), " → ")
		}
		parts = append(parts, p.address(a))
		if r.Prot&guest.Exec != 0 {
			return strings.Join(append(parts, p.insn(a)...), " → ")
		}
		if text := p.text(a); text != "" {
			return strings.Join(append(parts, p.s.style.paint(inkText, text)), " → ")
		}
		next, ok := p.word(a)
		if !ok {
			break
		}
		v = next
	}
	return strings.Join(parts, " → ")
}

func (p *pointers) insn(a guest.Addr) []string {
	for _, in := range lua.Disassemble(p.s.m.CPU(), a, 1) {
		return []string{in.Text}
	}
	return nil
}

// text is the text at a, quoted; empty where there is none of four characters
// at least.
func (p *pointers) text(a guest.Addr) string {
	const least, most = 4, 40
	text, ok := event.Text(p.s.m.CPU(), a)
	if !ok || len(text) < least {
		return ""
	}
	if r := []rune(text); len(r) > most {
		return strconv.Quote(string(r[:most])) + "…"
	}
	return strconv.Quote(text)
}

// cmdSearch looks for a text, for a number as it lies in memory, or for a
// pattern of bytes.
func cmdSearch(s *session, args string) error {
	const limit = 100
	pattern, err := s.searchPattern(args)
	if err != nil {
		return err
	}
	n := 0
	p := s.pointers()
	for _, r := range p.regions {
		for _, a := range lua.SearchBytes(s.m.CPU(), r.Start, r.End, pattern, limit-n) {
			n++
			fmt.Fprintf(s.out, "%s in %v %s\n", p.address(a), r.Prot, r.File)
		}
		if n == limit {
			fmt.Fprintf(s.out, "(the first %d)\n", limit)
			return nil
		}
	}
	if n == 0 {
		return errors.New("not found")
	}
	return nil
}

// searchPattern reads what is to be searched for: "text", {0f 05 ?? | 90}, or a
// number or symbol; what is none of these is a text.
func (s *session) searchPattern(args string) (event.Pattern, error) {
	text := args
	switch {
	case args == "":
		return nil, errors.New(`search for what? "text", {0f 05 ?? | 90} or a number`)
	case args[0] == '{':
		return event.ParsePattern(strings.Trim(args, "{}"))
	case args[0] == '"':
		var err error
		if text, err = strconv.Unquote(args); err != nil {
			return nil, fmt.Errorf("%s is no quoted text", args)
		}
	default:
		if a, err := s.address(args); err == nil {
			var b [8]byte
			binary.LittleEndian.PutUint64(b[:], uint64(a))
			text = string(b[:s.m.CPU().Machine.Arch.Bits/8])
		}
	}
	return event.ParsePattern(fmt.Sprintf("%x", text))
}
