package event

import (
	"strings"
	"testing"

	"panda/emu/guest"
	"panda/emu/mmu"
)

func second(_ string, ok bool) bool { return ok }

// TestText tells texts from other bytes: pointers, numbers, halves of characters,
// and what has no end.
func TestText(t *testing.T) {
	c := testEnv(t).CPU
	for _, x := range []struct {
		bytes string
		ok    bool
	}{
		{"hello\x00", true},
		{"\x00", true},
		{"line\n\ttab\r\x1b[1m\x00", true},
		{"grün – 漢字\x00", true},
		{"I\xea\xff\xff?\x00", false}, // a pointer
		{"AB\x7f\x00", false},
		{"gr\xfcn\x00", false}, // Latin-1
		{"\xe6\xbc\x00", false},
		{"\x01\x00", false},
		{"\xef\xbf\xbd\x00", true}, // U+FFFD itself
		{strings.Repeat("y", 4095), false},
	} {
		if err := c.Write(0x1000, []byte(x.bytes+strings.Repeat("z", 4096-len(x.bytes)))); err != nil {
			t.Fatal(err)
		}
		s, ok := Text(c, 0x1000)
		if ok != x.ok || ok && s+"\x00" != x.bytes {
			t.Errorf("%q: %q, %v", x.bytes, s, ok)
		}
	}
	if _, ok := Text(c, 0x10); ok {
		t.Error("a text where nothing is mapped")
	}
	if err := c.Space.(*mmu.Space).Map(0x41424000, 0x1000, guest.Read, mmu.Anonymous("")); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"DCBA\x00\x00\x00\x00": false, "TSRQ\x00\x00\x00\x00": true, "DCBA\x00\x00\x00\x01": true} {
		if c.Write(0x1000, []byte(text)); want != second(Text(c, 0x1000)) {
			t.Errorf("%q, where %#x is mapped: not %v", text, 0x41424000, want)
		}
	}
	c.Write(0x1ffc, []byte("end\x00")) // before what is not mapped
	if s, ok := Text(c, 0x1ffc); !ok || s != "end" {
		t.Errorf("%q, %v", s, ok)
	}
}
