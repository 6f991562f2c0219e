package emutest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/oracle"
)

// maker writes lines for a row: it makes many at random, runs them on the host
// and keeps the few that together show everything that the many showed.
type maker struct {
	h *Host
	m *Machine
	e *encoder
}

const (
	candidates = 250
	// linesMax is the largest number of lines of one row, vectorMax that of rows
	// with many like them.
	linesMax, vectorMax = 12, 4
)

// candidate is a line with the facts that it shows.
type candidate struct {
	line  *Line
	shows map[string]bool
}

func (mk *maker) lines(t *testing.T, s *Shape) (ls []*Line) {
	t.Helper()
	mk.e = newEncoder(uint64(s.Row.ID), mk.m.Bits)
	var cs []*candidate
	for range candidates {
		l, err := mk.one(s)
		if err != nil {
			t.Fatal(err)
		}
		if l != nil {
			cs = append(cs, &candidate{l, shows(l)})
		}
	}
	most := linesMax
	if !IntegerRow(s.Row) {
		most = vectorMax
	}
	seen := map[string]bool{}
	for len(ls) < most {
		best, gain := (*candidate)(nil), 0
		for _, c := range cs {
			if g := c.adds(seen); g > gain {
				best, gain = c, g
			}
		}
		if best == nil {
			break
		}
		for k := range best.shows {
			seen[k] = true
		}
		l, err := mk.shrink(best.line)
		if err != nil {
			t.Fatal(err)
		}
		ls = append(ls, l)
	}
	return ls
}

func (c *candidate) adds(seen map[string]bool) (n int) {
	for k := range c.shows {
		if !seen[k] {
			n++
		}
	}
	return n
}

// one makes a line of the row, nil if the choices turned out badly.
func (mk *maker) one(s *Shape) (*Line, error) {
	e := mk.e
	e.pc = LineIP
	st := e.state()
	st.MXCSR, st.FCW, st.FSW = 0x1f80, 0x37f, st.FSW&0x3800
	if st.FTW != 0 {
		st.FTW = 0xff
	}
	l := &Line{Pos: "new", Bits: mk.m.Bits, In: *st}
	e.st = &l.In
	code, in, ok := e.encode(s, 0)
	if !ok {
		return nil, nil
	}
	mem := make([]byte, dataSize)
	for i := 0; i < dataSize; i += 16 {
		e.vector(mem[i : i+16])
	}
	l.InMem = []Patch{{LineData, mem}}
	e.at = 0
	fixes := e.setup(&in)
	if mustSetUp(&in) && len(fixes) == 0 {
		return nil, nil
	}
	for _, f := range fixes {
		l.apply(f)
	}
	if in.Row.Flags&(dec.RepOK|dec.RepZOK) != 0 {
		l.In.GPR[regs.RCX] = e.Uint64N(4) // short lines
	}
	if memoryArg(&in) {
		was := in
		if code, in, ok = e.encode(s, e.at); !ok || mustSetUp(&in) && in.Args[0].Kind != was.Args[0].Kind {
			return nil, nil
		}
	}
	if !random(&in) || UndefinedResult(&in, uint8(l.In.GPR[regs.RCX])) {
		return nil, nil
	}
	l.Code, l.Text = plain(code, &in), dec.Text(&in, LineIP, nil)
	if usesMMX(&in) {
		l.In.FSW = 0
	}
	got, err := RunLine(mk.h, l)
	if err != nil || !mk.good(got, &in) {
		return nil, err
	}
	return got, nil
}

// plain takes out the prefixes, and the bits of REX, that make no difference.
func plain(code []byte, in *dec.Inst) []byte {
	text := dec.Text(in, LineIP, nil)
	same := func(less []byte) bool {
		var now dec.Inst
		if dec.Decode(&now, less, in.Mode) != nil || int(now.Len) != len(less) || now.Row != in.Row || dec.Text(&now, LineIP, nil) != text {
			return false
		}
		if now.OpSize != in.OpSize && (in.N == 0 || now.Args != in.Args || stackUsers[in.Row.Name]) {
			return false
		}
		*in = now
		return true
	}
	for i := 0; i < len(code)-1; {
		less := append(bytes.Clone(code[:i]), code[i+1:]...)
		if same(less) {
			code = less
			continue
		}
		for bit := byte(1); bit < 16 && in.Mode == dec.Mode64; bit <<= 1 {
			less := bytes.Clone(code)
			if less[i] &^= bit; code[i]&0xf0 == 0x40 && code[i]&bit != 0 && same(less) {
				code = less
			}
		}
		i++
	}
	return code
}

// faultsDiffer are instructions of which CPUs differ in what a fault leaves.
var faultsDiffer = nameSet("ret cmps vcvtps2ph maskmovq maskmovdqu vmaskmovdqu vmaskmovps vmaskmovpd vpmaskmovd vpmaskmovq")

// good reports whether every CPU would do the same.
func (mk *maker) good(l *Line, in *dec.Inst) bool {
	code := mk.h.AllCode()
	const at = LineIP - LineCode
	switch {
	case l.Exc == "#SS":
		return false
	case l.Exc != "" && (usesMMX(in) || in.Row.Flags&dec.GatherSrc != 0 || indirect(in) || faultsDiffer[in.Row.Name]):
		return false
	case l.Out.RIP < LineCode || l.Out.RIP >= LineCode+codeSize:
		return false
	}
	return bytes.Equal(code[:at], blank[:at]) && bytes.Equal(code[at+32:], blank[at+32:])
}

