package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// table is what -json prints of an aggregation.
type table struct {
	Title string
	Rows  []struct {
		Key   []string
		Value any
		Count uint64
	}
}

// tables reads the tables among the lines of an output.
func tables(t *testing.T, out string) (ts []table) {
	t.Helper()
	for line := range strings.Lines(out) {
		var tab table
		if !strings.HasPrefix(line, "{") {
			continue
		}
		if err := json.Unmarshal([]byte(line), &tab); err != nil {
			t.Fatal(err)
		}
		ts = append(ts, tab)
	}
	return ts
}

func (tab *table) counts() map[string]uint64 {
	m := map[string]uint64{}
	for _, r := range tab.Rows {
		m[strings.Join(r.Key, " ")] = r.Count
	}
	return m
}

// TestOneLiners runs the three one-liners on python3 and holds each table
// against a count made in another way: insncount's counter in translated code,
// the lines of -strace, and a Lua callback at each block.
func TestOneLiners(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	r := panda(t, dir, "-json", "-strace", "-D", "calls", "-panda", "insncount:file=insns",
		"-e", `panda.count{on="insn_exec", by="mnemonic"}`,
		"-e", `panda.hist{on="syscall_leave", name="read", value="ret"}`,
		"-e", `panda.top{on="before_block_exec", by="symbol", limit=100000}`,
		"-e", `local n = {} panda.on("before_block_exec", function(cpu, tb) local pc = tb.pc n[pc] = (n[pc] or 0) + 1 end)
			function uninit_plugin()
				local by = {}
				for pc, k in pairs(n) do
					local s = cpu_symbol(pc)
					by[s] = (by[s] or 0) + k
				end
				for s, k in pairs(by) do print("block", s, k) end
			end
			function cpu_symbol(pc)
				local s = panda.cpu:symbol(pc)
				if s then return (s:gsub("%+0x%x+$", "")) end
				return "[" .. (panda.cpu:module(pc) or "unknown"):match("[^/]*$") .. "]"
			end
			panda.on("process_exit", function() uninit_plugin() uninit_plugin = nil end)`,
		python, "-I", "-S", "-c", "import sys; sys.stdout.write('%d\\n' % (6 * 7))")
	if r.status != 0 || !strings.HasPrefix(r.stdout, "42\n") {
		t.Fatalf("%+v", r)
	}
	ts := tables(t, r.stdout)
	if len(ts) != 3 {
		t.Fatalf("%d tables in\n%.2000s", len(ts), r.stdout)
	}
	checkTotal(t, &ts[0], filepath.Join(dir, "insns"))
	checkReads(t, &ts[1], filepath.Join(dir, "calls"))
	blocks := map[string]uint64{}
	for _, m := range regexp.MustCompile(`(?m)^block\t(.*)\t(\d+)$`).FindAllStringSubmatch(r.stdout, -1) {
		n, _ := strconv.ParseUint(m[2], 10, 64)
		blocks[m[1]] = n
	}
	sameCounts(t, "blocks by symbol", ts[2].counts(), blocks)
}

func checkTotal(t *testing.T, tab *table, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sum := uint64(0)
	for _, n := range tab.counts() {
		sum += n
	}
	if want := strings.TrimSpace(string(text)); strconv.FormatUint(sum, 10) != want || sum < 1e6 {
		t.Errorf("the mnemonics add up to %d, insncount says %s", sum, want)
	}
}

// checkReads sorts the results of -strace's lines into powers of two.
func checkReads(t *testing.T, tab *table, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]uint64{}
	for _, m := range regexp.MustCompile(`(?m)^read\(.*\) += (-?\d+)`).FindAllSubmatch(text, -1) {
		n, _ := strconv.ParseInt(string(m[1]), 10, 64)
		lo := "0"
		switch {
		case n < 0:
			lo = ""
		case n > 0:
			lo = strconv.FormatUint(1<<(bits.Len64(uint64(n))-1), 10)
		}
		want[lo]++
	}
	got := map[string]uint64{}
	for _, b := range tab.Rows[0].Value.([]any) {
		row := b.(map[string]any)
		lo, _ := row["lo"].(string)
		if n := uint64(row["n"].(float64)); n > 0 {
			got[lo] = n
		}
	}
	if len(want) < 3 {
		t.Errorf("-strace shows %v reads only:\n%.1000s", want, text)
	}
	sameCounts(t, "reads", got, want)
}

func sameCounts(t *testing.T, what string, got, want map[string]uint64) {
	t.Helper()
	if len(got) == 0 || len(got) != len(want) {
		t.Errorf("%s: %d keys, want %d", what, len(got), len(want))
	}
	wrong := 0
	for k, n := range want {
		if got[k] != n {
			if wrong++; wrong <= 10 {
				t.Errorf("%s: %s counted %d times, want %d", what, k, got[k], n)
			}
		}
	}
}

// counted is a program without a C library, whose run is the same each time. Its
// comments say nothing: it has loops, calls, flags, reads and memory.
const counted = `
	.globl _start
	.text
_start:
	mov $300, %ebx
again:
	lea buffer(%rip), %rsi
	mov %ebx, %edi
	call mix
	mov %al, (%rsi,%rbx)
	test $7, %bl
	jnz skip
	xor %edi, %edi
	mov %ebx, %edx
	xor %eax, %eax
	syscall
	imul $3, %rax, %rcx
	push %rcx
	pop %rdx
skip:
	dec %ebx
	jnz again
	mov $60, %eax
	xor %edi, %edi
	syscall
mix:
	mov %edi, %eax
	shl $5, %eax
	xor %edi, %eax
	cmp $4000, %eax
	cmova %edi, %eax
	ret
	.bss
buffer:	.skip 4096
	.section .note.GNU-stack,"",@progbits
`

// TestCountsNative holds the tables against the same program stepped natively,
// instruction by instruction.
func TestCountsNative(t *testing.T) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	source := write(t, dir, "counted.s", counted)
	program := filepath.Join(dir, "counted")
	if out, err := exec.Command(gcc, "-nostdlib", "-static", "-o", program, source).CombinedOutput(); err != nil {
		t.Skipf("%v\n%s", err, out)
	}
	input := bytes.Repeat([]byte("x"), 3000)
	steps, err := stepNatively(program, input)
	if err != nil {
		t.Skip(err)
	}
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	r := execute(t, dir, string(input), binary, "-json",
		"-e", `panda.count{on="insn_exec", by="mnemonic"}`,
		"-e", `panda.count{on="insn_exec", by="pc"}`,
		"-e", `panda.hist{on="syscall_leave", name="read", value="ret"}`, program)
	ts := tables(t, r.stdout)
	if r.status != 0 || len(ts) != 3 {
		t.Fatalf("%+v", r)
	}
	sameCounts(t, "mnemonics", ts[0].counts(), steps.mnemonics)
	sameCounts(t, "places", ts[1].counts(), steps.places)
	if got := fmt.Sprint(ts[2].Rows[0].Count); got != fmt.Sprint(steps.reads) {
		t.Errorf("%s reads, natively %d", got, steps.reads)
	}
}
