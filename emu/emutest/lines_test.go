package emutest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"panda/emu/arch/x86/dec"
)

var update = flag.Bool("update", false, "take what lines expect from the host's CPU, write lines for rows that have none, and renew goldens")

var lineDir = filepath.Join("testdata", "lines")

// allLines reads every file of lines.
func allLines(t *testing.T) (ls []*Line) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(lineDir, "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no lines: ", err)
	}
	for _, p := range paths {
		l, err := ReadLines(p)
		if err != nil {
			t.Fatal(err)
		}
		ls = append(ls, l...)
	}
	return ls
}

// TestLines runs the lines on our engines and compares their disassembly.
func TestLines(t *testing.T) { eachEngine(t, runLines) }

func runLines(t *testing.T) {
	ms := map[int]*Machine{64: NewMachine(t, 64, "max"), 32: NewMachine(t, 32, "max")}
	ls := allLines(t)
	for _, l := range ls {
		checkText(t, l)
		got, err := RunLine(ms[l.Bits], l)
		if err != nil {
			t.Fatal(err)
		}
		if ds := LineDiff(got, l); ds != nil {
			t.Errorf("%s: %s [% x]: %s", l.Pos, l.Text, l.Code, strings.Join(ds, "; "))
		}
	}
	t.Logf("%d lines", len(ls))
}

func checkText(t *testing.T, l *Line) {
	in, err := l.Decode()
	if err != nil {
		t.Errorf("%s: [% x]: %v", l.Pos, l.Code, err)
	} else if s := dec.Text(&in, l.In.RIP, nil); s != l.Text || int(in.Len) != len(l.Code) {
		t.Errorf("%s: [% x] is %d bytes, %s, not %s", l.Pos, l.Code, in.Len, s, l.Text)
	}
}

// TestLinesHost runs the lines on the host's CPU. With -update it renews them.
func TestLinesHost(t *testing.T) {
	if !SameMaker() {
		t.Skip("the lines are a CPU's of another maker")
	}
	h := NewHost(t)
	if *update {
		updateLines(t, h)
	}
	lacking := 0
	for _, l := range allLines(t) {
		got, err := RunLine(h, l)
		if err != nil {
			t.Fatal(err)
		}
		if got.Exc == "#UD" && l.Exc != "#UD" { // an older CPU
			lacking++
			continue
		}
		if ds := LineDiff(got, l); ds != nil {
			t.Errorf("%s: %s [% x]: %s", l.Pos, l.Text, l.Code, strings.Join(ds, "; "))
		}
	}
	if lacking > 0 {
		t.Logf("the host has no instruction for %d lines", lacking)
	}
}

// unlined are the rows without a line, by name, beyond those that Unrandom
// gives a reason for.
var unlined = map[string]string{"rdpid": "differs by CPU"}

// TestLineRows: every row that the machine translates has a line, or a reason
// to have none.
func TestLineRows(t *testing.T) {
	have := map[*dec.Row]bool{}
	for _, l := range allLines(t) {
		if in, err := l.Decode(); err == nil {
			have[in.Row] = true
		}
	}
	n := 0
	for _, bits := range []int{64, 32} {
		for _, s := range NewMachine(t, bits, "max").translated() {
			n++
			if reason := Unrandom[s.Row.Name] + unlined[s.Row.Name]; !have[s.Row] && reason == "" {
				t.Errorf("no line for %s %s (%d bits)", s.Row.Name, s.Row.Spec, bits)
			}
		}
	}
	t.Logf("%d rows have lines, %d are translated for one code size or the other", len(have), n)
}

