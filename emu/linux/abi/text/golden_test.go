package text_test

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"panda/emu/linux/abi"
	"panda/emu/linux/abi/text"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden from strace")

// sparse is guest memory that has only the bytes it was given.
type sparse map[uint64]byte

func (m sparse) Read(addr uint64, b []byte) error {
	for i := range b {
		v, ok := m[addr+uint64(i)]
		if !ok {
			return errors.New("no memory there")
		}
		b[i] = v
	}
	return nil
}

// TestGolden formats calls that strace once saw: number, registers, result and the
// memory before and after the call, and the line that strace printed.
func TestGolden(t *testing.T) {
	for _, name := range []string{"testdata/x86_64.golden", "testdata/i386.golden"} {
		lines, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		records := strings.Split(strings.TrimSpace(string(lines)), "\n\n")
		for _, r := range records {
			checkRecord(t, name, strings.Split(r, "\n"))
		}
		t.Logf("%s: %d calls", name, len(records))
	}
}

func checkRecord(t *testing.T, file string, lines []string) {
	var ptr, number int
	var a [6]uint64
	var ret int64
	if _, err := fmt.Sscanf(lines[1], "call %d %d [%x %x %x %x %x %x] %d", &ptr, &number, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5], &ret); err != nil {
		t.Fatalf("%s: %s: %v", file, lines[1], err)
	}
	mem := map[string]sparse{"before": {}, "after": {}}
	for _, line := range lines[2:] {
		var when, bytes string
		var addr uint64
		if _, err := fmt.Sscanf(line, "%s %x %s", &when, &addr, &bytes); err != nil {
			t.Fatalf("%s: %s: %v", file, line, err)
		}
		b, _ := hex.DecodeString(bytes)
		for i, v := range b {
			mem[when][addr+uint64(i)] = v
		}
	}
	table, lay := abi.X86_64, abi.Layout64
	if ptr == 4 {
		table, lay = abi.I386, abi.Layout32
	}
	call := text.Begin(mem["before"], abi.Lookup(table, number), a, lay)
	if got := call.Enter() + call.Exit(mem["after"], ret); got != lines[0] {
		t.Errorf("%s\ngot  %s\nwant %s", file, got, lines[0])
	}
}
