//go:build !(linux && (amd64 || arm64))

package host

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"
)

const rangeMax = rangeMin

var errNoArena = fmt.Errorf("no memory for machine code on %s/%s: %w", runtime.GOOS, runtime.GOARCH, errors.ErrUnsupported)

func reserve(uintptr) (unsafe.Pointer, error) { return nil, errNoArena }

func mapCode(unsafe.Pointer, int) (unsafe.Pointer, bool, error) { return nil, false, errNoArena }

func unmapCode(_, _ unsafe.Pointer, _ int, _ bool) error { return errNoArena }
