package emutest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/oracle"
	"panda/emu/vcpu"
)

// CPU runs single instructions: the host's, or an engine of ours.
type CPU interface {
	// Memory is data at LineData, to be read and written.
	Memory() []byte
	// Code puts code at an address and int3 after it.
	Code(addr uint64, code []byte)
	// AllCode is what lies at LineCode.
	AllCode() []byte
	Put(s *oracle.State) error
	Take(s *oracle.State) error
	// Step runs one instruction.
	Step() (oracle.Stop, error)
}

// int3s fill what is no code, blank is all of it.
var (
	int3s = bytes.Repeat([]byte{0xcc}, 32)
	blank = bytes.Repeat([]byte{0xcc}, codeSize)
)

// Machine is an engine of ours as a CPU for lines and sequences.
type Machine struct {
	*Bare
	data   []byte
	number uint64 // of the CPU, which programs can read
}

// NewMachine maps the memory of lines into a bare machine.
func NewMachine(t testing.TB, bits int, model string) *Machine {
	t.Helper()
	m := &Machine{Bare: NewBare(t, bits, model)}
	if err := m.MapLineRegions(); err != nil {
		t.Fatal(err)
	}
	m.Write(t, LineCode, blank)
	m.data = m.Bytes(LineData, dataSize)
	m.Guest.Environment().Descriptor = descriptor
	return m
}

// Memory implements CPU.
func (m *Machine) Memory() []byte { return m.data }

// Code implements CPU.
func (m *Machine) Code(addr uint64, code []byte) {
	must(m.Space.Write(guest.Addr(addr), withInt3(addr, code)))
}

// AllCode implements CPU.
func (m *Machine) AllCode() []byte {
	return m.Bytes(LineCode, codeSize)
}

func withInt3(addr uint64, code []byte) []byte {
	room := LineCode + codeSize - addr - uint64(len(code))
	return slices.Concat(code, int3s[:min(16, room)])
}

// Put implements CPU.
func (m *Machine) Put(s *oracle.State) error {
	m.CPU.TB = nil // after a panic
	m.Guest.Reset(m.CPU, m.Bits)
	putState(&m.CPU.W, s)
	m.CPU.W[regs.TSCAux] = m.number
	return nil
}

// Take implements CPU.
func (m *Machine) Take(s *oracle.State) error {
	takeState(&m.CPU.W, s)
	s.Bits = m.Bits
	return nil
}

// Step implements CPU.
func (m *Machine) Step() (oracle.Stop, error) { return m.Run(1) }

// Bug is a panic of the engine.
type Bug struct{ Cause any }

func (b *Bug) Error() string { return fmt.Sprint("panic: ", b.Cause) }

// Run runs n instructions.
func (m *Machine) Run(n int64) (s oracle.Stop, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Bug{r}
		}
	}()
	switch stop := m.Engine.Run(m.CPU, n); stop {
	case vcpu.StopBudget:
		return oracle.Stop{Vector: oracle.NoVector}, nil
	case vcpu.StopException:
		s.Vector = int(m.CPU.Exc.Vector)
		if s.Vector == oracle.VecPF {
			s.Addr = uint64(m.CPU.Exc.Addr)
		}
		return s, nil
	default:
		return s, fmt.Errorf("the engine stopped for reason %d", stop)
	}
}

// Host is the host's CPU.
type Host struct {
	*oracle.Oracle
	trap bool // the code is an instruction that ends as a step does
}

// NewHost starts the oracle, or skips the test.
func NewHost(t testing.TB) *Host {
	t.Helper()
	h, err := startHost()
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { must(h.Close()) })
	return h
}

func startHost() (*Host, error) {
	o, err := oracle.New(LineRegions()...)
	if err != nil {
		return nil, err
	}
	copy(o.Bytes(LineCode, codeSize), blank)
	return &Host{Oracle: o}, nil
}

// Memory implements CPU.
func (h *Host) Memory() []byte { return h.Bytes(LineData, dataSize) }

