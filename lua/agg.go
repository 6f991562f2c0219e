package lua

import (
	"fmt"
	"math"
	"math/bits"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
)

// Aggregations run in Go: an event costs a look into a table, no Lua. A key
// made of things that depend on the pc only (symbol, module, mnemonic) is found
// through a small cache by pc.

// maxKeys is how many fields may make up a key.
const maxKeys = 3

type aggKey [maxKeys]event.Value

// aggregation is one panda.count{…}, panda.sum{…} and so on.
type aggregation struct {
	s     *State
	op    *aggOp
	title string
	by    []*event.Field
	value *event.Field
	limit int // rows of a table; 0 for all
	lo    int64
	hi    int64
	step  int64 // of a linear histogram

	byKey  bool    // the table is sorted by key
	static bool    // the key depends on the pc only
	placed bool    // it depends on the pc and the size of the access only
	direct *uint64 // counted by translated code
	aggCells
	subs  []*event.Sub
	since uint64 // icount of the first event that could count
}

// aggCells are what has been counted so far, by key.
type aggCells struct {
	cells  map[aggKey]*aggCell
	nums   map[uint64]*aggCell // the cells of numeric keys of one field
	others aggCell             // events of keys for which there was no memory
	cache  []cached            // by pc; nil when a key depends on more
	missed int                 // since the cache grew
	ring   []aggKey            // of last: the newest is before at
	at     int
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
	min, max event.Value
	hist     []uint64 // bucket b is at b+1
	distinct map[event.Value]struct{}
}

