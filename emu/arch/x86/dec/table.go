package dec

import (
	"strings"
	"sync"
)

// spec is a row as it is written in the tables: the first opcode byte it
// covers, what must hold, the name, the operands and the properties.
type spec struct {
	op    uint8
	when  cond
	name  string
	args  string
	flags RowFlags
}

// cond is what must hold for a row to match, as a set of conditions on
// prefixes, ModRM, mode and the W and L bits.
type cond uint32

const (
	all cond = 0

	// ModRM.reg and ModRM.rm: the number is in three bits, its presence in the fourth.
	g0 cond = 8 + iota - 1
	g1
	g2
	g3
	g4
	g5
	g6
	g7
)

const (
	rm0 cond = (8 + iota) << 4
	rm1
	rm2
	rm3
	rm4
	rm5
	rm6
	rm7
)

const (
	// Mandatory prefix: np is none of them; F3 and F2 beat 66 (SDM vol. 2A
	// 2.1.2). Several together mean one of them, none means that all do.
	np cond = 1 << (8 + iota)
	p66
	pf3
	pf2

	reg  // ModRM.mod is 3
	mem  // ModRM.mod is not 3
	m64  // 64-bit mode only
	m32  // not in 64-bit mode
	w0   // REX.W or VEX.W is 0
	w1   // REX.W or VEX.W is 1
	l0   // VEX.L is 0
	l1   // VEX.L is 1
	rexB // REX.B is 1
	x8   // the row covers eight opcodes: +r forms
)

// key collects the same facts about the bytes at hand. A row matches if the
// bits that its mask selects are as in want.
type key uint16

const (
	keyRM    key = 7 // ModRM as it stands: rm, reg, then whether mod is 3
	keyReg   key = 7 << 3
	keyIsReg key = 1 << (6 + iota - 2)
	key64
	keyW
	keyL
	keyB
	keyNP // exactly one of the next four is set
	key66
	keyF3
	keyF2

	keyPrefixes = keyNP | key66 | keyF3 | keyF2
)

// The conditions that are one bit of the key.
var condBits = [...]struct {
	when cond
	bit  key
	want key
}{
	{reg, keyIsReg, keyIsReg},
	{mem, keyIsReg, 0},
	{m64, key64, key64},
	{m32, key64, 0},
	{w1, keyW, keyW},
	{w0, keyW, 0},
	{l1, keyL, keyL},
	{l0, keyL, 0},
	{rexB, keyB, keyB},
}

// match compiles a condition. A prefix that is not in the set must be absent,
// which the one-hot encoding turns into a plain mask.
func (c cond) match() (mask, want key) {
	if c&g0 != 0 {
		mask, want = mask|keyReg, want|key(c&7)<<3
	}
	if c&rm0 != 0 {
		mask, want = mask|keyRM, want|key(c>>4&7)
	}
	if set := c & (np | p66 | pf3 | pf2); set != 0 {
		mask |= keyPrefixes &^ (key(set/np) * keyNP)
	}
	for _, b := range condBits {
		if c&b.when != 0 {
			mask, want = mask|b.bit, want|b.want
		}
	}
	return mask, want
}

// candidate is a row in the list of an opcode; the first that matches counts.
type candidate struct {
	mask, want key
	row        uint16
}

// slot is an opcode of a map: its candidates and whether ModRM follows.
type slot struct {
	first uint16
	n     uint8
	modrm bool
}

var specs = [numMaps][]spec{
	MapOneByte: tableMap0, Map0F: table0F, Map0F38: table0F38, Map0F3A: table0F3A,
	MapX87: tableX87, MapVex0F: tableVex0F, MapVex0F38: tableVex0F38, MapVex0F3A: tableVex0F3A,
}

// The compiled tables. They are built by the first call that needs them, so
// that importing the package costs nothing.
var (
	rows       []Row
	slots      [numMaps][256]slot
	candidates []candidate
	buildOnce  sync.Once
)

// Rows lists every row once; Row.ID is its index.
func Rows() []Row {
	buildOnce.Do(build)
	return rows
}

func build() {
	total := 0
	for _, t := range specs {
		total += len(t)
	}
	rows = make([]Row, 0, total)
	candidates = make([]candidate, 0, total+total/8)
	forms := make(map[string]form, 256)
	for m, table := range specs {
		for i := range table {
			row, when, modrm := compile(Map(m), &table[i], forms)
			index(row, when, modrm)
		}
	}
}

// form is an operand list, parsed. Many rows share one.
type form struct {
	n     uint8
	ops   [5]operand
	modrm bool     // some operand is in ModRM
	when  cond     // what the codes demand of ModRM.mod
	flags RowFlags // hasVvvv if some operand is in VEX.vvvv
}

func parseForm(args string) (f form) {
	for code, rest := "", args; rest != ""; f.n++ {
		code, rest, _ = strings.Cut(rest, ",")
		o := parseOperand(code)
		f.ops[f.n] = o
		f.when |= formCond(code)
		f.modrm = f.modrm || o.how == inRM || o.how == inReg
		if o.how == inVvvv {
			f.flags |= hasVvvv
		}
	}
	return f
}

// compile appends the row of a spec. It returns the row, its full condition
// and whether a ModRM byte follows the opcode.
func compile(m Map, s *spec, forms map[string]form) (*Row, cond, bool) {
	f, ok := forms[s.args]
	if !ok {
		f = parseForm(s.args)
		forms[s.args] = f
	}
	when, flags := s.when, s.flags|f.flags
	if flags&RegForm == 0 {
		when |= f.when
	}
	if when&(np|p66|pf3|pf2) == p66 {
		flags |= only66
	}
	rows = append(rows, Row{
		ID: uint16(len(rows)), Name: s.name, Flags: flags, Map: m, Op: s.op, Spec: s.args, n: f.n, ops: f.ops,
	})
	return &rows[len(rows)-1], when, f.modrm || when&(g0|rm0|reg|mem) != 0
}

// index enters a row at its opcode, or at eight of them for +r forms. Tables
// are in the order of opcodes, so the rows of an opcode are neighbours.
func index(row *Row, when cond, modrm bool) {
	mask, want := when.match()
	span := 1
	if when&x8 != 0 {
		span = 8
	}
	for op := int(row.Op); op < int(row.Op)+span; op++ {
		sl := &slots[row.Map][op]
		if sl.n == 0 {
			sl.first = uint16(len(candidates))
		} else if int(sl.first)+int(sl.n) != len(candidates) {
			panic("BUG: rows of " + row.Name + " are not in opcode order")
		}
		candidates = append(candidates, candidate{mask, want, row.ID})
		sl.n++
		sl.modrm = sl.modrm || modrm
	}
}

// lookup finds the row of an opcode, nil if there is none.
func lookup(sl *slot, k key) *Row {
	for _, c := range candidates[sl.first : int(sl.first)+int(sl.n)] {
		if k&c.mask == c.want {
			return &rows[c.row]
		}
	}
	return nil
}