// TestLineFormat: a line prints as it was read.
func TestLineFormat(t *testing.T) {
	for _, text := range []string{
		"48 01 d8 | add rax, rbx | rax=ffffffffffffffff rbx=1 => rax=0 fl=CPAZ",
		"a4 | movsb byte ptr es:[rdi], byte ptr [rsi] | rsi=20000000 rdi=20000010 fl=D [20000000]=42 => rsi=1fffffff rdi=2000000f [20000010]=42",
		"8a 00 | mov al, byte ptr [rax] | rax=1000 => exc=#PF@1000",
		"0f 58 c1 | addps xmm0, xmm1 | mxcsr=9fc0 xmm1=1 ymm2=100000000000000000000000000000000 => xmm0=2",
	} {
		l, err := ParseLine(text, 64)
		if err != nil {
			t.Error(err)
		} else if l.String() != text {
			t.Errorf("got  %s\nwant %s", l, text)
		}
	}
	for text, want := range map[string]string{
		"48":                             "bytes | text",
		"48 | x | y":                     "no =>",
		"4 | x | => ":                    "bytes",
		"48 | x | a=1 => ":               "no such register",
		"48 | x | rax=zz => ":            "rax=zz",
		"48 | x | fl=Q => ":              "no flag",
		"48 | x | mxcsr=12345678901 => ": "more than 4 bytes",
		"48 | x | rax =>":                "not name=value",
	} {
		if _, err := ParseLine(text, 64); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// updateLines renews what the files expect and adds lines for rows without one.
func updateLines(t *testing.T, h *Host) {
	if err := os.MkdirAll(lineDir, 0o777); err != nil {
		t.Fatal(err)
	}
	paths, _ := filepath.Glob(filepath.Join(lineDir, "*.txt"))
	have := map[*dec.Row]bool{}
	for _, p := range paths {
		renew(t, h, p, have)
	}
	for _, bits := range []int{64, 32} {
		mk := &maker{h: h, m: NewMachine(t, bits, "max")}
		files := map[string][]string{}
		for _, l := range mk.m.samples(nil) {
			s := l.shape
			if have[s.Row] || unlined[s.Row.Name] != "" {
				continue
			}
			have[s.Row] = true
			name := fmt.Sprintf("%s%d.txt", theme(s.Row), bits)
			for _, l := range mk.lines(t, s) {
				files[name] = append(files[name], l.format(l.undefined()))
			}
		}
		for name, ls := range files {
			appendLines(t, filepath.Join(lineDir, name), bits, ls)
		}
	}
}

// renew runs the lines of a file on the host and writes what came out.
func renew(t *testing.T, h *Host, path string, have map[*dec.Row]bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ls, err := parseLines(strings.NewReader(string(data)), path)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Split(string(data), "\n")
	for _, l := range ls {
		in, err := l.Decode()
		if err != nil {
			t.Fatalf("%s: %v", l.Pos, err)
		}
		have[in.Row] = true
		got, err := RunLine(h, l)
		if err != nil {
			t.Fatal(err)
		}
		got.Text = dec.Text(&in, l.In.RIP, nil)
		var n int
		fmt.Sscanf(l.Pos[strings.LastIndex(l.Pos, ":")+1:], "%d", &n)
		text[n-1] = got.format(got.undefined())
	}
	if err := os.WriteFile(path, []byte(strings.Join(text, "\n")), 0o666); err != nil {
		t.Fatal(err)
	}
}

func appendLines(t *testing.T, path string, bits int, ls []string) {
	old, err := os.ReadFile(path)
	if err != nil {
		old = fmt.Appendf(nil, "# One instruction a line; see the type Line. go test -update renews what they expect.\nbits %d\n", bits)
	}
	text := string(old) + strings.Join(ls, "\n") + "\n"
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// themes are the files of rows by name; what is in none is arithmetic.
var themes = []struct {
	name string
	rows map[string]bool
}{
	{"shift", shifts},
	{"bit", nameSet("bt bts btr btc bsf bsr tzcnt lzcnt popcnt bswap andn blsi blsr blsmsk bextr bzhi pdep pext crc32")},
	{"mul", nameSet("mul imul div idiv aam aad mulx")},
	{"stack", nameSet("push pop pushf popf pusha popa enter leave")},
	{"mov", nameSet("mov movnti movzx movsx movsxd lea xchg cbw cwd movbe lahf sahf xlat movseg")},
	{"ctl", nameSet("jmp call ret loop loope loopne jcxz int3 into int")},
}

func theme(r *dec.Row) string {
	for _, th := range themes {
		if th.rows[r.Name] {
			return th.name
		}
	}
	switch {
	case r.Map == dec.MapX87:
		return "x87"
	case !IntegerRow(r):
		return vectorTheme(r)
	case r.Flags&(dec.RepOK|dec.RepZOK) != 0:
		return "string"
	case strings.HasPrefix(r.Spec, "J"):
		return "ctl"
	case strings.HasPrefix(r.Name, "cmov") || strings.HasPrefix(r.Name, "set"):
		return "mov"
	case !allFlags[r.Name] && flagsChanged[r.Name] == 0 && r.Name != "not":
		return "sys"
	}
	return "alu"
}

func vectorTheme(r *dec.Row) string {
	switch {
	case r.Map >= dec.MapVex0F:
		return "avx"
	case strings.ContainsAny(r.Spec, "PQN") || r.Name == "emms":
		return "mmx"
	case r.Map == dec.Map0F38 || r.Map == dec.Map0F3A:
		return "sse4"
	}
	return "sse"
}
