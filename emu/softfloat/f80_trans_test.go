package softfloat

import (
	"math/big"
	"testing"
)

// transValues are correctly rounded results, computed apart with 320 bits; the
// trigonometric ones after reduction by the 66-bit value of pi.
var transValues = []struct {
	op         string
	a, b, want F80
}{
	{"f2xm1", F80{0xF953A6F252E6B438, 0x3FCC}, F80{0x862E3FE8A6A3A450, 0xBFFC}, F80{0xACD1F505C347B19D, 0x3FCC}},
	{"f2xm1", F80{0x8C0C7408892F902B, 0xBFDA}, F80{0xF4712ECA0ED90475, 0x4003}, F80{0xC2260DC48571C4C6, 0xBFD9}},
	{"f2xm1", F80{0x8B0051AD099950D8, 0x3FDE}, F80{0x9ECE0B9211E20B8F, 0xBFFC}, F80{0xC0B2574156C815C2, 0x3FDD}},
	{"f2xm1", F80{0x8790EEDB6CAD4A26, 0x3FE7}, F80{0x9C93182CF28C105D, 0xBFFB}, F80{0xBBEF4107A6375325, 0x3FE6}},
	{"f2xm1", F80{0xB2C66D0A95E60AF5, 0xBFF7}, F80{0x85F66BD83898D190, 0xC003}, F80{0xF75DEC961EC32CCA, 0xBFF6}},
	{"f2xm1", F80{0xA511EACB2217BEAD, 0x3FFD}, F80{0x8F13D0E08A6A63EC, 0xBFFF}, F80{0x8035DD54E49D1B66, 0x3FFD}},
	{"f2xm1", F80{0xD74BDD4AD0EDA82F, 0x3FF9}, F80{0xC91D39B494E3BF91, 0x3FFE}, F80{0x96998029C77A3F40, 0x3FF9}},
	{"f2xm1", F80{0xC61C7D9418F135D2, 0xBFF8}, F80{0xCF3BB4D80F4205B4, 0x3FFE}, F80{0x88BF157C15DAC69B, 0xBFF8}},
	{"fyl2x", F80{0xC40F68B1AE2EB154, 0x401C}, F80{0xA835F977C6F87718, 0xC002}, F80{0x9BACB7A4722E6840, 0xC007}},
	{"fyl2x", F80{0xBA01F218EC66A787, 0x400B}, F80{0x9FCC713B4CBD87AD, 0xBFFD}, F80{0xFA77FBB9BFA550BB, 0xC000}},
	{"fyl2x", F80{0x9F3E8DFDC7A2EA20, 0x3FC3}, F80{0xA66E902A930D6EAF, 0x4003}, F80{0x9B35E21D353A7842, 0xC009}},
	{"fyl2x", F80{0xABF702E6E00902C7, 0x4021}, F80{0xCDF25E7E49B64A08, 0x3FFC}, F80{0xDD8F55AB7DC1FDD3, 0x4001}},
	{"fyl2x", F80{0xB5850C74830E07BC, 0x3FFF}, F80{0xABC87C17C1D3FCFF, 0xBFFD}, F80{0xAD26C1A7186A17A3, 0xBFFC}},
	{"fyl2x", F80{0xB5FA36347D2CAF82, 0x3FFF}, F80{0xD58818E8F646E1F4, 0xBFFC}, F80{0xD8C8ACD3D412653B, 0xBFFB}},
	{"fyl2x", F80{0xC958E9F98EDE0D7A, 0x3FFF}, F80{0xD8FF704757124242, 0xC000}, F80{0x8DD1394F7A6C3E64, 0xC000}},
	{"fyl2x", F80{0xCA3A018D7F26144B, 0x3FFF}, F80{0xEB84107F119A72D1, 0xBFFC}, F80{0x9B6671CE4C9F91F2, 0xBFFC}},
	{"fyl2xp1", F80{0xBCAF4114451ABD81, 0xBFDB}, F80{0x87C4040510A3D6B2, 0xBFFF}, F80{0x905D5D192D45456F, 0x3FDC}},
	{"fyl2xp1", F80{0xFF1DC48593F448B3, 0xBFDA}, F80{0xA46DA05772158370, 0xC001}, F80{0xEC66A14CD47E3CC4, 0x3FDD}},
	{"fyl2xp1", F80{0xAC6AAB1EAB2CD31E, 0xBFB0}, F80{0xAD7FD9147631A992, 0xBFFD}, F80{0xA8950DE323713A14, 0x3FAF}},
	{"fyl2xp1", F80{0xBF3155051DF9FD78, 0x3FB2}, F80{0xA4CA91CCC4AAEAC1, 0xBFFD}, F80{0xB18ED62180DC5CC2, 0xBFB1}},
	{"fyl2xp1", F80{0xB2EE4FA83F63AF83, 0xBFFB}, F80{0xBF8D881EDF1582B0, 0x3FFC}, F80{0xCA1EC290B1C7954E, 0xBFF9}},
	{"fyl2xp1", F80{0xB369143B72FDF202, 0x3FFD}, F80{0x9186CBBFE2257159, 0xC001}, F80{0xFC48B5C06F8EBEF9, 0xBFFF}},
	{"fyl2xp1", F80{0xA3A34D268CDB305F, 0xBFFB}, F80{0xD76378125BD86D40, 0xC001}, F80{0xCF036C1717B9C171, 0x3FFE}},
	{"fyl2xp1", F80{0x9351605E3B1287FF, 0x3FF6}, F80{0x9DB0C33B26BB7DBD, 0x3FFE}, F80{0x82C518EADABB2A7C, 0x3FF6}},
	{"fsin", F80{0xEA6146177C26847F, 0x3FF3}, F80{0xA4164E5E43435CC5, 0x3FFB}, F80{0xEA61459482671717, 0x3FF3}},
	{"fsin", F80{0xC46D7A006B4013EF, 0xBFEC}, F80{0xA8C8447A90FBBD11, 0xBFFD}, F80{0xC46D7A006A0BB0C3, 0xBFEC}},
	{"fsin", F80{0xC1FB9F8BDBF4A8B2, 0xBFF4}, F80{0xDEB14440AD1B72DB, 0x3FFB}, F80{0xC1FB9E62D7FB093E, 0xBFF4}},
	{"fsin", F80{0xEF7C419AE647CB8F, 0xBFF9}, F80{0xD71D15BFDFE01893, 0x4003}, F80{0xEF738624B5144196, 0xBFF9}},
	{"fsin", F80{0xB311BD0265E7E423, 0x4000}, F80{0xD13066857B45145C, 0x4001}, F80{0xAC7FB3AAD2EAF25F, 0x3FFD}},
	{"fsin", F80{0x889ED8BE30CBC97D, 0x3FFE}, F80{0x8E12217C298CB3A5, 0xC000}, F80{0x823A24E876DD64EF, 0x3FFE}},
	{"fsin", F80{0x8D1AC6500D75985D, 0xBFFD}, F80{0xC4AFEBD926B94C7F, 0xBFFC}, F80{0x8B533D148BB84F7C, 0xBFFD}},
	{"fsin", F80{0xCE8EF1505D158A2F, 0x3FFD}, F80{0x9A9E318EDFD43F37, 0x4001}, F80{0xC90025E0D287AE2F, 0x3FFD}},
	{"fsin", F80{0xA049FB6FA268AA87, 0xC029}, F80{0xBCB0FEC95D39D0A8, 0x3FFC}, F80{0xB9B8CCCE800561AC, 0x3FFE}},
	{"fsin", F80{0xBE790392D953EE26, 0x4030}, F80{0xA7EAC6DF7BDC968B, 0x3FFC}, F80{0xF6180215542807F2, 0xBFFE}},
	{"fsin", F80{0xDFF550AA1A28F7B3, 0xC028}, F80{0xBD437BD143C71B9A, 0xBFFD}, F80{0xD98D11BEC11FDA27, 0xBFFE}},
	{"fsin", F80{0x9A447C3B05E999F3, 0x4034}, F80{0xD85422722587BE6B, 0xC003}, F80{0xC175B36A8BF4F11C, 0xBFFE}},
	{"fcos", F80{0xE10AD41506EC41AD, 0x3FF1}, F80{0xD24B1B51FA7F0EAB, 0xBFFC}, F80{0xFFFFFFE7457ED81F, 0x3FFE}},
	{"fcos", F80{0xA16C3904D86F40F6, 0x3FF1}, F80{0x9561A223E883A1D4, 0xC000}, F80{0xFFFFFFF346D65113, 0x3FFE}},
	{"fcos", F80{0xC42BFCD23908F227, 0xBFF2}, F80{0xAA32766180B0C08B, 0xBFFE}, F80{0xFFFFFFB4D64EAB46, 0x3FFE}},
	{"fcos", F80{0xE4EA4458CFBF3360, 0xBFF9}, F80{0xE72D954931F51707, 0xBFFE}, F80{0xFFE66A2918F3CC45, 0x3FFE}},
	{"fcos", F80{0xDEB428B366934036, 0x3FFE}, F80{0xBF1379B58483F8B8, 0xC000}, F80{0xA516886BF0E5603A, 0x3FFE}},
	{"fcos", F80{0xFEAB5493076B3E36, 0xBFFD}, F80{0xBC725CC64787F93B, 0x3FFF}, F80{0xE0FAB82304645069, 0x3FFE}},
	{"fcos", F80{0xCD753214B1491E24, 0x3FFF}, F80{0xF7F04F83CEFE2A1F, 0xC000}, F80{0x8CA3DA494CEACD95, 0xBFFA}},
	{"fcos", F80{0xAEAC6382F979D04A, 0x3FFD}, F80{0x9D0948BE1A26F889, 0x4002}, F80{0xF13EFF9BE822F96C, 0x3FFE}},
	{"fcos", F80{0x9A28E8095675F6AD, 0xC031}, F80{0xF33D4DBAFC394724, 0x3FFB}, F80{0xB88F85699A65450A, 0xBFFE}},
	{"fcos", F80{0xD394C8DCE8C14743, 0xC029}, F80{0x8ADA0575A4A45EFF, 0xBFFC}, F80{0xB8121FD2FF124C63, 0x3FFE}},
	{"fcos", F80{0xE422803863771407, 0x401F}, F80{0x96D9CCBFE39639BE, 0xC001}, F80{0xE6596E15BE3B0F39, 0x3FFD}},
	{"fcos", F80{0xAA8FEC7CA2C68E45, 0xC018}, F80{0xFC5F4418F237E45A, 0x4001}, F80{0x882ACEEF896D4F07, 0x3FFD}},
	{"fptan", F80{0xDF262E7366C1494E, 0xBFE3}, F80{0x95C2AE0F28AACA51, 0x3FFD}, F80{0xDF262E7366C14A30, 0xBFE3}},
	{"fptan", F80{0xCB9FBCC326B1CFFC, 0xBFEF}, F80{0x92B5D6FCA7E6529B, 0xC002}, F80{0xCB9FBCC3D276C082, 0xBFEF}},
	{"fptan", F80{0xACDA2749EFFDDEEA, 0xBFE5}, F80{0x90C4143F8C5C715F, 0x3FFB}, F80{0xACDA2749EFFDE57B, 0xBFE5}},
	{"fptan", F80{0xFC462115CCA2A92B, 0xBFF8}, F80{0xC36701FC1A4F44F9, 0x3FFD}, F80{0xFC4B3BC9FB8411DB, 0xBFF8}},
	{"fptan", F80{0xEF9545BCFC8E80B3, 0xBFFE}, F80{0x9B036F7EDFB85C0D, 0x3FFB}, F80{0xADC0585D8AAC9958, 0xBFFF}},
	{"fptan", F80{0xA57FEE683678BC8D, 0x4001}, F80{0xCB105F86C38084A0, 0x4000}, F80{0x81587AC4EAAA2551, 0xC000}},
	{"fptan", F80{0xB5A234038B5AB3EE, 0x3FFE}, F80{0xDEB5C40DE8F6E0BD, 0xC000}, F80{0xDBD1D52FFD4FB599, 0x3FFE}},
	{"fptan", F80{0xD4CBF9A8754A09CD, 0xC001}, F80{0xC225381AE77FFE48, 0xC001}, F80{0xC4A722740D595C4C, 0xBFFD}},
	{"fptan", F80{0xF067D5A6EAEFC4D2, 0x4033}, F80{0x936F5FED8825AE56, 0xC003}, F80{0x9C9D6DCE7BCE54AC, 0xC003}},
	{"fptan", F80{0xEFB8180B04C9D78D, 0xC02F}, F80{0xCDE51E5B2EE0289D, 0xBFFB}, F80{0xB8D1EB5CADDC3EF0, 0xBFFE}},
	{"fptan", F80{0x932CBA53CC966F46, 0x401E}, F80{0xCF3EB59B7936D536, 0xBFFC}, F80{0xD0B116018C0F4062, 0xBFFE}},
	{"fptan", F80{0xA9B9C8720FCF31CA, 0xC034}, F80{0xBDC222688E317041, 0xBFFC}, F80{0xC54073D5BFBE85A2, 0xC001}},
	{"fpatan", F80{0x8745F64A8F6F915F, 0x3FFA}, F80{0x8566C5F046E40990, 0xBFFC}, F80{0xA9484C3B52370428, 0xBFFF}},
	{"fpatan", F80{0xC7E6BFA073C1CD2C, 0xBFEC}, F80{0xF4CC6877E4DDF9B9, 0x3FFC}, F80{0xC91043285617A3DA, 0x3FFF}},
	{"fpatan", F80{0xCE67504C535B6A43, 0xC00B}, F80{0x99860B51831D03BF, 0x3FFF}, F80{0xC90CE0FA9E43F846, 0x4000}},
	{"fpatan", F80{0xC442B2748216858F, 0xC009}, F80{0x9FB32F6FF10637CE, 0xC003}, F80{0xC83F8DF2613077C6, 0xC000}},
	{"fpatan", F80{0xF8995F96E040015C, 0xBFFF}, F80{0xF245CB318F3C4BE3, 0xBFFE}, F80{0xAC0B1417109A20E9, 0xC000}},
	{"fpatan", F80{0x918D9F0A729135BD, 0x4000}, F80{0xB89753596471FDE4, 0x4000}, F80{0xE73157154923DE20, 0x3FFE}},
	{"fpatan", F80{0x9ECD403CABD0D7FB, 0x4000}, F80{0xD5B143663672D6AE, 0xBFFF}, F80{0x979E133F78353845, 0xBFFE}},
	{"fpatan", F80{0xF2D1C31F1F525265, 0xBFFE}, F80{0xD25CD4E2B753A1EE, 0x4000}, F80{0xED05B2AEA8F0E47A, 0x3FFF}},
}

