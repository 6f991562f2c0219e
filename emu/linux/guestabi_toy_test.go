package linux

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/linux/sigframe"
	"panda/emu/load"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// A toy architecture, so that the personality is held against more than one. What
// it has otherwise than x86: the result of a call goes where its first argument was,
// functions return to a register, a thread area is a register, there is no vdso,
// the frame of a signal is plain, exceptions and ELF files have numbers of their own.

// Registers of the toy.
const (
	toyArg    ir.Ref = 0 // and five more; the first is the result too
	toyNumber ir.Ref = 8
	toyLink   ir.Ref = 12
	toyTLS    ir.Ref = 13
	toySP     ir.Ref = 14
	toyPC     ir.Ref = 15
	toyWords  ir.Ref = 16
)

// Instructions of the toy, each of toyLen bytes: the operation, two registers, and
// eight bytes of a number from toyImm on.
const (
	toySet   byte = iota + 1 // a = number
	toyMove                  // a = b
	toyLoad                  // a = the 4 bytes at b
	toyAbove                 // go to the number if a > 0
	toyZero                  // go to the number if a == 0
	toyCall                  // a system call
	toyRaise                 // an exception, by number
	toyImm   = 4
	toyLen   = 12
)

const (
	toyELF       = elf.Machine(0xfeed)
	toyGate      = 3
	toyException = 7
	toyBase      = 0x400000
	toyData      = toyBase + 0x2000
)

// toyNames are the calls of the toy by their numbers, which are no others'.
var toyNames = []string{
	"rt_sigreturn", "exit", "exit_group", "write", "rt_sigaction", "getpid", "getppid", "kill", "clone", "uname", "pipe2", "read", "wait4",
	"restart_syscall", "execve", "epoll_create1", "epoll_ctl", "epoll_wait",
}

func toyCallNumber(name string) uint64 { return uint64(100 + slices.Index(toyNames, name)) }

func toyCalls() (calls []abi.Call) {
	for _, n := range toyNames {
		c := *abi.LookupName(abi.X86_64, n)
		c.Number = int(toyCallNumber(n))
		calls = append(calls, c)
	}
	return calls
}

// toyLayout is the data model of the toy, whose struct epoll_event has a gap.
func toyLayout() *abi.Layout {
	l := *abi.Layout64
	l.EpollPacked, l.SigMask = false, 8*uint64(toyWords)
	return &l
}

// newToy is the toy as the personality sees it.
func newToy() *Guest {
	a := &ABI{
		Arch: "toy", Layout: toyLayout(), Calls: toyCalls(),
		Regs:    CallRegs{Number: toyNumber, Args: [6]ir.Ref{0, 1, 2, 3, 4, 5}, Ret: toyArg},
		Restart: int(toyCallNumber("restart_syscall")), Shape: mm.Shape{Bits: 38, End: 1 << 40}, Platform: "toy",
		Start:     func(w *Words, pc, sp guest.Addr) { w[toyPC], w[toySP] = uint64(pc), uint64(sp) },
		SetTLS:    func(_, child *Thread, tls uint64) abi.Errno { child.SetReg(toyTLS, tls); return 0 },
		SetResult: func(w *Words, v int64) { w[toyArg] = uint64(v) },
		Result:    func(w *Words) int64 { return int64(w[toyArg]) },
		Again: func(w *Words, number int, first uint64) {
			w[toyPC] -= toyLen
			w[toyArg], w[toyNumber] = first, uint64(number)
		},
		Frames: SignalFrames{Size: func(*Words) uint64 { return 8 * (uint64(toyWords) + 1) }, Push: pushToy, Pop: popToy},
	}
	return &Guest{
		ABIs: []*ABI{a}, Gates: []Gate{toyGate: {a, nil}},
		Machines: load.Machines{{Arch: "toy", ELF: []elf.Machine{toyELF}, Bits: 64, End: 1 << 40}},
		UserEnd:  1 << 40, Machine: "toy", Narrow: "toy",
		OfMemory: func(*guest.Exception) bool { return false },
		SignalOf: func(t *Thread, e *guest.Exception) abi.Siginfo {
			t.SetFault(uint64(e.Vector), 0, 0)
			return abi.Siginfo{Signo: abi.SIGILL, Code: abi.ILL_PRVOPC, Addr: t.Reg(toyPC)}
		},
	}
}

