// Package prompt is the REPL: a user who looks at a guest, lets it run, and types Lua.
package prompt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"panda/cmd/panda/interrupt"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
	"panda/lua"
)

// Machine is what the REPL asks of the emulator.
type Machine interface {
	// Run runs the guest until it ends (done) or something stops it; Step runs
	// n instructions.
	Run() (status int, done bool, err error)
	Step(n int64) (status int, done bool, err error)
	// Stop makes Run return; it may be called from any goroutine.
	Stop()
	// Do runs f on the machine's goroutine; it may be called from any.
	Do(f func())
	CPU() *vcpu.CPU
	Plugins() *plugin.Manager
}

// session is one REPL on a machine. It is a plugin, named repl: its
// breakpoints are subscriptions like any other.
type session struct {
	m     Machine
	lua   *lua.State
	host  *plugin.Host
	out   io.Writer
	in    lineReader
	judge *interrupt.Judge

	breaks []*breakpoint
	lastID int
	progress
	userInput
	builtin map[string]bool
	unwatch func() // ends the automatic reload, nil when it is off
	Options
	style    style
	settings map[string]string // those that were changed
	handling [numSignals + 1]handling
}

// progress is how far the guest has come.
type progress struct {
	why     []string // what stopped it
	from    uint64   // icount at which it was last resumed
	regs    map[string]uint64
	running bool
	done    bool // it has ended
	status  int
}

// userInput is what the user did.
type userInput struct {
	repeat   string // what an empty line does again
	examined guest.Addr
	past     []string // lines of Lua that stand for it
	sources  int      // files of commands within each other
	aborts   int      // Ctrl-C, one after the other
	quitting bool
}

// lineReader gives the lines of a user.
type lineReader interface {
	// Line asks for a line; io.EOF ends the session, errAborted drops a line.
	Line(prompt string) (string, error)
	// Guest leaves the terminal to the guest, or takes it back.
	Guest(runs bool)
	// Restore puts the terminal back as it was found. It may be called from any
	// goroutine.
	Restore()
	Close()
}

var (
	errAborted = errors.New("aborted")
	errEnded   = errors.New("the guest has ended")
	errStopped = errors.New("the guest was interrupted")
)

// Options are what the prompt takes from the command line.
type Options struct {
	Path   []string // where scripts are looked for
	Colors bool     // unless the user says otherwise
	Fixed  bool     // the guest takes the signals that come, as where it is recorded or replayed
}

// Run stops before the guest's first instruction and serves the user until
// the user quits. It returns the guest's exit status; the error is
// interrupt.Killed when a signal ended the session.
func Run(m Machine, j *interrupt.Judge, in *os.File, out io.Writer, o Options) (status int, err error) {
	s := &session{m: m, judge: j, out: out, Options: o, style: style{o.Colors}}
	if err = s.open(); err != nil {
		return 0, err
	}
	s.in = newLineReader(s, in, out)
	defer s.close()
	j.Serve(m.Stop, s.in.Restore, func() { fmt.Fprintln(s.out, "\n"+leaveHint) })
	s.judgeSignals()
	s.keepRegs()
	if m.CPU().Icount() > 0 { // a script stopped the guest
		s.showStop()
	}
	for !s.quitting {
		if err := s.turn(); err != nil {
			return s.status, err
		}
		if sig := j.Ends(); sig != 0 {
			return s.status, interrupt.Killed{Sig: sig}
		}
	}
	return s.status, nil
}

func (s *session) close() {
	s.in.Close()
	if s.unwatch != nil {
		s.unwatch()
	}
}

// open starts the session's Lua as a plugin.
func (s *session) open() error {
	s.lua = lua.NewState(lua.Options{Out: s.out, Path: s.Path, Color: s.style.on, Drive: s.drive})
	if _, err := s.m.Plugins().Start("repl", "", s.lua, nil); err != nil {
		return err
	}
	s.host = s.lua.Host()
	s.noteBuiltins()
	return nil
}

// drive runs the guest for Lua that was typed: on, or n instructions, which says
// nothing, so that a loop can step.
func (s *session) drive(n int64) error {
	if s.running {
		return errors.New("the guest is running")
	}
	var err error
	if n < 0 {
		err = s.resume(s.m.Run)
	} else {
		_, err = s.advance(func() (int, bool, error) { return s.m.Step(n) })
	}
	if err == nil && s.judge.WasStopped() {
		err = errStopped // whoever drives it is to end too
	}
	return err
}

// readLine asks for a line. It is a goroutine that waits for the user, so that a
// signal can end the session meanwhile.
func (s *session) readLine(prompt string) (string, error) {
	type answer struct {
		line string
		err  error
	}
	c := make(chan answer, 1)
	before := s.judge.Read(s.aborts)
	defer s.judge.Enter(before)
	go func() {
		line, err := s.in.Line(prompt)
		c <- answer{line, err}
	}()
	select {
	case a := <-c:
		return a.line, a.err
	case <-s.judge.Left():
		return "", io.EOF
	}
}

