package oracle

import "encoding/binary"

// The tracee's program: out of the way of every address that a test may want,
// also relative ones.
const (
	stubAddr = 0x6000_0000_0000
	stubCode = stubAddr + ehSize + phSize
	ehSize   = 64
	phSize   = 56
)

// stub is all its code: a system call that the tracer steps over.
var stub = []byte{0x0f, 0x05, 0xcc}

// stubELF is a static executable of one page, headers and code together (gABI
// 4.1 ch. 4, 5).
func stubELF() []byte {
	le := binary.LittleEndian
	b := append(make([]byte, 0, 256), "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	b = le.AppendUint16(b, 2)  // ET_EXEC
	b = le.AppendUint16(b, 62) // EM_X86_64
	b = le.AppendUint32(b, 1)
	b = le.AppendUint64(b, stubCode)
	b = le.AppendUint64(b, ehSize) // program headers
	b = le.AppendUint64(b, 0)
	b = le.AppendUint32(b, 0)
	for _, v := range []uint16{ehSize, phSize, 1, 0, 0, 0} {
		b = le.AppendUint16(b, v)
	}
	size := uint64(ehSize + phSize + len(stub))
	b = le.AppendUint32(b, 1)                                               // PT_LOAD
	b = le.AppendUint32(b, 5)                                               // r-x
	for _, v := range []uint64{0, stubAddr, stubAddr, size, size, 0x1000} { // offset, addresses, sizes, alignment
		b = le.AppendUint64(b, v)
	}
	return append(b, stub...)
}
