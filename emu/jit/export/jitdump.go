package export

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// jitDump is a file with all code and the time when it came, which perf inject
// -j puts into a recording (tools/perf/Documentation/jitdump-specification.txt).
type jitDump struct {
	f      *os.File
	n      uint64 // pieces
	record []byte
}

// Of the format.
const (
	dumpMagic   = 0x4a695444 // "JiTD"
	dumpVersion = 1
	dumpHeader  = 40 // bytes
	dumpRecord  = 56 // of a record without name and code
	dumpLoad    = 0  // JIT_CODE_LOAD
	emX86_64    = 62
)

// JITDump makes jit-PID.dump in a directory. That the file is mapped executable
// is how perf record learns of it; times are of CLOCK_MONOTONIC, as from perf
// record -k mono.
func JITDump(dir string) (Sink, error) {
	f, err := os.Create(filepath.Join(dir, fmt.Sprintf("jit-%d.dump", os.Getpid())))
	if err != nil {
		return nil, fmt.Errorf("jitdump: %w", err)
	}
	d := &jitDump{f: f}
	le := binary.LittleEndian
	h := d.record
	for _, v := range []uint32{dumpMagic, dumpVersion, dumpHeader, emX86_64, 0, uint32(os.Getpid())} {
		h = le.AppendUint32(h, v)
	}
	h = le.AppendUint64(le.AppendUint64(h, monotonic()), 0) // flags
	if _, err := f.Write(h); err != nil {
		return nil, fmt.Errorf("jitdump: %w", err)
	}
	if _, err := unix.Mmap(int(f.Fd()), 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE); err != nil {
		return nil, fmt.Errorf("jitdump: map %s: %w", f.Name(), err)
	}
	return d, nil
}

func monotonic() uint64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return 0
	}
	return uint64(t.Nano())
}

// Add writes a record with the code.
func (d *jitDump) Add(c Code) error {
	le := binary.LittleEndian
	r := le.AppendUint32(d.record[:0], dumpLoad)
	r = le.AppendUint32(r, uint32(dumpRecord+len(c.Name)+1+len(c.Bytes)))
	r = le.AppendUint64(r, monotonic())
	r = le.AppendUint32(r, uint32(os.Getpid()))
	r = le.AppendUint32(r, uint32(unix.Gettid()))
	for _, v := range []uint64{c.Addr, c.Addr, uint64(len(c.Bytes)), d.n} {
		r = le.AppendUint64(r, v)
	}
	r = append(append(r, c.Name...), 0)
	r = append(r, c.Bytes...)
	d.record = r
	d.n++
	_, err := d.f.Write(r)
	return err
}

// Reset has nothing to say: what comes later at an address replaces what was there.
func (*jitDump) Reset() {}
