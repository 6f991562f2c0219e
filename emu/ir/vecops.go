package ir

// The vector operations. a, b and c stand for the operands' lanes, d for the
// result's; Sub is log2 of the lane's bytes, and a Type of one word or less
// makes a short vector, or a scalar when it is a single lane. Where lanes move
// (shuffle, unpack, pack, align, pairs) each 128 bits of a longer vector are
// treated apart and alike.
//
// Shift counts and byte counts are operand B's first word, or Imm if B is
// None; a count beyond the width shifts everything out.
//
// Floating point, the ops from VFAdd on unless it says otherwise, is told of in
// float.go.
const (
	VMov  VecOp = iota
	VZero       // no operands
	VAnd
	VAndNot // ^a & b
	VOr
	VXor

	VAdd
	VSub
	VAddSatS
	VAddSatU
	VSubSatS
	VSubSatU
	VMinS
	VMinU
	VMaxS
	VMaxU
	VAvg // (a + b + 1) >> 1, unsigned
	VAbs
	VSign // a, -a or 0 by the sign of b
	VCmpEq
	VCmpGtS
	VMul        // low half
	VMulHS      // high half
	VMulHU      // high half
	VMulRoundS  // (a*b >> (width-2) + 1) >> 1: product of fractions
	VMulWideS   // low half-lanes to the whole lane
	VMulWideU   // likewise
	VMulAdd     // pairs of signed half-lanes multiplied and added to a lane
	VMulAddSatU // likewise, a unsigned and b signed, saturating
	VSumDiff    // sum over each lane of |a - b| of unsigned bytes
	VSumDiffs   // eight sums of 4 |a - b|, at rising places of a (Imm bit 2 by 4) and a fixed one of b (Imm bits 0-1 by 4)
	VMinPosU    // the least lane, and its number in the next
	VHAdd       // sums of neighbours: of a, then of b
	VHAddSatS
	VHSub // first minus second
	VHSubSatS

	VShl
	VShr
	VSar
	VShlV // each lane by the count in b's lane
	VShrV
	VSarV
	VShlBytes
	VShrBytes
	VAlign // Imm bytes cut off the low end of a:b

	VPackSatS // signed lanes halved with saturation: those of a, then those of b
	VPackSatU // signed to unsigned
	VUnpackLo // a and b interleaved: the low halves
	VUnpackHi
	VExtendS   // half-lanes, or narrower ones by Imm (log2 of the bytes), of a's low end
	VExtendU   // likewise
	VShuffle   // lane numbers in Imm, two bits each, for the low four lanes of each 128 bits
	VShuffleHi // likewise for 16-bit lanes: the high four
	VShuffle2  // low half of the lanes from a, high half from b, by lane numbers in Imm
	// VShuffleV takes lanes of a by the numbers in b: the low bits of 8- and 32-bit
	// lanes, bit 1 of 64-bit lanes. A byte whose number has the top bit set becomes 0.
	VShuffleV
	VPermute   // 32-bit lanes of a by the low bits of b's, 64-bit lanes by pairs of bits in Imm, from anywhere in the vector
	VBroadcast // the low end of word a in all lanes
	VBlend     // b where the bit of Imm is set, else a; 16-bit lanes use the same 8 bits again
	VBlendV    // b where the top bit of c's lane is set, else a

	VMoveMask // the lanes' top bits as a number
	VTest     // bit 0: a & b is 0; bit 1: ^a & b is 0; for lanes of 32 and 64 bits of their top bits only

	VMatch // two strings compared as SSE4.2's PCMPISTRI by Imm, or with lengths in c: see SDM vol. 2B 4.1

	VAESEnc
	VAESEncLast
	VAESDec
	VAESDecLast
	VAESMix // inverse mix columns
	VAESKey // round key assist with constant Imm
	VSHA1Next
	VSHA1Msg1
	VSHA1Msg2
	VSHA1Rounds // Imm: the function and constant
	VSHA256Rounds
	VSHA256Msg1
	VSHA256Msg2
	VClMul // carry-less product of the words that Imm bits 0 and 4 choose

	VFRcp   // about 1 / a; no environment
	VFRsqrt // about 1 / square root of a; no environment

	VFAdd
	VFSub
	VFMul
	VFDiv
	VFMin
	VFMax
	VFSqrt
	VFAddSub // even lanes subtracted, odd lanes added
	VFMulX   // a * b, where infinity times zero is 2
	VFMinNum // VFMin, where a quiet NaN loses against a number
	VFMaxNum
	VFRecipEst  // 1 / a to 8 bits, the same on every host
	VFRsqrtEst  // 1 / square root of a likewise
	VFRecipStep // 2 - a*b rounded once, or with Imm bit 0 the product before
	VFRsqrtStep // (3 - a*b) / 2 likewise
	// VFMulAdd multiplies two of its three operands, d, a and b, and adds the third,
	// rounding once. Imm bits 0-1 are the form: d*b + a, a*d + b, a*b + d; bit 2
	// negates the product, bit 3 what is added to even lanes, bit 4 to odd lanes. A
	// NaN keeps its sign: who wants it turned does so before.
	VFMulAdd
	// VFRound rounds to an integer as Imm says; see RoundNearest.
	VFRound
	// VFCmp makes a lane of ones or zeros: Imm bits 0-3 say whether less, equal,
	// greater, unordered is true. Bit 4: a quiet NaN is an invalid operand.
	VFCmp
	// VFRelate makes d one of the four bytes of Imm, for less (bits 0-7), equal,
	// greater, unordered. Bit 32 is VFCmp's bit 4.
	VFRelate

	// Conversions. Sub is that of the wider side, and Type is its size; the
	// narrower side takes a half or quarter of that. Imm says of what kind integers
	// are (see IntUnsigned), and how the conversions to them round.
	VI32ToF32
	VI32ToF64 // exact: no environment
	VI64ToF32
	VI64ToF64
	VF32ToI32
	VF32ToI64
	VF64ToI32
	VF64ToI64
	VF32ToF64
	VF64ToF32 // as the environment rounds, or RoundOdd in Imm
	VF16ToF32
	VF32ToF16 // rounds as Imm says; tiny results stay
	VF16ToF64
	VF64ToF16
	NumVecOps
)

