package pc_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"panda/emu"
	"panda/emu/arch/x86"
	"panda/emu/board"
	"panda/emu/board/pc"
	"panda/emu/dev/backend"
	"panda/emu/event"
	engine "panda/emu/exec"
	"panda/emu/guest"
	"panda/emu/snap"
	"panda/emu/vcpu"
)

// Guests in testdata/bare are programs without a system. What they tell on the serial port
// is compared with a text, the same on every engine, and with -qemu with what
// qemu-system-x86_64 makes of them.

var (
	bless = flag.Bool("bless", false, "write what the guests tell into testdata")
	qemu  = flag.Bool("qemu", false, "run the guests in qemu-system-x86_64 as well")
)

const (
	bareRAM  = 4 << 20
	bareMost = 5_000_000 // instructions
)

// assemble makes a flat image of a source of testdata/bare; more are options for gcc.
func assemble(t *testing.T, source string, more ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("there is no gcc to assemble guests with")
	}
	dir := t.TempDir()
	object, image := filepath.Join(dir, "guest.o"), filepath.Join(dir, "guest")
	for _, args := range [][]string{
		append([]string{"gcc", "-c", "-m64", "-Itestdata/bare", "-x", "assembler-with-cpp", source, "-o", object}, more...),
		{"ld", "-m", "elf_x86_64", "-T", "testdata/bare/bare.ld", "--oformat", "binary", object, "-o", image},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", args[0], err, out)
		}
	}
	b, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ending is how a guest ended.
type ending struct {
	serial []byte
	status int
	ended  bool
	hash   [sha256.Size]byte
	icount uint64
	late   bool // it has been stopped because it took too long
}

// bare is a PC with an image in its memory.
type bare struct {
	*pc.PC
	c      *vcpu.CPU
	engine *engine.Engine
	serial []byte
	closed bool

	patience time.Duration
}

func newBare(t *testing.T, image []byte, accel, model string) *bare {
	t.Helper()
	m, err := x86.FindModel(model)
	if err != nil {
		t.Fatal(err)
	}
	b := &bare{c: &vcpu.CPU{Machine: new(vcpu.Machine)}, patience: 20 * time.Second}
	b.c.Machine.Symbol = func(guest.Addr) (string, uint64, bool) { return "", 0, false }
	b.c.Machine.Module = func(guest.Addr) (string, guest.Addr, bool) { return "", 0, false }
	b.PC, err = pc.New(pc.Config{RAM: bareRAM, Model: m, Start: 1e9, Image: image, DebugExit: true, Serial: []func(byte){func(v byte) { b.serial = append(b.serial, v) }}}, b.c)
	if err != nil {
		t.Fatal(err)
	}
	e, _, err := emu.NewBackend(accel, b.c.Machine.Arch)
	if err != nil {
		t.Skip(err)
	}
	b.engine = engine.New(b.CPU(), e, event.NewBus(), b.c)
	b.Start(board.Config{Engine: b.engine, Pace: backend.NewUnpaced(), NoReboot: true, Note: func(string, ...any) {}})
	t.Cleanup(b.close)
	return b
}

// close gives back what the PC holds.
func (b *bare) close() {
	if b.closed {
		return
	}
	b.closed = true
	b.engine.Close()
	b.CPU().CPU().Space().Close()
	b.Memory().Close()
}

// run runs the guest to its end, or for a number of instructions.
func (b *bare) run(t *testing.T, most int64) (e ending) {
	t.Helper()
	b.engine.SetLimit(most)
	timer := time.AfterFunc(b.patience, b.Board.Stop) // one that only faults counts no instructions
	var err error
	if e.status, e.ended, err = b.Run(); err != nil {
		t.Fatal(err)
	}
	e.late = !timer.Stop()
	h := sha256.New()
	h.Write(snap.Save(b.State))
	h.Write(b.Memory().Frames(0, bareRAM))
	h.Sum(e.hash[:0])
	e.serial, e.icount = b.serial, b.c.Icount()
	return e
}

// recordSize is that of what a guest tells at a time: see testdata/bare/prot.inc.
const recordSize = 24

// resume is RF in the flags.
const resume = 1 << 16

