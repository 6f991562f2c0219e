package hostfp

import "encoding/binary"

// X87State is the input and output of one x87 instruction. A and B are loaded
// so that ST(0) is A and ST(1) is B; Mem is the memory operand. Afterwards
// save holds the FNSAVE image. Offsets are known to the assembly.
type X87State struct {
	CW   uint16
	_    [14]byte
	A    [10]byte
	_    [6]byte
	B    [10]byte
	_    [6]byte
	Mem  [10]byte
	_    [6]byte
	save [108]byte
}

// X87 runs one instruction. FNSAVE does not wait, so an unmasked exception is
// seen in the status word and never delivered.
type X87 func(s *X87State)

// SW returns the status word.
func (s *X87State) SW() uint16 { return binary.LittleEndian.Uint16(s.save[4:]) }

// ST returns stack register i (SDM vol. 1 figure 8-9).
func (s *X87State) ST(i int) (man uint64, se uint16) {
	b := s.save[28+10*i:]
	return binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint16(b[8:])
}

// Put80 stores an extended value in A, B or Mem.
func Put80(to *[10]byte, man uint64, se uint16) {
	binary.LittleEndian.PutUint64(to[:], man)
	binary.LittleEndian.PutUint16(to[8:], se)
}

// Instructions on ST(0) and ST(1).

func Fadd(s *X87State)
func Fmul(s *X87State)
func Fsub(s *X87State)
func Fsubr(s *X87State)
func Fdiv(s *X87State)
func Fdivr(s *X87State)
func Fcom(s *X87State)
func Fucom(s *X87State)
func Fsqrt(s *X87State)
func Fprem(s *X87State)
func Fprem1(s *X87State)
func Ftst(s *X87State)
func Fxam(s *X87State)
func Frndint(s *X87State)
func Fscale(s *X87State)
func Fxtract(s *X87State)
func F2xm1(s *X87State)
func Fyl2x(s *X87State)
func Fyl2xp1(s *X87State)
func Fpatan(s *X87State)
func Fptan(s *X87State)
func Fsin(s *X87State)
func Fcos(s *X87State)
func Fsincos(s *X87State)
func Fld1(s *X87State)
func Fldl2t(s *X87State)
func Fldl2e(s *X87State)
func Fldpi(s *X87State)
func Fldlg2(s *X87State)
func Fldln2(s *X87State)
func Fldz(s *X87State)

// Instructions on ST(0) and Mem.

func Faddm32(s *X87State)
func Fmulm32(s *X87State)
func Fcomm32(s *X87State)
func Fsubm32(s *X87State)
func Fsubrm32(s *X87State)
func Fdivm32(s *X87State)
func Fdivrm32(s *X87State)
func Faddm64(s *X87State)
func Fmulm64(s *X87State)
func Fcomm64(s *X87State)
func Fsubm64(s *X87State)
func Fsubrm64(s *X87State)
func Fdivm64(s *X87State)
func Fdivrm64(s *X87State)
func Fldm32(s *X87State)
func Fldm64(s *X87State)
func Fildm16(s *X87State)
func Fildm32(s *X87State)
func Fildm64(s *X87State)
func Fbld(s *X87State)
func Fstpm32(s *X87State)
func Fstpm64(s *X87State)
func Fistpm16(s *X87State)
func Fistpm32(s *X87State)
func Fistpm64(s *X87State)
func Fisttpm16(s *X87State)
func Fisttpm32(s *X87State)
func Fisttpm64(s *X87State)
func Fbstp(s *X87State)
