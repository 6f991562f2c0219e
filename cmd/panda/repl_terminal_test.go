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
	cmd  *exec.Cmd

	mu   sync.Mutex
	text strings.Builder
	seen int // what waitFor has found already
}

// newScreen starts a program on a new pseudo-terminal (ptmx(4)).
func newScreen(t *testing.T, args ...string) *screen {
	t.Helper()
	master, slave := openTerminal(t)
	defer slave.Close()
	if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 120}); err != nil {
		t.Fatal(err)
	}
	s := &screen{t: t, keys: master, cmd: exec.Command(args[0], args[1:]...)}
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = slave, slave, slave
	s.cmd.Env = append(os.Environ(), "TERM=xterm", "XDG_STATE_HOME="+t.TempDir(), "NO_COLOR=")
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill(); master.Close() })
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

// waitFor waits until a text is on the screen, behind what was waited for last.
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
	done := make(chan error, 1)
	go func() { done <- s.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Errorf("Ctrl-C twice does not leave:\n%q", s.text.String())
	}
}
