package emutest

import (
	"strings"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
)

// What the manual leaves undefined, and what flags instructions look at (SDM
// vol. 1 appendix A, and the pages of the instructions). Names are dec.Row
// names.

const (
	notCF   = regs.Arith &^ regs.CF
	notCFZF = notCF &^ regs.ZF
)

// undefinedFlags are the flags undefined after an instruction, whatever its
// operands.
var undefinedFlags = map[string]uint64{
	"and": regs.AF, "or": regs.AF, "xor": regs.AF, "test": regs.AF,
	"mul": notCF &^ regs.OF, "imul": notCF &^ regs.OF, "div": regs.Arith, "idiv": regs.Arith,
	"bt": notCFZF, "bts": notCFZF, "btr": notCFZF, "btc": notCFZF,
	"bsf": regs.Arith &^ regs.ZF, "bsr": regs.Arith &^ regs.ZF, "lzcnt": notCFZF, "tzcnt": notCFZF,
	"daa": regs.OF, "das": regs.OF,
	"aaa": notCF &^ regs.AF, "aas": notCF &^ regs.AF,
	"aam": regs.OF | regs.AF | regs.CF, "aad": regs.OF | regs.AF | regs.CF,
	"andn": regs.AF | regs.PF, "blsi": regs.AF | regs.PF, "blsmsk": regs.AF | regs.PF, "blsr": regs.AF | regs.PF,
	"bextr": regs.AF | regs.SF | regs.PF, "bzhi": regs.AF | regs.PF,
}

// UndefinedFlags are the flags that the instruction leaves undefined; cl is
// the count of shifts that take one from there.
func UndefinedFlags(in *dec.Inst, cl uint8) uint64 {
	name := in.Row.Name
	switch name {
	case "shl", "shr", "sar", "rol", "ror", "rcl", "rcr":
		return undefinedShift(name, in.Args[0].Size, shiftCount(in, 1, cl))
	case "shld", "shrd":
		n := shiftCount(in, 2, cl)
		switch {
		case n == 0:
			return 0
		case n > 8*in.Args[0].Size:
			return regs.Arith
		case n == 1:
			return regs.AF
		}
		return regs.AF | regs.OF
	}
	return undefinedFlags[name]
}

// shiftCount is the count in operand i, cut to the bits that count.
func shiftCount(in *dec.Inst, i int, cl uint8) uint8 {
	n := uint8(in.Args[i].Imm)
	if in.Args[i].Kind == dec.GPR {
		n = cl
	}
	if in.Args[0].Size == 8 {
		return n & 63
	}
	return n & 31
}

func undefinedShift(name string, size, count uint8) (f uint64) {
	if count == 0 {
		return 0
	}
	if count != 1 {
		f = regs.OF
	}
	if name[0] == 's' {
		f |= regs.AF
		if name != "sar" && count >= 8*size {
			f |= regs.CF
		}
	}
	return f
}

// UndefinedResult reports an instruction whose result the manual does not
// define for these operands.
func UndefinedResult(in *dec.Inst, cl uint8) bool {
	switch in.Row.Name {
	case "shld", "shrd":
		return shiftCount(in, 2, cl) > 8*in.Args[0].Size
	case "bswap":
		return in.OpSize == 2
	case "movs", "stos", "lods", "cmps", "scas": // some CPUs cut pointers even if the count is 0
		return in.Prefix&(dec.RepE|dec.RepNE) != 0 && in.Mode == dec.Mode64 && in.AddrSize == 4
	case "push": // some CPUs leave the upper half in memory
		return in.Args[0].Kind == dec.SegReg && in.OpSize == 4
	}
	return false
}

// readFlags are the flags that instructions look at, besides those with a
// condition.
var readFlags = map[string]uint64{
	"adc": regs.CF, "sbb": regs.CF, "rcl": regs.CF, "rcr": regs.CF, "cmc": regs.CF, "salc": regs.CF,
	"adcx": regs.CF, "adox": regs.OF, "into": regs.OF,
	"loope": regs.ZF, "loopne": regs.ZF,
	"daa": regs.CF | regs.AF, "das": regs.CF | regs.AF, "aaa": regs.AF, "aas": regs.AF,
	"lahf": regs.Arith &^ regs.OF, "pushf": regs.Arith,
}

