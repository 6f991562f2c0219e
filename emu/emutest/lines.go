package emutest

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"panda/emu/arch/x86/regs"
	"panda/emu/oracle"
)

// Line is one instruction with the state before and after, as a line of text:
//
//	48 01 d8 | add rax, rbx | rax=ffffffffffffffff rbx=1 => rax=0 fl=CPAZ
//
// that is bytes, disassembly, what differs before from the registers of
// NewLineState, and what the instruction changes. RIP moves past the
// instruction unless the line says where. Numbers are hexadecimal. Flags are
// letters of flagLetters, "-" for none, or a number. [20000000]=0011 is memory
// from that address on, which is zero otherwise. exc=#PF@1000 is an exception
// with the address of a page fault. A line "bits 32" or "bits 64" tells the
// code size of those that follow; # starts a comment.
type Line struct {
	Pos    string // file:line
	Bits   int
	Code   []byte
	Text   string
	In     oracle.State
	InMem  []Patch
	Out    oracle.State
	OutMem []Patch
	Exc    string // "" or "#DE"
	Addr   uint64 // of a page fault
}

// Patch is memory.
type Patch struct {
	Addr uint64
	Data []byte
}

// NewLineState is the state before, where a line does not say otherwise.
func NewLineState(bits int) *oracle.State {
	s := oracle.NewState(bits)
	s.RIP = LineIP
	s.GPR[regs.RSP] = LineData + 0x1000
	return s
}

// excNames are the exceptions by vector.
var excNames = map[int]string{
	oracle.VecDE: "#DE", oracle.VecDB: "#DB", oracle.VecBP: "#BP", oracle.VecOF: "#OF", oracle.VecBR: "#BR", oracle.VecUD: "#UD",
	oracle.VecSS: "#SS", oracle.VecGP: "#GP", oracle.VecPF: "#PF", oracle.VecMF: "#MF", oracle.VecAC: "#AC", oracle.VecXM: "#XM",
	7: "#NM", oracle.VecNP: "#NP",
}

// flagLetters are the flags with a letter.
const flagLetters = "CPAZSDO"

var flagBits = [len(flagLetters)]uint64{regs.CF, regs.PF, regs.AF, regs.ZF, regs.SF, regs.DFBit, regs.OF}

// flagsFixed are the bits of RFLAGS that every program sees: the reserved one
// and IF.
const flagsFixed = regs.FlagsFixed | regs.IF

func flagText(f uint64) string {
	f &= flagsSeen
	var b []byte
	for i, m := range flagBits {
		if f&m != 0 {
			b = append(b, flagLetters[i])
			f &^= m
		}
	}
	if f != 0 {
		b = fmt.Appendf(b, "+%x", f)
	}
	if b == nil {
		return "-"
	}
	return string(b)
}

func parseFlags(s string) (uint64, error) {
	f := uint64(flagsFixed)
	if s == "-" {
		return f, nil
	}
	letters, more, plus := strings.Cut(s, "+")
	for _, c := range letters {
		i := strings.IndexRune(flagLetters, c)
		if i < 0 {
			return 0, fmt.Errorf("no flag %q: it is one of %s", c, flagLetters)
		}
		f |= flagBits[i]
	}
	if !plus {
		return f, nil
	}
	v, err := strconv.ParseUint(more, 16, 64)
	return f | v, err
}

// number prints bytes, the least significant first, as a number.
func number(b []byte) string {
	r := slices.Clone(b)
	slices.Reverse(r)
	if s := strings.TrimLeft(hex.EncodeToString(r), "0"); s != "" {
		return s
	}
	return "0"
}

// parseNumber is the reverse for a number of n bytes.
func parseNumber(s string, n int) ([]byte, error) {
	if len(s)%2 != 0 {
		s = "0" + s
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil, err
	}
	if len(b) > n {
		return nil, fmt.Errorf("%s has more than %d bytes", s, n)
	}
	slices.Reverse(b)
	return append(b, make([]byte, n-len(b))...), nil
}

// ReadLines reads a file of lines.
func ReadLines(path string) ([]*Line, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseLines(f, path)
}

func parseLines(r io.Reader, name string) (ls []*Line, err error) {
	sc := bufio.NewScanner(r)
	bits := 64
	for n := 1; sc.Scan(); n++ {
		text, _, _ := strings.Cut(sc.Text(), "#")
		if i := strings.Index(sc.Text(), "|"); i >= 0 {
			text = sc.Text() // an instruction's text may hold a #
		}
		switch text = strings.TrimSpace(text); text {
		case "":
			continue
		case "bits 32", "bits 64":
			bits, _ = strconv.Atoi(text[5:])
			continue
		}
		l, err := ParseLine(text, bits)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		l.Pos = fmt.Sprintf("%s:%d", name, n)
		ls = append(ls, l)
	}
	return ls, sc.Err()
}

