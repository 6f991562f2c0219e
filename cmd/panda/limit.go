package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"panda/emu/event"
	"panda/emu/linux"
)

// sandboxLimits are those of -sandbox where -limit says nothing: enough for a
// compiler or a browser's engine, and not for a machine.
var sandboxLimits = linux.Limits{Memory: 8 << 30, Files: 4096, Threads: 1024}

// limitNames are the words of -limit.
var limitNames = map[string]func(l *linux.Limits, n uint64){
	"mem":   func(l *linux.Limits, n uint64) { l.Memory = n },
	"files": func(l *linux.Limits, n uint64) { l.Files = int(n) },
	"procs": func(l *linux.Limits, n uint64) { l.Threads = int(n) },
}

// parseLimits reads mem=SIZE,files=N,procs=N over what is given. none is no limit.
func parseLimits(text string, l linux.Limits) (linux.Limits, error) {
	if text == "" {
		return l, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		set := limitNames[name]
		if set == nil {
			return l, fmt.Errorf("-limit: no limit %q%s: there are mem=SIZE, files=N and procs=N", name, event.DidYouMean(name, []string{"mem", "files", "procs"}))
		}
		n, err := parseAmount(value)
		if err != nil {
			return l, fmt.Errorf("-limit %s: %w", part, err)
		}
		set(&l, n)
	}
	return l, nil
}

// parseAmount reads a number with k, m, g or t after it, or none.
func parseAmount(text string) (uint64, error) {
	if text == "none" {
		return 0, nil
	}
	digits, shift := strings.ToLower(text), 0
	if n := len(digits); n > 0 {
		if i := strings.IndexByte("kmgt", digits[n-1]); i >= 0 {
			digits, shift = digits[:n-1], 10*(i+1)
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || n == 0 || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("%q is no amount: write 512, 64k, 100m, 2g, or none", text)
	}
	return n << shift, nil
}