// aggOp is a row of what an aggregation computes.
type aggOp struct {
	name  string
	doc   string
	value bool // needs value=
	add   func(a *aggregation, c *aggCell, v event.Value)
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
	{"last", "Keeps the last limit (10) events, in their order", false, nil, getCount, byCount, showCount},
	{
		"rate", "How often events occur in a million instructions", false, nil,
		func(_ *glua.LState, a *aggregation, c *aggCell) glua.LValue { return glua.LNumber(a.rate(c)) },
		byCount, func(a *aggregation, c *aggCell) string { return fmt.Sprintf("%.2f (%d)", a.rate(c), c.n) },
	},
	{"sum", "Adds up a value", true, addSum, getSum, (*aggCell).sum, func(_ *aggregation, c *aggCell) string { return c.sumText() }},
	{
		"avg", "The average of a value", true, addSum,
		func(_ *glua.LState, _ *aggregation, c *aggCell) glua.LValue { return glua.LNumber(c.avg()) },
		(*aggCell).avg, func(_ *aggregation, c *aggCell) string { return fmt.Sprintf("%.2f (%d)", c.avg(), c.n) },
	},
	{
		"min", "The smallest value", true, addMin,
		func(_ *glua.LState, _ *aggregation, c *aggCell) glua.LValue { return luaValue(c.min) },
		func(c *aggCell) float64 { return -floatValue(c.min) }, func(_ *aggregation, c *aggCell) string { return c.min.String() },
	},
	{
		"max", "The largest value", true, addMax,
		func(_ *glua.LState, _ *aggregation, c *aggCell) glua.LValue { return luaValue(c.max) },
		func(c *aggCell) float64 { return floatValue(c.max) }, func(_ *aggregation, c *aggCell) string { return c.max.String() },
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

// rate is how often a key occurred in a million instructions since the
// aggregation was declared or cleared.
func (a *aggregation) rate(c *aggCell) float64 {
	now := a.s.host.CPU().Icount()
	if now <= a.since {
		return 0
	}
	return float64(c.n) * 1e6 / float64(now-a.since)
}

// luaValue is a field's value in Lua.
func luaValue(v event.Value) glua.LValue {
	switch v.Type {
	case event.TextValue:
		return glua.LString(v.Text)
	case event.SignedValue:
		return Signed(int64(v.Num))
	}
	return Int(v.Num)
}

func floatValue(v event.Value) float64 {
	if v.Type == event.SignedValue {
		return float64(int64(v.Num))
	}
	return float64(v.Num)
}

func addSum(_ *aggregation, c *aggCell, v event.Value) {
	hi := int64(0)
	if v.Type == event.SignedValue && int64(v.Num) < 0 {
		hi = -1
	}
	var carry uint64
	c.sumLo, carry = bits.Add64(c.sumLo, v.Num, 0)
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

func addMin(_ *aggregation, c *aggCell, v event.Value) {
	if c.n == 1 || v.Less(c.min) {
		c.min = v
	}
}

func addMax(_ *aggregation, c *aggCell, v event.Value) {
	if c.n == 1 || c.max.Less(v) {
		c.max = v
	}
}

func addDistinct(a *aggregation, c *aggCell, v event.Value) {
	if c.distinct == nil {
		c.distinct = map[event.Value]struct{}{}
	}
	if _, ok := c.distinct[v]; ok {
		return
	}
	if !a.s.aggRoom(valueBytes + len(v.Text)) {
		c.n, a.others.n = c.n-1, a.others.n+1
		return
	}
	c.distinct[v] = struct{}{}
}

// addLog counts into the bucket of a power of two: 0 for zero, n for [2^(n-1),
// 2^n), -1 for what is negative.
func addLog(_ *aggregation, c *aggCell, v event.Value) {
	b := int64(bits.Len64(v.Num))
	if v.Type == event.SignedValue && int64(v.Num) < 0 {
		b = -1
	}
	c.bucket(b)
}

// addLinear counts into bucket n for [lo+n*step, …); -1 below, and the bucket of
// hi above.
func addLinear(a *aggregation, c *aggCell, v event.Value) {
	n := int64(v.Num)
	switch {
	case v.Type != event.SignedValue && v.Num > math.MaxInt64, n >= a.hi:
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
func (a *aggregation) hit(e *event.Env) {
	if a.ring != nil {
		a.remember(e)
		return
	}
	c := a.cell(e)
	c.n++
	if a.op.add != nil {
		a.op.add(a, c, a.value.Get(e))
	}
}

// remember puts an event into the ring in place of the oldest.
func (a *aggregation) remember(e *event.Env) {
	if len(a.ring) < cap(a.ring) {
		a.ring = append(a.ring, a.key(e))
		return
	}
	a.ring[a.at] = a.key(e)
	a.at = (a.at + 1) % len(a.ring)
}

func (a *aggregation) key(e *event.Env) (key aggKey) {
	for i, f := range a.by {
		key[i] = f.Get(e)
	}
	return key
}

func (a *aggregation) cell(e *event.Env) *aggCell {
	if a.cache == nil {
		return a.find(e)
	}
	k := &a.cache[(uint64(e.PC)^uint64(e.PC)>>16)%uint64(len(a.cache))]
	if asid := e.CPU.ASID(); k.cell == nil || k.pc != e.PC || k.asid != asid {
		if a.missed++; a.missed > len(a.cache) && len(a.cache) < maxCache {
			a.cache, a.missed = make([]cached, 4*len(a.cache)), 0
			return a.cell(e)
		}
		*k = cached{e.PC, asid, a.find(e)}
	}
	return k.cell
}

func (a *aggregation) find(e *event.Env) *aggCell {
	if len(a.by) == 1 {
		key := a.key(e)
		if key[0].Type == event.TextValue {
			return a.keyed(key)
		}
		c := a.nums[key[0].Num]
		if c == nil {
			if c = a.keyed(key); c != &a.others {
				a.nums[key[0].Num] = c
			}
		}
		return c
	}
	return a.keyed(a.key(e))
}

func (a *aggregation) keyed(key aggKey) *aggCell {
	c := a.cells[key]
	if c == nil {
		size := cellBytes
		for _, v := range key {
			size += len(v.Text)
		}
		if !a.s.aggRoom(size) {
			return &a.others
		}
		c = new(aggCell)
		a.cells[key] = c
	}
	return c
}

// What a key and a value that is told apart take of memory, with their places in
// tables.
const (
	cellBytes  = 512
	valueBytes = 128
)

// aggRoom takes memory for what an aggregation keeps: keys may be what the guest
// chooses. Under a limit, half of it is for all aggregations of a script.
func (s *State) aggRoom(n int) bool {
	if s.guard == nil || s.guard.bound == 0 {
		return true
	}
	if s.aggBytes+uint64(n) > s.guard.bound/2 {
		return false
	}
	s.aggBytes += uint64(n)
	return true
}
