package qcow2

import (
	"encoding/binary"
	"fmt"
)

// perBlock is how many clusters a refcount block counts the references to.
func (q *Image) perBlock() int64 { return q.cluster * 8 >> q.h.RefcountOrder }

// mostRefcount is the largest number that a refcount can be.
func (q *Image) mostRefcount() uint64 { return 1<<(1<<q.h.RefcountOrder) - 1 }

// getCount reads a refcount of 1<<order bits from a block (spec, "Refcount block entry").
func getCount(b []byte, i int64, order uint32) uint64 {
	switch order {
	case 3:
		return uint64(b[i])
	case 4:
		return uint64(binary.BigEndian.Uint16(b[i*2:]))
	case 5:
		return uint64(binary.BigEndian.Uint32(b[i*4:]))
	case 6:
		return binary.BigEndian.Uint64(b[i*8:])
	}
	bit := i << order
	return uint64(b[bit/8]>>(bit%8)) & (1<<(1<<order) - 1)
}

func setCount(b []byte, i int64, order uint32, n uint64) {
	switch order {
	case 3:
		b[i] = byte(n)
	case 4:
		binary.BigEndian.PutUint16(b[i*2:], uint16(n))
	case 5:
		binary.BigEndian.PutUint32(b[i*4:], uint32(n))
	case 6:
		binary.BigEndian.PutUint64(b[i*8:], n)
	default:
		bit := i << order
		mask := byte(1<<(1<<order)-1) << (bit % 8)
		b[bit/8] = b[bit/8]&^mask | byte(n)<<(bit%8)
	}
}

// blockAt is where the refcount block of an entry of the refcount table is, 0 for none.
func (q *Image) blockAt(i int64) (int64, error) {
	if i >= int64(len(q.table)) || q.table[i] == 0 {
		return 0, nil
	}
	at := int64(q.table[i])
	if at < 0 || at&(q.cluster-1) != 0 || at >= q.end && q.blocks.m[at] == nil {
		return 0, q.corrupt("an entry of its refcount table is %#x", q.table[i])
	}
	return at, nil
}

// block is a refcount block, nil if there is none.
func (q *Image) block(i int64) (*table, error) {
	at, err := q.blockAt(i)
	if at == 0 || err != nil {
		return nil, err
	}
	return q.blocks.get(at)
}

// refcount is the number of references to a cluster.
func (q *Image) refcount(c int64) (uint64, error) {
	b, err := q.block(c / q.perBlock())
	if b == nil || err != nil {
		return 0, err
	}
	return getCount(b.b, c%q.perBlock(), q.h.RefcountOrder), nil
}

// addRefcount changes the refcount of a cluster by one, and returns what it is then.
func (q *Image) addRefcount(c int64, by int) (uint64, error) {
	b, err := q.block(c / q.perBlock())
	if err != nil {
		return 0, err
	}
	i := c % q.perBlock()
	switch {
	case b == nil || getCount(b.b, i, q.h.RefcountOrder) == 0:
		return 0, q.corrupt("the cluster at %#x is in use, and counts as free", c<<q.h.ClusterBits)
	case by > 0 && getCount(b.b, i, q.h.RefcountOrder) == q.mostRefcount():
		return 0, fmt.Errorf("the qcow2 image %s has refcounts of %d bits, too few for one more snapshot", q.name, 1<<q.h.RefcountOrder)
	}
	n := getCount(b.b, i, q.h.RefcountOrder) + uint64(by)
	q.store(b, i, n)
	if n == 0 {
		q.hint = min(q.hint, c)
	}
	return n, nil
}

// store sets the refcount of index i of a block.
func (q *Image) store(b *table, i int64, n uint64) {
	setCount(b.b, i, q.h.RefcountOrder, n)
	b.changed(int(i<<q.h.RefcountOrder/8), 1)
}
