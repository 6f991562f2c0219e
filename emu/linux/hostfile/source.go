package hostfile

import (
	"io"

	"panda/emu/linux/hostsys"
)

// Source reads an open file.
type Source struct {
	Host *hostsys.Host
	FD   int
}

// ReadAt reads as io.ReaderAt does.
func (s *Source) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		m, e := s.Host.Preadv2(s.FD, [][]byte{b[n:]}, off+int64(n), 0)
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

// Close closes the file.
func (s *Source) Close() error {
	s.Host.Close(s.FD)
	return nil
}
