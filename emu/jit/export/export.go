// Package export tells profilers and debuggers of the host what machine code is
// there, each in its own way: perf by a text file of names, or by a file with the
// code in it, gdb by objects in memory. emu names each piece after the guest's
// symbols and passes it on.
//
// The package knows neither guest nor engine.
package export

// Code is a piece of machine code.
type Code struct {
	Name  string
	Addr  uint64
	Bytes []byte // valid during the call
}

// Sink is told of machine code.
type Sink interface {
	// Add tells of new code.
	Add(c Code) error
	// Reset tells that all code is gone. Its addresses will be used again.
	Reset()
}
