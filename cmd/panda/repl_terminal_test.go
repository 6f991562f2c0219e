package main

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// screen is a program on a pseudo-terminal.
type screen struct {
	t    *testing.T
	keys *os.File
	tty  *os.File // the other side
	cmd  *exec.Cmd

	found unix.Termios // how the terminal was set at first

	mu   sync.Mutex
	text strings.Builder
	seen int // what waitFor has found already
}

// newScreen starts a program on a new pseudo-terminal (ptmx(4)).
func newScreen(t *testing.T, args ...string) *screen {
	t.Helper()
	master, slave := openTerminal(t)
	if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 120}); err != nil {
		t.Fatal(err)
	}
	s := &screen{t: t, keys: master, tty: slave, cmd: exec.Command(args[0], args[1:]...)}
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = slave, slave, slave
	s.cmd.Env = append(os.Environ(), "TERM=xterm", "XDG_STATE_HOME="+t.TempDir(), "NO_COLOR=")
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	s.found = s.mode()
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill(); slave.Close(); master.Close() })
	go s.read()
	return s
}

func (s *screen) read() {
	b := make([]byte, 4096)
	for {
		n, err := s.keys.Read(b)
		s.mu.Lock()
		s.text.Write(b[:n])
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *screen) press(keys string) {
	s.t.Helper()
	if _, err := s.keys.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// waitFor waits until a text is on the screen, after what was waited for last.
func (s *screen) waitFor(text string) {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		i := strings.Index(s.text.String()[s.seen:], text)
		if i >= 0 {
			s.seen += i + len(text)
		}
		s.mu.Unlock()
		if i >= 0 {
			return
		}
	}
	s.t.Fatalf("no %q on the screen:\n%q", text, s.text.String())
}

// TestReplTerminal: on a terminal there are colours and completion, Ctrl-C stops the
// guest, and twice at the prompt it leaves. The guest has the terminal as it was.
func TestReplTerminal(t *testing.T) {
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	s := newScreen(t, binary, "-i", "/bin/sh", "-c", "echo started; read line; echo got $line; while :; do :; done")
	s.waitFor("> ")
	s.press("conti\t")
	s.waitFor("continue")
	s.press("\r")
	s.waitFor("started\r\n")
	s.press("some text\r")
	s.waitFor("some text\r\ngot some text\r\n") // its echo, and its own line
	s.press("\x03")
	s.waitFor("\x1b[36m-- registers --\x1b[m")
	s.waitFor("> ")
	s.press("panda.cpu.icount > 1000\r")
	s.waitFor("true")
	s.waitFor("> ")
	s.press("\x03")
	s.waitFor("> ")
	s.press("\x03")
	if end := s.wait(); end.ExitStatus() != 0 {
		t.Errorf("Ctrl-C twice: %#x", end)
	}
}

// wait waits for the program's end.
func (s *screen) wait() syscall.WaitStatus {
	s.t.Helper()
	done := make(chan error, 1)
	go func() { done <- s.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		s.t.Fatalf("the program does not end:\n%q", s.text.String())
	}
	return s.cmd.ProcessState.Sys().(syscall.WaitStatus)
}

// waitMode waits until the terminal is set in a way.
func (s *screen) waitMode(is func(m unix.Termios) bool) {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if is(s.mode()) {
			return
		}
	}
	s.t.Fatalf("the terminal is %+v\n%q", s.mode(), s.text.String())
}

// mode is how the terminal is set.
func (s *screen) mode() unix.Termios {
	s.t.Helper()
	m, err := unix.IoctlGetTermios(int(s.tty.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	return *m
}
