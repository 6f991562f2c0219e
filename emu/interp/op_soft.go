package interp

import (
	"encoding/binary"

	"panda/emu/ir"
	"panda/emu/vcpu"
)

// softFns are the operations that touch memory, for guests whose memory lies
// behind a TLB.
var softFns = [ir.NumOps]fn{ir.Ld: softLd, ir.St: softSt, ir.Call: softCall}

func softLd(c *vcpu.CPU, o *op) *op {
	c.Insn = int(o.insn)
	var b [32]byte
	n := int(o.size)
	load(c, o.address(c), b[:n])
	if n > 8 {
		for w := range n / 8 {
			c.W[int(o.d&frameMask)+w] = binary.LittleEndian.Uint64(b[8*w:])
		}
		return o.next()
	}
	v := binary.LittleEndian.Uint64(b[:])
	if o.aux&(ir.SignExt|ir.SignExt64) != 0 {
		shift := 64 - 8*n
		v = uint64(int64(v) << shift >> shift)
		if o.aux&ir.SignExt64 == 0 {
			v = uint64(uint32(v))
		}
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func softSt(c *vcpu.CPU, o *op) *op {
	c.Insn = int(o.insn) | vcpu.Storing
	var b [32]byte
	for w := range max(1, int(o.size)/8) {
		binary.LittleEndian.PutUint64(b[8*w:], c.W[int(o.c&frameMask)+w])
	}
	a := o.address(c)
	if err := c.Soft.Store(a, b[:o.size]); err != nil {
		panic(err)
	}
	c.SeeTLB()
	return o.next()
}

// stackFns are those of them that are done for machine code which goes by the TLB's entry
// of the stack.
var stackFns = [ir.NumOps]fn{ir.Ld: stackLd, ir.St: stackSt}

func stackLd(c *vcpu.CPU, o *op) *op {
	a := o.address(c)
	next := softLd(c, o)
	c.Soft.AtStack(a)
	return next
}

func stackSt(c *vcpu.CPU, o *op) *op {
	next := softSt(c, o)
	c.Soft.AtStack(o.address(c))
	return next
}

func load(c *vcpu.CPU, a uint64, b []byte) {
	if err := c.Soft.Load(a, b); err != nil {
		panic(err)
	}
	c.SeeTLB()
}

// softCall lets a helper work on copies where what it touches is not in one piece.
func softCall(c *vcpu.CPU, o *op) *op {
	s := c.Soft
	s.Drop()
	next := call(c, o)
	s.Settle()
	c.SeeTLB()
	return next
}
