package rr

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/hostsys"
)

// TestIdleFrames: inputs wait for few frames of symbols, and these not for ever.
func TestIdleFrames(t *testing.T) {
	const inputs, symbols = 2 * idleShare, 4
	w := &Writer{frames: make(chan frame, inputs), idle: make(chan frame, symbols)}
	for range inputs {
		w.write(logFrame, nil)
	}
	for range symbols {
		w.writeIdle(symbolFrame, nil)
	}
	var kinds []byte
	for range inputs + symbols {
		fr, _ := w.next()
		kinds = append(kinds, byte(fr.kind))
	}
	some := strings.Repeat("L", idleShare-1)
	if want := some + "S" + some + "S" + "LLSS"; string(kinds) != want {
		t.Errorf("%s, want %s", kinds, want)
	}
	close(w.frames)
	if _, ok := w.next(); ok {
		t.Error("a frame comes after the last")
	}
}

// TestShownFirst: what has been shown is written before a map is read.
func TestShownFirst(t *testing.T) {
	name, _ := recordScript(t, &fakeDoor{answer: func(c *hostsys.Call) { c.Ret = int64(c.Args[2].Num) }}, func(s *side) {
		s.do(unix.SYS_WRITE, 1, []byte("text"), 4)
		s.do(hostsys.SysMap, -1, 0, PageSize)
	})
	r, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, _, next, err := r.frame(r.at); err != nil || next == r.end {
		t.Errorf("one frame has both: %v", err)
	}
}
