package softfloat

// Const80 selects a constant, numbered as the last opcode byte of its load
// instruction, D9 E8 to D9 EE.
type Const80 uint8

const (
	ConstOne      Const80 = iota // FLD1
	ConstLog2Of10                // FLDL2T
	ConstLog2OfE                 // FLDL2E
	ConstPi                      // FLDPI
	ConstLog10Of2                // FLDLG2
	ConstLnOf2                   // FLDLN2
	ConstZero                    // FLDZ
)

// constants hold 128 bits. They are rounded by RC when loaded, but raise
// nothing (SDM vol. 2 "FLD1...").
var constants = [...]num{
	ConstOne:      {1 << 63, 0, 0, attr{kind: finite}},
	ConstLog2Of10: {0xD49A784BCD1B8AFE, 0x492BF6FF4DAFDB4C, 1, attr{kind: finite}},
	ConstLog2OfE:  {0xB8AA3B295C17F0BB, 0xBE87FED0691D3E88, 0, attr{kind: finite}},
	ConstPi:       {0xC90FDAA22168C234, 0xC4C6628B80DC1CD1, 1, attr{kind: finite}},
	ConstLog10Of2: {0x9A209A84FBCFF798, 0x8F8959AC0B7C9178, -2, attr{kind: finite}},
	ConstLnOf2:    {0xB17217F7D1CF79AB, 0xC9E3B39803F2F6AF, -1, attr{kind: finite}},
	ConstZero:     {},
}

// Load80 returns a constant.
func (e *Env) Load80(c Const80) F80 {
	e.C1 = false
	n := constants[c]
	if n.kind == zero {
		return F80{}
	}
	man, exp, _, _ := e.round80(n, 64)
	return F80{man, uint16(exp)}
}
