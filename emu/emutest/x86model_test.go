package emutest

import (
	"encoding/hex"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/vcpu"
)

// runOn runs one instruction on a CPU model, after prepare.
func runOn(t *testing.T, model string, bits int, code string, prepare func(w *regs.Words)) (*VectorMachine, vcpu.Stop) {
	t.Helper()
	m := NewVectorMachine(t, bits, model)
	v := &Vector{Code: code}
	m.load(v)
	if prepare != nil {
		prepare(&m.CPU.W)
	}
	return m, m.Engine.Run(m.CPU, 1)
}

// TestModels: an instruction exists from the model on whose CPUID says so.
func TestModels(t *testing.T) {
	models := []string{"pentium", "pentium2", "pentium3", "pentium4", "coreduo", "x86-64-v1", "x86-64-v2", "x86-64-v3", "max"}
	for _, row := range []struct{ name, code, first string }{
		{"add", "01d8", "pentium"},
		{"cmpxchg8b [edi]", "0fc70f", "pentium"},
		{"cmovz eax, ebx", "0f44c3", "pentium2"},
		{"fcmovb st, st1", "dac1", "pentium2"},
		{"paddb mm0, mm1", "0ffcc1", "pentium2"},
		{"addps xmm0, xmm1", "0f58c1", "pentium3"},
		{"pshufw mm0, mm1, 0", "0f70c100", "pentium3"},
		{"paddq mm0, mm1", "0fd4c1", "pentium4"},
		{"paddb xmm0, xmm1", "660ffcc1", "pentium4"},
		{"cvtdq2ps xmm0, xmm1", "0f5bc1", "pentium4"},
		{"clflush [edi]", "0fae3f", "pentium4"},
		{"haddps xmm0, xmm1", "f20f7cc1", "coreduo"},
		{"pshufb xmm0, xmm1", "660f3800c1", "x86-64-v2"},
		{"popcnt eax, ebx", "f30fb8c3", "x86-64-v2"},
		{"vaddps xmm0, xmm1, xmm2", "c5f058c2", "x86-64-v3"},
		{"vpaddb ymm0, ymm1, ymm2", "c5f5fcc2", "x86-64-v3"},
		{"vfmadd132ps ymm0, ymm1, ymm2", "c4e27598c2", "x86-64-v3"},
		{"andn eax, ebx, ecx", "c4e260f2c1", "x86-64-v3"},
		{"xgetbv", "0f01d0", "x86-64-v3"},
		{"vaesenc ymm0, ymm1, ymm2", "c4e275dcc2", "max"},
		{"rdrand eax", "0fc7f0", "max"},
		{"adcx eax, ebx", "660f38f6c3", "max"},
		{"sha1msg1 xmm0, xmm1", "0f38c9c1", "max"},
	} {
		has := false
		for _, model := range models {
			has = has || model == row.first
			if model == "x86-64-v1" && row.first == "coreduo" { // SSE3 is not in the baseline
				continue
			}
			t.Run(row.name+"/"+model, func(t *testing.T) {
				m, stop := runOn(t, model, 32, row.code, func(w *regs.Words) { w[regs.RDI] = vecData })
				if undefined := stop == vcpu.StopException && m.CPU.Exc.Vector == 6; undefined == has {
					t.Errorf("%s on %s: %v, exception %d", row.name, model, stop, m.CPU.Exc.Vector)
				}
			})
		}
	}
}

// TestCountZerosModels: without its feature LZCNT is BSR, and TZCNT BSF.
func TestCountZerosModels(t *testing.T) {
	for _, row := range []struct {
		code       string
		older, now uint64
	}{{"f30fbdc3", 8, 23}, {"f30fbcc3", 4, 4}} {
		for model, want := range map[string]uint64{"x86-64-v1": row.older, "max": row.now} {
			m, _ := runOn(t, model, 64, row.code, func(w *regs.Words) { w[regs.RBX] = 0x110 })
			if got := m.CPU.W[regs.RAX]; got != want {
				t.Errorf("%s on %s: %d, want %d", row.code, model, got, want)
			}
		}
	}
}

