package dec

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/arch/x86/x86asm"
)

// x86asmNames are mnemonics that x86asm spells in another way.
var x86asmNames = map[string]string{
	"movsd_xmm": "movsd", "cmpsd_xmm": "cmpsd", "xlatb": "xlat", "fwait": "wait",
	"lcall": "callf", "ljmp": "jmpf", "lret": "retf", "vpcmpestri64": "vpcmpestri",
	"vpcmpestrm64": "vpcmpestrm", "vpcmpistri64": "vpcmpistri",
}

// x86asmLacks are instructions that x86asm does not know, or takes for another
// because it does not look at the mandatory prefix.
var x86asmLacks = regexp.MustCompile(`^(clac|stac|vmcall|vmlaunch|vmresume|vmxo(ff|n)|vmptr(ld|st)|vmclear|vmread|vmwrite|vmfunc|` +
	`inv(ept|vpid|lpga)|vmrun|vmload|vmsave|vmmcall|stgi|clgi|skinit|(rd|wr)pkru|rdseed|rdpid|serialize|enc(ls|lu|lv)|getsec|` +
	`monitorx|mwaitx|clzero|rdpru|rdssp[dq]|incssp[dq]|saveprevssp|rstorssp|setssbsy|clrssbsy|wru?ss[dq]|endbr(32|64)|` +
	`movdir(i|64b)|ad[co]x|ptwrite|cldemote|gf2p8\w+|tpause|umwait|umonitor|clwb|clflushopt|wbnoinvd|prefetch|prefetchwt1|` +
	`salc|ud[01]|fneni|fndisi|fnsetpm|int1)$`)

// x86asmFaults are its known faults, for instructions that it has.
var x86asmFaults = []struct {
	reason string
	is     func(in *Inst, op x86asm.Op) bool
}{
	{"not known", func(in *Inst, op x86asm.Op) bool { return x86asmLacks.MatchString(in.Row.Name) }},
	{"takes a ModRM byte after vzeroupper", func(in *Inst, op x86asm.Op) bool { return strings.HasPrefix(in.Row.Name, "vzero") }},
	{"no VEX in 16-bit code", func(in *Inst, op x86asm.Op) bool { return in.Mode == Mode16 && in.Prefix&VexPrefix != 0 }},
	{"no ignored VEX.W or VEX.L that is 1", func(in *Inst, op x86asm.Op) bool {
		return op == 0 && in.Prefix&VexPrefix != 0 && (in.VexL != 0 || in.Prefix&RexW != 0)
	}},
	{"takes VEX.W for REX.W in 32-bit code", func(in *Inst, op x86asm.Op) bool {
		return in.Mode != Mode64 && in.Prefix&(VexPrefix|RexW) == VexPrefix|RexW && op != 0
	}},
	{"no hint no-op but 0F 1F with memory", func(in *Inst, op x86asm.Op) bool { return in.Row.Map == Map0F && in.Row.Name == "nop" }},
	{"no alias of shl, test, group 1", func(in *Inst, op x86asm.Op) bool {
		return op == 0 && in.Row.Map == MapOneByte && (in.Row.Op&^3 == 0x80 || in.Row.Name == "shl" || in.Row.Name == "test")
	}},
	{"no alias of x87 instructions", func(in *Inst, op x86asm.Op) bool { return op == 0 && in.Row.Map == MapX87 }},
	{"fences with ModRM.rm 0 only", func(in *Inst, op x86asm.Op) bool { return strings.HasSuffix(in.Row.Name, "fence") && op == 0 }},
	{"syscall in 64-bit code only", func(in *Inst, op x86asm.Op) bool {
		return in.Mode != Mode64 && (in.Row.Name == "syscall" || in.Row.Name == "sysret")
	}},
	{"int3 is its int with 3", func(in *Inst, op x86asm.Op) bool { return op == x86asm.INT && in.Row.Name == "int3" }},
}

// x86asmTally compares lengths and mnemonics.
type x86asmTally struct {
	total, same     int
	failed, allowed map[string]int
}

func (y *x86asmTally) check(code []byte, in *Inst) {
	y.total++
	theirs, err := x86asm.Decode(code, int(in.Mode))
	name := strings.ToLower(theirs.Op.String())
	if n, ok := x86asmNames[name]; ok {
		name = n
	}
	if err == nil && theirs.Len == int(in.Len) && (name == in.Mnemonic() || name == in.Row.Name) {
		y.same++
		return
	}
	for _, f := range x86asmFaults {
		if f.is(in, theirs.Op) {
			y.allowed[f.reason]++
			return
		}
	}
	y.failed[fmt.Sprintf("%s is %v (%v), e.g. % x", in.Row.Name, theirs.Op, err, code[:in.Len])]++
}

func (y *x86asmTally) report(t *testing.T) {
	t.Logf("%d instructions, %d equal in length and mnemonic", y.total, y.same)
	for _, k := range slices.Sorted(maps.Keys(y.allowed)) {
		t.Logf("%8d tolerated: %s", y.allowed[k], k)
	}
	for _, k := range slices.Sorted(maps.Keys(y.failed)) {
		t.Errorf("%s: %d times", k, y.failed[k])
	}
}

// TestX86asm compares every row with golang.org/x/arch: an opinion that is
// independent of objdump's.
func TestX86asm(t *testing.T) {
	eachMode(t, func(t *testing.T, e encoder) {
		y := x86asmTally{failed: map[string]int{}, allowed: map[string]int{}}
		id := -1
		for m, table := range specs {
			for i := range table {
				id++
				for range perRow() {
					code := append(e.encode(Map(m), &table[i]), 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90)
					var in Inst
					if Decode(&in, code, e.mode) == nil && int(in.Row.ID) == id {
						y.check(code, &in)
					}
				}
			}
		}
		y.report(t)
	})
}
