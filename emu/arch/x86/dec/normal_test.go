package dec

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// How objdump's text is rewritten into our style before the comparison. Each
// rule is a difference of style, not of content.

type rewrite struct {
	match *regexp.Regexp
	with  string
	why   string
}

func rule(match, with, why string) rewrite { return rewrite{regexp.MustCompile(match), with, why} }

var rewrites = []rewrite{
	rule(`\s*#.*$`, ``, "comments"),
	rule(` <[^>]*>`, ``, "symbols"),
	rule(`\s+`, ` `, "padding"),
	rule(`,p[nt]\b`, ``, "branch hints do nothing"),
	rule(`\+0x0\]`, `]`, "zero displacements"),
	rule(`\+[re]iz\*[1248]`, ``, "SIB without index"),
	rule(`\[[re]iz\*[1248]\+?`, `[`, "SIB without index and base"),
	rule(`\b([c-gs]s):(0x[0-9a-f]+)`, `$1:[$2]`, "absolute addresses have brackets"),
	rule(`^((?:notrack )?(?:j\w+|call|loop\w*|xbegin)) ([0-9a-f]+)\b`, `$1 0x$2`, "branch targets have 0x"),
	rule(`^movabs\b`, `mov`, "mov is mov"),
	rule(`\((8087|287) only\)`, ``, "comment in the mnemonic"),
	rule(`\boword\b`, `xmmword`, "16 bytes"),
	rule(`^fwait`, `wait`, "wait is wait"),
	rule(`\bss:\[([er]?[bs]p)`, `[$1`, "default segment"),
	rule(`^(call|jmp) ((fword|tbyte) ptr|0x[0-9a-f]+:)`, `${1}f $2`, "far branches"),
	rule(`^(jmp|call)f? 0x([0-9a-f]+:)`, `${1}f 0x$2`, "same"),
}

var hexDisp = regexp.MustCompile(`([a-z0-9])\+0x([0-9a-f]{8,16})\]`)

// negative turns displacements with the top bit set into differences.
func negative(s string) string {
	return hexDisp.ReplaceAllStringFunc(s, func(m string) string {
		p := hexDisp.FindStringSubmatch(m)
		v, _ := strconv.ParseUint(p[2], 16, 64)
		if len(p[2]) == 8 {
			v = uint64(int64(int32(v)))
		}
		if int64(v) >= 0 {
			return m
		}
		return fmt.Sprintf("%s-%#x]", p[1], -int64(v))
	})
}

var negAddr = regexp.MustCompile(`\[-0x([0-9a-f]+)\]`)

// positive turns an absolute address below zero into what the CPU makes of it.
func positive(s string, in *Inst) string {
	return negAddr.ReplaceAllStringFunc(s, func(m string) string {
		v, _ := strconv.ParseUint(m[4:len(m)-1], 16, 64)
		return fmt.Sprintf("[%#x]", -v&mask(in.AddrSize))
	})
}

// predicates are the names that objdump folds cmpps and its kin into.
var predicates = strings.Fields(`eq lt le unord neq nlt nle ord eq_uq nge ngt false neq_oq ge gt true
	eq_os lt_oq le_oq unord_s neq_us nlt_uq nle_uq ord_s eq_us nge_uq ngt_uq false_os neq_os ge_oq gt_oq true_us`)

var (
	foldedCmp   = regexp.MustCompile(`^(v?)cmp([a-z_]+?)(ps|pd|ss|sd) (.*)$`)
	foldedClmul = regexp.MustCompile(`^(v?)pclmul(lq|hq)(lq|hq)dq (.*)$`)
)

func unfold(s string) string {
	if p := foldedCmp.FindStringSubmatch(s); p != nil {
		for i, name := range predicates {
			if name == p[2] {
				return fmt.Sprintf("%scmp%s %s,%#x", p[1], p[3], p[4], i)
			}
		}
	}
	if p := foldedClmul.FindStringSubmatch(s); p != nil {
		imm := map[string]int{"lqlq": 0, "hqlq": 1, "lqhq": 0x10, "hqhq": 0x11}[p[2]+p[3]]
		return fmt.Sprintf("%spclmulqdq %s,%#x", p[1], p[4], imm)
	}
	return s
}