// turn reads one line, or several that belong together, and does it.
func (s *session) turn() error {
	s.judge.Enter(interrupt.Working)
	text, err := s.readLine(s.prompt())
	if !errors.Is(err, errAborted) {
		s.aborts = 0
	}
	switch {
	case errors.Is(err, io.EOF):
		s.quitting = true
		return nil
	case errors.Is(err, errAborted):
		if s.aborts++; s.aborts == 2 {
			s.quitting = true
		} else {
			fmt.Fprintln(s.out, leaveHint)
		}
		return nil
	case err != nil:
		return err
	}
	if strings.TrimSpace(text) == "" {
		text = s.repeat
	}
	s.repeat = ""
	s.say(s.do(text))
	return nil
}

// leaveHint is said upon the first Ctrl-C.
const leaveHint = "(Ctrl-C again, or :quit, leaves)"

// say prints an error; of a Lua error the traceback only if it leads anywhere.
func (s *session) say(err error) {
	var script *lua.ScriptError
	switch {
	case err == nil:
	case errors.As(err, &script) && strings.Count(script.Trace, "\n\t") < 2+strings.Count(script.Trace, "\t[G]"):
		fmt.Fprintln(s.out, script.Msg)
	default:
		fmt.Fprintln(s.out, err)
	}
}

// do runs a line: a command, or Lua.
func (s *session) do(line string) error {
	line = strings.TrimSpace(line)
	if line == "" {
		return nil
	}
	if c, args, ok := s.findCommand(line); ok {
		err := s.call(c, args, line)
		if err == nil {
			s.rememberCommand(c, args, line)
		}
		return err
	}
	if strings.HasPrefix(line, ":") {
		name := strings.Fields(line + " ")[0]
		return fmt.Errorf("no command %s%s; :help lists them", name, event.DidYouMean(strings.TrimPrefix(name, ":"), commandNames()))
	}
	return s.evalLua(line)
}

// evalLua evaluates Lua and asks for further lines as long as it is incomplete.
func (s *session) evalLua(text string) error {
	for {
		more, err := s.lua.Eval(text)
		if !more {
			if err == nil {
				s.rememberLua(text)
			}
			return err
		}
		next, err := s.readLine(">> ")
		if err != nil {
			if errors.Is(err, io.EOF) {
				return errors.New("the text ends within a block")
			}
			return nil
		}
		text += "\n" + next
	}
}

// prompt shows where the guest is.
func (s *session) prompt() string {
	if s.done {
		return "(ended)> "
	}
	return middleOut(s.place(s.m.CPU().PC()), longestPrompt) + "> "
}

// longestPrompt leaves room for a line to be edited after a C++ symbol.
const longestPrompt = 48

// middleOut shortens a text to n characters. Its end stays: the offset in a symbol.
func middleOut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	const end = 12
	return string(r[:n-end-1]) + "…" + string(r[len(r)-end:])
}

// place names an address with its symbol.
func (s *session) place(a guest.Addr) string {
	if sym := lua.SymbolAt(s.m.CPU(), a); sym != "" {
		return fmt.Sprintf("%#x %s", uint64(a), sym)
	}
	return fmt.Sprintf("%#x", uint64(a))
}

// resume runs the guest by run and tells why it came back.
func (s *session) resume(run func() (int, bool, error)) error {
	stopped, err := s.advance(run)
	if stopped {
		s.showStop()
		s.dropUnwanted()
	}
	return err
}

// advance runs the guest by run and reports whether it stopped; it tells of an end.
func (s *session) advance(run func() (int, bool, error)) (stopped bool, err error) {
	if s.done {
		return false, errEnded
	}
	s.why, s.from = nil, s.m.CPU().Icount()
	s.keepRegs()
	before := s.judge.Enter(interrupt.Driving)
	s.in.Guest(true)
	s.running = true
	status, done, err := run()
	s.running = false
	s.in.Guest(false)
	s.judge.Enter(before)
	if s.judge.WasStopped() {
		s.m.CPU().Stopping() // the request may have come too late
		s.aborts = 1
		s.why = append(s.why, "the guest was interrupted "+leaveHint)
	}
	if done {
		s.done, s.status = true, status
		s.judge.GuestEnded()
		s.dropTemporary()
		if err == nil {
			fmt.Fprintf(s.out, "the guest ended with status %d\n", status)
		}
		return false, err
	}
	return err == nil, err
}

func (s *session) keepRegs() {
	c := s.m.CPU()
	s.regs = map[string]uint64{}
	for _, n := range c.Machine.Arch.Names {
		s.regs[n], _ = c.Reg(n)
	}
}