// records are the lines of what a guest has told.
func records(image, serial []byte) string {
	var b strings.Builder
	for ; len(serial) >= recordSize; serial = serial[recordSize:] {
		var w [6]uint32
		binary.Read(bytes.NewReader(serial), binary.LittleEndian, &w)
		name := "?"
		if at := int64(w[0]) - pc.ImageAt; at >= 0 && at < int64(len(image)) {
			name, _, _ = strings.Cut(string(image[at:]), "\x00")
		}
		if w[1] == 0xffff {
			fmt.Fprintf(&b, "%s: %#x\n", name, uint64(w[2])<<32|uint64(w[5]))
			continue
		}
		fmt.Fprintf(&b, "%s: vector %#x code %#x cs %#x ip %+d flags %#x", name, w[1]&0xffff, w[2], w[1]>>16, int32(w[3]), w[4]&^resume)
		if w[4]&resume != 0 {
			b.WriteString(" rf")
		}
		switch w[1] & 0xffff {
		case 1:
			fmt.Fprintf(&b, " dr6 %#x", w[5])
		case 14:
			fmt.Fprintf(&b, " cr2 %#x", w[5])
		}
		b.WriteByte('\n')
	}
	if len(serial) > 0 {
		fmt.Fprintf(&b, "and %q\n", serial)
	}
	return b.String()
}

func TestBare(t *testing.T) {
	sources, err := filepath.Glob("testdata/bare/*.S")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		if name := strings.TrimSuffix(filepath.Base(source), ".S"); name != "rom" && !strings.HasPrefix(name, "random") {
			t.Run(name, func(t *testing.T) { testBare(t, source) })
		}
	}
}

func testBare(t *testing.T, source string) {
	image := assemble(t, source)
	told := records(image, runAll(t, image))
	golden := strings.TrimSuffix(source, ".S") + ".txt"
	if *bless {
		if err := os.WriteFile(golden, []byte(told), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if told != string(want) {
		t.Errorf("not what %s says:\n%s", golden, difference(string(want), told))
	}
	if *qemu && !strings.Contains(source, "_alone") { // where QEMU would hang
		testQEMU(t, image, told)
	}
}

// runAll runs a guest on all engines, which must come to the same end, and gives what it
// has told.
func runAll(t *testing.T, image []byte) []byte {
	t.Helper()
	var first ending
	for n, accel := range emu.Accels {
		e := newBare(t, image, accel, "max").run(t, bareMost)
		if !e.ended || e.status == 0 {
			t.Errorf("%s: the guest does not end by itself: icount %d", accel, e.icount)
		}
		if n == 0 {
			first = e
			continue
		}
		if !bytes.Equal(e.serial, first.serial) {
			t.Errorf("%s differs from %s:\n%s", accel, emu.Accels[0], difference(records(image, first.serial), records(image, e.serial)))
		}
		if e.hash != first.hash || e.icount != first.icount {
			t.Errorf("%s and %s end in different states, at icounts %d and %d", accel, emu.Accels[0], e.icount, first.icount)
		}
	}
	return first.serial
}

// testQEMU compares with what QEMU makes of a guest. Names that begin with a "!" are those of
// what it is known to do otherwise, and it does not know of RF.
func testQEMU(t *testing.T, image []byte, told string) {
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		t.Skip("there is no qemu-system-x86_64 to compare with")
	}
	rom := assemble(t, "testdata/bare/rom.S")
	if len(image) > len(rom)-0x80 {
		t.Fatalf("an image of %d bytes has no room in a ROM", len(image))
	}
	copy(rom, image)
	dir := t.TempDir()
	bios, serial := filepath.Join(dir, "rom"), filepath.Join(dir, "serial")
	if err := os.WriteFile(bios, rom, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("qemu-system-x86_64", "-M", "isapc", "-accel", "tcg", "-cpu", "max,-vme,vendor=GenuineIntel", "-m", "64", "-bios", bios, "-nodefaults", "-display", "none",
		"-serial", "file:"+serial, "-device", "isa-debug-exit,iobase=0xf4,iosize=1", "-no-reboot")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	timer := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Run()
	b, _ := os.ReadFile(serial)
	if d := difference(strings.ReplaceAll(told, " rf", ""), records(image, b)); d != "" {
		t.Errorf("QEMU tells otherwise (%v, %s):\n%s", err, out.Bytes(), d)
	}
}

// difference are the lines in which two texts differ.
func difference(want, got string) string {
	var b strings.Builder
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		x, y := "(none)", "(none)"
		if i < len(w) {
			x = w[i]
		}
		if i < len(g) {
			y = g[i]
		}
		if x != y && !strings.HasPrefix(x, "!") && b.Len() < 2500 {
			fmt.Fprintf(&b, "- %s\n+ %s\n", x, y)
		}
	}
	return b.String()
}
