package bzimage

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// kernel is a file with n bytes for protected mode.
func kernel(n int) []byte {
	le := binary.LittleEndian
	b := make([]byte, 5*sector+n)
	b[offSetupSects] = 4
	le.PutUint32(b[offSize:], uint32(n/16))
	le.PutUint16(b[offBootFlag:], 0xaa55)
	b[offJump], b[offJump+1] = 0xeb, 0x6a
	copy(b[offMagic:], "HdrS")
	le.PutUint16(b[offVersion:], 0x20f)
	le.PutUint16(b[offKernelVer:], 0x300)
	copy(b[offJump+0x300:], "6.1.0 (test)\x00")
	b[offLoadflags] = loadedHigh
	le.PutUint32(b[offInitrdMax:], 0x7fffffff)
	le.PutUint32(b[offCmdlineSize:], 100)
	le.PutUint64(b[offPreferred:], 0x1000000)
	le.PutUint32(b[offInitSize:], 0x800000)
	for i := range n {
		b[5*sector+i] = byte(i)
	}
	return b
}

var memory = []Range{{0, 0x9fc00, true}, {0xf0000, 0x10000, false}, {0x100000, 63 << 20, true}}

func TestPlace(t *testing.T) {
	k, err := Parse(kernel(4096))
	if err != nil {
		t.Fatal(err)
	}
	if k.Version != "6.1.0 (test)" {
		t.Errorf("its version is %q", k.Version)
	}
	pieces, err := k.Place(&Boot{Cmdline: "quiet", Initrd: make([]byte, 5000), Memory: memory})
	if err != nil {
		t.Fatal(err)
	}
	at := map[uint64][]byte{}
	for _, p := range pieces {
		at[p.At] = p.Data
	}
	le := binary.LittleEndian
	zero := at[Params]
	if image := at[LoadAddress]; len(image) != 4096 || image[1] != 1 {
		t.Errorf("%d bytes of the kernel", len(image))
	}
	if c := at[uint64(le.Uint32(zero[offCmdline:]))]; !bytes.Equal(c, []byte("quiet\x00")) {
		t.Errorf("the command line is %q", c)
	}
	initrd := uint64(le.Uint32(zero[offInitrd:]))
	if initrd != 64<<20-2*4096 || len(at[initrd]) != 5000 || le.Uint32(zero[offInitrdSize:]) != 5000 {
		t.Errorf("the initrd is at %#x", initrd)
	}
	if zero[zeroEntries] != 3 || le.Uint64(zero[zeroE820+40:]) != 0x100000 || le.Uint32(zero[zeroE820+20+16:]) != 2 {
		t.Errorf("ranges of memory: % x", zero[zeroE820:zeroE820+60])
	}
	if string(zero[offMagic:offMagic+4]) != "HdrS" || zero[offLoader] != 0xff || zero[offLoadflags] != loadedHigh|canUseHeap {
		t.Error("the setup header is not the kernel's")
	}
}

func TestMistakes(t *testing.T) {
	changed := func(f func(b []byte)) []byte { b := kernel(4096); f(b); return b }
	for _, c := range []struct {
		file []byte
		want string
	}{
		{nil, "no bzImage"},
		{make([]byte, 1<<16), "no bzImage"},
		{kernel(4096)[:5*sector], "ends within its 4 setup sectors"},
		{kernel(4096)[:5*sector+100], "cut off"},
		{changed(func(b []byte) { b[offLoadflags] = 0 }), "2.15"},
		{changed(func(b []byte) { b[offVersion] = 0; b[offVersion+1] = 1 }), "1.00"},
	} {
		if _, err := Parse(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	k, err := Parse(kernel(4096))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		boot Boot
		want string
	}{
		{Boot{Cmdline: strings.Repeat("x", 101), Memory: memory}, "101 bytes"},
		{Boot{Memory: memory[:2]}, "more with -m"},
		{Boot{Initrd: make([]byte, 50<<20), Memory: memory}, "no room"},
	} {
		if _, err := k.Place(&c.boot); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(kernel(64), 10)
	f.Fuzz(func(_ *testing.T, b []byte, initrd int) {
		k, err := Parse(b)
		if err != nil || initrd < 0 || initrd > 1<<16 {
			return
		}
		pieces, err := k.Place(&Boot{Cmdline: "x", Initrd: make([]byte, initrd), Memory: memory})
		if err != nil {
			return
		}
		for _, p := range pieces {
			if p.At+uint64(len(p.Data)) > 64<<20 {
				panic("a piece lies beyond the memory")
			}
		}
	})
}
