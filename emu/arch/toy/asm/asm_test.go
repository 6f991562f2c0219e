package asm

import (
	"bytes"
	"debug/elf"
	"strconv"
	"strings"
	"testing"

	"panda/emu/arch/toy"
)

// TestMistakes: what is wrong is told with its line.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"nop", "there is no label start"},
		{"start: nop\n jmp start", `line 2: "jmp start": there is no instruction jmp`},
		{"start: add t0, t1", "add has 3 operands"},
		{"start: add t0, t1, rax", `"rax" is no such register`},
		{"start: fadd f0, f1, t0", `"t0" is no such register`},
		{"start: addi t0, t0, 8192", "8192 is too far or too large"},
		{"start: ori t0, t0, -1", "-1 is too far or too large"},
		{"start: call 0x401002", "0x401002 is too far or too large"},
		{"start: call nosuch", `"nosuch" is neither a number nor a label`},
		{"start: nop\nstart: nop", "there are two labels start"},
		{"start: sys nosuch", "there is no system call nosuch"},
		{"start: li t0, x", `parsing "x"`},
		{"start: nop\n.ascii x", "line 2: "},
	} {
		if _, err := Assemble(c.text, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

// TestConstants: li makes every number, with few instructions.
func TestConstants(t *testing.T) {
	for text, most := range map[string]int{
		"0": 1, "-1": 1, "262143": 1, "-262144": 1, "262144": 2, "-262145": 2, "0x7fffffff": 2, "0x123456789": 2, "-0x80000000": 2,
		"0x7fffffffffffffff": 4, "-0x8000000000000000": 4, "0xffffffff00000000": 3, "0xfedcba9876543210": 4,
	} {
		p, err := Assemble("start: li t0, "+text, nil)
		if err != nil {
			t.Fatal(err)
		}
		var v uint64
		for code := p.Code; len(code) > 0; code = code[toy.Size:] {
			in, _ := toy.Decode(code)
			switch u, k := toy.Kinds['u'], toy.Kinds['k']; in.Name {
			case "set":
				v = uint64(u.Field(in.Word))
			case "app":
				v = v<<16 | uint64(k.Field(in.Word))
			}
		}
		want, err := strconv.ParseUint(text, 0, 64)
		if n, bad := strconv.ParseInt(text, 0, 64); bad == nil {
			want, err = uint64(n), nil
		}
		if err != nil || v != want || len(p.Code) > most*toy.Size {
			t.Errorf("%s: %#x of %d bytes", text, v, len(p.Code))
		}
	}
}

// TestFile: the file is one that others read, with the symbols and where they end.
func TestFile(t *testing.T) {
	p, err := Assemble("start: nop ; a comment\n.local: nop\nnext: ret\n.data\ntext: .ascii \"a;b\"\n.byte 'c', 1\n.align 8\nlast: .quad text+1", nil)
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(p.ELF()))
	if err != nil {
		t.Fatal(err)
	}
	if f.Machine != toy.Machine || f.Entry != Base || len(f.Progs) != 2 {
		t.Errorf("%+v", f)
	}
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range symbols {
		got = append(got, s.Name+" "+strconv.FormatUint(s.Value, 16)+" "+strconv.FormatUint(s.Size, 16)+" "+f.Sections[s.Section].Name)
	}
	if want := "start 401000 8 .text,next 401008 4 .text,text 402000 8 .data,last 402008 8 .data"; strings.Join(got, ",") != want {
		t.Errorf("%s, want %s", got, want)
	}
	if data, err := f.Section(".data").Data(); err != nil || string(data) != "a;bc\x01\x00\x00\x00\x01\x20\x40\x00\x00\x00\x00\x00" {
		t.Errorf("%q, %v", data, err)
	}
}