// conditionFlags are the flags of the condition codes without their lowest bit.
var conditionFlags = [8]uint64{
	regs.OF, regs.CF, regs.ZF, regs.CF | regs.ZF, regs.SF, regs.PF, regs.SF | regs.OF, regs.ZF | regs.SF | regs.OF,
}

// FlagsRead are the flags that an instruction looks at.
func FlagsRead(in *dec.Inst) uint64 {
	name := in.Row.Name
	if f, ok := readFlags[name]; ok {
		return f
	}
	conditional := in.N == 1 && in.Args[0].Kind == dec.RelArg && name[0] == 'j' && name != "jmp" && name != "jcxz" ||
		strings.HasPrefix(name, "set") && in.Row.Map == dec.Map0F && in.Opcode>>4 == 9 ||
		strings.HasPrefix(name, "cmov") || strings.HasPrefix(name, "fcmov")
	if !conditional {
		return 0
	}
	if strings.HasPrefix(name, "f") {
		return regs.CF | regs.ZF | regs.PF
	}
	return conditionFlags[in.Opcode>>1&7]
}

// FlagsKept reports an instruction that, as far as can be told without running
// it, may leave flags as they were that it changes otherwise: a shift by CL, a
// repeated comparison of no elements.
func FlagsKept(in *dec.Inst) bool {
	switch in.Row.Name {
	case "shl", "shr", "sar", "rol", "ror", "rcl", "rcr":
		return in.Args[1].Kind == dec.GPR || in.Args[1].Imm&31 == 0
	case "shld", "shrd":
		return true
	case "cmps", "scas":
		return in.Prefix&(dec.RepE|dec.RepNE) != 0
	}
	return false
}

// flagsChanged are the flags that an instruction sets to something defined,
// where it is not all six or none.
var flagsChanged = map[string]uint64{
	"inc": notCF, "dec": notCF, "clc": regs.CF, "stc": regs.CF, "cmc": regs.CF,
	"rol": regs.CF | regs.OF, "ror": regs.CF | regs.OF, "rcl": regs.CF | regs.OF, "rcr": regs.CF | regs.OF,
	"bt": regs.CF, "bts": regs.CF, "btr": regs.CF, "btc": regs.CF,
	"cmpxchg8b": regs.ZF, "cmpxchg16b": regs.ZF, "sahf": regs.Arith &^ regs.OF,
	"bsf": regs.ZF, "bsr": regs.ZF, "adcx": regs.CF, "adox": regs.OF,
	"verr": regs.ZF, "verw": regs.ZF, "lar": regs.ZF, "lsl": regs.ZF, "arpl": regs.ZF,
}

// allFlags names the instructions that define or undefine all six flags.
var allFlags = map[string]bool{
	"add": true, "sub": true, "cmp": true, "adc": true, "sbb": true, "and": true, "or": true, "xor": true, "test": true,
	"neg": true, "xadd": true, "cmpxchg": true, "mul": true, "imul": true, "popf": true, "popcnt": true, "lzcnt": true, "tzcnt": true,
	"shl": true, "shr": true, "sar": true, "shld": true, "shrd": true, "cmps": true, "scas": true,
	"daa": true, "das": true, "aaa": true, "aas": true, "aam": true, "aad": true,
	"comiss": true, "comisd": true, "ucomiss": true, "ucomisd": true, "ptest": true,
	"andn": true, "blsi": true, "blsmsk": true, "blsr": true, "bextr": true, "bzhi": true, "rdrand": true, "rdseed": true,
	"vcomiss": true, "vcomisd": true, "vucomiss": true, "vucomisd": true, "vptest": true, "vtestps": true, "vtestpd": true,
	"pcmpestri": true, "pcmpestrm": true, "pcmpistri": true, "pcmpistrm": true,
	"vpcmpestri": true, "vpcmpestrm": true, "vpcmpistri": true, "vpcmpistrm": true,
}

// Taint is what is undefined of the flags after an instruction that found
// taint undefined before it.
func Taint(in *dec.Inst, cl uint8, taint uint64) uint64 {
	name := in.Row.Name
	undefined := UndefinedFlags(in, cl)
	var sets uint64
	switch {
	case FlagsKept(in):
	case allFlags[name]:
		sets = regs.Arith
	default:
		sets = flagsChanged[name]
	}
	return taint&^sets | undefined
}
