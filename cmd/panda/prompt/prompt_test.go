package prompt

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"panda/cmd/panda/interrupt"
	"panda/cmd/panda/reload"
	"panda/emu/emutest"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
	"panda/lua"
)

var update = flag.Bool("update", false, "rewrite the transcripts")

// bare is a machine without an operating system: the guest ends at HLT, with
// rax as its status.
type bare struct {
	*emutest.Bare
	man     plugin.Manager
	symbols map[string]guest.Addr
}

// program: main calls add three times with rdi = 3, 2, 1 and halts.
var program = []byte{
	0xbf, 3, 0, 0, 0, // 401000 main: mov edi, 3
	0x31, 0xc0, // 401005 xor eax, eax
	0xe8, 5, 0, 0, 0, // 401007 call add
	0xff, 0xcf, // 40100c dec edi
	0x75, 0xf7, // 40100e jne 401007
	0xf4,             // 401010 hlt
	0x55,             // 401011 add: push rbp
	0x48, 0x89, 0xe5, // 401012 mov rbp, rsp
	0x01, 0xf8, // 401015 add eax, edi
	0x89, 0x05, 0xe3, 0x0f, 0, 0, // 401017 mov [402000], eax
	0x5d, // 40101d pop rbp
	0xc3, // 40101e ret
}

func newBare(t *testing.T, out *bytes.Buffer) *bare {
	b := &bare{Bare: emutest.NewBare(t, 64, "max"), symbols: map[string]guest.Addr{"main": 0x401000, "add": 0x401011}}
	b.Map(t, 0x401000, 0x2000, guest.Read|guest.Write|guest.Exec)
	b.Map(t, 0x7fff0000, 0x10000, guest.Read|guest.Write)
	b.Write(t, 0x401000, program)
	b.Write(t, 0x402010, []byte("hello, guest\x00"))
	c := b.Bare.CPU
	c.SetPC(0x401000)
	c.SetReg("rsp", 0x7fff8000)
	c.Machine.Process, c.Machine.Thread, c.Machine.Comm = 1, 1, "prog"
	c.Machine.Symbol = func(a guest.Addr) (string, uint64, bool) {
		switch {
		case a >= 0x401011 && a < 0x401020:
			return "add", uint64(a - 0x401011), true
		case a >= 0x401000 && a < 0x401020:
			return "main", uint64(a - 0x401000), true
		}
		return "", 0, false
	}
	b.man = plugin.Manager{
		Bus: b.Bus, Core: (*bareCore)(b), Loaders: []plugin.Loader{lua.NewLoader(lua.Options{Out: out})},
		Log: func(format string, a ...any) { fmt.Fprintf(out, format+"\n", a...) },
	}
	return b
}

func (b *bare) Run() (int, bool, error) {
	switch stop := b.Engine.Run(b.Bare.CPU, 1<<40); stop {
	case vcpu.StopHalt, vcpu.StopException:
		rax, _ := b.Bare.CPU.Reg("rax")
		return int(rax), true, nil
	default:
		return 0, false, nil
	}
}

func (b *bare) Step(n int64) (int, bool, error) {
	b.Engine.SetLimit(n)
	defer b.Engine.SetLimit(-1)
	return b.Run()
}

func (b *bare) Stop()                    { b.Bare.CPU.Stop() }
func (b *bare) Do(f func())              { f() }
func (b *bare) CPU() *vcpu.CPU           { return b.Bare.CPU }
func (b *bare) Plugins() *plugin.Manager { return &b.man }

// bareCore is the machine as plugins steer it.
type bareCore bare

func (b *bareCore) CPU() *vcpu.CPU       { return b.Bare.CPU }
func (b *bareCore) FlushTB()             { b.Engine.FlushTB() }
func (b *bareCore) SetChaining(bool)     {}
func (b *bareCore) SetMemCallbacks(bool) {}
func (b *bareCore) SetPrecisePC(bool)    {}
func (b *bareCore) Stop()                { b.Bare.CPU.Stop() }
func (b *bareCore) Exit(int)             { b.Bare.CPU.Stop() }

func (b *bareCore) Lookup(name string) (guest.Addr, bool) {
	a, ok := b.symbols[name]
	return a, ok
}

func (b *bareCore) Regions() []plugin.Region {
	return []plugin.Region{
		{Start: 0x401000, End: 0x402000, Prot: guest.Read | guest.Exec, File: "/bin/prog"},
		{Start: 0x402000, End: 0x403000, Prot: guest.Read | guest.Write, File: "/bin/prog"},
		{Start: 0x7fff0000, End: 0x80000000, Prot: guest.Read | guest.Write, File: "[stack]"},
	}
}

// TestTranscripts runs the lines that a user typed in each file of testdata/repl
// and holds the session against the file. A line that was typed stands after a
// prompt, as the session prints it.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/repl/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(err, "no transcripts")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { transcript(t, file) })
	}
}

