package event

import (
	"encoding/binary"

	"panda/emu/vcpu"
)

// Batch collects events of one subscription as records, for consumers that need
// the events and not the machine at their time.
type Batch struct {
	Sub  *Sub
	ring vcpu.Ring
	take func(rs []vcpu.Record)
}

// batchLen is how many records are collected when the consumer does not say.
const batchLen = 4096

// Collect adds a subscription whose events are handed to take by the slice, n at
// a time (0: as many as suits) and the rest on Flush, at Remove and at shutdown.
// The slice is valid during the call. A record holds the fields chosen.
func (b *Bus) Collect(o *Owner, k Kind, f *Filter, fields vcpu.Fields, n int, take func(rs []vcpu.Record)) *Batch {
	if n <= 0 {
		n = batchLen
	}
	t := &Batch{take: take}
	s := &Sub{Kind: k, Owner: o, Filter: f, Fn: k.Each(t.put), Batch: t}
	t.Sub, t.ring = s, vcpu.NewRing(n, fields, s.Live(), t.Flush)
	b.add(s)
	if rs := s.Filter.Addr; len(rs) == 1 {
		t.ring.Lo, t.ring.Hi = rs[0].Lo, rs[0].Hi
	}
	return t
}

// Ring is where an engine may put the events itself, nil when the filter has
// parts that a ring does not know, unless all of it has been checked.
func (t *Batch) Ring(checked bool) *vcpu.Ring {
	if t == nil || !checked && (t.Sub.Filter.Dynamic() || len(t.Sub.Filter.Addr) > 1) {
		return nil
	}
	return &t.ring
}

// put is the subscription's callback where no engine knows rings.
func (t *Batch) put(e *Env) {
	r := &t.ring
	rec := r.Put(e.CPU, e.PC)
	switch {
	case e.Mem != nil:
		rec.Addr, rec.Size = e.Mem.Addr, int32(e.Mem.Size)
		var v [8]byte
		copy(v[:], e.Mem.Buf)
		rec.Value = binary.LittleEndian.Uint64(v[:])
	case e.TB != nil:
		rec.Size = int32(e.TB.Size)
	}
	r.Filled()
}

// Flush hands over what has been collected.
func (t *Batch) Flush() {
	if rs := t.ring.Take(); len(rs) > 0 {
		t.Sub.bus.call(t.Sub, func() { t.take(rs) })
	}
}

// FlushBatches hands over what all batches have collected.
func (b *Bus) FlushBatches() {
	for _, s := range b.All() {
		if s.Batch != nil {
			s.Batch.Flush()
		}
	}
}
