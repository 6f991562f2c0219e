package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
)

// unit is the part of the CPU that an instruction needs, and that system software may have
// switched off (SDM vol. 3A 2.5 and table 13-1).
type unit uint8

const (
	noUnit unit = iota
	unitX87
	unitWait
	unitMMX
	unitFX // FXSAVE and FXRSTOR
	unitSSE
	unitAVX
	unitXSAVE
	unitXCR // XGETBV and XSETBV
)

var (
	waits     = names("wait")
	savesFX   = names("fxsave fxrstor")
	ungated   = names("lfence mfence sfence movnti crc32 popcnt")
	extends   = names("xgetbv xsetbv")
	sseUnit   = features{f1d: f1dSSE | f1dSSE2, f1c: f1cSSE3 | f1cSSSE3 | f1cSSE41 | f1cSSE42 | f1cAES | f1cPCLMUL, f7b: f7bSHA, f7c: f7cGFNI}
	mmxUnit   = features{f1d: f1dMMX}
	avxUnit   = features{f1c: f1cAVX}
	unitNames = []struct {
		unit unit
		rows []map[string]trFunc
	}{
		{unitWait, []map[string]trFunc{waits}},
		{noUnit, []map[string]trFunc{ungated}},
		{unitXCR, []map[string]trFunc{extends}},
		{unitFX, []map[string]trFunc{savesFX}},
		{unitX87, []map[string]trFunc{fpMoveTable, fpArithTable, fpFuncTable}},
		{unitXSAVE, []map[string]trFunc{xsaveTable, xsaveOptTable, xsavecTable, xsavesTable}},
	}
)

// unitOf is the unit that a row needs. Programs have them all on.
func (g *Guest) unitOf(row *dec.Row) unit {
	if g.override == nil {
		return noUnit
	}
	for _, u := range unitNames {
		for _, m := range u.rows {
			if _, ok := m[row.Name]; ok {
				return u.unit
			}
		}
	}
	need := needOf(row, 0)
	switch {
	case need.meets(&avxUnit):
		return unitAVX
	case row.Name == "emms", need.meets(&mmxUnit):
		return unitMMX
	case need.meets(&sseUnit), row.Name == "ldmxcsr", row.Name == "stmxcsr":
		return unitSSE
	}
	if _, ok := fpStateTable[row.Name]; ok {
		return unitX87
	}
	return noUnit
}

// meets reports whether both have something.
func (f *features) meets(g *features) bool {
	return f.f1c&g.f1c|f.f1d&g.f1d|f.f7b&g.f7b|f.f7c&g.f7c|f.f7d&g.f7d|f.f8c&g.f8c|f.f8d&g.f8d|f.fda&g.fda != 0
}

// off says for a unit which mode bits make an instruction undefined, and which make it #NM.
var off = [...]struct{ undefined, missing uint64 }{
	unitX87:   {0, modeTS | modeEM},
	unitMMX:   {modeEM, modeTS},
	unitFX:    {0, modeTS | modeEM},
	unitSSE:   {modeEM | modeNoFXSR, modeTS},
	unitAVX:   {modeNoXSAVE | modeNoAVX, modeTS},
	unitXSAVE: {modeNoXSAVE, modeTS},
	unitXCR:   {modeNoXSAVE, 0},
	unitWait:  {},
	noUnit:    {},
}

// switchedOff ends the block with an exception if the unit is off.
func (t *translator) switchedOff(u unit) bool {
	switch o := &off[u]; {
	case t.mode&o.undefined != 0:
		t.undefined()
	case t.mode&o.missing != 0, u == unitWait && t.mode&(modeTS|modeMP) == modeTS|modeMP:
		t.raise(guest.Exception{Vector: regs.VecNM})
	default:
		return false
	}
	return true
}
