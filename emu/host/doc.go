// Package host is what an engine that emits machine code asks of the host:
// memory that holds code, and what the CPU can do. Engines call it; it knows
// nothing of guests and imports no other room.
//
// # Memory for code
//
// The bytes of an Arena are mapped twice: Buf is where they are written, Base
// is where they run, and no page is writable and executable at one address. A
// change through Buf is there at Base at once: the pages are the same ones, and
// amd64 keeps its instruction caches coherent with stores (a CPU that does not,
// such as arm64, needs a flush that is not here yet). Where the host cannot map
// a page twice, both views are one mapping with all rights.
//
// # One range
//
// The executable views of all arenas lie in one range of addresses, reserved
// when the first is asked for and never given back. So a signal handler, which
// can look nothing up, tells machine code from Go by one comparison. Between two
// arenas lies a page without access.
package host