// Code implements CPU.
func (h *Host) Code(addr uint64, code []byte) {
	b := withInt3(addr, code)
	copy(h.Bytes(addr, len(b)), b)
	var in dec.Inst
	h.trap = dec.Decode(&in, code, dec.Mode64) == nil && (in.Row.Name == "int3" || in.Row.Name == "int" || in.Row.Name == "int1")
}

// AllCode implements CPU.
func (h *Host) AllCode() []byte { return h.Bytes(LineCode, codeSize) }

// Put implements CPU.
func (h *Host) Put(s *oracle.State) error { return h.Set(s) }

// Step implements CPU. Code has int3 after it, so a run does one instruction.
func (h *Host) Step() (oracle.Stop, error) {
	if h.trap {
		return h.Oracle.Step()
	}
	return h.Run()
}

// Take implements CPU.
func (h *Host) Take(s *oracle.State) error { return h.Get(s) }

// RunLine runs a line on a CPU and returns the line with what came out.
func RunLine(c CPU, l *Line) (*Line, error) {
	mem := c.Memory()
	clear(mem)
	for _, p := range l.InMem {
		copy(mem[p.Addr-LineData:], p.Data)
	}
	before := slices.Clone(mem)
	c.Code(LineCode, blank)
	c.Code(l.In.RIP, l.Code)
	if err := c.Put(&l.In); err != nil {
		return nil, err
	}
	stop, err := c.Step()
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", l.Pos, l.Text, err)
	}
	got := *l
	got.Out, got.Exc, got.Addr = oracle.State{}, excNames[stop.Vector], stop.Addr
	if err := c.Take(&got.Out); err != nil {
		return nil, err
	}
	got.Out.Bits = l.Bits // whatever CS is now
	got.OutMem = memoryDiff(before, mem)
	return &got, nil
}

// memoryDiff is what changed, in pieces without gaps of more than seven bytes.
func memoryDiff(before, after []byte) (ps []Patch) {
	if bytes.Equal(before, after) {
		return nil
	}
	last := -100
	for i := range after {
		if before[i] == after[i] {
			continue
		}
		if i-last > 7 {
			ps = append(ps, Patch{Addr: LineData + uint64(i)})
		}
		p := &ps[len(ps)-1]
		p.Data = after[p.Addr-LineData : i+1]
		last = i
	}
	for i := range ps {
		ps[i].Data = slices.Clone(ps[i].Data)
	}
	return ps
}

// Decode is the line's instruction.
func (l *Line) Decode() (in dec.Inst, err error) {
	err = dec.Decode(&in, l.Code, dec.Mode(l.Bits))
	return in, err
}

// undefined are the flags that are not compared after the line.
func (l *Line) undefined() uint64 {
	in, err := l.Decode()
	if err != nil || l.Exc != "" {
		return 0
	}
	return UndefinedFlags(&in, uint8(l.In.GPR[regs.RCX]))
}

// LineDiff lists what differs between what a line says and what came out.
func LineDiff(got, want *Line) (ds []string) {
	if got.Exc != want.Exc || got.Addr != want.Addr {
		ds = append(ds, fmt.Sprintf("exception got %s@%x want %s@%x", got.Exc, got.Addr, want.Exc, want.Addr))
	}
	ds = append(ds, StateDiff(&got.Out, &want.Out, want.undefined())...)
	before := make([]byte, dataSize)
	applyPatches(before, want.InMem)
	g, w := slices.Clone(before), before
	applyPatches(g, got.OutMem)
	applyPatches(w, want.OutMem)
	for _, p := range memoryDiff(w, g) {
		ds = append(ds, fmt.Sprintf("[%x] got %x want %x", p.Addr, p.Data, w[p.Addr-LineData:][:len(p.Data)]))
	}
	return ds
}

func applyPatches(mem []byte, ps []Patch) {
	for _, p := range ps {
		copy(mem[p.Addr-LineData:], p.Data)
	}
}
