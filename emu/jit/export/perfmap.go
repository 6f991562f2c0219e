package export

import (
	"fmt"
	"os"
	"path/filepath"
)

// perfMap is the file in which perf report looks for the names of code that
// belongs to no file (tools/perf/Documentation/jit-interface.txt).
type perfMap struct {
	f    *os.File
	line []byte
}

// PerfMap makes perf-PID.map in a directory, where perf expects /tmp. Each line
// is written at once, so that it is there however the process ends.
func PerfMap(dir string) (Sink, error) {
	f, err := os.Create(filepath.Join(dir, fmt.Sprintf("perf-%d.map", os.Getpid())))
	if err != nil {
		return nil, fmt.Errorf("map for perf: %w", err)
	}
	return &perfMap{f: f}, nil
}

// Add writes a line.
func (m *perfMap) Add(c Code) error {
	m.line = fmt.Appendf(m.line[:0], "%x %x %s\n", c.Addr, len(c.Bytes), c.Name)
	_, err := m.f.Write(m.line)
	return err
}

// Reset has nothing to say: of two names for an address, perf takes the later.
func (*perfMap) Reset() {}