func transcript(t *testing.T, file string) {
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.Create(filepath.Join(t.TempDir(), "in"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for line := range strings.Lines(string(want)) {
		if _, typed, ok := strings.Cut(line, "> "); ok && isPrompt(line) {
			fmt.Fprint(in, typed)
		}
	}
	if _, err := in.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	status, err := Run(newBare(t, &out), interrupt.New(), in, &out, Options{})
	fmt.Fprintf(&out, "status %d %v\n", status, err)
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if out.String() != string(want) {
		t.Errorf("the session is\n%s\nwant\n%s", out.String(), want)
	}
}

func isPrompt(line string) bool {
	return strings.HasPrefix(line, "0x") && strings.Index(line, "> ") < strings.IndexByte(line+":", ':') ||
		strings.HasPrefix(line, ">> ") || strings.HasPrefix(line, "(ended)> ")
}

func TestCompletion(t *testing.T) {
	var out bytes.Buffer
	m := newBare(t, &out)
	s := &session{m: m, judge: interrupt.New(), out: &out}
	if err := s.open(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ line, head, words string }{
		{":br", ":", "break"},
		{"conti", "", "continue"},
		{"panda.regis", "", "panda.register_callback"},
		{"x = panda.cpu.ra", "x = ", "panda.cpu.rax"},
		{"panda.cpu:u1", "", "panda.cpu:u16"},
		{"string.pac", "", "string.pack string.packsize"},
		{`panda.on("insn_`, `panda.on("`, "insn_exec insn_translate"},
		{":regs rb", ":regs ", "rbp rbx"},
		{":info th", ":info ", "threads"},
		{"break $rs", "break ", "$rsi $rsp"},
		{":unload re", ":unload ", "repl"},
		{":set con", ":set ", "context"},
		{":signal SE", ":signal ", "SEGV"},
		{":handle SEGV nos", ":handle SEGV ", "nostop"},
		{":set context s", ":set context ", "short"},
		{":info fields sysc", ":info fields ", "syscall_enter syscall_leave"},
		{`panda.count{ on = "syscall_l`, `panda.count{ on = "`, "syscall_leave"},
		{`panda.count{ on = "syscall_leave", b`, `panda.count{ on = "syscall_leave", `, "by"},
		{`panda.count{ on = "syscall_leave", na`, `panda.count{ on = "syscall_leave", `, "name"},
		{`panda.count{ on = "syscall_leave", by = "er`, `panda.count{ on = "syscall_leave", by = "`, "error"},
		{`panda.count{ on = "syscall_leave", by = { "name", "er`, `panda.count{ on = "syscall_leave", by = { "name", "`, "error"},
		{`panda.on("insn_exec", { by`, `panda.on("insn_exec", { `, "bytes"},
		{`panda.on("virt_mem_write", { pc = 5, a`, `panda.on("virt_mem_write", { pc = 5, `, "addr"},
		{`panda.on("insn_exec", { pc = pan`, `panda.on("insn_exec", { pc = `, "panda"},
	} {
		head, words, tail := s.complete(c.line, len(c.line))
		if head != c.head || strings.Join(words, " ") != c.words || tail != "" {
			t.Errorf("%q completes to %q %q %q", c.line, head, words, tail)
		}
	}
}

// TestReload: a script that changes is loaded again with its state and
// arguments; one that does not compile is kept.
func TestReload(t *testing.T) {
	var out bytes.Buffer
	m := newBare(t, &out)
	path := filepath.Join(t.TempDir(), "s.lua")
	write := func(src string, age time.Duration) {
		if err := os.WriteFile(path, []byte(src), 0o666); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	const first = "panda.keep.n = (panda.keep.n or 0) + 1 print(%q, panda.keep.n, panda.arg('k')) function uninit_plugin() print('bye') end"
	write(fmt.Sprintf(first, "one"), 3*time.Hour)
	if _, err := m.Plugins().LoadFile(path, []plugin.Arg{{Key: "k", Value: "v"}}); err != nil {
		t.Fatal(err)
	}
	w := reload.NewWatcher(m.Plugins(), func(f string, a ...any) { fmt.Fprintf(&out, f+"\n", a...) })
	check := func() {
		for _, p := range w.Changed() {
			w.Reload(p)
		}
	}
	check()
	write("x = = 1", 2*time.Hour)
	check()
	write(fmt.Sprintf(first, "two"), time.Hour)
	check()
	want := "one\t1\tv\nreload: " + path + ":1: syntax error near '='\nbye\ntwo\t2\tv\nreloaded " + path + "\n"
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", out.String(), want)
	}
}

func TestMiddleOut(t *testing.T) {
	for text, want := range map[string]string{
		"0x2aaaaab31b main+0x10": "0x2aaaaab31b main+0x10",
		"0x2aaaaab31b _ZN1XIJNSt7__cxx1112basic_stringIcSt11char_traits+0x1234": "0x2aaaaab31b _ZN1XIJNSt7__cxx1112ba…raits+0x1234",
	} {
		if got := middleOut(text, longestPrompt); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