// pushToy puts the registers and the mask on the stack. The handler returns to the
// restorer.
func pushToy(t *Thread, f *sigframe.Frame) bool {
	w := t.Words()
	var b []byte
	for _, v := range append(w[:toyWords:toyWords], f.Mask) {
		b = le.AppendUint64(b, v)
	}
	sp := f.SP - guest.Addr(len(b))
	if t.CopyOut(sp, b) != 0 {
		return false
	}
	w[toyArg], w[toySP], w[toyLink], w[toyPC] = uint64(f.Info.Signo), uint64(sp), f.Act.Restorer, f.Act.Handler
	return true
}

func popToy(t *Thread) (saved sigframe.Saved, ok bool) {
	b := make([]byte, 8*(toyWords+1))
	if t.CopyIn(guest.Addr(t.Reg(toySP)), b) != 0 {
		return saved, false
	}
	for i := range t.Words()[:toyWords] {
		t.Words()[i] = le.Uint64(b[8*i:])
	}
	return sigframe.Saved{Mask: le.Uint64(b[8*toyWords:]), Read: true, Stack: abi.Stack{Flags: abi.SS_DISABLE}}, true
}

// toyEngine is the CPU.
type toyEngine struct{}

func (toyEngine) Drop(vcpu.Space) {}

func (toyEngine) Run(c *vcpu.CPU, n int64) vcpu.Stop {
	start := c.Icount()
	for i := range n {
		c.Deadline, c.Left = start+uint64(i), 0
		if c.StopWord() && c.Stopping() {
			return vcpu.StopRequest
		}
		var in [toyLen]byte
		if c.Space.(*mmu.Space).Load(c.PC(), in[:]) != nil {
			panic("toy: no code")
		}
		c.W[toyPC] += toyLen
		if stop := step(c, in[0], in[1], in[2], le.Uint64(in[toyImm:])); stop != vcpu.StopBudget {
			c.Deadline++
			return stop
		}
	}
	return vcpu.StopBudget
}

// step does one instruction.
func step(c *vcpu.CPU, op, a, b byte, v uint64) vcpu.Stop {
	w := &c.W
	switch op {
	case toySet:
		w[a] = v
	case toyMove:
		w[a] = w[b]
	case toyLoad:
		var m [4]byte
		c.Space.(*mmu.Space).Load(guest.Addr(w[b]), m[:])
		w[a] = uint64(le.Uint32(m[:]))
	case toyAbove, toyZero:
		if int64(w[a]) > 0 && op == toyAbove || w[a] == 0 && op == toyZero {
			w[toyPC] = v
		}
	case toyCall:
		c.Gate = toyGate
		return vcpu.StopSyscall
	case toyRaise:
		c.Exc = guest.Exception{Vector: uint8(v), Next: true}
		return vcpu.StopException
	}
	return vcpu.StopBudget
}

// toyProgram is one that is being written.
type toyProgram struct {
	code, data []byte
	holes      map[int]string // branches, by the place of their number
	labels     map[string]uint64
}

func (p *toyProgram) here() uint64 { return toyBase + 0x1000 + uint64(len(p.code)) }

func (p *toyProgram) insn(op byte, a, b ir.Ref, v uint64) {
	p.code = append(p.code, op, byte(a), byte(b), 0)
	p.code = le.AppendUint64(p.code, v)
}

// to is a branch, or a number that is an address of code.
func (p *toyProgram) to(op byte, a ir.Ref, label string) {
	p.holes[len(p.code)+toyImm] = label
	p.insn(op, a, 0, 0)
}

func (p *toyProgram) label(name string) { p.labels[name] = p.here() }