var transOps = map[string]func(e *Env, a, b F80) F80{
	"f2xm1":   func(e *Env, a, _ F80) F80 { return e.Exp2M1(a) },
	"fyl2x":   (*Env).YLog2X,
	"fyl2xp1": (*Env).YLog2XP1,
	"fsin":    func(e *Env, a, _ F80) F80 { r, _ := e.Sin80(a); return r },
	"fcos":    func(e *Env, a, _ F80) F80 { r, _ := e.Cos80(a); return r },
	"fptan":   func(e *Env, a, _ F80) F80 { r, _ := e.Tan80(a); return r },
	"fpatan":  (*Env).Atan80,
}

func TestTranscendentalValues(t *testing.T) {
	for _, v := range transValues {
		e := Env{Masks: AllFlags}
		if got := transOps[v.op](&e, v.a, v.b); got != v.want || e.Flags != PE {
			t.Errorf("%s %x %x = %x flags %02x, want %x", v.op, v.a, v.b, got, e.Flags, v.want)
		}
	}
}

const bigPrec = 400

func bigOf(v float64) *big.Float { return new(big.Float).SetPrec(bigPrec).SetFloat64(v) }

func quo(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(bigPrec).Quo(a, b) }

// bits128 rounds a positive v to 128 bits, scaled so that v*2^-exp is in [1,2).
func bits128(v *big.Float) (hi, lo uint64, exp int32) {
	r := new(big.Float).SetPrec(128).Set(v)
	exp = int32(r.MantExp(nil)) - 1
	i, _ := new(big.Float).SetMantExp(r, 127-int(exp)).Int(nil)
	return new(big.Int).Rsh(i, 64).Uint64(), i.Uint64(), exp
}

