package sysport

// Exit is a port by which a guest ends its machine, for tests: what it writes becomes the
// status, shifted left by one with the low bit set, so that it is never 0.
type Exit struct{ end func(status int) }

// NewExit is such a port.
func NewExit(end func(status int)) *Exit { return &Exit{end} }

// In reads nothing.
func (e *Exit) In(port uint16, size int) uint32 { return 0 }

// Out ends the machine.
func (e *Exit) Out(port uint16, size int, v uint32) { e.end(int(v<<1 | 1)) }
