package main

import (
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// act is what a user does at a terminal: types, or sends a signal from elsewhere,
// once what the one before shows is on the screen.
type act struct {
	keys  string
	sig   syscall.Signal
	shows string
}

const ctrlC = "\x03"

// What an act may wait for besides a text: that the terminal is the guest's, as it
// was found or as the guest has set it.
const (
	cooked = "<cooked>"
	raw    = "<raw>"
)

// waitFor waits for what an act shows.
func (a act) waitFor(s *screen) {
	s.t.Helper()
	switch a.shows {
	case cooked:
		s.waitMode(func(m unix.Termios) bool { return m.Lflag&unix.ECHO != 0 })
	case raw:
		s.waitMode(func(m unix.Termios) bool { return m.Oflag&unix.OPOST == 0 })
	default:
		s.waitFor(a.shows)
	}
}

// sessions are transcripts of the prompt on a terminal.
var sessions = []struct {
	name string
	args []string
	acts []act
	ends string // how panda ends
}{
	{
		"a guest that waits for input is stopped and goes on",
		[]string{"-i", "/bin/cat"},
		[]act{
			{"", 0, "> "},
			{":set context off\r", 0, "> "},
			{":c\r", 0, cooked},
			{"one\r", 0, "one\r\none\r\n"},
			{ctrlC, 0, "the guest was interrupted (Ctrl-C again, or :quit, leaves)\r\n"},
			{"", 0, "> "},
			{":c\r", 0, cooked},
			{"two\r", 0, "two\r\ntwo\r\n"},
			{ctrlC, 0, "the guest was interrupted"},
			{"", 0, "> "},
			{":info threads\r", 0, "waiting read"},
			{"", 0, "> "},
			{":c\r", 0, cooked},
			{"three\r", 0, "three\r\nthree\r\n"},
			{"\x04", 0, "the guest ended with status 0\r\n"},
			{"", 0, "(ended)> "},
			{":q\r", 0, ""},
		},
		"exit status 0",
	},
	{
		"the second Ctrl-C leaves",
		[]string{"-i", "-e", "function uninit_plugin() print('good' .. 'bye') end", "/bin/sh", "-c", "echo ready; while :; do :; done"},
		[]act{
			{"", 0, "> "},
			{":set context off\r", 0, "> "},
			{":c\r", 0, "ready\r\n"},
			{ctrlC, 0, "the guest was interrupted"},
			{"", 0, "> "},
			{ctrlC, 0, "goodbye"},
		},
		"exit status 0",
	},
	{
		"a guest with a handler of its own",
		[]string{"-i", "/bin/sh", "-c", "trap 'echo got it' INT; echo ready; while :; do :; done"},
		[]act{
			{"", 0, "> "},
			{":set context off\r", 0, "> "},
			{":c\r", 0, "ready\r\n"},
			{ctrlC, 0, "the guest was interrupted"},
			{"", 0, "> "},
			{":signal INT\r", 0, "got it\r\n"},
			{ctrlC, 0, "the guest was interrupted"},
			{"", 0, "> "},
			{":handle INT nostop noprint\r", 0, "SIGINT  no    no     yes\r\n"},
			{"", 0, "> "},
			{":c\r", 0, cooked},
			{ctrlC, 0, "got it\r\n"},
			{ctrlC, 0, "got it\r\n"},
			{"", unix.SIGTERM, ""},
		},
		"signal: terminated",
	},
	{
		"a guest that sets the terminal",
		[]string{"-i", "/bin/sh", "-c", "stty raw -echo; echo ready; exec cat -v"},
		[]act{
			{"", 0, "> "},
			{":set context off\r", 0, "> "},
			{":c\r", 0, "ready"},
			{"a" + ctrlC, 0, "a^C"},
			{"", unix.SIGINT, "the guest was interrupted"},
			{"", 0, "> "},
			{":c\r", 0, raw},
			{"b" + ctrlC, 0, "b^C"},
			{"", unix.SIGINT, "the guest was interrupted"},
			{"", 0, "> "},
			{":q\r", 0, ""},
		},
		"exit status 0",
	},
	{
		"a loop that was typed",
		[]string{"-i", "/bin/true"},
		[]act{
			{"", 0, "> "},
			{"print('in' .. 'side') while true do end\r", 0, "inside\r\n"},
			{ctrlC, 0, "interrupted by SIGINT"},
			{"", 0, "> "},
			{"print('in' .. 'side') while true do pcall(function() while true do end end) end\r", 0, "inside\r\n"},
			{ctrlC, 0, "interrupted by SIGINT"},
			{"", 0, "> "},
			{"1 + 1\r", 0, "2\r\n"},
			{"", 0, "> "},
			{"print('in' .. 'side') while true do end\r", 0, "inside\r\n"},
			{"", unix.SIGTERM, "interrupted by SIGTERM"},
		},
		"signal: terminated",
	},
	{
		"a loop that was typed is left by force",
		[]string{"-i", "/bin/true"},
		[]act{
			{"", 0, "> "},
			{"print('in' .. 'side') while true do pcall(function() while true do end end) end\r", 0, "inside\r\n"},
			{"\x1c", 0, ""},
		},
		"signal: quit",
	},
	{
		"and by a fault from outside",
		[]string{"-i", "/bin/true"},
		[]act{
			{"", 0, "> "},
			{"print('in' .. 'side') while true do end\r", 0, "inside\r\n"},
			{"", unix.SIGSEGV, ""},
		},
		"signal: segmentation fault",
	},
	{
		"what is the guest's waits until it runs",
		[]string{"-i", "/bin/sh", "-c", "echo ran"},
		[]act{
			{"", 0, "> "},
			{":set context off\r", 0, "> "},
			{"print('in' .. 'side') while true do end\r", 0, "inside\r\n"},
			{"", unix.SIGUSR1, ""},
			{ctrlC, 0, "interrupted by SIGINT"},
			{"", 0, "> "},
			{":c\r", 0, "SIGUSR1 {si_signo=SIGUSR1"},
			{"", 0, "> "},
			{":signal 0\r", 0, "ran\r\n"},
			{"", 0, "(ended)> "},
			{":q\r", 0, ""},
		},
		"exit status 0",
	},
	{
		"Lua that drives the guest",
		[]string{"-i", "/bin/sh", "-c", "while :; do :; done"},
		[]act{
			{"", 0, "> "},
			{":set context off\r", 0, "> "},
			{"print('in' .. 'side') while true do panda.step(1000) end\r", 0, "inside\r\n"},
			{ctrlC, 0, "interrupted"},
			{"", 0, "> "},
			{"print('in' .. 'side') while true do pcall(panda.step, 1000) end\r", 0, "inside\r\n"},
			{ctrlC, 0, "interrupted by SIGINT"},
			{"", 0, "> "},
			{"print('in' .. 'side') panda.continue() print('not reached')\r", 0, "inside\r\n"},
			{ctrlC, 0, "the guest was interrupted\r\n"},
			{"", 0, "> "},
			{":q\r", 0, ""},
		},
		"exit status 0",
	},
	{
		"a callback that does not return",
		[]string{"-i", "-e", "panda.on('syscall_enter', { name = 'write' }, function() print('in' .. 'side') while true do end end)", "/bin/echo", "went on"},
		[]act{
			{"", 0, "> "},
			{":set context off\r", 0, "> "},
			{":c\r", 0, "inside\r\n"},
			{ctrlC, 0, "interrupted by SIGINT"},
			{"", 0, "went on\r\nthe guest was interrupted"},
			{"", 0, "> "},
			{":c\r", 0, "(ended)> "},
			{":q\r", 0, ""},
		},
		"exit status 0",
	},
	{
		"TERM ends the prompt in order",
		[]string{"-i", "-e", "function uninit_plugin() print('good' .. 'bye') end", "/bin/true"},
		[]act{{"", 0, "> "}, {"half a li", 0, "half a li"}, {"", unix.SIGTERM, "goodbye"}},
		"signal: terminated",
	},
	{
		"a signal that no guest takes ends panda",
		[]string{"-i", "/bin/true"},
		[]act{{"", 0, "> "}, {":c\r", 0, "(ended)> "}, {"", unix.SIGABRT, ""}},
		"signal: aborted",
	},
	{
		"HUP too, while the guest runs",
		[]string{"-i", "-e", "function uninit_plugin() print('good' .. 'bye') end", "/bin/sh", "-c", "echo ready; read line"},
		[]act{{"", 0, "> "}, {":c\r", 0, "ready\r\n"}, {"", unix.SIGHUP, "goodbye"}},
		"signal: hangup",
	},
	{
		"a fault stops the guest before it dies of it",
		[]string{"-i", "/bin/echo", "all is well"},
		[]act{
			{"", 0, "> "},
			{"start = panda.cpu.pc\r", 0, "> "},
			{":regs rip=0x10\r", 0, "> "},
			{":c\r", 0, "SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x10}\r\n:c delivers it, which kills the process; :signal 0 drops it\r\n"},
			{"", 0, "-- registers --"},
			{"", 0, "0x10> "},
			{":hexdump start 4\r", 0, "|"},
			{"", 0, "0x10> "},
			{":bt\r", 0, "#0 "},
			{"", 0, "0x10> "},
			{"panda.cpu.pc = start\r", 0, "> "},
			{":signal 0\r", 0, "all is well\r\n"},
			{"", 0, "the guest ended with status 0"},
			{"", 0, "> "},
			{":q\r", 0, ""},
		},
		"exit status 0",
	},
	{
		"and dies of it when it goes on",
		[]string{"-i", "/bin/sh", "-c", "kill -SEGV $$"},
		[]act{
			{"", 0, "> "},
			{":set context off\r", 0, "> "},
			{":c\r", 0, ":signal 0 drops it"},
			{"", 0, "> "},
			{":c\r", 0, "the guest ended with status 139"},
			{"", 0, "(ended)> "},
			{":q\r", 0, ""},
		},
		"signal: segmentation fault",
	},
	{
		"a script stops it in before_exception",
		[]string{"-e", "panda.on('insn_exec', { symbol = 'write' }, function(cpu) cpu.pc = 16 end) panda.on('before_exception', function() panda.stop() end)", "/bin/echo", "x"},
		[]act{
			{"", 0, "si_code=SEGV_MAPERR, si_addr=0x10"},
			{"", 0, "-- registers --"},
			{"", 0, "0x10> "},
			{":c\r", 0, "the guest ended with status 139"},
			{"", 0, "(ended)> "},
			{":q\r", 0, ""},
		},
		"signal: segmentation fault",
	},
	{
		"what becomes of signals",
		[]string{"-i", "/bin/sh", "-c", "trap 'echo got it' USR1; kill -USR1 $$; echo one; kill -USR1 $$; echo two; kill -USR1 $$; echo three"},
		[]act{
			{"", 0, "> "},
			{":set context off\r", 0, "> "},
			{":handle KILL stop\r", 0, "SIGKILL cannot be handled"},
			{"", 0, "> "},
			{":handle USR1 stop\r", 0, "SIGUSR1  yes   yes    yes\r\n"},
			{"", 0, "> "},
			{":c\r", 0, "SIGUSR1 {si_signo=SIGUSR1"},
			{"", 0, "> "},
			{":c\r", 0, "got it\r\none\r\n"},
			{"", 0, "SIGUSR1 {"},
			{"", 0, "> "},
			{":handle SIGUSR1 nostop nopass\r", 0, "SIGUSR1  no    yes    no\r\n"},
			{"", 0, "> "},
			{":signal 0\r", 0, "two\r\n"},
			{"", 0, "SIGUSR1 {"},
			{"", 0, "three\r\n"},
			{"", 0, "(ended)> "},
			{":info signals USR1 KILL\r", 0, "SIGUSR1  no    yes    no\r\nSIGKILL  no    no     yes\r\n"},
			{"", 0, "> "},
			{":q\r", 0, ""},
		},
		"exit status 0",
	},
}

// TestReplSessions plays the transcripts. At the end the terminal is as it was.
func TestReplSessions(t *testing.T) {
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range sessions {
		t.Run(strings.ReplaceAll(x.name, " ", "_"), func(t *testing.T) {
			s := newScreen(t, append([]string{binary}, x.args...)...)
			for _, a := range x.acts {
				if a.sig != 0 {
					if err := s.cmd.Process.Signal(a.sig); err != nil {
						t.Fatal(err)
					}
				}
				s.press(a.keys)
				a.waitFor(s)
			}
			s.wait()
			if end := s.cmd.ProcessState.String(); end != x.ends {
				t.Errorf("%s, want %s:\n%q", end, x.ends, s.text.String())
			}
			if s.mode() != s.found {
				t.Errorf("the terminal is %+v, it was %+v", s.mode(), s.found)
			}
		})
	}
}

// TestReplPlain: Ctrl-C means the same where lines cannot be edited, as on a terminal
// that cannot move the cursor or is too narrow.
func TestReplPlain(t *testing.T) {
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	for _, terminal := range [][]string{{"env", "TERM=dumb"}, {"sh", "-c", `stty cols 5; exec "$@"`, "sh"}} {
		s := newScreen(t, append(terminal, binary, "-i", "/bin/sh", "-c", "echo ready; exec cat")...)
		for _, a := range []act{
			{"", 0, "> "},
			{ctrlC, 0, "(Ctrl-C again, or :quit, leaves)\r\n"},
			{":set context off\r", 0, "> "},
			{":c\r", 0, "ready\r\n"},
			{"one\r", 0, "one\r\none\r\n"},
			{ctrlC, 0, "the guest was interrupted (Ctrl-C again, or :quit, leaves)\r\n"},
			{"", 0, "> "},
			{ctrlC, 0, ""},
		} {
			s.press(a.keys)
			a.waitFor(s)
		}
		if end := s.wait(); end.Signal() != unix.SIGINT {
			t.Errorf("%v: %s", terminal, s.cmd.ProcessState)
		}
	}
}
