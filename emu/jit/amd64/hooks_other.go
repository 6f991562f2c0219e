//go:build !(linux && amd64)

package amd64

import (
	"fmt"
	"runtime"

	"panda/emu/vcpu"
)

func unusable() error { return fmt.Errorf("no machine code on %s/%s", runtime.GOOS, runtime.GOARCH) }

func enterAt(*vcpu.CPU, uintptr) { panic("BUG: " + unusable().Error()) }
