package emutest

import (
	"strings"
	"testing"
)

// TestTablesHidden: the numbers are those that Linux gives to a program on a CPU
// with UMIP.
func TestTablesHidden(t *testing.T) {
	for bits, text := range map[int]string{64: `
		0f 01 03 | sgdt | rbx=20001000 => [20001004]=feffffffffff
		0f 01 0b | sidt | rbx=20001000 => [20001004]=ffffffffffff
		66 0f 01 03 | sgdt | rbx=20001000 => [20001004]=feffffffffff
		0f 01 03 | sgdt | rbx=20001ffc => exc=#PF@20001ffc
		48 0f 01 e0 | smsw | rax=ffffffffffffffff => rax=80050033
		0f 01 e0 | smsw | rax=ffffffffffffffff => rax=ffffffff80050033
		66 0f 01 e0 | smsw | rax=ffffffffffffffff => rax=ffffffffffff0033
		48 0f 01 23 | smsw | rbx=20001000 => [20001000]=33
		48 0f 00 c0 | sldt | rax=ffffffffffffffff => rax=50
		0f 00 c0 | sldt | rax=ffffffffffffffff => rax=ffffffff00000050
		48 0f 00 c8 | str | rax=ffffffffffffffff => rax=40
		0f 00 0b | str | rbx=20001000 => [20001000]=40
		f0 0f 01 03 | lock sgdt | rbx=20001000 => exc=#UD`, 32: `
		0f 01 03 | sgdt | ebx=20001000 => [20001004]=feff
		0f 01 0b | sidt | ebx=20001000 => [20001004]=ffff
		0f 01 03 | sgdt | ebx=1000 ds=7 => [20001004]=feff
		0f 01 03 | sgdt | ebx=1ffe ds=7 => exc=#PF@20001ffe
		0f 01 03 | sgdt | ebx=20004000 => exc=#PF@20004000
		0f 00 03 | sldt | ebx=20001000 => [20001000]=50
		0f 01 23 | smsw | ebx=20001001 fl=+40000 => [20001001]=33
		66 0f 00 c8 | str | eax=ffffffff => eax=ffff0040
		0f 01 e4 | smsw | => esp=80050033`} {
		m := NewMachine(t, bits, "max")
		for row := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
			l, err := ParseLine(strings.TrimSpace(row), bits)
			if err != nil {
				t.Fatal(err)
			}
			got, err := RunLine(m, l)
			if err != nil {
				t.Fatal(err)
			}
			if ds := LineDiff(got, l); ds != nil {
				t.Errorf("%d bits: %s: %v", bits, strings.TrimSpace(row), ds)
			}
		}
	}
}
