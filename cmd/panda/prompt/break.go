package prompt

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// breakpoint stops the guest before an instruction, or at a memory access.
type breakpoint struct {
	id   int
	text string // as the user gave it
	life lifetime
	sub  *event.Sub
	hits int
}

// lifetime is how long a breakpoint stays.
type lifetime uint8

const (
	lasting   lifetime = iota
	untilHit           // for one stop of its own
	untilStop          // until the guest stops, for whatever reason
)

func cmdBreak(s *session, args string) error  { return s.breakAt(args, lasting) }
func cmdTBreak(s *session, args string) error { return s.breakAt(args, untilHit) }

// breakAt sets a breakpoint on an address or, by a name that no address is
// known for yet, on the symbol once it is loaded.
func (s *session) breakAt(args string, life lifetime) error {
	place, condition := splitCondition(args)
	if place == "" {
		place = fmt.Sprintf("%#x", uint64(s.m.CPU().PC()))
	}
	if condition != "" {
		if _, err := event.ParseWhen(event.InsnExec, condition, s.m.CPU().Machine.Arch.Lookup); err != nil {
			return err
		}
	}
	a, err := s.address(place)
	where, text := event.At(a), s.place(a)
	switch {
	case err != nil && !isName(place):
		return err
	case err != nil:
		where, text = event.Symbol(place), place+", once it is loaded"
	}
	b := s.addBreak(cmp.Or(args, place), life, event.Options(where, conditionOption(condition)))
	fmt.Fprintf(s.out, "breakpoint %d at %s\n", b.id, text)
	return nil
}

// isName reports whether a text may be a symbol's name.
func isName(s string) bool {
	return s != "" && (s[0] < '0' || s[0] > '9') && strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && r != '*' && r != '@' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	}) < 0
}

func (s *session) addBreak(text string, life lifetime, where event.Option) *breakpoint {
	s.lastID++
	b := &breakpoint{id: s.lastID, text: text, life: life}
	b.sub = s.host.InsnExec(where, func(c *vcpu.CPU, pc guest.Addr) {
		if c.Icount() != s.from { // else the guest goes on from here
			s.hit(b, fmt.Sprintf("breakpoint %d at %s", b.id, s.place(pc)))
		}
	})
	s.breaks = append(s.breaks, b)
	return b
}

// hit notes a stop and asks for it.
func (s *session) hit(b *breakpoint, why string) {
	b.hits++
	s.why = append(s.why, why)
	s.host.Core().Stop()
}

// watched reads "addr [n]".
func (s *session) watched(args string) (a guest.Addr, n uint64, err error) {
	where, length, _ := strings.Cut(args, " ")
	if a, err = s.address(where); err != nil {
		return 0, 0, err
	}
	n = 8
	if length != "" {
		n, err = s.number(length)
	}
	if n == 0 && err == nil {
		err = errors.New("nothing is watched with 0 bytes")
	}
	return a, n, err
}

// cmdWatch stops before writes to memory, cmdRWatch after reads.
func cmdWatch(s *session, args string) error {
	return s.watchFor(args, "watch ", "writes % x to", s.host.MemWrite)
}

func cmdRWatch(s *session, args string) error {
	return s.watchFor(args, "rwatch ", "reads % x from", s.host.MemRead)
}

func (s *session) watchFor(args, name, what string, on func(event.Option, event.MemFunc) *event.Sub) error {
	a, n, err := s.watched(args)
	if err != nil {
		return err
	}
	s.lastID++
	b := &breakpoint{id: s.lastID, text: name + args}
	b.sub = on(event.Addresses(a, a+guest.Addr(n)), func(_ *vcpu.CPU, m *vcpu.MemAccess) {
		s.hit(b, fmt.Sprintf("watchpoint %d: %s "+what+" %#x", b.id, s.place(m.PC), m.Buf, uint64(m.Addr)))
	})
	s.breaks = append(s.breaks, b)
	fmt.Fprintf(s.out, "watchpoint %d on %d bytes at %s\n", b.id, n, s.place(a))
	return nil
}

func cmdDelete(s *session, args string) error {
	return s.eachBreak(args, s.remove)
}

func cmdEnable(s *session, args string) error {
	return s.eachBreak(args, func(b *breakpoint) { b.sub.Enable() })
}

func cmdDisable(s *session, args string) error {
	return s.eachBreak(args, func(b *breakpoint) { b.sub.Disable() })
}

