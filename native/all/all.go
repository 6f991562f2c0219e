// Package all registers every native plugin by importing it.
package all

import (
	_ "panda/native/callstack"
	_ "panda/native/coverage"
	_ "panda/native/hotblocks"
	_ "panda/native/insncount"
	_ "panda/native/memtrace"
	_ "panda/native/stringsearch"
	_ "panda/native/syscalls"
	_ "panda/native/textprinter"
)
