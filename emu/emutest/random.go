package emutest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/oracle"
)

// Random runs random instruction sequences on two CPUs and compares all state
// after each instruction; then it runs each sequence on the second CPU again in
// one piece, where lazy flags and optimisation have something to go wrong with.
//
// A sequence is made while it runs: the next instruction is chosen with the
// registers known, so that its operands lie in memory. What faults is compared
// too and then, mostly, taken out again.
type Random struct {
	host  CPU
	m     *Machine
	rows  []*Shape
	Stats RandomStats
	// Seen counts instructions by dec.Row.ID.
	Seen []int

	e        *encoder
	cur      oracle.State // before the instruction
	taint    uint64       // flags that are undefined
	log      []step
	over     bool // the last instruction of the log raised an exception, or no other may follow
	host2    oracle.State
	ours     oracle.State
	start    oracle.State
	startMem []byte
	before   []byte // the memory before the instruction
	code     []byte // what should lie at LineCode
	seed     uint64
}

// RandomStats are counts.
type RandomStats struct {
	Sequences, Insns, Faults uint64
}

// step is one instruction of a sequence.
type step struct {
	pc     uint64
	code   []byte
	in     dec.Inst
	before oracle.State
	taint  uint64 // flags that are undefined before
}

// NewRandom prepares sequences of the rows that keep takes, or of all, as far
// as both CPUs have them.
func NewRandom(host CPU, m *Machine, keep func(*dec.Row) bool) (*Random, error) {
	r := &Random{
		host: host, m: m, Seen: make([]int, len(dec.Rows())),
		startMem: make([]byte, dataSize), before: make([]byte, dataSize), code: make([]byte, codeSize),
	}
	if err := m.numberAs(host); err != nil {
		return nil, err
	}
	for _, l := range m.samples(keep) {
		got, err := RunLine(host, l.Line)
		if err != nil {
			return nil, err
		}
		if in, _ := l.Decode(); got.Exc != "#UD" || strings.HasPrefix(in.Row.Name, "ud") {
			r.rows = append(r.rows, l.shape)
		}
	}
	if len(r.rows) == 0 {
		return nil, errors.New("no row to choose from")
	}
	return r, nil
}

// numberAs gives the machine the number of the CPU that the host is on: the
// limit of a segment tells it.
func (m *Machine) numberAs(host CPU) error {
	l := &Line{Bits: 64, Code: []byte{0x0f, 0x03, 0xc1}, In: *NewLineState(64)} // lsl eax, ecx
	l.In.GPR[regs.RCX] = regs.UserCPU
	got, err := RunLine(host, l)
	if err == nil {
		m.number = got.Out.GPR[regs.RAX]
	}
	return err
}

// Rows are the rows chosen from.
func (r *Random) Rows() []*Shape { return r.rows }

func newEncoder(seed uint64, bits int) *encoder {
	return &encoder{Rand: rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)), bits: bits}
}

// Run runs the sequence of a seed: about n instructions.
func (r *Random) Run(seed uint64, n int) (*Difference, error) {
	r.seed = seed
	r.e = newEncoder(seed, r.m.Bits)
	r.e.pc = LineCode + 0x100 + r.e.Uint64N(64)
	r.log, r.taint, r.over = r.log[:0], 0, false
	r.Stats.Sequences++
	d, err := r.sequence(n)
	if bug := (*Bug)(nil); errors.As(err, &bug) && len(r.log) > 0 {
		d, err = r.difference(&r.log[len(r.log)-1], []string{bug.Error()}), nil
		d.Row = "panic"
	}
	return d, err
}

func (r *Random) sequence(n int) (*Difference, error) {
	if err := r.begin(); err != nil {
		return nil, err
	}
	for len(r.log) < n && !r.over && r.cur.RIP < LineCode+codeSize-0x200 {
		d, err := r.one()
		if d != nil || err != nil {
			return d, err
		}
	}
	return r.whole()
}

