package dec

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// listing is one instruction as objdump lists it.
type listing struct {
	addr uint64
	code []byte
	text string
}

// tally counts what a comparison saw. Differences are grouped by mnemonic so
// that one cause is one line.
type tally struct {
	mode        Mode
	total, same int
	failed      map[string]int
	example     map[string]string
	allowed     map[string]int
	bad         []uint64 // where objdump sees no instruction
}

func newTally(mode Mode) *tally {
	return &tally{mode: mode, failed: map[string]int{}, example: map[string]string{}, allowed: map[string]int{}}
}

// check decodes one listed instruction and compares length and text.
func (y *tally) check(l listing) {
	if strings.Contains(l.text, "(bad)") || strings.HasPrefix(l.text, ".byte") {
		y.bad = append(y.bad, l.addr)
		return
	}
	y.total++
	var in Inst
	padded := append(append(make([]byte, 0, 32), l.code...), 0x90, 0x90, 0x90, 0x90, 0x90, 0x90)
	if err := Decode(&in, padded, y.mode); err != nil {
		y.differ("error", l, "error")
		return
	}
	ours := Text(&in, l.addr, nil)
	if int(in.Len) != len(l.code) {
		y.differ("length", l, ours)
		return
	}
	if a, b := normalOurs(ours, &in), normalTheirs(l.text, &in); a != b {
		y.differ("text", l, a+" | "+b)
		return
	}
	y.same++
}

// checkBad counts what objdump rejects and we accept.
func (y *tally) checkBad(code func(addr uint64) []byte) {
	for _, addr := range y.bad {
		var in Inst
		if b := code(addr); Decode(&in, b, y.mode) == nil {
			y.differ("accept", listing{addr, b[:in.Len], "(bad)"}, Text(&in, addr, nil))
		}
	}
}

// differ counts a difference as tolerated or as a failure of its mnemonic.
func (y *tally) differ(kind string, l listing, ours string) {
	line := fmt.Sprintf("%d | % x | %s | %s", y.mode, l.code, ours, l.text)
	for _, x := range tolerances {
		if x.match.MatchString(line) {
			y.allowed[x.reason]++
			return
		}
	}
	word, _, _ := strings.Cut(ours, " ")
	if ours == "error" {
		_, rest := prefixWords(strings.ToLower(l.text))
		word, _, _ = strings.Cut(rest, " ")
	}
	y.failed[kind+" "+word]++
	y.example[kind+" "+word] = line
}

func (y *tally) report(t *testing.T, what string) {
	t.Helper()
	t.Logf("%s: %d instructions, %d equal in length and text", what, y.total, y.same)
	for _, reason := range slices.Sorted(maps.Keys(y.allowed)) {
		t.Logf("%8d tolerated: %s", y.allowed[reason], reason)
	}
	for _, key := range slices.Sorted(maps.Keys(y.failed)) {
		t.Errorf("%s: %s differs %d times, e.g. %s", what, key, y.failed[key], y.example[key])
	}
}

type tolerance struct {
	match  *regexp.Regexp
	reason string
}

func tolerate(match, reason string) tolerance { return tolerance{regexp.MustCompile(match), reason} }

