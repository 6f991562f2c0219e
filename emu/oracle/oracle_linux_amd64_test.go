package oracle

import (
	"testing"
	"time"
)

const (
	codeAt = 0x10000000
	dataAt = 0x20000000
)

// start makes an oracle with a page of code and one of data, or skips.
func start(t testing.TB) *Oracle {
	o, err := New(Region{Addr: codeAt, Size: 0x1000, Write: true, Exec: true}, Region{Addr: dataAt, Size: 0x1000, Write: true})
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	return o
}

func at(bits int, gpr ...uint64) *State {
	s := NewState(bits)
	copy(s.GPR[:], gpr)
	s.RIP, s.GPR[4] = codeAt, dataAt+0x800
	return s
}

func TestStep(t *testing.T) {
	o := start(t)
	tests := []struct {
		name   string
		code   []byte
		in     *State
		vector int
		addr   uint64
		want   func(s *State) bool
	}{
		{"add", []byte{0x48, 0x01, 0xd8}, at(64, 5, 0, 0, 7), NoVector, 0, func(s *State) bool { return s.GPR[0] == 12 && s.RIP == codeAt+3 }},
		{"32 bit inc", []byte{0x40}, at(32, 5), NoVector, 0, func(s *State) bool { return s.GPR[0] == 6 && s.RIP == codeAt+1 }},
		{"rep movsb", []byte{0xf3, 0xa4}, at(64, 0, 5, 0, 0, 0, 0, dataAt, dataAt+9), NoVector, 0, func(s *State) bool { return s.GPR[1] == 0 && s.GPR[7] == dataAt+14 }},
		{"pushf", []byte{0x9c}, at(64), NoVector, 0, func(s *State) bool { return o.Bytes(s.GPR[4], 2)[1] == 2 }},
		{"load", []byte{0x8a, 0x00}, at(64, 0x1234), VecPF, 0x1234, func(s *State) bool { return s.RIP == codeAt }},
		{"not canonical", []byte{0x8a, 0x00}, at(64, 1<<60), VecGP, 0, func(s *State) bool { return s.RIP == codeAt }},
		{"div", []byte{0xf7, 0xf1}, at(64), VecDE, 0, func(s *State) bool { return s.RIP == codeAt }},
		{"ud2", []byte{0x0f, 0x0b}, at(64), VecUD, 0, func(s *State) bool { return s.RIP == codeAt }},
		{"int3", []byte{0xcc}, at(64), VecBP, 0, func(s *State) bool { return s.RIP == codeAt+1 }},
		{"into", []byte{0xce}, func() *State { s := at(32); s.RFlags |= 0x800; return s }(), VecOF, 0, func(s *State) bool { return s.RIP == codeAt+1 }},
		{"32 bit fs", []byte{0x64, 0xa1, 0x10, 0, 0, 0}, func() *State { s := at(32); s.FSBase = codeAt - 0x10; return s }(), NoVector, 0, func(s *State) bool { return s.GPR[0] == 0x0010a164 }},
		{"32 bit gs", []byte{0x65, 0xa1, 0x10, 0, 0, 0}, func() *State { s := at(32); s.GSBase = codeAt - 0x10; return s }(), NoVector, 0, func(s *State) bool { return s.GPR[0] == 0x0010a165 }},
		{"hlt", []byte{0xf4}, at(64), VecGP, 0, func(s *State) bool { return s.RIP == codeAt }},
		{"jump to itself", []byte{0xeb, 0xfe}, at(64), NoVector, 0, func(s *State) bool { return s.RIP == codeAt }},
	}
	for _, x := range tests {
		copy(o.Bytes(codeAt, len(x.code)), x.code)
		if err := o.Set(x.in); err != nil {
			t.Fatal(err)
		}
		stop, err := o.Step()
		if err != nil {
			t.Fatal(err)
		}
		var s State
		if err := o.Get(&s); err != nil {
			t.Fatal(err)
		}
		if stop.Vector != x.vector || stop.Addr != x.addr || !x.want(&s) {
			t.Errorf("%s: %v, %+v", x.name, stop, s)
		}
	}
}