// begin sets both CPUs to the same random state.
func (r *Random) begin() error {
	copy(r.code, blank)
	r.host.Code(LineCode, blank)
	r.m.Code(LineCode, blank)
	r.m.Engine.FlushTB() // what was translated does not come again
	if ref, ours := r.host.(*Machine); ours {
		ref.Engine.FlushTB()
	}
	for i := 0; i < dataSize; i += 8 {
		binary.LittleEndian.PutUint64(r.startMem[i:], r.e.Uint64())
	}
	for range dataSize / 64 {
		at := r.e.IntN(dataSize/16-1) * 16
		r.e.vector(r.startMem[at : at+32])
	}
	copy(r.host.Memory(), r.startMem)
	copy(r.m.Memory(), r.startMem)
	r.start = *r.e.state()
	r.cur = r.start
	return r.set(&r.start)
}

func (r *Random) set(s *oracle.State) error {
	if err := r.host.Put(s); err != nil {
		return err
	}
	return r.m.Put(s)
}

// one chooses an instruction, sets it up and runs it.
func (r *Random) one() (*Difference, error) {
	e := r.e
	e.st, e.pc, e.at = &r.cur, r.cur.RIP, 0
	s := r.rows[e.IntN(len(r.rows))]
	code, in, ok := e.encode(s, 0)
	if !ok || !r.wanted(&in) {
		return nil, nil
	}
	setup := e.setup(&in)
	if len(setup) == 0 {
		if mustSetUp(&in) {
			return nil, nil
		}
		return r.try(code)
	}
	faults := r.Stats.Faults
	for _, f := range setup {
		if d, err := r.try(e.code(f)); d != nil || err != nil || r.Stats.Faults != faults {
			return d, err
		}
	}
	e.pc = r.cur.RIP // what the address was made of may have moved
	if !r.wanted(&in) {
		return nil, nil
	}
	if !memoryArg(&in) {
		return r.try(code)
	}
	again, now, ok := e.encode(s, e.at)
	if !ok || !r.wanted(&now) || mustSetUp(&now) && !(indirect(&now) && memoryArg(&now)) {
		return nil, nil
	}
	return r.try(again)
}

// memoryArg reports an operand in ModRM that is memory.
func memoryArg(in *dec.Inst) bool {
	for i := range in.Args[:in.N] {
		if in.Args[i].Kind == dec.MemArg {
			return in.Row.Flags&(dec.RepOK|dec.RepZOK) == 0 && in.Row.Name != "xlat"
		}
	}
	return false
}

// wanted reports whether the instruction may follow: it must not look at flags
// that are undefined, nor have an undefined result itself, nor overwrite itself
// while it repeats.
func (r *Random) wanted(in *dec.Inst) bool {
	if di := r.cur.GPR[regs.RDI]; in.Prefix&(dec.RepE|dec.RepNE) != 0 && di >= LineCode && di < LineCode+codeSize {
		return false
	}
	return random(in) && FlagsRead(in)&r.taint == 0 && !UndefinedResult(in, uint8(r.cur.GPR[regs.RCX]))
}

// try runs an instruction on both CPUs and compares.
func (r *Random) try(code []byte) (*Difference, error) {
	pc := r.cur.RIP
	if pc+40 > LineCode+codeSize {
		return nil, nil
	}
	s := step{pc: pc, code: code, before: r.cur, taint: r.taint}
	if err := dec.Decode(&s.in, code, dec.Mode(r.m.Bits)); err != nil {
		return nil, fmt.Errorf("BUG: setup % x: %w", code, err)
	}
	r.put(pc, code)
	copy(r.before, r.host.Memory())
	icount := r.m.CPU.Icount()
	r.log = append(r.log, s)
	got, want, err := r.both()
	if err != nil {
		return nil, err
	}
	r.Seen[s.in.Row.ID]++
	r.Stats.Insns++
	taint := r.taint
	if want.Vector == oracle.NoVector {
		taint = Taint(&s.in, uint8(r.cur.GPR[regs.RCX]), taint)
	} else {
		r.forgive(&s.in)
	}
	if want.Vector != oracle.NoVector && s.in.Row.Flags&dec.GatherSrc != 0 { // what is done by then is the CPU's choice
		r.ours, got = r.host2, want
	}
	odd := oddNull(&r.ours)
	ds := r.compare(got, want, taint)
	if n, want := r.m.CPU.Icount()-icount, completed(want, r.ours.RIP != pc); n != want {
		ds = append(ds, fmt.Sprintf("icount grew by %d, not %d", n, want))
	}
	switch {
	case ds != nil:
		d, err := r.differ(&s, ds)
		d.Got, d.Want = got, want
		return d, err
	case want.Vector != oracle.NoVector:
		return nil, r.fault(&s)
	}
	r.cur, r.taint = r.host2, taint
	r.over = odd
	if r.cur.RIP < LineCode || r.cur.RIP >= LineCode+codeSize {
		return nil, fmt.Errorf("BUG: seed %#x: %s left the code", r.seed, dec.Text(&s.in, pc, nil))
	}
	if r.cur.RIP == pc && s.in.Prefix&(dec.RepE|dec.RepNE) != 0 { // cut short: the rest counts by itself
		return r.try(code)
	}
	return nil, nil
}