// VecRows is the table of vector operations.
var VecRows = [NumVecOps]VecRow{
	VMov:    {Name: "mov", D: own, A: own},
	VZero:   {Name: "zero", D: own},
	VAnd:    pure("and"),
	VAndNot: pure("andn"),
	VOr:     pure("or"),
	VXor:    pure("xor"),

	VAdd:        pure("add"),
	VSub:        pure("sub"),
	VAddSatS:    pure("addss"),
	VAddSatU:    pure("addsu"),
	VSubSatS:    pure("subss"),
	VSubSatU:    pure("subsu"),
	VMinS:       pure("mins"),
	VMinU:       pure("minu"),
	VMaxS:       pure("maxs"),
	VMaxU:       pure("maxu"),
	VAvg:        pure("avg"),
	VAbs:        {Name: "abs", D: own, A: own},
	VSign:       pure("sign"),
	VCmpEq:      pure("cmpeq"),
	VCmpGtS:     pure("cmpgts"),
	VMul:        pure("mul"),
	VMulHS:      pure("mulhs"),
	VMulHU:      pure("mulhu"),
	VMulRoundS:  pure("mulrounds"),
	VMulWideS:   pure("mulwides"),
	VMulWideU:   pure("mulwideu"),
	VMulAdd:     pure("muladd"),
	VMulAddSatU: pure("muladdsu"),
	VSumDiff:    pure("sumdiff"),
	VSumDiffs:   pure("sumdiffs"),
	VMinPosU:    {Name: "minposu", D: own, A: own},
	VHAdd:       pure("hadd"),
	VHAddSatS:   pure("haddss"),
	VHSub:       pure("hsub"),
	VHSubSatS:   pure("hsubss"),

	VShl:      {Name: "shl", D: own, A: own, B: I64},
	VShr:      {Name: "shr", D: own, A: own, B: I64},
	VSar:      {Name: "sar", D: own, A: own, B: I64},
	VShlV:     pure("shlv"),
	VShrV:     pure("shrv"),
	VSarV:     pure("sarv"),
	VShlBytes: {Name: "shlbytes", D: own, A: own, B: I64},
	VShrBytes: {Name: "shrbytes", D: own, A: own, B: I64},
	VAlign:    pure("align"),

	VPackSatS:  pure("packss"),
	VPackSatU:  pure("packsu"),
	VUnpackLo:  pure("unpacklo"),
	VUnpackHi:  pure("unpackhi"),
	VExtendS:   {Name: "sext", D: own, A: half},
	VExtendU:   {Name: "zext", D: own, A: half},
	VShuffle:   {Name: "shuffle", D: own, A: own},
	VShuffleHi: {Name: "shufflehi", D: own, A: own},
	VShuffle2:  pure("shuffle2"),
	VShuffleV:  pure("shufflev"),
	VPermute:   pure("permute"),
	VBroadcast: {Name: "broadcast", D: own, A: I64},
	VBlend:     pure("blend"),
	VBlendV:    {Name: "blendv", D: own, A: own, B: own, C: own},

	VMoveMask: {Name: "movemask", D: I64, A: own},
	VTest:     {Name: "test", D: I64, A: own, B: own},
	VMatch:    {Name: "match", D: I64, A: own, B: own, C: own},

	VAESEnc:       pure("aesenc"),
	VAESEncLast:   pure("aesenclast"),
	VAESDec:       pure("aesdec"),
	VAESDecLast:   pure("aesdeclast"),
	VAESMix:       {Name: "aesmix", D: own, A: own},
	VAESKey:       {Name: "aeskey", D: own, A: own},
	VSHA1Next:     pure("sha1next"),
	VSHA1Msg1:     pure("sha1msg1"),
	VSHA1Msg2:     pure("sha1msg2"),
	VSHA1Rounds:   pure("sha1rounds"),
	VSHA256Rounds: {Name: "sha256rounds", D: own, A: own, B: own, C: own},
	VSHA256Msg1:   pure("sha256msg1"),
	VSHA256Msg2:   pure("sha256msg2"),
	VClMul:        pure("clmul"),

	VFRcp:   {Name: "frcp", D: own, A: own},
	VFRsqrt: {Name: "frsqrt", D: own, A: own},

	VFAdd:       float("fadd", own, own, own),
	VFSub:       float("fsub", own, own, own),
	VFMul:       float("fmul", own, own, own),
	VFDiv:       float("fdiv", own, own, own),
	VFMin:       float("fmin", own, own, own),
	VFMax:       float("fmax", own, own, own),
	VFSqrt:      float("fsqrt", own, own, none),
	VFAddSub:    float("faddsub", own, own, own),
	VFMulX:      float("fmulx", own, own, own),
	VFMinNum:    float("fminnum", own, own, own),
	VFMaxNum:    float("fmaxnum", own, own, own),
	VFRecipEst:  float("frecipest", own, own, none),
	VFRsqrtEst:  float("frsqrtest", own, own, none),
	VFRecipStep: float("frecipstep", own, own, own),
	VFRsqrtStep: float("frsqrtstep", own, own, own),
	VFMulAdd:    {Name: "fmuladd", D: own, A: own, B: own, C: I64, ReadsD: true, FP: true},
	VFRound:     float("fround", own, own, none),
	VFCmp:       float("fcmp", own, own, own),
	VFRelate:    float("frelate", I64, own, own),

	VI32ToF32: float("i32tof32", own, own, none),
	VI32ToF64: {Name: "i32tof64", D: own, A: half},
	VI64ToF32: float("i64tof32", half, own, none),
	VI64ToF64: float("i64tof64", own, own, none),
	VF32ToI32: float("f32toi32", own, own, none),
	VF32ToI64: float("f32toi64", own, half, none),
	VF64ToI32: float("f64toi32", half, own, none),
	VF64ToI64: float("f64toi64", own, own, none),
	VF32ToF64: float("f32tof64", own, half, none),
	VF64ToF32: float("f64tof32", half, own, none),
	VF16ToF32: float("f16tof32", own, half, none),
	VF32ToF16: float("f32tof16", half, own, none),
	VF16ToF64: float("f16tof64", own, quarter, none),
	VF64ToF16: float("f64tof16", quarter, own, none),
}

// pure is the row of an operation on two vectors.
func pure(name string) VecRow { return VecRow{Name: name, D: own, A: own, B: own} }

// float is the row of an operation in the environment of word C.
func float(name string, d, a, b Type) VecRow {
	return VecRow{Name: name, D: d, A: a, B: b, C: I64, FP: true}
}