// tolerances are the differences that stay, each with its reason. They are
// matched with "mode | bytes | ours | objdump's".
var tolerances = []tolerance{
	// What we leave out.
	tolerate(`zmm|\{k[0-7]\}|[xy]mm(1[6-9]|2\d|3[01])\b|\| 62 `, "EVEX is not decoded"),
	tolerate(`\| (v\w+ +k[0-7],|k(mov|not|and|andn|or|xor|xnor|add|ortest|test|shift[lr]|unpck)\w*\b)`, "AVX-512 masks are not decoded"),
	tolerate(`\| error \| .*\b(femms|p[fi][a-z]*[0-9a-z]*|pavgusb|pmulhrw|pswapd)\b`, "3DNow! is not decoded"),
	tolerate(`\| error \| .*\b(extrq|insertq|movnts[sd]|lwpval|lwpins|vfn?m(add|sub)\w*p[sd] \S+,\S+,\S+,\S+|vfn?m(add|sub)s[sd]|`+
		`vfm(addsub|subadd)p[sd]|vpermil2p[sd]|vpmacs\w+|vpcom\w+|vprot\w|vphadd\w+)`, "SSE4a, FMA4 and XOP are not decoded"),
	tolerate(`\| error \| .*\b(vfn?m(add|sub)[ps][sd]|vpmad\w+|vpperm|vpcmov|vpdp\w+|cmp\w+xadd|aadd|aor|axor|aand|vbcst\w+|vcvtne\w+|`+
		`\{vex\}|tile\w+|tdp\w+|[sl]dtilecfg|sha512\w+|vsha512\w+|vsm[34]\w+|encodekey\w+|aes\w+kl|loadiwkey)`, "AVX-VNNI, AMX, key locker and later are not decoded"),
	tolerate(`\| error \| .*\b(x(store|crypt|sha)[\w-]*|montmul|invlpgb|tlbsync|psmash|pvalidate|rmp\w+|wrmsrns|frstpm|wrmsrlist|rdmsrlist|`+
		`xsusldtrk|xresldtrk|hreset|seam\w+|tdcall|clui|stui|testui|uiret|senduipi|enqcmds?|monitorx|mcommit|vmgexit)`, "other vendors' or later system instructions"),
	// What the CPU refuses and objdump lists.
	tolerate(`^(16|32) .*\| error \| .*(swapgs|[rw][rd][fg]sbase)`, "64-bit mode only (SDM vol. 2B)"),
	tolerate(`\| error \| .*\block `, "LOCK is #UD here (SDM vol. 2A, LOCK)"),
	tolerate(`\| error \| .*(\?|\bcs,|\b[ct]r\d\b|db8|dr(8|9|1[0-5]))`, "no such segment, control, debug or test register"),
	tolerate(`\| c5 .*\| error \| vzero`, "VEX.pp must be 0 here (SDM vol. 2C)"),
	tolerate(`\| ((66|67|f[23]|4.|2e|3e|36|26|6[45]) )*(66|f[23]) .*\| error \|`, "a prefix that this opcode does not take: NP in SDM vol. 2"),
	// What the CPU accepts and objdump does not know.
	tolerate(`\| (fcomp?|fxch|fstp) st\(.\) \| \(bad`, "x87 alias that objdump does not know"),
	tolerate(`\| [lms]fence \| \(bad`, "CPUs ignore ModRM.rm of fences"),
	tolerate(`\| ((66|67|6[45]|2e|3e|36|26|4.|f[23]) )*0f (0d|1[9a-f]) .*\| nop .*\| (\(bad|bnd\w+|cldemote|prefetch\w+)`, "a hint no-op for us"),
	tolerate(`\| salc \| \(bad`, "undocumented"),
	tolerate(`\| (vmmcall|wbinvd) \| \(bad`, "66 means nothing here"),
	tolerate(` f2 .*\| bs[fr] .*\| \(bad`, "F2 means nothing here"),
	// Where objdump follows AMD or is loose.
	tolerate(`^64 .*66 .*\| (j\w+|call|ret|bnd|notrack) `, "66 does not shorten near branches on Intel CPUs, which we follow"),
	tolerate(`^32 .*66 .*\| (j\w+|loop\w*|bnd j\w+) 0x`, "66 cuts the branch target to 16 bits (SDM vol. 2A)"),
	tolerate(`^64 .*\| xbegin 0x`, "the target is not cut in 64-bit mode (SDM vol. 2D)"),
	tolerate(`\| (callf|jmpf|l[fgs]s) .*tbyte ptr`, "REX.W makes far pointers 16:64 on Intel CPUs"),
	tolerate(`\| (callf|jmpf) dword ptr .*\| (call|jmp) dword`, "objdump does not say that a 16:16 pointer is far"),
	tolerate(`\| movsxd \w+,\w+`, "movsxd with 66 reads 16 bits (SDM vol. 2B)"),
	tolerate(`\| vmovs[sd] xmm.*\| vmovs[sd] ymm`, "objdump names a ymm register in a scalar store form"),
	tolerate(`\| lea .*[c-gs]s:`, "lea uses no segment"),
	tolerate(`\| (umwait|tpause) `, "the register is 32 bits wide whatever REX.W says"),
	// Where the listing is cut differently.
	tolerate(`\| ((rex(\.[WRXB]+)?|data16|data32|addr32|addr16|[c-gs]s|lock|repn?z) ?)+$`, "objdump's line is only the prefixes"),
	tolerate(`\| ((6[4-7]|[23][6e]|4.|f[023]) )*9b .*\| wait \| `, "objdump joins wait with the x87 instruction after it"),
}
