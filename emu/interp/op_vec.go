package interp

import (
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// vecFns holds the vector operations; each does 64-bit words or lanes of
// o.sub (log2 of the lane's bytes) over o.size bytes.
var vecFns = [ir.NumVecOps]fn{
	ir.VMov:    vecMov,
	ir.VAnd:    words(func(a, b uint64) uint64 { return a & b }),
	ir.VAndNot: words(func(a, b uint64) uint64 { return ^a & b }),
	ir.VOr:     words(func(a, b uint64) uint64 { return a | b }),
	ir.VXor:    words(func(a, b uint64) uint64 { return a ^ b }),
}

func vecFn(i *ir.Insn) fn { return vecFns[i.Aux] }

func vecMov(c *vcpu.CPU, o *op) *op {
	n := o.size / 8
	copy(c.W[o.d&frameMask:][:n], c.W[o.a&frameMask:][:n])
	return o.next()
}

// words makes an operation of one on 64-bit words.
func words(f func(a, b uint64) uint64) fn {
	return func(c *vcpu.CPU, o *op) *op {
		for i := range uint16(o.size / 8) {
			c.W[(o.d+i)&frameMask] = f(c.W[(o.a+i)&frameMask], c.W[(o.b+i)&frameMask])
		}
		return o.next()
	}
}
