package rr

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/hostsys"
)

// TestReadAhead: pages are what they were whether they were unpacked before they were
// asked for or not, and what they took while they waited is given back.
func TestReadAhead(t *testing.T) {
	const calls, pages = 30, 150
	name, _ := recordScript(t, &fakeDoor{answer: func(c *hostsys.Call) {
		c.Ret = int64(copy(c.Args[1].Buf, bytesAt(int(c.Args[0].Num), pages*PageSize)))
	}}, func(s *side) {
		for i := range calls {
			s.do(unix.SYS_READ, i/2, make(out, pages*PageSize), pages*PageSize) // each twice: one is of old pages
			r := s.door.(*Recorder)
			r.mu.Lock()
			r.flush()
			r.mu.Unlock()
		}
	})
	r, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, room := range []int{0, frameSize, 5 * frameSize, pagesAhead} {
		p := &Player{}
		p.log = newLogReader(r, &p.pages, room)
		n := 0
		for p.log.next(&p.next); p.next.kind != 0; p.log.next(&p.next) {
			b := make([]byte, pages*PageSize)
			if err := p.copyOut(b, &p.next.call.outs[0]); err != nil || !bytes.Equal(b, bytesAt(n/2, len(b))) {
				t.Fatalf("room for %d: call %d: other pages, %v", room, n, err)
			}
			n++
		}
		if p.log.close(); n != calls || !errors.Is(p.log.end, io.EOF) {
			t.Errorf("room for %d: %d calls, then %v", room, n, p.log.end)
		}
		p.pages.age()
		p.pages.age()
		if used := p.pages.ahead.used; used != 0 {
			t.Errorf("room for %d: %d are left over", room, used)
		}
	}
}

// TestRoom: who takes room waits for it, gets all of it when nobody else has some, and
// does not wait any more once it is closed.
func TestRoom(t *testing.T) {
	var r room
	r.init(10)
	if !r.take(20) || r.try(1) {
		t.Fatal("more than all")
	}
	taken := make(chan bool)
	go func() { taken <- r.take(6) }()
	r.give(20)
	if !<-taken || r.try(5) || !r.try(4) {
		t.Fatalf("%d are taken", r.used)
	}
	go func() { taken <- r.take(1) }()
	if r.close(); <-taken {
		t.Error("taken after the end")
	}
}
