package rr

import (
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/hostsys"
)

// TestIdleFrames: inputs do not wait for frames of symbols.
func TestIdleFrames(t *testing.T) {
	w := &Writer{frames: make(chan frame, 1), idle: make(chan frame, 1)}
	for range 100 {
		w.write(logFrame, nil)
		w.writeIdle(symbolFrame, nil)
		for _, want := range []frameKind{logFrame, symbolFrame} {
			if fr, ok := w.next(); !ok || fr.kind != want {
				t.Fatalf("%c comes next, %v, want %c", fr.kind, ok, want)
			}
		}
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