func (p *toyProgram) put(b []byte) uint64 {
	a := toyData + uint64(len(p.data))
	p.data = append(p.data, append(b, make([]byte, -len(b)&7)...)...)
	return a
}

// keep leaves an argument of call as it is.
const keep = "keep"

// call makes a system call. An argument is a number, a string, or keep.
func (p *toyProgram) call(name string, args ...any) {
	for i, a := range args {
		switch v := a.(type) {
		case int:
			p.insn(toySet, ir.Ref(i), 0, uint64(v))
		case uint64:
			p.insn(toySet, ir.Ref(i), 0, v)
		}
	}
	p.insn(toySet, toyNumber, 0, toyCallNumber(name))
	p.insn(toyCall, 0, 0, 0)
}

func (p *toyProgram) print(text string) { p.call("write", 1, p.put([]byte(text)), len(text)) }

// write makes an ELF file.
func (p *toyProgram) write(t *testing.T, path string) {
	for at, label := range p.holes {
		le.PutUint64(p.code[at:], p.labels[label])
	}
	h := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(toyELF), Version: 1, Entry: p.labels["start"], Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	var b bytes.Buffer
	size := uint64(0x2000 + len(p.data))
	binary.Write(&b, le, h)
	binary.Write(&b, le, elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: 7, Vaddr: toyBase, Filesz: size, Memsz: size})
	b.Write(make([]byte, 0x1000-b.Len()))
	b.Write(p.code)
	b.Write(make([]byte, 0x2000-b.Len()))
	b.Write(p.data)
	if err := os.WriteFile(path, b.Bytes(), 0o755); err != nil {
		t.Fatal(err)
	}
}

// runToy runs a program and returns its output, what was traced, and its status.
func runToy(t *testing.T, cfg Config, p *toyProgram) (out, traced string, status int) {
	t.Helper()
	p.write(t, cfg.Command.Path)
	var trace bytes.Buffer
	cfg.Guest, cfg.Strace = newToy(), &trace
	lookup := func(string) vcpu.Register { return nil }
	c := &vcpu.CPU{Machine: &vcpu.Machine{Arch: &vcpu.Arch{Name: "toy", PC: toyPC, SP: toySP, Bits: 64, TempBase: toyWords, Lookup: lookup}}}
	k, err := New(cfg, c, toyEngine{})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	status, ended, err := k.Run()
	if err != nil || !ended {
		t.Fatal(ended, err)
	}
	b, err := os.ReadFile(cfg.Command.Dir + "/.out")
	if err != nil {
		t.Fatal(err)
	}
	return string(b), trace.String(), status
}

func newToyProgram() *toyProgram {
	return &toyProgram{holes: map[int]string{}, labels: map[string]uint64{}}
}

// handle sets up the handler, which has the restorer after it.
func (p *toyProgram) handle(sig int) {
	act := &abi.Sigaction{Handler: p.labels["handler"], Flags: abi.SA_RESTART | abi.SA_RESTORER, Restorer: p.labels["restorer"]}
	p.call("rt_sigaction", sig, p.put(abi.Layout64.Bytes(act)), 0, 8)
}

// signals writes a handler, which puts a byte into the pipe whose descriptors are at
// an address, and then its restorer.
func (p *toyProgram) signals(fds uint64) {
	p.label("handler")
	p.print("handled\n")
	p.insn(toySet, 0, 0, fds+4)
	p.insn(toyLoad, 0, 0, 0)
	p.call("write", keep, p.put([]byte("x")), 1)
	p.insn(toyMove, toyPC, toyLink, 0)
	p.label("restorer")
	p.call("rt_sigreturn")
}

// get reads a byte from the pipe, and ends the program if there is none.
func (p *toyProgram) get(fds uint64) {
	p.insn(toySet, 0, 0, fds)
	p.insn(toyLoad, 0, 0, 0)
	p.call("read", keep, p.put(make([]byte, 1)), 1)
	got := fmt.Sprint("got ", p.here())
	p.to(toyAbove, toyArg, got)
	p.call("exit_group", 1)
	p.label(got)
}