// sizeless are mnemonics that objdump and we suffix with a size on different
// occasions.
var sizeless = regexp.MustCompile(`^(push|pop|pusha|popa|pushf|popf|enter|leave|ret|retf|iret|call|jmp|sysret|sysexit|[ls][gi]dt|` +
	`fn?save|frstor|fn?stenv|fldenv|v?pcmpestr[im]|xbegin)[wdq]( |$)`)

// ptrless are mnemonics for which objdump prints another size word, or none.
var ptrless = regexp.MustCompile(`^(v?lddqu|wru?ss[dq]|inv(pcid|ept|vpid|lpg)|l[fgs]s|les|lds|bound|vmptr(ld|st)|vmclear|vmxon|` +
	`rstorssp|clrssbsy|cldemote|movdiri) `)

var (
	noSeg     = regexp.MustCompile(`\bds:\[`)                    // objdump prints it for every absolute address
	plainXchg = regexp.MustCompile(`^xchg ([er]?ax),([er]?ax)$`) // 90 with prefixes
	ptrWord   = regexp.MustCompile(`[a-z]+ ptr `)
	moffs64   = regexp.MustCompile(`^mov ([re]?ax,|al,)?[a-z]+ ptr ([c-gs]s:)?\[0x[0-9a-f]*\](,[re]?ax|,al)?$`)
)

// common is the last step for both sides.
func common(s string) string {
	s = noSeg.ReplaceAllString(s, "[")
	s = plainXchg.ReplaceAllString(s, "nop")
	s = sizeless.ReplaceAllString(s, "$1$2")
	if ptrless.MatchString(s) || moffs64.MatchString(s) {
		s = ptrWord.ReplaceAllString(s, "")
	}
	return strings.TrimSpace(s)
}

var ignoredWord = regexp.MustCompile(`^(data16|data32|addr16|addr32|[c-gs]s|rex(\.[wrxb]+)?|xacquire|xrelease)$`)

// prefixWords splits what stands before the mnemonic from the rest.
func prefixWords(s string) (words map[string]bool, rest string) {
	words = map[string]bool{}
	for {
		word, tail, ok := strings.Cut(s, " ")
		switch {
		case ok && ignoredWord.MatchString(word):
		case ok && (word == "rep" || word == "repz" || word == "repnz" || word == "bnd" || word == "lock"):
			words[word] = true
		default:
			return words, s
		}
		s = strings.TrimSpace(tail)
	}
}

// normalTheirs rewrites objdump's text. F2 and F3 come back where we print
// them: objdump prints them everywhere.
func normalTheirs(s string, in *Inst) string {
	words, s := prefixWords(strings.ToLower(s))
	for _, r := range rewrites {
		s = r.match.ReplaceAllString(s, r.with)
	}
	s = common(unfold(positive(negative(strings.TrimSpace(s)), in)))
	word := map[string]string{"lock ": "lock", "rep ": "rep", "repe ": "repz", "repne ": "repnz", "bnd ": "bnd"}[in.prefixText()]
	if words[word] || word == "rep" && (words["repz"] || words["repnz"]) {
		s = in.prefixText() + s
	}
	return lowHalf(s, in)
}

var branch16 = regexp.MustCompile(` 0x([0-9a-f]+)$`)

// lowHalf drops the upper half of a 16-bit branch target, where linear
// addresses and offsets wrap differently.
func lowHalf(s string, in *Inst) string {
	if in.Mode == Mode16 && in.OpSize == 2 && in.Args[0].Kind == RelArg {
		if p := branch16.FindStringSubmatch(s); p != nil {
			v, _ := strconv.ParseUint(p[1], 16, 64)
			s = fmt.Sprintf("%s %#x", strings.TrimSuffix(s, p[0]), v&0xffff)
		}
	}
	return s
}

// normalOurs drops the comment and the element size of string mnemonics.
func normalOurs(s string, in *Inst) string {
	s, _, _ = strings.Cut(s, " # ")
	s = strings.ReplaceAll(s, ", ", ",")
	if in.Row.Flags&(RepOK|RepZOK) != 0 {
		s = strings.Replace(s, in.Mnemonic(), in.Row.Name, 1)
	}
	return lowHalf(common(s), in)
}
