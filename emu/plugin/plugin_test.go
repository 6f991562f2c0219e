package plugin

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// funcs is a plugin made of functions.
type funcs struct {
	init   func(h *Host) error
	closes func() error
}

func (p *funcs) Init(h *Host) error {
	if p.init == nil {
		return nil
	}
	return p.init(h)
}

func (p *funcs) Close() error {
	if p.closes == nil {
		return nil
	}
	return p.closes()
}

// fake is a Core without a machine.
type fake struct{ cpu *vcpu.CPU }

func (f fake) CPU() *vcpu.CPU                    { return f.cpu }
func (fake) FlushTB()                            {}
func (fake) SetChaining(bool)                    {}
func (fake) SetMemCallbacks(bool)                {}
func (fake) SetPrecisePC(bool)                   {}
func (fake) Stop()                               {}
func (fake) Exit(int)                            {}
func (fake) Lookup(string) (guest.Addr, bool)    { return 0, false }
func (fake) Regions() []Region                   { return nil }
func (fake) Ext() string                         { return ".fake" }
func (fake) Open(string, []byte) (Plugin, error) { return &funcs{}, nil }

type setup struct {
	*Manager
	log []string
}

func newSetup() *setup {
	s := new(setup)
	bus := event.NewBus()
	core := fake{&vcpu.CPU{Machine: &vcpu.Machine{Arch: &vcpu.Arch{Naming: vcpu.Naming{Lookup: func(string) vcpu.Register { return nil }}}}}}
	s.Manager = &Manager{Bus: bus, Core: core, Loaders: []Loader{core}, Log: func(f string, a ...any) { s.log = append(s.log, fmt.Sprintf(f, a...)) }}
	bus.Report = func(sub *event.Sub, err error) { s.Log("%s %s: %v", sub.Owner.Name, sub.What(), err) }
	return s
}

func (s *setup) start(t *testing.T, name string, init func(h *Host) error) *Loaded {
	t.Helper()
	l, err := s.Start(name, "", &funcs{init: init, closes: func() error { s.Log("close %s", name); return nil }}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// fire fires an event without arguments.
func (s *setup) fire(k event.Kind) {
	for _, sub := range s.Bus.Active(k) {
		s.Bus.Call(sub, sub.Fn.(event.Func))
	}
}

func TestSpecs(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a", "[{a []}]"},
		{"a;b:x=1,flag", "[{a []} {b [{x 1 false} {flag  true}]}]"},
		{`a:x="p;q,r:s=t",y='"'`, `[{a [{x p;q,r:s=t false} {y " false}]}]`},
		{" a ; ;b:", "[{a []} {b []}]"},
		{"a:x=", "[{a [{x  false}]}]"},
		{`a:x="y`, `error: -panda "a:x=\"y": the quote " is not closed`},
		{"a:=1", `error: -panda "a:=1": argument "=1" has no name`},
	} {
		specs, err := ParseSpecs(c.text)
		got := fmt.Sprint(specs)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
}

func TestArgs(t *testing.T) {
	for _, c := range []struct{ given, want string }{
		{"file=x,n=0x10,on,must=1", "x 16 true slow 1"},
		{"must=1,mode=fast,n=1,n=2", "def 2 false fast 1"},
		{"", "argument must is missing: it must"},
		{"must=1,n=many", "argument n=many is not a number"},
		{"must=1,on=perhaps", "argument on=perhaps is neither true nor false"},
		{"must=1,mode=fats", `argument mode=fats (did you mean "fast"?): it is one of slow, fast`},
		{"must=1,fil=x", `no argument "fil" (did you mean "file"?)`},
		{"help", "plugin p:\n  file=def\ta file\n  n=7\ta number\n  on=false\ta switch\n  mode=slow\tspeed: slow, fast\n  must=\tit must (required)"},
	} {
		s := newSetup()
		list, err := parseArgs(c.given)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		_, err = s.Start("p", "", &funcs{init: func(h *Host) error {
			a := h.Args()
			got = fmt.Sprint(a.String("file", "def", "a file"), " ", a.Uint("n", 7, "a number"), " ", a.Bool("on", "a switch"), " ",
				a.OneOf("mode", []string{"slow", "fast"}, "speed"), " ", a.Required("must", "it must"))
			return a.Check()
		}}, list)
		if err != nil {
			got = strings.TrimPrefix(err.Error(), "plugin p: ")
		}
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.given, got, c.want)
		}
	}
}

