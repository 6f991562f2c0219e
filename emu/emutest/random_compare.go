package emutest

import (
	"bytes"
	"fmt"
	"slices"

	"panda/emu/arch/x86/dec"
	"panda/emu/oracle"
)

// both steps both CPUs and takes their states.
func (r *Random) both() (got, want oracle.Stop, err error) {
	if want, err = r.host.Step(); err != nil {
		return got, want, err
	}
	if got, err = r.m.Step(); err != nil {
		return got, want, err
	}
	if err := r.host.Take(&r.host2); err != nil {
		return got, want, err
	}
	return got, want, r.m.Take(&r.ours)
}

// oddNull reports a null selector that is not 0. The host has one until its
// kernel is entered, by when it is 0.
func oddNull(s *oracle.State) bool {
	return slices.ContainsFunc(s.Seg[:], func(sel uint16) bool { return sel != 0 && sel < 4 })
}

// completed is the number of instructions that count as done: a trap counts, a
// fault does not.
func completed(stop oracle.Stop, moved bool) uint64 {
	if stop.Vector == oracle.NoVector || moved {
		return 1
	}
	return 0
}

// compare lists the differences of ours to the host's state.
func (r *Random) compare(got, want oracle.Stop, mask uint64) (ds []string) {
	if (got.Vector != want.Vector || got.Addr != want.Addr) && !r.eitherFault(got, want) {
		ds = append(ds, fmt.Sprintf("exception got %s@%x want %s@%x", excNames[got.Vector], got.Addr, excNames[want.Vector], want.Addr))
	}
	ours, host := &r.ours, &r.host2
	if oddNull(ours) {
		ours.Seg = host.Seg
	}
	if (ours.RFlags^host.RFlags)&flagsSeen&^mask == 0 {
		ours.RFlags = host.RFlags
	}
	if *ours != *host {
		ds = append(ds, StateDiff(ours, host, mask)...)
	}
	if mem, ref := r.m.Memory(), r.host.Memory(); !bytes.Equal(mem, ref) {
		for _, p := range memoryDiff(ref, mem) {
			ds = append(ds, fmt.Sprintf("[%x] got %x want %x", p.Addr, p.Data, ref[p.Addr-LineData:][:len(p.Data)]))
		}
	}
	return ds
}

// eitherFault: which of the operands of cmps faults first is the CPU's choice,
// and the host's kernel does not tell #NP from #SS, nor #BR from #GP.
func (r *Random) eitherFault(got, want oracle.Stop) bool {
	alike := func(a, b int) bool {
		return got.Vector == a && want.Vector == b || got.Vector == b && want.Vector == a
	}
	if alike(oracle.VecNP, oracle.VecSS) || alike(oracle.VecGP, oracle.VecBR) {
		return true
	}
	memory := func(s oracle.Stop) bool {
		return s.Vector == oracle.VecPF || s.Vector == oracle.VecGP || s.Vector == oracle.VecSS || s.Vector == oracle.VecAC
	}
	return r.log[len(r.log)-1].in.Row.Name == "cmps" && memory(got) && memory(want)
}

// forgive makes ours what a faulting instruction may have changed or not as the
// CPU likes: an MMX instruction the x87 registers, a store of converted numbers
// the flags in MXCSR.
func (r *Random) forgive(in *dec.Inst) {
	o, h := &r.ours, &r.host2
	if usesMMX(in) {
		o.FSW, o.FTW, o.ST = h.FSW, h.FTW, h.ST
	}
	if in.Row.Name == "vcvtps2ph" {
		o.MXCSR = h.MXCSR
	}
}

// usesMMX reports an operand that is an MMX register.
func usesMMX(in *dec.Inst) bool {
	for i := range in.Args[:in.N] {
		if in.Args[i].Kind == dec.MMReg {
			return true
		}
	}
	return false
}
