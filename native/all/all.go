// Package all registers every native plugin by importing it.
package all

import (
	_ "panda/native/coverage"
	_ "panda/native/syscalls"
)
