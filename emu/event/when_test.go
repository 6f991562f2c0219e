package event

import (
	"strings"
	"testing"
	"testing/quick"

	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

type testReg int

func (r testReg) Value(w *[ir.FrameWords]uint64) uint64       { return w[r] }
func (r testReg) SetValue(w *[ir.FrameWords]uint64, v uint64) { w[r] = v }

func testRegs(name string) vcpu.Register {
	if i := strings.Index("rax rbx", name); i >= 0 && len(name) == 3 {
		return testReg(i / 4)
	}
	return nil
}

func testEnv(t testing.TB) *Env {
	t.Helper()
	space := mmu.NewSpace(1 << 38)
	t.Cleanup(func() { space.Close() })
	if err := space.Map(0x1000, 0x1000, guest.Read|guest.Write, mmu.Anonymous("")); err != nil {
		t.Fatal(err)
	}
	space.Write(0x1000, []byte("\xfe\xff\xff\xff\xff\xff\xff\xffhello\x00"))
	c := &vcpu.CPU{Machine: &vcpu.Machine{
		Arch: &vcpu.Arch{Bits: 64},
		Comm: "prog", Process: 7, Thread: 8,
		Symbol: func(guest.Addr) (string, uint64, bool) { return "main", 4, true },
		Module: func(guest.Addr) (string, guest.Addr, bool) { return "/bin/prog", 0x400000, true },
	}}
	c.SetSpace(space)
	c.W[0], c.W[1] = 5, 0x1000
	return &Env{CPU: c, PC: 0x401000, Call: &Syscall{Name: "openat", Number: 257, Ret: -2, Args: [6]uint64{3, 0x1008, 0xffffffffffffff9c}}}
}

func TestWhen(t *testing.T) {
	e := testEnv(t)
	for _, c := range []struct {
		text string
		want bool
	}{
		{"rax == 5", true},
		{"$rax == 5 && rbx == 0x1000", true},
		{"rax == 4 || rbx != 0x1000", false},
		{"rax == 5 and not (rbx == 1)", true},
		{"rax == 4 or rbx ~= 1", true},
		{"1 + 2 * 3 == 7", true},
		{"(1 + 2) * 3 == 9", true},
		{"1 << 4 | 1 == 17", true},
		{"rax & 4 == 4", true},
		{"rax ^ 1 == 4", true},
		{"10 - 3 - 2 == 5", true},
		{"-1 < 0", true},
		{"ret < 0", true},
		{"ret == -2", true},
		{"ret + 2 >= 0", true},
		{"error == 2", true},
		{"0xffffffffffffffff > 0", true},
		{"0xffffffffffffffff > -2", true},
		{"~0 == 0xffffffffffffffff", true},
		{"-8 >> 1 == -4", true},
		{"-8 / 2 == -4", true},
		{"7 % 4 == 3", true},
		{"rax / 0 == 0", true},
		{"u8(rbx) == 0xfe", true},
		{"i8(rbx) == -2", true},
		{"i64(rbx) < 0", true},
		{"u64(rbx) < 0", false},
		{"u32(0x10) == 0", false},
		{"!(u32(0x10) == 0)", false},
		{"rax == 5 || u32(0x10) == 0", true},
		{"str(rbx + 8) == 'hello'", true},
		{"str(arg2) == \"hel*\"", true},
		{"str(arg2) != 'hel*'", false},
		{"name == 'open*' && number == 257", true},
		{"name == 'read'", false},
		{"process == 'prog[[]7]'", true},
		{"comm == 'prog' and pid == 7 and thread == 8", true},
		{"symbol == 'main' and module == 'prog' and offset == 0x1000", true},
		{"arg3 == -100", true},
		{"rax", true},
		{"rax - 5", false},
	} {
		x, err := ParseWhen(SyscallLeave, c.text, testRegs)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := x.True(e); got != c.want {
			t.Errorf("%s is %v", c.text, got)
		}
	}
}

func TestWhenErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"rax = 5", "when: \"=\" means nothing here\n  rax = 5\n      ^"},
		{"rett == 5", "no field or register \"rett\" (did you mean \"ret\"?)"},
		{"", "an operand is missing"},
		{"rax ==", "an operand is missing\n  rax ==\n        ^"},
		{"(rax", "\")\" expected"},
		{"rax 5", "\"5\" is too much here"},
		{"name == 5", "a text is compared with a number\n  name == 5\n       ^"},
		{"name < 'x'", "text is compared with == and != only"},
		{"name == '['", "\"[\" is no pattern"},
		{"name", "a text stands where a number is needed"},
		{"'abc", "\"'\" means nothing here"},
		{"u32 5", "\"(\" expected"},
		{"5x", "\"5x\" is no number of 64 bits"},
		{"rax == )", "\")\" stands where an operand is needed"},
		{strings.Repeat("(", 200), "nested too deeply"},
		{strings.Repeat("-", 200), "nested too deeply"},
	} {
		_, err := ParseWhen(SyscallLeave, c.text, testRegs)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v\nwant %s", c.text, err, c.want)
		}
	}
}

