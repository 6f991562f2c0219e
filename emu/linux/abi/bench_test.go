package abi_test

import (
	"testing"

	"panda/emu/linux/abi"
)

func BenchmarkPutStat(b *testing.B) {
	buf := make([]byte, 256)
	var st abi.Stat
	for b.Loop() {
		abi.Layout64.Put(buf, &st)
	}
}

func BenchmarkGetTimespec(b *testing.B) {
	buf := make([]byte, 256)
	var ts abi.Timespec
	for b.Loop() {
		abi.Layout64.Get(buf, &ts)
	}
}

func BenchmarkLookup(b *testing.B) {
	for b.Loop() {
		abi.Lookup(abi.X86_64, 257)
	}
}