// eachBreak does something with the breakpoints whose numbers are given, or with all.
func (s *session) eachBreak(args string, do func(*breakpoint)) error {
	switch args {
	case "":
		return errors.New("which breakpoint? Its number, or all")
	case "all":
		for _, b := range slices.Clone(s.breaks) {
			do(b)
		}
		return nil
	}
	var given []*breakpoint // all of them are there, or nothing is done
	for f := range strings.FieldsSeq(args) {
		id, err := strconv.Atoi(f)
		i := slices.IndexFunc(s.breaks, func(b *breakpoint) bool { return b.id == id })
		if err != nil || i < 0 {
			return fmt.Errorf("no breakpoint %s", f)
		}
		given = append(given, s.breaks[i])
	}
	for _, b := range given {
		do(b)
	}
	return nil
}

func (s *session) remove(b *breakpoint) {
	b.sub.Remove()
	s.breaks = slices.DeleteFunc(s.breaks, func(x *breakpoint) bool { return x == b })
}

// dropTemporary removes the breakpoints that were for one stop.
func (s *session) dropTemporary() {
	for _, b := range slices.Clone(s.breaks) {
		if b.life == untilStop || b.life == untilHit && b.hits > 0 {
			s.remove(b)
		}
	}
}

func infoBreakpoints(s *session, _ string) error {
	if len(s.breaks) == 0 {
		fmt.Fprintln(s.out, "no breakpoints")
	}
	for _, b := range s.breaks {
		state := ""
		if !b.sub.Active() {
			state = ", disabled"
		}
		fmt.Fprintf(s.out, "%3d  %-30s hit %d times%s\n", b.id, b.text, b.hits, state)
	}
	return nil
}

func cmdContinue(s *session, args string) error {
	if args != "" {
		if err := s.breakAt(args, untilStop); err != nil {
			return err
		}
	}
	return s.resume(s.m.Run)
}

func cmdStep(s *session, args string) error {
	n := uint64(1)
	if args != "" {
		var err error
		if n, err = s.number(args); err != nil {
			return err
		}
	}
	if n == 0 || n > 1<<62 {
		return fmt.Errorf("cannot step %d instructions", n)
	}
	return s.resume(func() (int, bool, error) { return s.m.Step(int64(n)) })
}

// cmdNext steps, over a call as a whole.
func cmdNext(s *session, _ string) error {
	in := s.current()
	if in == nil {
		return cmdStep(s, "")
	}
	if class, _ := s.m.CPU().Machine.Arch.Classify(in.Code); class != vcpu.ClassCall {
		return cmdStep(s, "")
	}
	return s.runTo(in.PC+guest.Addr(len(in.Code)), s.m.CPU().SP())
}

// cmdFinish runs to the return of the current function, by the address that
// the top of the stack holds at its first instruction.
func cmdFinish(s *session, _ string) error {
	frames := event.Backtrace(s.m.CPU(), 2)
	if len(frames) < 2 {
		return errors.New("no return address is known here")
	}
	at := s.m.CPU().Icount()
	if err := s.runTo(frames[1].PC, frames[1].SP); err != nil || s.done {
		return err
	}
	if c := s.m.CPU(); c.PC() == frames[1].PC && c.Icount() != at {
		fmt.Fprintf(s.out, "the result is %s\n", s.pointers().chain(c.Result()))
	}
	return nil
}

// cmdUntil runs to a place in this function or its callers. Without a place it
// leaves a loop: it runs until an instruction after this one is reached.
func cmdUntil(s *session, args string) error {
	if args != "" {
		a, err := s.address(args)
		if err != nil {
			return err
		}
		return s.runTo(a, s.m.CPU().SP())
	}
	in := s.current()
	if in == nil {
		return errors.New("there is no instruction here")
	}
	return s.runTo(in.PC+guest.Addr(len(in.Code)), s.m.CPU().SP())
}

// cmdJump makes the guest go on elsewhere.
func cmdJump(s *session, args string) error {
	a, err := s.address(args)
	if err != nil {
		return err
	}
	s.m.CPU().SetPC(a)
	return nil
}

// runTo runs until the pc is reached with a stack pointer no lower than sp, so
// that a deeper call of the same code does not count.
func (s *session) runTo(pc, sp guest.Addr) error {
	sub := s.host.InsnExec(event.At(pc), func(c *vcpu.CPU, _ guest.Addr) {
		if c.SP() >= sp {
			s.host.Core().Stop()
		}
	})
	defer sub.Remove()
	return s.resume(s.m.Run)
}