// TestToy: a program of another architecture than x86 runs: calls by a gate of its
// own, signals and their frames, an exception, a call that is made again though its
// result lies where its argument was, a new process, a thread area.
func TestToy(t *testing.T) {
	p := newToyProgram()
	fds, name := p.put(make([]byte, 8)), p.put(make([]byte, 6*65))
	p.signals(fds)
	p.label("start")
	p.call("pipe2", fds, 0)
	p.handle(abi.SIGILL)
	p.handle(abi.SIGUSR1)
	p.insn(toyRaise, 0, 0, toyException)
	p.get(fds)
	p.call("clone", abi.SIGCHLD, 0, 0, 0, 0)
	p.to(toyZero, toyArg, "child")
	p.get(fds)
	p.call("wait4", -1, 0, 0, 0)
	area := p.put([]byte("area\n"))
	p.call("clone", abi.CLONE_VM|abi.CLONE_VFORK|abi.CLONE_SETTLS|abi.SIGCHLD, p.put(make([]byte, 64))+64, 0, 0, area)
	p.to(toyZero, toyArg, "area")
	p.call("wait4", -1, 0, 0, 0)
	p.call("uname", name)
	p.call("write", 1, name+4*65, 3)
	p.call("exit_group", 7)
	p.label("child") // sends the signal while its parent waits for the byte
	p.call("getppid")
	p.call("kill", keep, abi.SIGUSR1)
	p.call("exit_group", 0)
	p.label("area")
	p.insn(toyMove, 1, toyTLS, 0)
	p.call("write", 1, keep, 5)
	p.call("exit_group", 0)
	out, traced, status := runToy(t, testConfig(t, t.TempDir()), p)
	if want := "handled\nhandled\narea\ntoy"; out != want || status != 7 {
		t.Errorf("%q with status %d, want %q with 7\n%s", out, status, want, traced)
	}
	for _, want := range []string{"si_code=ILL_PRVOPC", "ERESTARTSYS", "si_signo=SIGUSR1", "rt_sigreturn({mask=[]})"} {
		if !strings.Contains(traced, want) {
			t.Errorf("nothing was traced with %s:\n%s", want, traced)
		}
	}
}

// TestToyEpoll: a structure that is not as on x86 goes both ways.
func TestToyEpoll(t *testing.T) {
	p := newToyProgram()
	fds, events := p.put(make([]byte, 8)), p.put(make([]byte, 32))
	p.signals(fds)
	p.label("start")
	p.call("pipe2", fds, 0)
	p.call("epoll_create1", 0)
	const ep, end = 5, 3 // descriptors
	watched := p.put(toyLayout().Bytes(&abi.EpollEvent{Events: 1, Data: binary.BigEndian.Uint64([]byte("8765\n321"))}))
	p.call("epoll_ctl", ep, 1, end, watched)
	p.call("write", end+1, watched, 1)
	p.call("epoll_wait", ep, events, 2, 0)
	p.to(toyAbove, toyArg, "got")
	p.call("exit_group", 1)
	p.label("got")
	p.call("write", 1, events+8, 8)
	p.call("exit_group", 0)
	out, traced, status := runToy(t, testConfig(t, t.TempDir()), p)
	if out != "123\n5678" || status != 0 {
		t.Errorf("%q with status %d\n%s", out, status, traced)
	}
}

// TestForeignPrograms: an architecture runs its own programs and says which those are.
func TestForeignPrograms(t *testing.T) {
	toy, x86 := testConfig(t, t.TempDir()), testConfig(t, t.TempDir())
	newFakeEngine(t).image(toy.Command.Path, nil)
	toy.Guest = newToy()
	p := newToyProgram()
	p.label("start")
	p.write(t, x86.Command.Path)
	for want, cfg := range map[string]Config{"this emulator runs toy programs": toy, "this emulator runs x86_64 and i386 programs": x86} {
		if _, err := New(cfg, newFakeCPU(), toyEngine{}); !errors.Is(err, load.ErrForeign) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
