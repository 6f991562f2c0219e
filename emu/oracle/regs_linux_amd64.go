package oracle

import (
	"encoding/binary"
	"fmt"
	"syscall"
)

// gprs are the general registers in the order of the encoding.
func gprs(r *syscall.PtraceRegs) [16]*uint64 {
	return [16]*uint64{
		&r.Rax, &r.Rcx, &r.Rdx, &r.Rbx, &r.Rsp, &r.Rbp, &r.Rsi, &r.Rdi,
		&r.R8, &r.R9, &r.R10, &r.R11, &r.R12, &r.R13, &r.R14, &r.R15,
	}
}

// segments are the segment registers in the order of the encoding.
func segments(r *syscall.PtraceRegs) [6]*uint64 {
	return [6]*uint64{&r.Es, &r.Cs, &r.Ss, &r.Ds, &r.Fs, &r.Gs}
}

// Set sets the whole state.
func (o *Oracle) Set(s *State) error {
	r := &o.regs
	for i, p := range gprs(r) {
		*p = s.GPR[i]
	}
	r.Rip, r.Eflags, r.Orig_rax = s.RIP, s.RFlags, ^uint64(0)
	r.Fs_base, r.Gs_base = s.FSBase, s.GSBase
	for i, p := range segments(r) {
		*p = uint64(s.Seg[i])
	}
	if err := o.setRegs(); err != nil {
		return fmt.Errorf("oracle: set registers: %w", err)
	}
	o.putX(s)
	if err := o.xstate(ptraceSetRegset); err != nil {
		return fmt.Errorf("oracle: set x87 and vector registers: %w", err)
	}
	return nil
}

// Get reads the whole state.
func (o *Oracle) Get(s *State) error {
	if err := o.xstate(ptraceGetRegset); err != nil {
		return fmt.Errorf("oracle: read x87 and vector registers: %w", err)
	}
	o.getX(s)
	return o.GetInteger(s)
}

// GetInteger reads all but the x87 and vector registers, as the last step left
// them; this is what Step has at hand already.
func (o *Oracle) GetInteger(s *State) error {
	r := &o.regs
	for i, p := range gprs(r) {
		s.GPR[i] = *p
	}
	s.RIP, s.RFlags = r.Rip, r.Eflags
	s.FSBase, s.GSBase = r.Fs_base, r.Gs_base
	for i, p := range segments(r) {
		s.Seg[i] = uint16(*p)
	}
	if s.Bits = 32; r.Cs == selCode64 {
		s.Bits = 64
	}
	return nil
}

// Places in the standard form of the XSAVE area (SDM vol. 1 13.4): the FXSAVE
// image, the header, the upper halves of the YMM registers.
const (
	xFCW   = 0
	xFSW   = 2
	xFTW   = 4
	xMXCSR = 24
	xST    = 32
	xXMM   = 160
	xBV    = 512
	xYMMH  = 576
	xComps = 7 // x87, SSE, AVX
)

func (o *Oracle) putX(s *State) {
	le, x := binary.LittleEndian, o.xsave
	le.PutUint16(x[xFCW:], s.FCW)
	le.PutUint16(x[xFSW:], s.FSW)
	x[xFTW] = s.FTW
	le.PutUint32(x[xMXCSR:], s.MXCSR)
	for i := range s.ST {
		copy(x[xST+16*i:], s.ST[i][:])
	}
	for i := range s.YMM {
		copy(x[xXMM+16*i:], s.YMM[i][:16])
		if len(x) > xYMMH {
			copy(x[xYMMH+16*i:], s.YMM[i][16:])
		}
	}
	bv := le.Uint64(x[xBV:]) | xComps
	if len(x) <= xYMMH {
		bv &= 3
	}
	le.PutUint64(x[xBV:], bv)
}

func (o *Oracle) getX(s *State) {
	le, x := binary.LittleEndian, o.xsave
	s.FCW, s.FSW, s.FTW = le.Uint16(x[xFCW:]), le.Uint16(x[xFSW:]), x[xFTW]
	s.MXCSR = le.Uint32(x[xMXCSR:])
	for i := range s.ST {
		copy(s.ST[i][:], x[xST+16*i:])
	}
	for i := range s.YMM {
		copy(s.YMM[i][:16], x[xXMM+16*i:])
		if len(x) > xYMMH {
			copy(s.YMM[i][16:], x[xYMMH+16*i:])
		}
	}
}