func checkFix(t *testing.T, name string, got fix, v *big.Float) {
	scaled := new(big.Float).SetPrec(bigPrec).SetMantExp(v, 128)
	i, _ := scaled.Add(scaled, bigOf(0.5)).Int(nil)
	if want := (fix{new(big.Int).Rsh(i, 64).Uint64(), i.Uint64()}); got != want {
		t.Errorf("%s: %x, want %x", name, got, want)
	}
}

func TestSeriesTables(t *testing.T) {
	factorial := bigOf(1)
	for n := 2; n <= 35; n++ {
		factorial.Mul(factorial, bigOf(float64(n)))
		v := quo(bigOf(1), factorial)
		if n-2 < len(expTerms) {
			checkFix(t, "expTerms", expTerms[n-2], v)
		}
		if n%2 != 0 {
			checkFix(t, "sinTerms", sinTerms[(n-3)/2], v)
		} else {
			checkFix(t, "cosTerms", cosTerms[(n-2)/2], v)
		}
	}
	for i, c := range oddTerms {
		checkFix(t, "oddTerms", c, quo(bigOf(1), bigOf(float64(2*i+3))))
	}
}

// TestExp2Table squares: entry 2j is the square of entry j, and entry 1 is
// five square roots of two.
func TestExp2Table(t *testing.T) {
	step := bigOf(2)
	for range 5 {
		step.Sqrt(step)
	}
	v := bigOf(1)
	for j, got := range exp2Table {
		if hi, lo, _ := bits128(v); got != (fix{hi, lo}) {
			t.Errorf("exp2Table[%d] = %x, want %x %x", j, got, hi, lo)
		}
		v.Mul(v, step)
	}
}

