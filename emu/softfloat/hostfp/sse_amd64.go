package hostfp

// SSE2 is a two-operand scalar instruction: r = a op b under mxcsr; out is
// MXCSR afterwards. 32-bit operands and results use the low halves.
type SSE2 func(mxcsr uint32, a, b uint64) (r uint64, out uint32)

// SSE1 is a scalar instruction with one operand, a conversion for example.
type SSE1 func(mxcsr uint32, a uint64) (r uint64, out uint32)

// SSE3 is a fused multiply-add: r = a*b + c.
type SSE3 func(mxcsr uint32, a, b, c uint64) (r uint64, out uint32)

func Addss(mxcsr uint32, a, b uint64) (r uint64, out uint32)
func Subss(mxcsr uint32, a, b uint64) (r uint64, out uint32)
func Mulss(mxcsr uint32, a, b uint64) (r uint64, out uint32)
func Divss(mxcsr uint32, a, b uint64) (r uint64, out uint32)
func Minss(mxcsr uint32, a, b uint64) (r uint64, out uint32)
func Maxss(mxcsr uint32, a, b uint64) (r uint64, out uint32)
func Addsd(mxcsr uint32, a, b uint64) (r uint64, out uint32)
func Subsd(mxcsr uint32, a, b uint64) (r uint64, out uint32)
func Mulsd(mxcsr uint32, a, b uint64) (r uint64, out uint32)
func Divsd(mxcsr uint32, a, b uint64) (r uint64, out uint32)
func Minsd(mxcsr uint32, a, b uint64) (r uint64, out uint32)
func Maxsd(mxcsr uint32, a, b uint64) (r uint64, out uint32)

// The compares return EFLAGS.

func Comiss(mxcsr uint32, a, b uint64) (r uint64, out uint32)
func Comisd(mxcsr uint32, a, b uint64) (r uint64, out uint32)
func Ucomiss(mxcsr uint32, a, b uint64) (r uint64, out uint32)
func Ucomisd(mxcsr uint32, a, b uint64) (r uint64, out uint32)

func Sqrtss(mxcsr uint32, a uint64) (r uint64, out uint32)
func Sqrtsd(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtss2sd(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtsd2ss(mxcsr uint32, a uint64) (r uint64, out uint32)

// RoundssN and RoundsdN have immediate N: 0-3 a fixed mode, 12 the mode of
// MXCSR without the precision exception.

func Roundss0(mxcsr uint32, a uint64) (r uint64, out uint32)
func Roundss1(mxcsr uint32, a uint64) (r uint64, out uint32)
func Roundss2(mxcsr uint32, a uint64) (r uint64, out uint32)
func Roundss3(mxcsr uint32, a uint64) (r uint64, out uint32)
func Roundss12(mxcsr uint32, a uint64) (r uint64, out uint32)
func Roundsd0(mxcsr uint32, a uint64) (r uint64, out uint32)
func Roundsd1(mxcsr uint32, a uint64) (r uint64, out uint32)
func Roundsd2(mxcsr uint32, a uint64) (r uint64, out uint32)
func Roundsd3(mxcsr uint32, a uint64) (r uint64, out uint32)
func Roundsd12(mxcsr uint32, a uint64) (r uint64, out uint32)

func Cvtss2sil(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtss2siq(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtsd2sil(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtsd2siq(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvttss2sil(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvttss2siq(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvttsd2sil(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvttsd2siq(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtsil2ss(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtsiq2ss(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtsil2sd(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtsiq2sd(mxcsr uint32, a uint64) (r uint64, out uint32)

// The following need the CPU features told by HasFMA, HasF16C and HasAVX512F.

func Fmass(mxcsr uint32, a, b, c uint64) (r uint64, out uint32)
func Fmasd(mxcsr uint32, a, b, c uint64) (r uint64, out uint32)
func Fma132sd(mxcsr uint32, a, b, c uint64) (r uint64, out uint32)
func Fma231sd(mxcsr uint32, a, b, c uint64) (r uint64, out uint32)

func Cvtph2ps(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtps2ph0(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtps2ph1(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtps2ph2(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtps2ph3(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtps2ph4(mxcsr uint32, a uint64) (r uint64, out uint32)

func Cvtss2usil(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtss2usiq(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtsd2usil(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtsd2usiq(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvttss2usil(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvttss2usiq(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvttsd2usil(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvttsd2usiq(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtusil2ss(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtusiq2ss(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtusil2sd(mxcsr uint32, a uint64) (r uint64, out uint32)
func Cvtusiq2sd(mxcsr uint32, a uint64) (r uint64, out uint32)
