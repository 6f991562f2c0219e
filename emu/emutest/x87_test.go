package emutest

import (
	"path/filepath"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/vcpu"
)

// TestX87Traps runs what the vectors leave out: unmasked exceptions, which stop
// the next instruction, stores of the environment, and undocumented encodings.
// The lines were recorded on an Intel CPU (family 6, model 207).
func TestX87Traps(t *testing.T) {
	vs, err := ReadVectors(filepath.Join("testdata", "x86vec", "x64-x87trap.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	runVectors(t, 64, vs)
}

// TestX87Pointers looks at the pointers to the last instruction and operand,
// and the opcode of the last one with an unmasked exception.
func TestX87Pointers(t *testing.T) {
	m := NewVectorMachine(t, 64, "max")
	v := &Vector{Code: "d8740308" + "d9e0" + "9b"} // fdiv dword [rbx+rax+8]; fchs; wait
	v.In.GPR = "20000000 0 0 10"
	v.In.FCW, v.In.FTW, v.In.ST = "37b", "1", "000000000000008000c0" // -2.0, divided by 0
	v.Mem = [][2]string{{"20000018", "00000000"}}
	m.load(v)
	if stop := m.Engine.Run(m.CPU, 3); stop != vcpu.StopException || m.CPU.Exc.Vector != 16 || m.CPU.PC() != vecIP+4 {
		t.Errorf("%v, vector %d at %#x; want #MF at fchs", stop, m.CPU.Exc.Vector, m.CPU.PC())
	}
	w := &m.CPU.W
	if w[regs.FIP] != vecIP || w[regs.FDP] != 0x20000018 || w[regs.FOP] != 0x074 {
		t.Errorf("fip %#x fdp %#x fop %#x", w[regs.FIP], w[regs.FDP], w[regs.FOP])
	}
	if sw := regs.FStatus(w); sw != 0x8084 {
		t.Errorf("fsw %#x", sw)
	}
}
