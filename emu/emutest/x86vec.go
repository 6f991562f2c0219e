package emutest

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Vector is one line of an instruction vector file: the state before and what
// changed, recorded on a real CPU.
type Vector struct {
	ID, Cls, Asm, Code, Seed string
	ISA                      []string
	Mode                     int
	Mem                      [][2]string
	In                       struct {
		GPR, Fl, FS, GS, MXCSR string
		FCW, FSW, FTW, ST      string
		YMM                    map[string]string
	}
	Out struct {
		GPR                               map[string]string
		RIP, Fl, FS, FCW, FSW, FTW, MXCSR string
		ST                                map[string]string
		YMM                               map[string]string
		Mem                               [][2]string
	}
	Exc *struct {
		Vec  int
		Addr string
	}
	UM struct {
		Fl, FSW string
		GPR     map[string]string
	}
	Tol string
}

// Places of the vectors' memory.
const (
	vecCode = 0x10000000
	vecIP   = vecCode + 0x800
	vecData = 0x20000000
	vecSize = 0x2000
)

// ReadVectors reads a .jsonl.gz file.
func ReadVectors(path string) (vs []*Vector, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	sc := bufio.NewScanner(z)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		v := new(Vector)
		if err := json.Unmarshal(sc.Bytes(), v); err != nil {
			return nil, fmt.Errorf("%s line %d: %w", path, len(vs)+1, err)
		}
		vs = append(vs, v)
	}
	return vs, sc.Err()
}

// VectorMachine runs vectors one after the other.
type VectorMachine struct {
	*Bare
	bits int
	data []byte // what the data pages should hold
}

// NewVectorMachine makes a machine with the vectors' memory map.
func NewVectorMachine(t testing.TB, bits int, model string) *VectorMachine {
	m := &VectorMachine{Bare: NewBare(t, bits, model), bits: bits, data: make([]byte, vecSize)}
	m.Map(t, vecCode, 0x1000, guest.Read|guest.Write|guest.Exec)
	m.Map(t, vecData, vecSize, guest.Read|guest.Write)
	return m
}

func hx(s string) uint64 {
	v, err := strconv.ParseUint(s, 16, 64)
	if err != nil && s != "" {
		panic(fmt.Sprintf("bad number %q in a vector", s))
	}
	return v
}

func hb(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(fmt.Sprintf("bad bytes %q in a vector", s))
	}
	return b
}

// Run runs one vector and returns what differs from the real CPU.
func (m *VectorMachine) Run(v *Vector) (diffs []string) {
	want := m.load(v)
	c := m.CPU
	var stop vcpu.Stop
	for range 1000 { // a sequence stops at its last address
		stop = m.Engine.Run(c, 1)
		if stop != vcpu.StopBudget || uint64(c.PC()) == hx(v.Out.RIP) && v.Exc == nil {
			break
		}
		if v.Cls != "seq" && v.Exc == nil && uint64(c.PC()) != vecIP {
			break
		}
	}
	return m.compare(v, want, stop)
}