// fault ends the sequence with the exception or takes the instruction out.
func (r *Random) fault(s *step) error {
	r.Stats.Faults++
	gather := s.in.Row.Flags&dec.GatherSrc != 0
	if !settable(&r.cur) || r.e.oneIn(6) && !gather || s.in.Prefix&(dec.RepE|dec.RepNE) != 0 || !bytes.Equal(r.before, r.host.Memory()) {
		r.over = true
		r.cur = r.host2
		return nil
	}
	r.log = r.log[:len(r.log)-1]
	r.put(s.pc, int3s[:16])
	return r.set(&r.cur)
}

// settable reports whether ptrace takes the selectors: their privilege must be 3.
func settable(s *oracle.State) bool {
	for _, sel := range s.Seg {
		if sel != 0 && sel&3 != 3 {
			return false
		}
	}
	return true
}

// put puts code into both CPUs.
func (r *Random) put(pc uint64, code []byte) {
	copy(r.code[pc-LineCode:], code)
	r.host.Code(pc, code)
	r.m.Code(pc, code)
}

// whole runs the sequence again on our CPU, in one or two pieces.
func (r *Random) whole() (*Difference, error) {
	n := int64(len(r.log))
	if n == 0 {
		return nil, nil
	}
	if host := r.host.AllCode(); !bytes.Equal(host, r.code) { // the sequence changed its code: that it did so alike is all
		if !bytes.Equal(host, r.m.AllCode()) {
			return r.difference(&r.log[n-1], []string{"the code differs"}), nil
		}
		return nil, nil
	}
	r.host2 = r.cur
	d, err := r.pass(n, nil)
	if d == nil && err == nil && r.e.oneIn(4) { // once more, by blocks that are translated and linked
		d, err = r.pass(n, nil)
	}
	if d == nil && err == nil && r.e.oneIn(6) {
		d, err = r.pass(n, &witness{r: r})
	}
	return d, err
}

// pieces are the budgets that run the sequence of n instructions, the first of them
// by itself. Where it does not end by an exception, the int3 after it runs too:
// what ends within a block would be run by the interpreter.
func (r *Random) pieces(n, first int64) []int64 {
	if !r.over {
		n++
	}
	if first >= n-1 {
		return []int64{n}
	}
	return []int64{first, n - first}
}

// pass runs the sequence of n instructions from its start, with a witness or
// nil.
func (r *Random) pass(n int64, w *witness) (*Difference, error) {
	copy(r.m.Memory(), r.startMem)
	if err := r.m.Put(&r.start); err != nil {
		return nil, err
	}
	if w != nil {
		defer w.watch()()
	}
	want := oracle.Stop{Vector: oracle.NoVector}
	got := want
	first := n
	if r.e.oneIn(3) {
		first = 1 + r.e.Int64N(n)
	}
	var err error
	for _, k := range r.pieces(n, first) {
		if got == want && err == nil {
			got, err = r.m.Run(k)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := r.m.Take(&r.ours); err != nil {
		return nil, err
	}
	if !r.over && got.Vector == oracle.VecBP {
		got, r.ours.RIP = want, r.ours.RIP-1
	}
	last := &r.log[n-1]
	if r.over { // which exception it was has been compared
		got = want
		r.forgive(&last.in)
	}
	ds := r.compare(got, want, r.taint)
	if w != nil {
		ds = append(ds, w.diffs...)
	}
	if ds == nil {
		return nil, nil
	}
	d := r.difference(last, ds)
	d.Row, d.Got, d.Want = "", got, want
	return d, nil
}
