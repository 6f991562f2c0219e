package prompt

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"panda/emu/event"
	"panda/emu/guest"
)

// inLua gives the Lua that does what a command did, for the commands that change
// the guest or watch it. What only shows something is kept as a remark.
var inLua = map[string]func(s *session, args string) string{
	"break":   func(s *session, args string) string { return s.breakInLua(args, false) },
	"tbreak":  func(s *session, args string) string { return s.breakInLua(args, true) },
	"watch":   func(s *session, args string) string { return s.watchInLua("virt_mem_before_write", args) },
	"rwatch":  func(s *session, args string) string { return s.watchInLua("virt_mem_after_read", args) },
	"delete":  func(s *session, args string) string { return s.eachInLua(args, "remove") },
	"enable":  func(s *session, args string) string { return s.eachInLua(args, "enable") },
	"disable": func(s *session, args string) string { return s.eachInLua(args, "disable") },
	"regs":    func(s *session, args string) string { return s.regsInLua(args) },
	"load": func(_ *session, args string) string {
		return fmt.Sprintf("-- load with -panda %q", args)
	},
}

// rememberLua keeps what the user evaluated. An expression becomes a statement.
func (s *session) rememberLua(text string) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "=")
	if !s.lua.IsChunk(text) {
		text = "print(" + text + ")"
	}
	s.past = append(s.past, text)
}

func (s *session) rememberCommand(c *command, args, line string) {
	if c.name == "eval" || c.name == "save" || c.name == "source" || c.name == "quit" || c.name == "help" {
		return // eval's text was kept as Lua
	}
	text := "-- :" + strings.TrimPrefix(line, ":")
	if f := inLua[c.name]; f != nil {
		if l := f(s, args); l != "" {
			text = l
		}
	}
	s.past = append(s.past, text)
}

func (s *session) breakInLua(args string, temp bool) string {
	place, condition := splitCondition(args)
	if place == "" {
		place = fmt.Sprintf("%#x", uint64(s.m.CPU().PC()))
	}
	filter := fmt.Sprintf("symbol = %q", place)
	if a, err := s.address(place); err == nil {
		if _, symbol := s.host.Core().Lookup(place); !symbol {
			filter = fmt.Sprintf("pc = %#x", uint64(a))
		}
	}
	if condition != "" {
		filter += fmt.Sprintf(", when = %q", condition)
	}
	if temp {
		filter += ", once = true"
	}
	return s.stopInLua("insn_exec", filter)
}

// stopInLua is the breakpoint that was made last.
func (s *session) stopInLua(kind, filter string) string {
	return fmt.Sprintf("breakpoints[%d] = panda.on(%q, { %s }, function() panda.stop() end)", s.lastID, kind, filter)
}

// eachInLua does with breakpoints what a command did with those of the numbers, or
// with all.
func (s *session) eachInLua(args, method string) string {
	if args == "all" {
		return "for _, b in pairs(breakpoints) do b:" + method + "() end"
	}
	var lines []string
	for id := range strings.FieldsSeq(args) {
		lines = append(lines, fmt.Sprintf("breakpoints[%s]:%s()", id, method))
	}
	return strings.Join(lines, "\n")
}

func (s *session) watchInLua(kind, args string) string {
	a, n, err := s.watched(args)
	if err != nil {
		return ""
	}
	return s.stopInLua(kind, fmt.Sprintf("addr = { %#x, %#x }", uint64(a), uint64(a+guest.Addr(n))))
}

// regsInLua writes the assignments of a command as they came out. Those that were for a
// place where the guest had stopped are a remark: the script begins before it.
func (s *session) regsInLua(args string) string {
	var lines []string
	for f := range strings.FieldsSeq(args) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(f, "$"), "="); ok {
			v, _ := s.m.CPU().Reg(name)
			line := fmt.Sprintf("panda.cpu.%s = %#x", name, v)
			if c := s.m.CPU(); c.Icount() > 0 {
				line = fmt.Sprintf("-- at %s: %s", s.place(c.PC()), line)
			}
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// cmdSave writes the session as a script, with the head that scripts have.
func cmdSave(s *session, args string) error {
	if args == "" {
		return errors.New("save to which file?")
	}
	var b strings.Builder
	b.WriteString("-- session: what was done at a prompt\n-- Arguments: none\n-- Events:    see below\n")
	fmt.Fprintf(&b, "-- Example:   panda -i -panda-plugin %s PROGRAM\n", args)
	if s.lastID > 0 {
		b.WriteString("breakpoints = {}\n")
	}
	for _, l := range s.past {
		b.WriteString(l + "\n")
	}
	if err := os.WriteFile(args, []byte(b.String()), 0o666); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	fmt.Fprintf(s.out, "%d lines in %s\n", len(s.past), args)
	return nil
}

// maxSource bounds how deeply files of commands call each other.
const maxSource = 10

// cmdSource does the lines of a file, as if they were typed.
func cmdSource(s *session, args string) error {
	f, err := os.Open(args)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	defer f.Close()
	if s.sources++; s.sources > maxSource {
		s.sources = 0
		return errors.New("source: too many files within each other")
	}
	typed := s.in
	defer func() { s.in, s.sources = typed, max(s.sources-1, 0) }()
	s.in = &plainLines{in: bufio.NewScanner(f), out: s.out}
	for {
		line, err := s.in.Line(s.prompt())
		if err != nil {
			return nil // the end of the file
		}
		if err := s.do(line); err != nil || s.quitting {
			return err
		}
		if s.judge.WasStopped() {
			return errStopped
		}
	}
}

// splitCondition takes "place if condition" apart.
func splitCondition(args string) (place, condition string) {
	if c, ok := strings.CutPrefix(args, "if "); ok {
		return "", strings.TrimSpace(c)
	}
	place, condition, _ = strings.Cut(args, " if ")
	return strings.TrimSpace(place), strings.TrimSpace(condition)
}

func conditionOption(condition string) event.Option {
	if condition == "" {
		return event.Options()
	}
	return event.Where(condition)
}