// bigAtan returns atan(x) for 0 < x <= 1 by halving the angle, then its series.
func bigAtan(x *big.Float) *big.Float {
	const halvings = 20
	for range halvings { // tan(a/2) = x / (1 + sqrt(1 + x^2))
		d := bigOf(1)
		d.Add(d, new(big.Float).Mul(x, x)).Sqrt(d).Add(d, bigOf(1))
		x = quo(x, d)
	}
	sum, power := bigOf(0), x
	square := new(big.Float).Mul(x, x)
	for n := 1; n < 40; n += 2 {
		sum.Add(sum, quo(power, bigOf(float64(n))))
		power = new(big.Float).Mul(power, square)
		power.Neg(power)
	}
	return sum.SetMantExp(sum, halvings)
}

func checkNum(t *testing.T, name string, got num, v *big.Float) {
	if hi, lo, exp := bits128(v); got.hi != hi || got.lo != lo || got.exp != exp {
		t.Errorf("%s: %+v, want %x %x exp %d", name, got, hi, lo, exp)
	}
}

func TestAtanTable(t *testing.T) {
	for j := 1; j <= atanSteps; j++ {
		checkNum(t, "atanTable", atanTable[j], bigAtan(bigOf(float64(j)/atanSteps)))
	}
	quarter := bigAtan(bigOf(1))
	checkNum(t, "halfPi", halfPi, new(big.Float).Mul(quarter, bigOf(2)))
	checkNum(t, "pi", pi, new(big.Float).Mul(quarter, bigOf(4)))
}

// TestLogConstants uses ln(2) = 2 * (1/3 + 1/(3*3^3) + 1/(5*3^5) + ...).
func TestLogConstants(t *testing.T) {
	sum, power := bigOf(0), quo(bigOf(2), bigOf(3))
	for n := 1; n < 260; n += 2 {
		sum.Add(sum, quo(power, bigOf(float64(n))))
		power = quo(power, bigOf(9))
	}
	checkNum(t, "ln2", ln2, sum)
	checkNum(t, "twoLog2E", twoLog2E, quo(bigOf(2), sum))
}
