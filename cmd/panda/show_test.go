package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/bits"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"panda/emu"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
	"panda/lua"
)

// table is what -json prints of an aggregation.
type table struct {
	Op   string
	By   []string
	Rows []struct {
		Key   []string
		Value any
		Count uint64
	}
}

// tables reads the tables among the lines of an output, by the event and what is
// done with it.
func tables(t *testing.T, out string) map[string]*table {
	t.Helper()
	ts := map[string]*table{}
	for line := range strings.Lines(out) {
		tab := new(table)
		if !strings.HasPrefix(line, "{") {
			continue
		}
		if err := json.Unmarshal([]byte(line), tab); err != nil {
			t.Fatal(err)
		}
		ts[strings.Join(append([]string{tab.Op}, tab.By...), " ")] = tab
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

// checker counts in Go what the one-liners count.
type checker struct {
	insns  uint64
	blocks map[guest.Addr]uint64
	names  map[string]uint64 // blocks by symbol
}

func (k *checker) Init(h *plugin.Host) error {
	k.blocks, k.names = map[guest.Addr]uint64{}, map[string]uint64{}
	h.Counter(event.InsnExec, nil, &k.insns)
	h.BeforeBlockExec(nil, func(_ *vcpu.CPU, tb *vcpu.TB) { k.blocks[tb.PC]++ })
	h.Subscribe(event.ProcessExit, nil, event.ProcessFunc(func(c *vcpu.CPU, _ *event.Process) {
		for pc, n := range k.blocks {
			name, _, ok := c.Machine.Symbol(pc)
			if !ok {
				name = "[unknown]" // the vDSO, which is no file
				if file, _, ok := c.Machine.Module(pc); ok {
					name = "[" + path.Base(file) + "]"
				}
			}
			k.names[name] += n
		}
	}))
	return nil
}

func (k *checker) Close() error { return nil }

// TestOneLiners runs the three one-liners on python3 and holds each table
// against a count made in another way: a counter and a callback in Go, and the
// lines of -strace.
func TestOneLiners(t *testing.T) {
	// What is called python3 may be a script that starts it.
	python, err := exec.Command("python3", "-c", "import os; print(os.path.realpath('/proc/self/exe'), end='')").Output()
	if err != nil {
		t.Skip(err)
	}
	stdout, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	var out, calls bytes.Buffer
	m, err := emu.New(emu.Config{
		Program: &emu.Program{
			Path: string(python), Args: []string{"python3", "-I", "-S", "-c", "print(6 * 7)"},
			Stdin: 0, Stdout: int(stdout.Fd()), Stderr: 2,
		},
		Strace:  &calls,
		Loaders: []plugin.Loader{lua.NewLoader(lua.Options{Out: &out, Format: "json"})},
		Warn:    func(format string, a ...any) { t.Errorf(format, a...) },
	})
	if err != nil {
		t.Fatal(err)
	}
	check := new(checker)
	if _, err := m.Plugins().Start("checker", "", check, nil); err != nil {
		t.Fatal(err)
	}
	o := options{scriptOptions: scriptOptions{lua: []string{
		`panda.count{on="insn_exec", by="mnemonic"}`,
		`panda.hist{on="syscall_leave", name="read", value="ret"}`,
		`panda.top{on="before_block_exec", by="symbol", limit=100000}`,
	}}}
	if err := o.load(m, os.Stderr); err != nil {
		t.Fatal(err)
	}
	status, _, err := m.Run()
	m.Close()
	if text, _ := os.ReadFile(stdout.Name()); status != 0 || err != nil || string(text) != "42\n" {
		t.Fatalf("status %d, %v, %q", status, err, text)
	}
	ts := tables(t, out.String())
	sum := uint64(0)
	for _, n := range ts["count mnemonic"].counts() {
		sum += n
	}
	if sum != check.insns || sum < 1e6 {
		t.Errorf("the mnemonics add up to %d, there were %d instructions", sum, check.insns)
	}
	checkReads(t, ts["hist"], calls.String())
	sameCounts(t, "blocks by symbol", ts["top symbol"].counts(), check.names)
}

// checkReads sorts the results of -strace's lines into powers of two.
func checkReads(t *testing.T, tab *table, text string) {
	t.Helper()
	want := map[string]uint64{}
	for _, m := range regexp.MustCompile(`(?m)^read\(.*\) += (-?\d+)`).FindAllStringSubmatch(text, -1) {
		n, _ := strconv.ParseInt(m[1], 10, 64)
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
	sameCounts(t, "mnemonics", ts["count mnemonic"].counts(), steps.mnemonics)
	sameCounts(t, "places", ts["count pc"].counts(), steps.places)
	if got := fmt.Sprint(ts["hist"].Rows[0].Count); got != fmt.Sprint(steps.reads) {
		t.Errorf("%s reads, natively %d", got, steps.reads)
	}
}
