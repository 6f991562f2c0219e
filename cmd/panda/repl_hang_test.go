package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestReplHang: where nothing can be interrupted, the second Ctrl-C ends panda, and
// the terminal is as it was.
func TestReplHang(t *testing.T) {
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	for _, line := range []string{
		fmt.Sprintf("print('in' .. 'side') io.open(%q)", fifo), // nobody opens the other side
		fmt.Sprintf("panda.on('syscall_enter', function() print('in' .. 'side') io.open(%q) end) panda.continue()", fifo),
	} {
		s := newScreen(t, binary, "-i", "/bin/true")
		s.waitFor("> ")
		s.press(line + "\r")
		s.waitFor("inside\r\n")
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			s.wait()
		}()
		for range 200 { // signals that come too soon after another count once
			s.press(ctrlC)
			select {
			case <-ended:
			case <-time.After(50 * time.Millisecond):
				continue
			}
			break
		}
		<-ended
		if end := s.cmd.ProcessState.String(); end != "signal: interrupt" || s.mode() != s.found {
			t.Errorf("%s: %s, %+v, it was %+v", line, end, s.mode(), s.found)
		}
	}
}

// TestScriptLoops: INT and TERM end a loop in a script, wherever it is, and then
// mean what they meant.
func TestScriptLoops(t *testing.T) {
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	const loop = "print('ready') io.stdout:flush() while true do pcall(function() while true do end end) end"
	for _, x := range []struct {
		script string
		sig    syscall.Signal
		killed bool // by the signal
	}{
		{loop, unix.SIGINT, true},
		{loop, unix.SIGTERM, true},
		{"function init_plugin() " + loop + " end", unix.SIGINT, true},
		{"panda.on('syscall_enter', { name = 'read' }, function() " + loop + " end)", unix.SIGINT, true},
		{"panda.on('syscall_enter', { name = 'read' }, function() " + loop + " end)", unix.SIGTERM, true},
		{"panda.on('before_block_exec', { limit = 1 }, function() " + loop + " end)", unix.SIGTERM, true},
		{"panda.on('before_block_exec', { limit = 1 }, function() " + loop + " end)", unix.SIGINT, true},
		{"function uninit_plugin() " + loop + " end", unix.SIGINT, false},
		{"panda.on('shutdown', function() " + loop + " end)", unix.SIGTERM, false},
	} {
		program := "/bin/true"
		if x.killed && !strings.Contains(x.script, "before_block_exec") {
			program = "/bin/cat"
		}
		end, text := sendTo(t, "", x.sig, binary, "-e", x.script, program)
		if end.Signaled() != x.killed || x.killed && end.Signal() != x.sig || !strings.Contains(text, "interrupted by SIG") || strings.Contains(text, "goroutine") {
			t.Errorf("%v, %s: %#x\n%s", x.sig, x.script, end, text)
		}
	}
}
