//go:build !linux || !amd64

package export

import "errors"

// GDB is for hosts with machine code.
func GDB(int64) (Sink, error) {
	return nil, errors.New("gdb cannot be told of machine code on this host")
}
