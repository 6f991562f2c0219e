package lua

import (
	"fmt"
	"math"
	"math/bits"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// Aggregations run in Go: an event costs a look into a table, no Lua. A key
// made of things that depend on the pc only (symbol, module, mnemonic) is found
// through a small cache by pc.

// maxKeys is how many fields may make up a key.
const maxKeys = 3

type aggKey [maxKeys]part

// aggregation is one panda.count{…}, panda.sum{…} and so on.
type aggregation struct {
	s     *State
	op    *aggOp
	title string
	by    []*aggField
	value *aggField
	limit int // rows of a table; 0 for all
	lo    int64
	hi    int64
	step  int64 // of a linear histogram

	direct *uint64 // counted by translated code
	cells  map[aggKey]*aggCell
	nums   map[uint64]*aggCell // the cells of numeric keys of one field
	cache  []cached            // by pc; nil when a key depends on more
	subs   []*event.Sub
	every  uint64
	ticks  uint64
}

type cached struct {
	pc   guest.Addr
	asid guest.ASID
	cell *aggCell
}

// The cache grows with what misses it, from minCache to maxCache entries.
const (
	minCache = 1 << 10
	maxCache = 1 << 16
)

// aggCell holds what one key has gathered.
type aggCell struct {
	n        uint64
	sumHi    int64 // 128 bits
	sumLo    uint64
	min, max part
	hist     []uint64 // bucket b is at b+1
	distinct map[part]struct{}
}

// aggOp is a row of what an aggregation computes.
type aggOp struct {
	name  string
	doc   string
	value bool // needs value=
	add   func(a *aggregation, c *aggCell, v part)
	// get is the result for a key, order what the table is sorted by.
	get   func(L *glua.LState, a *aggregation, c *aggCell) glua.LValue
	order func(c *aggCell) float64
	show  func(a *aggregation, c *aggCell) string
}

func byCount(c *aggCell) float64 { return float64(c.n) }

func showCount(_ *aggregation, c *aggCell) string { return fmt.Sprint(c.n) }

func getCount(_ *glua.LState, _ *aggregation, c *aggCell) glua.LValue { return Int(c.n) }

var aggOps = []aggOp{
	{"count", "Counts events", false, nil, getCount, byCount, showCount},
	{"top", "Counts events and shows the limit (10) most frequent keys", false, nil, getCount, byCount, showCount},
	{"sum", "Adds up a value", true, addSum, getSum, (*aggCell).sum, func(_ *aggregation, c *aggCell) string { return c.sumText() }},
	{
		"avg", "The average of a value", true, addSum,
		func(_ *glua.LState, _ *aggregation, c *aggCell) glua.LValue { return glua.LNumber(c.avg()) },
		(*aggCell).avg, func(_ *aggregation, c *aggCell) string { return fmt.Sprintf("%.2f (%d)", c.avg(), c.n) },
	},
	{
		"min", "The smallest value", true, addMin,
		func(_ *glua.LState, _ *aggregation, c *aggCell) glua.LValue { return c.min.lua() },
		func(c *aggCell) float64 { return -c.min.float() }, func(_ *aggregation, c *aggCell) string { return c.min.String() },
	},
	{
		"max", "The largest value", true, addMax,
		func(_ *glua.LState, _ *aggregation, c *aggCell) glua.LValue { return c.max.lua() },
		func(c *aggCell) float64 { return c.max.float() }, func(_ *aggregation, c *aggCell) string { return c.max.String() },
	},
	{"hist", "A histogram of a value in powers of two", true, addLog, getHist, byCount, showHist},
	{"lhist", "A histogram of a value in steps: lo=, hi=, step=", true, addLinear, getHist, byCount, showHist},
	{
		"distinct", "How many different values occur", true, addDistinct,
		func(_ *glua.LState, _ *aggregation, c *aggCell) glua.LValue { return Int(uint64(len(c.distinct))) },
		func(c *aggCell) float64 { return float64(len(c.distinct)) },
		func(_ *aggregation, c *aggCell) string { return fmt.Sprint(len(c.distinct)) },
	},
}

func (p part) float() float64 {
	if p.kind == isSigned {
		return float64(int64(p.num))
	}
	return float64(p.num)
}

func (p part) less(q part) bool {
	if p.kind == isSigned {
		return int64(p.num) < int64(q.num)
	}
	return p.num < q.num
}

func addSum(_ *aggregation, c *aggCell, v part) {
	hi := int64(0)
	if v.kind == isSigned && int64(v.num) < 0 {
		hi = -1
	}
	var carry uint64
	c.sumLo, carry = bits.Add64(c.sumLo, v.num, 0)
	c.sumHi += hi + int64(carry)
}

func (c *aggCell) sum() float64 { return float64(c.sumHi)*(1<<64) + float64(c.sumLo) }

func (c *aggCell) avg() float64 { return c.sum() / float64(c.n) }

// small reports whether the sum is a number of 64 bits.
func (c *aggCell) small() bool { return c.sumHi == 0 || c.sumHi == -1 && c.sumLo>>63 == 1 }

func (c *aggCell) sumText() string {
	switch {
	case c.sumHi == 0:
		return fmt.Sprint(c.sumLo)
	case c.small():
		return fmt.Sprint(int64(c.sumLo))
	}
	return fmt.Sprint(c.sum())
}

func getSum(_ *glua.LState, _ *aggregation, c *aggCell) glua.LValue {
	switch {
	case c.sumHi == 0:
		return Int(c.sumLo)
	case c.small():
		return Signed(int64(c.sumLo))
	}
	return glua.LNumber(c.sum())
}

func addMin(_ *aggregation, c *aggCell, v part) {
	if c.n == 1 || v.less(c.min) {
		c.min = v
	}
}

func addMax(_ *aggregation, c *aggCell, v part) {
	if c.n == 1 || c.max.less(v) {
		c.max = v
	}
}

func addDistinct(_ *aggregation, c *aggCell, v part) {
	if c.distinct == nil {
		c.distinct = map[part]struct{}{}
	}
	c.distinct[v] = struct{}{}
}

// addLog counts into the bucket of a power of two: 0 for zero, n for [2^(n-1),
// 2^n), -1 for what is negative.
func addLog(_ *aggregation, c *aggCell, v part) {
	b := int64(bits.Len64(v.num))
	if v.kind == isSigned && int64(v.num) < 0 {
		b = -1
	}
	c.bucket(b)
}

// addLinear counts into bucket n for [lo+n*step, …); -1 below, and the bucket of
// hi above.
func addLinear(a *aggregation, c *aggCell, v part) {
	n := int64(v.num)
	switch {
	case v.kind != isSigned && v.num > math.MaxInt64, n >= a.hi:
		c.bucket((a.hi - a.lo + a.step - 1) / a.step)
	case n < a.lo:
		c.bucket(-1)
	default:
		c.bucket((n - a.lo) / a.step)
	}
}

// bucket counts into bucket b, from -1 on.
func (c *aggCell) bucket(b int64) {
	for int64(len(c.hist)) <= b+1 {
		c.hist = append(c.hist, 0)
	}
	c.hist[b+1]++
}

// hit takes one event.
func (a *aggregation) hit(e *sample) {
	if a.every > 1 {
		if a.ticks++; a.ticks%a.every != 0 {
			return
		}
	}
	c := a.cell(e)
	c.n++
	if a.op.add != nil {
		a.op.add(a, c, a.value.get(e))
	}
}

func (a *aggregation) cell(e *sample) *aggCell {
	if a.cache == nil {
		return a.find(e)
	}
	k := &a.cache[(uint64(e.pc)^uint64(e.pc)>>16)%uint64(len(a.cache))]
	if asid := e.c.ASID(); k.cell == nil || k.pc != e.pc || k.asid != asid {
		if a.missed++; a.missed > len(a.cache) && len(a.cache) < maxCache {
			a.cache, a.missed = make([]cached, 4*len(a.cache)), 0
			return a.cell(e)
		}
		*k = cached{e.pc, asid, a.find(e)}
	}
	return k.cell
}

func (a *aggregation) find(e *sample) *aggCell {
	var key aggKey
	if len(a.by) == 1 {
		key[0] = a.by[0].get(e)
		if key[0].kind == isText {
			return a.keyed(key)
		}
		c := a.nums[key[0].num]
		if c == nil {
			c = a.keyed(key)
			a.nums[key[0].num] = c
		}
		return c
	}
	for i, f := range a.by {
		key[i] = f.get(e)
	}
	return a.keyed(key)
}

func (a *aggregation) keyed(key aggKey) *aggCell {
	c := a.cells[key]
	if c == nil {
		c = new(aggCell)
		a.cells[key] = c
	}
	return c
}

// gofunc is the function that the Bus calls for an event of the kind.
func (a *aggregation) gofunc(k event.Kind) any {
	e := new(sample) // reused: an event is over when hit returns
	switch kindClass(k) {
	case "insn":
		pc := func(c *vcpu.CPU, pc guest.Addr) { e.c, e.pc = c, pc; a.hit(e) }
		switch k {
		case event.InsnTranslate:
			return event.PCBoolFunc(func(c *vcpu.CPU, at guest.Addr) bool { pc(c, at); return false })
		case event.GuestHypercall:
			return event.HypercallFunc(func(c *vcpu.CPU) bool { pc(c, c.PC()); return false })
		}
		return event.PCFunc(pc)
	case "block":
		block := func(c *vcpu.CPU, tb *vcpu.TB) { e.c, e.pc, e.tb = c, tb.PC, tb; a.hit(e) }
		if k == event.AfterBlockExec {
			return event.AfterBlockFunc(func(c *vcpu.CPU, tb, _ *vcpu.TB) { block(c, tb) })
		}
		return event.BlockFunc(block)
	case "mem", "mem buf":
		return event.MemFunc(func(c *vcpu.CPU, m *vcpu.MemAccess) { e.c, e.pc, e.mem = c, m.PC, m; a.hit(e) })
	case "exc":
		return event.ExceptionFunc(func(c *vcpu.CPU, x *guest.Exception) { e.c, e.pc, e.exc = c, c.PC(), x; a.hit(e) })
	case "proc":
		return event.ProcessFunc(func(c *vcpu.CPU, p *event.Process) { e.c, e.proc = c, p; a.hit(e) })
	}
	call := func(c *vcpu.CPU, sc *event.Syscall) { e.c, e.pc, e.call = c, c.PC(), sc; a.hit(e) }
	if k == event.SyscallEnter {
		return event.SyscallBoolFunc(func(c *vcpu.CPU, sc *event.Syscall) bool { call(c, sc); return false })
	}
	return event.SyscallFunc(call)
}
