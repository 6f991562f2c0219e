//go:build !(linux && amd64)

package enter

import (
	"fmt"
	"runtime"

	"panda/emu/vcpu"
)

// Unusable says that there is none here.
func Unusable() error { return fmt.Errorf("no machine code on %s/%s", runtime.GOOS, runtime.GOARCH) }

// Run is never called.
func Run(*vcpu.CPU, uintptr) { panic("BUG: " + Unusable().Error()) }
