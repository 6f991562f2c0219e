package dec

import (
	"bufio"
	"encoding/hex"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
)

// golden is a row of testdata/insns.txt.
type golden struct {
	line int
	code []byte
	mode Mode
	text string
}

func goldens(t testing.TB) (rows []golden) {
	f, err := os.Open("testdata/insns.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		p := strings.Split(lines.Text(), "|")
		if len(p) != 3 || strings.HasPrefix(p[0], "#") {
			continue
		}
		code, err := hex.DecodeString(strings.ReplaceAll(p[0], " ", ""))
		mode, err2 := strconv.Atoi(strings.TrimSpace(p[1]))
		if err := errors.Join(err, err2); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		rows = append(rows, golden{n, code, Mode(mode), strings.TrimSpace(p[2])})
	}
	return rows
}

var errorTexts = map[error]string{ErrInvalid: "invalid", ErrTruncated: "truncated", ErrTooLong: "too long"}

func TestGolden(t *testing.T) {
	rows := goldens(t)
	if len(rows) < 700 {
		t.Fatalf("only %d rows", len(rows))
	}
	for _, g := range rows {
		var in Inst
		got := errorTexts[Decode(&in, g.code, g.mode)]
		if got == "" {
			got = Text(&in, 0x1000, nil)
			checkPrefixes(t, g, int(in.Len))
		}
		if got != g.text {
			t.Errorf("line %d: % x in %d-bit mode: got %q, want %q", g.line, g.code, g.mode, got, g.text)
		}
	}
}

// checkPrefixes: the length is that of the row, and less is too little.
func checkPrefixes(t *testing.T, g golden, length int) {
	t.Helper()
	if length != len(g.code) {
		t.Errorf("line %d: length %d of %d", g.line, length, len(g.code))
	}
	for n := range length {
		var in Inst
		if err := Decode(&in, g.code[:n], g.mode); err != ErrTruncated {
			t.Errorf("line %d: the first %d bytes give %v", g.line, n, err)
		}
	}
}

func TestTextSymbols(t *testing.T) {
	sym := func(addr uint64) (string, uint64, bool) {
		return "puts", addr - 0x1100, addr >= 0x1100 && addr < 0x1200
	}
	for code, want := range map[string]string{
		"e8fb000000":     "call 0x1100 <puts>",
		"7510":           "jne 0x1012",
		"488b05fe000000": "mov rax, qword ptr [rip+0xfe] # 0x1105 <puts+0x5>",
		"ff2500010000":   "jmp qword ptr [rip+0x100] # 0x1106 <puts+0x6>",
	} {
		b, _ := hex.DecodeString(code)
		var in Inst
		if err := Decode(&in, b, Mode64); err != nil {
			t.Errorf("%s: %v", code, err)
			continue
		}
		if got := Text(&in, 0x1000, sym); got != want {
			t.Errorf("%s: got %q, want %q", code, got, want)
		}
	}
}
