package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// checkDrcov parses a drcov version 2 file on its own terms.
func checkDrcov(t *testing.T, data []byte) {
	t.Helper()
	lines := func() string {
		line, rest, ok := bytes.Cut(data, []byte("\n"))
		if !ok {
			t.Fatal("the file ends within its header")
		}
		data = rest
		return string(line)
	}
	if v, f := lines(), lines(); v != "DRCOV VERSION: 2" || !strings.HasPrefix(f, "DRCOV FLAVOR: ") {
		t.Fatalf("header %q %q", v, f)
	}
	var modules, blocks int
	if _, err := fmt.Sscanf(lines(), "Module Table: version 2, count %d", &modules); err != nil || modules < 2 {
		t.Fatalf("%d modules, %v", modules, err)
	}
	if c := lines(); c != "Columns: id, base, end, entry, checksum, timestamp, path" {
		t.Fatalf("columns %q", c)
	}
	size := make([]uint64, modules)
	for i := range modules {
		f := strings.Split(lines(), ", ")
		var id int
		var base, end uint64
		if _, err := fmt.Sscanf(strings.Join(f[:3], " "), "%d %v %v", &id, &base, &end); err != nil || id != i || len(f) != 7 {
			t.Fatalf("module %d: %q, %v", i, f, err)
		}
		size[i] = end - base
	}
	if _, err := fmt.Sscanf(lines(), "BB Table: %d bbs", &blocks); err != nil || blocks < 100 || len(data) != 8*blocks {
		t.Fatalf("%d blocks in %d bytes, %v", blocks, len(data), err)
	}
	for b := range blocks {
		r := data[8*b:]
		off, n, m := uint64(binary.LittleEndian.Uint32(r)), uint64(binary.LittleEndian.Uint16(r[4:])), binary.LittleEndian.Uint16(r[6:])
		if int(m) >= modules || off+n > size[m] || n == 0 {
			t.Fatalf("block %d: offset %#x size %d module %d", b, off, n, m)
		}
	}
}