// TestVectorState sets the x87 and vector state and reads it back.
func TestVectorState(t *testing.T) {
	o := start(t)
	s := at(64)
	s.FSBase, s.GSBase = dataAt, dataAt+8
	s.MXCSR, s.FCW, s.FSW, s.FTW = 0x9fc0, 0x27f, 0x3800, 0x80
	s.ST[0] = [10]byte{1, 2, 3, 4, 5, 6, 7, 0x88, 0xff, 0x3f}
	for i := range s.YMM {
		for j := range s.YMM[i] {
			s.YMM[i][j] = byte(i<<4 + j)
		}
	}
	o.Bytes(codeAt, 1)[0] = 0x90
	if err := o.Set(s); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Step(); err != nil {
		t.Fatal(err)
	}
	var g State
	if err := o.Get(&g); err != nil {
		t.Fatal(err)
	}
	s.RIP, s.Seg = g.RIP, g.Seg
	if g != *s {
		t.Errorf("got  %+v\nwant %+v", g, *s)
	}
}

// TestRun runs to int3, over a repeated instruction, and into a fault.
func TestRun(t *testing.T) {
	o := start(t)
	code := o.Bytes(codeAt, 16)
	copy(code, []byte{0x48, 0xff, 0xc0, 0xcc, 0x0f, 0x0b})
	if err := o.Set(at(64)); err != nil {
		t.Fatal(err)
	}
	var s State
	for range 2 { // stopped at int3 it goes no further
		if stop, err := o.Run(); err != nil || stop.Vector != NoVector {
			t.Fatal(stop, err)
		}
		if err := o.Get(&s); err != nil || s.RIP != codeAt+3 || s.GPR[0] != 1 {
			t.Fatalf("%v %+v", err, s)
		}
	}
	code[3] = 0x90
	if stop, err := o.Run(); err != nil || stop.Vector != VecUD {
		t.Fatal(stop, err)
	}
}

// TestGone: the tracee dies of a system call, and that is an error.
func TestGone(t *testing.T) {
	o := start(t)
	copy(o.Bytes(codeAt, 2), []byte{0x0f, 0x05})
	if err := o.Set(at(64, 39)); err != nil {
		t.Fatal(err)
	}
	if stop, err := o.Run(); err == nil {
		t.Errorf("a system call ran: %v", stop)
	}
}

// bench steps through nothing, or runs from one int3 to the next.
func bench(b *testing.B, step func(*Oracle) (Stop, error), whole bool) {
	o := start(b)
	var s State
	n := 0
	for b.Loop() {
		if n%2000 == 0 {
			code := o.Bytes(codeAt, 0x1000)
			for i := range code {
				code[i] = 0x90
			}
			if err := o.Set(at(64)); err != nil {
				b.Fatal(err)
			}
		}
		o.Bytes(codeAt+uint64(n%2000)+1, 1)[0] = opInt3
		if _, err := step(o); err != nil {
			b.Fatal(err)
		}
		o.Bytes(codeAt+uint64(n%2000)+1, 1)[0] = 0x90
		if whole {
			if err := o.Get(&s); err != nil {
				b.Fatal(err)
			}
		}
		n++
	}
}

func BenchmarkStep(b *testing.B)     { bench(b, (*Oracle).Step, false) }
func BenchmarkRun(b *testing.B)      { bench(b, (*Oracle).Run, false) }
func BenchmarkRunWhole(b *testing.B) { bench(b, (*Oracle).Run, true) }

func BenchmarkSet(b *testing.B) {
	o := start(b)
	s := at(64)
	for b.Loop() {
		if err := o.Set(s); err != nil {
			b.Fatal(err)
		}
	}
}

// TestEndless: code that does not stop is ended, by the time of the CPU that it takes.
func TestEndless(t *testing.T) {
	defer func(old time.Duration) { patience = old }(patience)
	patience = 50 * time.Millisecond
	o := start(t)
	copy(o.Bytes(codeAt, 2), "\xeb\xfe") // jump to itself
	if err := o.Set(at(64)); err != nil {
		t.Fatal(err)
	}
	if stop, err := o.Run(); err == nil {
		t.Errorf("an endless loop has stopped: %+v", stop)
	}
}