// load sets the state before and returns the registers expected after.
func (m *VectorMachine) load(v *Vector) *regs.Words {
	page := slices.Repeat([]byte{0xcc}, 0x1000)
	copy(page[0x800:], hb(v.Code))
	must(m.Space.Write(vecCode, page))
	seed := hx(v.Seed)
	for k := range uint64(vecSize / 8) {
		z := seed + (k+1)*0x9E3779B97F4A7C15
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		binary.LittleEndian.PutUint64(m.data[8*k:], z^z>>31)
	}
	patch(m.data, v.Mem)
	must(m.Space.Write(vecData, m.data))
	w := &m.CPU.W
	m.Guest.Reset(m.CPU, m.bits)
	m.loadIn(w, v)
	want := *w
	patch(m.data, v.Out.Mem)
	m.expect(&want, v)
	return &want
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func patch(data []byte, ps [][2]string) {
	for _, p := range ps {
		copy(data[hx(p[0])-vecData:], hb(p[1]))
	}
}

var flatData, _ = regs.FlatDescriptor(regs.UserData)

func (m *VectorMachine) loadIn(w *regs.Words, v *Vector) {
	in := &v.In
	var n int
	for f := range strings.FieldsSeq(in.GPR) {
		if w[n] = hx(f); m.bits == 32 {
			w[n] &= 1<<32 - 1
		}
		n++
	}
	w[regs.RIP] = vecIP
	regs.SetRFlags(w, hx(in.Fl))
	for seg, base := range map[ir.Ref]string{regs.FS: in.FS, regs.GS: in.GS} {
		if m.bits == 32 { // a null selector could not be used
			regs.LoadSegment(w[:], seg, regs.UserData, flatData)
		}
		w[regs.Base+seg] = hx(base)
	}
	if in.MXCSR != "" {
		w[regs.MXCSR] = hx(in.MXCSR)
	}
	if in.FCW != "" {
		w[regs.FCW] = hx(in.FCW)
	}
	regs.SetFStatus(w, hx(in.FSW))
	w[regs.FTag] = hx(in.FTW)
	for i, s := range strings.Fields(in.ST) {
		putST(w, i, hb(s))
	}
	for n := range uint8(16) {
		b := make([]byte, 32)
		for j := range b {
			b[j] = uint8(j) + n<<4
			if j >= 16 {
				b[j] = n ^ 0xa5
			}
		}
		if s, ok := in.YMM[strconv.Itoa(int(n))]; ok {
			b = hb(s)
		}
		putYMM(w, n, b)
	}
}

func putST(w *regs.Words, i int, b []byte) {
	st := w[regs.ST+2*regs.FRef(w, i):]
	st[0], st[1] = binary.LittleEndian.Uint64(b), uint64(binary.LittleEndian.Uint16(b[8:]))
}

func putYMM(w *regs.Words, n uint8, b []byte) {
	for i := range 4 {
		w[regs.XMM(n)+ir.Ref(i)] = binary.LittleEndian.Uint64(b[8*i:])
	}
}

func (m *VectorMachine) expect(w *regs.Words, v *Vector) {
	out := &v.Out
	for name, val := range out.GPR {
		regs.Find(name).SetValue(w, hx(val))
	}
	w[regs.RIP] = hx(out.RIP)
	if out.Fl != "" {
		regs.SetRFlags(w, hx(out.Fl))
	}
	if out.FSW != "" {
		regs.SetFStatus(w, hx(out.FSW))
	}
	for r, s := range map[ir.Ref]string{regs.FCW: out.FCW, regs.FTag: out.FTW, regs.MXCSR: out.MXCSR, regs.Base + regs.FS: out.FS} {
		if s != "" {
			w[r] = hx(s)
		}
	}
	for i, s := range out.ST {
		putST(w, int(hx(i)), hb(s))
	}
	for n, s := range out.YMM {
		k, _ := strconv.Atoi(n)
		putYMM(w, uint8(k), hb(s))
	}
}

// flagsCompared are the RFLAGS bits that vectors state.
const flagsCompared = 0xcd5

func (m *VectorMachine) compare(v *Vector, want *regs.Words, stop vcpu.Stop) (ds []string) {
	diff := func(what string, got, want any) { ds = append(ds, fmt.Sprintf("%s got %x want %x", what, got, want)) }
	w := &m.CPU.W
	if v.Exc == nil && stop == vcpu.StopException {
		diff("exception", m.CPU.Exc.Vector, "none")
	}
	if v.Exc != nil {
		if stop != vcpu.StopException || int(m.CPU.Exc.Vector) != v.Exc.Vec {
			diff("exception", fmt.Sprint(stop, m.CPU.Exc.Vector), fmt.Sprint(v.Exc.Vec))
		} else if v.Exc.Addr != "" && uint64(m.CPU.Exc.Addr) != hx(v.Exc.Addr) {
			diff("cr2", uint64(m.CPU.Exc.Addr), hx(v.Exc.Addr))
		}
	}
	for n := range ir.Ref(17) {
		mask := ^uint64(0)
		if n < 16 {
			mask = ^hx(v.UM.GPR[regs.Defs[n].Name])
		}
		if (w[n]^want[n])&mask != 0 {
			diff(regs.Defs[n].Name, w[n], want[n])
		}
	}
	if f, g := regs.RFlags(w), regs.RFlags(want); (f^g)&flagsCompared&^hx(v.UM.Fl) != 0 {
		diff("flags", f&flagsCompared, g&flagsCompared)
	}
	for r := regs.MXCSR; r <= regs.FTag; r++ {
		mask := ^uint64(0)
		if r == regs.FSW {
			mask = ^(hx(v.UM.FSW) | v.tolerated())
		}
		if (w[r]^want[r])&mask != 0 {
			diff(map[ir.Ref]string{regs.MXCSR: "mxcsr", regs.FCW: "fcw", regs.FSW: "fsw", regs.FTop: "ftop", regs.FTag: "ftag"}[r], w[r], want[r])
		}
	}
	for r := regs.ST; r < regs.TempBase; r++ {
		if w[r] != want[r] && !v.tolerates(r, w, want) {
			diff(wordName(r), w[r], want[r])
		}
	}
	return append(ds, m.compareMemory()...)
}

func wordName(r ir.Ref) string {
	if r < regs.YMM {
		return fmt.Sprintf("st%d.%d", (r-regs.ST)/2, (r-regs.ST)%2)
	}
	return fmt.Sprintf("ymm%d.%d", (r-regs.YMM)/4, (r-regs.YMM)%4)
}

func (m *VectorMachine) compareMemory() (ds []string) {
	got := make([]byte, vecSize)
	must(m.Space.Read(vecData, got))
	for i, b := range got {
		if b != m.data[i] {
			return []string{fmt.Sprintf("memory %x got %x want %x", vecData+i, b, m.data[i])}
		}
	}
	return nil
}