// apply makes a fix hold in the line's state.
func (l *Line) apply(f fix) {
	mem := l.InMem[0].Data
	at := f.at
	switch f.kind {
	case fixReg:
		l.In.GPR[f.reg] = f.v
		return
	case fixTop:
		at = l.In.GPR[regs.RSP]
	}
	if at < LineData || at > LineData+dataSize-8 {
		return
	}
	for i := range 8 {
		mem[at-LineData+uint64(i)] = uint8(f.v >> (8 * i))
	}
}

// shows names what a line is an example of.
func shows(l *Line) map[string]bool {
	in, _ := l.Decode()
	m := map[string]bool{}
	add := func(format string, a ...any) { m[fmt.Sprintf(format, a...)] = true }
	size := operandText(&in)
	add("operands %s", size)
	for _, p := range []struct {
		bit  dec.Prefix
		name string
	}{{dec.Lock, "lock"}, {dec.RepE, "repe"}, {dec.RepNE, "repne"}, {dec.AddrSize67, "67"}} {
		if in.Prefix&p.bit != 0 {
			add("%s %s", p.name, size)
		}
	}
	if in.SegOverride == dec.SegFS || in.SegOverride == dec.SegGS {
		add("segment %d", in.SegOverride)
	}
	if l.Exc != "" {
		add("exception %s", l.Exc)
		return m
	}
	showResult(l, &in, size, add)
	return m
}

func showResult(l *Line, in *dec.Inst, size string, add func(string, ...any)) {
	cl := uint8(l.In.GPR[regs.RCX])
	changes := flagsChanged[in.Row.Name]
	if allFlags[in.Row.Name] {
		changes = regs.Arith
	}
	changes &^= UndefinedFlags(in, cl)
	for f := changes; f != 0; f &= f - 1 {
		bit := f & -f
		add("flag %x %v", bit, l.Out.RFlags&bit != 0)
	}
	if in.Row.Flags&(dec.RepOK|dec.RepZOK) != 0 {
		add("DF %v %s", l.In.RFlags&regs.DFBit != 0, size)
		add("count %d", min(l.In.GPR[regs.RCX], 2))
	}
	add("jumps %v", l.Out.RIP != l.In.RIP+uint64(len(l.Code)))
	if FlagsRead(in) != 0 {
		add("reads %x", l.In.RFlags&FlagsRead(in))
	}
	if shifts[in.Row.Name] {
		i := int(in.N) - 1
		add("count %s %s", countClass(shiftCount(in, i, cl), 8*in.Args[0].Size), size)
	}
	if in.N == 2 && strings.HasPrefix(in.Row.Name, "bt") && in.Args[1].Kind == dec.GPR {
		n := 8 * uint(in.Args[1].Size)
		add("offset below 0 %v", l.In.GPR[in.Args[1].Reg]>>(n-1)&1 != 0)
	}
}

func countClass(n, size uint8) string {
	switch {
	case n < 2:
		return fmt.Sprint(n)
	case n < size:
		return "some"
	case n == size:
		return "size"
	}
	return "more"
}

// operandText is the kinds and sizes of the operands, and which registers are
// of the special sort.
func operandText(in *dec.Inst) string {
	var b strings.Builder
	for i := range in.Args[:in.N] {
		a := &in.Args[i]
		fmt.Fprintf(&b, "%d.%d ", a.Kind, a.Size)
		switch {
		case a.Kind == dec.GPR && a.Reg >= 8:
			b.WriteString("r8 ")
		case a.Kind == dec.GPR && a.Size == 1 && a.Reg >= 4:
			b.WriteString("rex ")
		}
	}
	if in.N == 0 {
		fmt.Fprint(&b, in.OpSize)
	}
	return b.String()
}

// shrink sets to their defaults the registers and the memory that the line's
// outcome does not depend on.
func (mk *maker) shrink(l *Line) (*Line, error) {
	want := outcome(l)
	try := func(less *Line) (bool, error) {
		got, err := RunLine(mk.h, less)
		if err != nil || outcome(got) != want {
			return false, err
		}
		l = got
		return true, nil
	}
	base := NewLineState(l.Bits)
	for _, f := range fieldsOf(l.Bits) {
		if f.name == "rip" || f.name == "eip" || bytes.Equal(f.get(&l.In), f.get(base)) {
			continue
		}
		less := *l
		f.set(&less.In, f.get(base))
		if _, err := try(&less); err != nil {
			return nil, err
		}
	}
	for size := dataSize / 8; size >= 1; size /= 4 {
		for at := 0; at < dataSize; at += size {
			old := l.InMem[0].Data[at : at+size]
			if bytes.Count(old, []byte{0}) == size {
				continue
			}
			less := *l
			less.InMem = []Patch{{LineData, bytes.Clone(l.InMem[0].Data)}}
			clear(less.InMem[0].Data[at : at+size])
			if _, err := try(&less); err != nil {
				return nil, err
			}
		}
	}
	l.InMem = memoryDiff(make([]byte, dataSize), l.InMem[0].Data)
	return l, nil
}

// outcome is the right side of a line.
func outcome(l *Line) string {
	_, out, _ := strings.Cut(l.format(l.undefined()), "=>")
	return out
}

// translated lists the rows that the machine translates, random or not.
func (m *Machine) translated() (ss []*Shape) {
	e := newEncoder(1, m.Bits)
	for _, s := range Shapes(m.Bits) {
		e.st, e.pc = oracle.NewState(m.Bits), LineIP
		if code, _, ok := e.encode(s, LineData+0x100); ok && m.Has(code, m.Guest.Mode(m.CPU)) {
			ss = append(ss, s)
		}
	}
	return ss
}
