package vcpu

import "panda/emu/guest"

// Record is one event of a batch. Only the fields that the consumer chose are
// set.
type Record struct {
	PC, Addr guest.Addr
	Value    uint64 // of a memory access, its first eight bytes at most
	Icount   uint64
	Thread   int32
	Size     int32 // bytes of a memory access or of a block
}

// Fields is a set of fields of Record.
type Fields uint8

// The fields.
const (
	FieldPC Fields = 1 << iota
	FieldAddr
	FieldValue
	FieldIcount
	FieldThread
	FieldSize
	AllFields Fields = 1<<iota - 1
)

// Ring collects the events of one subscription until it is full. Engines put
// them there without calling anybody.
type Ring struct {
	// The address of the record to fill. At last it is Go's turn: there is room for
	// one more, or the subscription is not to be served.
	next, last uintptr

	buf    []Record
	Fields Fields
	// Lo and Hi bound the addresses of the accesses that are wanted; both zero
	// for all.
	Lo, Hi guest.Addr
	// Live says that the subscription is to be served.
	Live *bool
	// Drain takes what is there, by Take.
	Drain func()
}

// NewRing makes a ring for n records with some fields.
func NewRing(n int, fields Fields, live *bool, drain func()) Ring {
	r := Ring{buf: make([]Record, n), Fields: fields, Live: live, Drain: drain}
	r.next = addressOf(r.buf)
	r.Changed()
	return r
}

// Changed is called when Live has changed.
func (r *Ring) Changed() {
	r.last = r.next
	if *r.Live {
		r.last = addressOf(r.buf) + uintptr(len(r.buf)-1)*recordSize
	}
}

// Take empties the ring. The records are there until one is filled.
func (r *Ring) Take() []Record {
	rs := r.buf[:r.n()]
	r.next = addressOf(r.buf)
	r.Changed()
	return rs
}

func (r *Ring) n() int { return int((r.next - addressOf(r.buf)) / recordSize) }

// Wants reports whether an access of n bytes is in the bounds.
func (r *Ring) Wants(a guest.Addr, n int) bool {
	return r.Hi == 0 && r.Lo == 0 || a < r.Hi && a+guest.Addr(n) > r.Lo
}

// Next is the record to fill. Who has filled it calls Filled.
func (r *Ring) Next() *Record { return &r.buf[r.n()] }

// Filled ends the filling of a record.
func (r *Ring) Filled() {
	full := r.next == r.last
	if r.next += recordSize; full {
		r.Drain()
	}
}

// Put fills what of a record is known to the CPU: pc, icount and thread.
func (r *Ring) Put(c *CPU, pc guest.Addr) *Record {
	e := r.Next()
	e.PC = pc
	if r.Fields&(FieldIcount|FieldThread) != 0 {
		if r.Fields&FieldIcount != 0 {
			e.Icount = c.Icount()
		}
		e.Thread = int32(c.Machine.Thread)
	}
	return e
}