// TestWhenArithmetic holds operators against Go's on random numbers.
func TestWhenArithmetic(t *testing.T) {
	e := testEnv(t)
	exprs := []string{"rax + rbx", "rax - rbx", "rax * rbx", "rax & rbx", "rax | rbx", "rax ^ rbx", "rax < rbx", "rax >= rbx", "rax >> (rbx & 63)"}
	var xs []*Expr
	for _, s := range exprs {
		x, err := ParseWhen(InsnExec, s, testRegs)
		if err != nil {
			t.Fatal(err)
		}
		xs = append(xs, x)
	}
	check := func(a, b uint64) bool {
		e.CPU.W[0], e.CPU.W[1] = a, b
		for i, want := range []uint64{a + b, a - b, a * b, a & b, a | b, a ^ b, truth(a < b), truth(a >= b), a >> (b & 63)} {
			if got := xs[i].node.eval(&frame{Env: e}); got != want {
				t.Errorf("%s with %#x, %#x is %#x, want %#x", exprs[i], a, b, got, want)
				return false
			}
		}
		return true
	}
	if err := quick.Check(check, nil); err != nil {
		t.Error(err)
	}
}

func FuzzWhen(f *testing.F) {
	f.Add("rax == 5 && u32(rbx) > -1")
	f.Fuzz(func(t *testing.T, text string) {
		if x, err := ParseWhen(SyscallLeave, text, testRegs); err == nil {
			x.True(testEnv(t))
		}
	})
}

// TestDynamic: rates and conditions act for every type of callback, and for
// counters.
func TestDynamic(t *testing.T) {
	e := testEnv(t)
	for i := range Rows {
		k := Rows[i].Kind
		b := NewBus()
		n := 0
		s := b.Subscribe(&Owner{Name: "t"}, k, &Filter{Every: 2, Limit: 2}, k.Each(func(*Env) { n++ }))
		for range 8 {
			if s.Active() {
				fire(b, s, e)
			}
		}
		if n != 2 || s.Active() {
			t.Errorf("%v: called %d times", k, n)
		}
	}
	b := NewBus()
	var n uint64
	s := b.Count(&Owner{Name: "t"}, InsnExec, &Filter{Thread: []int64{8}, Process: []string{"pr*"}}, &n)
	fire(b, s, e)
	e.CPU.Machine.Thread = 9
	fire(b, s, e)
	if n != 1 || s.Hits != 1 {
		t.Errorf("counted %d, %d hits", n, s.Hits)
	}
}

// fire calls a subscription as the rooms do.
func fire(b *Bus, s *Sub, e *Env) {
	of := *e
	of.TB, of.Mem, of.Exception = &vcpu.TB{PC: e.PC}, &vcpu.MemAccess{PC: e.PC}, new(guest.Exception)
	of.Process, of.Thread, of.Module = new(Process), new(Thread), new(MappedModule)
	b.Tell(s, &of)
}

// TestWhenDeep: text that would be evaluated by calls without end within each
// other is refused.
func TestWhenDeep(t *testing.T) {
	for _, text := range []string{
		"1" + strings.Repeat("+1", 1<<20), strings.Repeat("(", 1<<14) + "1" + strings.Repeat(")", 1<<14),
		strings.Repeat("!", 1<<14) + "1", strings.Repeat("u8(", 1<<14) + "1" + strings.Repeat(")", 1<<14),
	} {
		_, err := ParseWhen(InsnExec, text, testRegs)
		if err == nil || !strings.Contains(err.Error(), "nested too deeply") && !strings.Contains(err.Error(), "at most") {
			t.Errorf("%.20s…: %.100v", text, err)
		}
	}
}