// ParseLine reads one line.
func ParseLine(text string, bits int) (*Line, error) {
	parts := strings.SplitN(text, "|", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("want bytes | text | in => out")
	}
	in, out, ok := strings.Cut(parts[2], "=>")
	if !ok {
		return nil, fmt.Errorf("no =>")
	}
	l := &Line{Bits: bits, Text: strings.TrimSpace(parts[1]), In: *NewLineState(bits)}
	var err error
	if l.Code, err = hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(parts[0]), " ", "")); err != nil {
		return nil, fmt.Errorf("bytes: %w", err)
	}
	if l.InMem, err = l.settings(in, &l.In); err != nil {
		return nil, err
	}
	l.Out = l.In
	l.Out.RIP += uint64(len(l.Code))
	if l.OutMem, err = l.settings(out, &l.Out); err != nil {
		return nil, err
	}
	return l, nil
}

// settings reads the words of one side into a state and patches.
func (l *Line) settings(text string, s *oracle.State) (ps []Patch, err error) {
	for w := range strings.FieldsSeq(text) {
		name, val, ok := strings.Cut(w, "=")
		switch {
		case !ok:
			return nil, fmt.Errorf("%q is not name=value", w)
		case name == "exc":
			err = l.setException(val)
		case strings.HasPrefix(name, "["):
			var p Patch
			if p, err = parsePatch(name, val); err == nil {
				ps = append(ps, p)
			}
		case name == "fl":
			s.RFlags, err = parseFlags(val)
		default:
			err = setRegister(l.Bits, s, name, val)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w, err)
		}
	}
	return ps, nil
}

func (l *Line) setException(val string) (err error) {
	exc, addr, at := strings.Cut(val, "@")
	l.Exc = exc
	l.Out.RIP = l.In.RIP
	if at {
		l.Addr, err = strconv.ParseUint(addr, 16, 64)
	}
	return err
}

func parsePatch(name, val string) (p Patch, err error) {
	if p.Addr, err = strconv.ParseUint(strings.Trim(name, "[]"), 16, 64); err == nil {
		p.Data, err = hex.DecodeString(val)
	}
	return p, err
}

// setRegister sets a register by name; xmmN is the lower half of ymmN.
func setRegister(bits int, s *oracle.State, name, val string) error {
	size := 0
	if strings.HasPrefix(name, "xmm") {
		name, size = "y"+name[1:], 16
	}
	for _, f := range fieldsOf(bits) {
		if f.name != name {
			continue
		}
		if size == 0 {
			size = f.size
		}
		b, err := parseNumber(val, size)
		if err == nil {
			f.set(s, b)
		}
		return err
	}
	return fmt.Errorf("no such register")
}

// String prints a line as ParseLine reads it. Flags in mask are not told.
func (l *Line) String() string { return l.format(0) }

func (l *Line) format(mask uint64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "% x | %s |", l.Code, l.Text)
	base := NewLineState(l.Bits)
	writeState(&b, &l.In, base)
	writePatches(&b, l.InMem)
	b.WriteString(" =>")
	base = &oracle.State{}
	*base = l.In
	base.RIP += uint64(len(l.Code))
	if l.Exc != "" {
		fmt.Fprintf(&b, " exc=%s", l.Exc)
		if l.Exc == "#PF" {
			fmt.Fprintf(&b, "@%x", l.Addr)
		}
		base.RIP = l.In.RIP
	}
	out := l.Out
	out.RFlags = out.RFlags&^mask | base.RFlags&mask
	writeState(&b, &out, base)
	writePatches(&b, l.OutMem)
	return b.String()
}

// writeState prints what differs from base.
func writeState(b *strings.Builder, s, base *oracle.State) {
	for _, f := range fieldsOf(s.Bits) {
		v, was := f.get(s), f.get(base)
		switch {
		case f.name == "fl":
			if (s.RFlags^base.RFlags)&flagsSeen != 0 {
				fmt.Fprintf(b, " fl=%s", flagText(s.RFlags))
			}
		case bytes.Equal(v, was):
		case f.size == 32 && bytes.Equal(v[16:], was[16:]):
			fmt.Fprintf(b, " x%s=%s", f.name[1:], number(v[:16]))
		default:
			fmt.Fprintf(b, " %s=%s", f.name, number(v))
		}
	}
}

func writePatches(b *strings.Builder, ps []Patch) {
	for _, p := range ps {
		fmt.Fprintf(b, " [%x]=%x", p.Addr, p.Data)
	}
}