// TestCPUIDState: CPUID, XCR0 and the length of the image agree.
func TestCPUIDState(t *testing.T) {
	for model, want := range map[string][2]uint32{"x86-64-v2": {0, 1}, "x86-64-v3": {832, 7}, "max": {832, 7}} {
		m := NewBare(t, 64, model)
		a, b, _, _ := m.Guest.CPUID(0xd, 0)
		if b != want[0] || uint64(want[1]) != m.CPU.W[regs.XCR0] || b != 0 && a != want[1] {
			t.Errorf("%s: leaf 0Dh %d %d, XCR0 %d", model, a, b, m.CPU.W[regs.XCR0])
		}
	}
}

// TestXsave saves and restores in each format, with the CPU's rules for what is
// in its initial state.
func TestXsave(t *testing.T) {
	m := NewVectorMachine(t, 64, "max")
	full := func(w *regs.Words) {
		for r := regs.YMM; r < regs.TempBase; r++ {
			w[r] = uint64(r) * 0x0101010101010101
		}
		w[regs.FCW], w[regs.FTag], w[regs.ST] = 0x27f, 1, 1<<63
	}
	for _, save := range []string{"480fae27", "480fc727", "480fae37"} { // xsave64, xsavec64, xsaveopt64 [rdi]
		m.load(&Vector{Code: save + "480fae2f"}) // xrstor64 [rdi]
		w := &m.CPU.W
		full(w)
		w[regs.RDI], w[regs.RAX], w[regs.RDX] = vecData+0x40, 7, 0
		must(m.Space.Write(vecData, make([]byte, 0x1000)))
		m.Engine.Run(m.CPU, 1)
		before := *w
		clear(w[regs.ST:regs.TempBase])
		w[regs.FCW], w[regs.FTag] = 0x37f, 0
		if stop := m.Engine.Run(m.CPU, 1); stop != vcpu.StopBudget {
			t.Fatalf("%s: %v %d", save, stop, m.CPU.Exc.Vector)
		}
		for r := regs.MXCSR; r < regs.TempBase; r++ {
			if w[r] != before[r] {
				t.Errorf("%s: word %d is %#x, was %#x", save, r, w[r], before[r])
			}
		}
	}
}

// TestXrstorHeader: what the header may say.
func TestXrstorHeader(t *testing.T) {
	for _, row := range []struct {
		header string
		ok     bool
	}{
		{"0000000000000000 0000000000000000 0000000000000000", true},
		{"0700000000000000 0000000000000000 0000000000000000", true},
		{"0800000000000000 0000000000000000 0000000000000000", false},
		{"0700000000000000 0100000000000000 0000000000000000", false},
		{"0700000000000000 0000000000000000 0100000000000000", false},
		{"0700000000000000 0700000000000080 0000000000000000", true},
		{"0700000000000000 0300000000000080 0000000000000000", false},
		{"0100000000000000 0f00000000000080 0000000000000000", false},
	} {
		var raw []byte
		for i := 0; i < len(row.header); i += 17 {
			b, err := hex.DecodeString(row.header[i : i+16])
			must(err)
			raw = append(raw, b...)
		}
		m := NewVectorMachine(t, 64, "max")
		m.load(&Vector{Code: "480fae2f"})
		must(m.Space.Write(vecData, make([]byte, 0x1000)))
		must(m.Space.Write(vecData+512, raw))
		m.CPU.W[regs.RDI], m.CPU.W[regs.RAX], m.CPU.W[regs.RDX] = vecData, 7, 0
		stop := m.Engine.Run(m.CPU, 1)
		if (stop == vcpu.StopBudget) != row.ok {
			t.Errorf("%s: %v, exception %d", row.header, stop, m.CPU.Exc.Vector)
		}
	}
}

// TestRandomNumbers: a run can be repeated, and numbers differ within it.
func TestRandomNumbers(t *testing.T) {
	run := func() (a, b, c uint64) {
		m := NewVectorMachine(t, 64, "max")
		m.load(&Vector{Code: "480fc7f0" + "480fc7f3" + "480fc7f9"}) // rdrand rax; rdrand rbx; rdseed rcx
		m.Engine.Run(m.CPU, 3)
		w := &m.CPU.W
		if regs.RFlags(w)&regs.Arith != regs.CF {
			t.Errorf("flags %#x", regs.RFlags(w))
		}
		return w[regs.RAX], w[regs.RBX], w[regs.RCX]
	}
	a, b, c := run()
	if a == b || b == c || a == c {
		t.Errorf("%#x %#x %#x", a, b, c)
	}
	if x, y, z := run(); x != a || y != b || z != c {
		t.Errorf("%#x %#x %#x, then %#x %#x %#x", a, b, c, x, y, z)
	}
}