func TestAddArg(t *testing.T) {
	s := newSetup()
	if err := s.AddArg("p"); err == nil {
		t.Error("an argument without key")
	}
	if err := s.AddArg("p:x=2"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Start("p", "", &funcs{init: func(h *Host) error {
		if v := h.Args().String("x", "", ""); v != "2" {
			t.Errorf("x is %s", v)
		}
		return nil
	}}, []Arg{{Key: "x", Value: "1"}}); err != nil {
		t.Error(err)
	}
}

// TestCallbackOrder: load order, then registration order; a plugin that is
// disabled, a callback that is, one that panics.
func TestCallbackOrder(t *testing.T) {
	s := newSetup()
	var got []string
	var subs []*event.Sub
	add := func(h *Host, what string) {
		subs = append(subs, h.Shutdown(func() { got = append(got, h.Name()+what) }))
	}
	var second *Host
	a := s.start(t, "a", func(h *Host) error { add(h, "1"); return nil })
	s.start(t, "b", func(h *Host) error { second = h; add(h, "1"); return nil })
	add(a.Host, "2")
	second.Shutdown(func() { panic("oops") })
	add(second, "2")
	step := func(want string) {
		t.Helper()
		got = nil
		s.fire(event.Shutdown)
		if fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	step("[a1 a2 b1 b2]")
	if !slices.Equal(s.log, []string{"b shutdown: panic: oops"}) {
		t.Errorf("%q", s.log)
	}
	subs[0].Disable()
	step("[a2 b1 b2]")
	a.Disable()
	step("[b1 b2]")
	subs[0].Enable()
	step("[b1 b2]")
	a.Enable()
	step("[a1 a2 b1 b2]")
	if err := s.Unload(a); err != nil {
		t.Error(err)
	}
	subs[0].Enable() // of a plugin that is gone
	step("[b1 b2]")
	if len(s.log) != 2 {
		t.Errorf("%q", s.log)
	}
}

// TestLoadAndUnload from within callbacks, also the caller's own.
func TestLoadAndUnload(t *testing.T) {
	s := newSetup()
	n := 0
	var self *Loaded
	self = s.start(t, "self", func(h *Host) error {
		h.Shutdown(func() {
			n++
			if err := h.Unload(self); err != nil {
				t.Error(err)
			}
			if err := h.Unload(self); err == nil {
				t.Error("unloaded twice")
			}
			s.start(t, "new", func(h *Host) error { h.Shutdown(func() { n += 10 }); return nil })
		})
		h.Shutdown(func() { n += 100 }) // is not called any more, as far as the Bus asks
		return nil
	})
	for _, sub := range s.Bus.Active(event.Shutdown) {
		if sub.Active() {
			s.Bus.Call(sub, sub.Fn.(event.Func))
		}
	}
	if n != 1 || s.Get("self") != nil {
		t.Errorf("%d", n)
	}
	s.fire(event.Shutdown)
	if n != 11 {
		t.Errorf("%d", n)
	}
	s.Close()
	if !slices.Equal(s.log, []string{"close self", "close new"}) {
		t.Errorf("%q", s.log)
	}
}

func TestMistakes(t *testing.T) {
	s := newSetup()
	s.Files = Finder{Dirs: []string{"/nowhere"}, Embedded: fstest.MapFS{"there.fake": {}}}
	s.start(t, "there", nil)
	for _, c := range []struct{ name, want string }{
		{"there", "plugin there is loaded already"},
		{"thera", `no plugin "thera"; searched the native plugins, /nowhere and the embedded scripts`},
	} {
		if _, err := s.Load(c.name, nil); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	other := filepath.Join(t.TempDir(), "p.txt")
	if err := os.WriteFile(other, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/x/panda_p.so": "this static binary loads no shared objects", other: "not a .lua file", "/x/p.txt": "no such file", "/nowhere/p.fake": "no such file"} {
		if _, err := s.LoadFile(path, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	for name, init := range map[string]func(h *Host) error{
		"fails":  func(h *Host) error { h.Shutdown(func() { t.Error("called") }); return errors.New("no") },
		"panics": func(h *Host) error { h.Shutdown(func() { t.Error("called") }); panic("no") },
		"filter": func(h *Host) error { h.InsnExec(event.Bytes("xy"), nil); return nil },
		"leaves": func(h *Host) error { return h.Unload(h.m.Get("leaves")) },
	} {
		if _, err := s.Start(name, "", &funcs{init: init}, nil); err == nil || s.Get(name) != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Start("last", "", &funcs{closes: func() error { panic("in Close") }}, nil); err != nil {
		t.Error(err)
	}
	s.fire(event.Shutdown)
	s.Close()
	if len(s.log) != 2 || !strings.Contains(s.log[0], "in Close") {
		t.Errorf("%q", s.log)
	}
}

func TestNeed(t *testing.T) {
	s := newSetup()
	s.Files.Embedded = fstest.MapFS{"base.fake": {}}
	var got []string
	user := s.start(t, "user", func(h *Host) error {
		l, err := h.Need("base")
		if err != nil {
			return err
		}
		h.Shutdown(func() { got = append(got, "user") })
		l.Host.Shutdown(func() { got = append(got, "base") })
		if _, err := l.Host.Need("user"); err == nil {
			t.Error("two plugins need each other")
		}
		_, err = h.Need("absent")
		if err == nil || !strings.Contains(err.Error(), `no plugin "absent"`) {
			t.Errorf("%v", err)
		}
		return nil
	})
	s.fire(event.Shutdown)
	if fmt.Sprint(got) != "[base user]" {
		t.Error(got)
	}
	if err := s.Unload(s.Get("base")); err == nil || err.Error() != "plugin base is needed by user" {
		t.Error(err)
	}
	if err := s.Unload(user); err != nil {
		t.Error(err)
	}
	if err := s.Unload(s.Get("base")); err != nil {
		t.Error(err)
	}
}

func TestPluginEvents(t *testing.T) {
	s := newSetup()
	var e *Event
	s.start(t, "calls", func(h *Host) error {
		e = h.Event("call", "a function is called", "pc")
		h.Export("depth", 3)
		return nil
	})
	var got []any
	ears := s.start(t, "ears", func(h *Host) error {
		if _, err := h.Listen("calls", "cal", nil); err == nil || !strings.Contains(err.Error(), `no event "cal" (did you mean "call"?)`) {
			t.Errorf("%v", err)
		}
		if _, err := h.Listen("nobody", "call", nil); err == nil {
			t.Error("nobody was heard")
		}
		if e.Heard() {
			t.Error("heard already")
		}
		if _, err := h.Listen("calls", "call", func([]any) { panic("deaf") }); err != nil {
			return err
		}
		_, err := h.Listen("calls", "call", func(a []any) { got = append(got, a...) })
		return err
	})
	e.Fire(1)
	e.Fire(2)
	ears.Disable()
	e.Fire(3)
	ears.Enable()
	e.Fire(4)
	s.Unload(ears)
	e.Fire(5)
	if fmt.Sprint(got) != "[1 2 4]" || e.Heard() || !slices.Equal(s.log, []string{"ears calls.call: panic: deaf", "close ears"}) {
		t.Errorf("%v %q", got, s.log)
	}
	l := s.Get("calls")
	if l.Lookup("depth") != 3 || fmt.Sprint(l.Exports()) != "[depth]" || len(l.Events()) != 1 {
		t.Error("exports")
	}
}

// TestManualErrors: what there is not is an error.
func TestManualErrors(t *testing.T) {
	h := newSetup().start(t, "p", nil).Host
	for what, err := range map[string]error{
		"physical_memory_rw": h.PhysicalMemoryRW(0, nil, false), "memsavep": h.MemSave(nil), "enable_llvm": h.EnableLLVM(),
		"disable_llvm": h.DisableLLVM(), "enable_llvm_helpers": h.EnableLLVMHelpers(), "disable_llvm_helpers": h.DisableLLVMHelpers(),
	} {
		if err == nil {
			t.Errorf("%s succeeds", what)
		}
	}
	if _, err := h.Call(0); err == nil {
		t.Error("a call without a machine")
	}
	if _, err := h.Batch(event.SyscallEnter, nil, 0, 0, nil); err == nil {
		t.Error("a batch of system calls")
	}
}
