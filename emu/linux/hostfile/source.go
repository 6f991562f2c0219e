package hostfile

import (
	"io"

	"panda/emu/linux/hostsys"
)

// Source reads an open file.
type Source struct {
	Host *hostsys.Host
	FD   int
	// Mapped says that the descriptor is one that is kept for maps: see hostsys.Mapped.
	Mapped bool
}

// ReadAt reads as io.ReaderAt does.
func (s *Source) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		m, e := s.read(b[n:], off+int64(n))
		switch {
		case e != 0:
			return n, e
		case m == 0:
			return n, io.EOF
		}
		n += m
	}
	return n, nil
}

func (s *Source) read(b []byte, off int64) (int, hostsys.Errno) {
	if s.Mapped {
		return hostsys.Mapped{Host: s.Host}.Read(s.FD, b, off)
	}
	return s.Host.Preadv2(s.FD, [][]byte{b}, off, 0)
}

// Close closes the file.
func (s *Source) Close() error {
	if !s.Mapped {
		s.Host.Close(s.FD)
	}
	return nil
}
