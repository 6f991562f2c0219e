package qcow2

import (
	"errors"
	"fmt"
)

// repair makes the refcounts and flags of an image right that was not closed, from the tables
// that map the disk, which are always right. If it is interrupted, the dirty bit is still
// set, and it is done again.
func (q *Image) repair() error {
	c, err := q.countAll()
	if err != nil {
		return err
	}
	if c.Corruptions > 0 {
		return fmt.Errorf("it was not closed, and cannot be repaired here (%s): qemu-img check -r all may do it", c.Problems[0])
	}
	if err := q.clearFeatures(); err != nil {
		return err
	}
	wrong, err := c.correct()
	if err != nil {
		return fmt.Errorf("repair: %w", err)
	}
	if err := q.mark(q.l1); err != nil {
		return err
	}
	if err := q.setDirty(false); err != nil {
		return err
	}
	q.warn("it was not closed when it was last used; %d refcounts were repaired", wrong)
	return nil
}

// correct makes refcounts what was counted. It returns how many were wrong.
func (c *checker) correct() (wrong int, err error) {
	if err := c.addBlocks(); err != nil {
		return 0, err
	}
	c.compare(func(cluster int64, b *table, i int64, _, want uint64) {
		switch {
		case b == nil:
			err = errors.New("a refcount block is missing")
		case want > c.q.mostRefcount():
			err = fmt.Errorf("the cluster at %#x has %d references, more than its refcount can say", cluster<<c.q.h.ClusterBits, want)
		default:
			c.q.store(b, i, want)
			wrong++
		}
	})
	if c.Corruptions > 0 {
		err = errors.New(c.Problems[0])
	}
	return wrong, err
}

// addBlocks makes refcount blocks where there are references and none are.
func (c *checker) addBlocks() error {
	q := c.q
	per := q.perBlock()
	free := int64(1)
	for i := int64(0); i*per < int64(len(c.counts)); i++ {
		at, err := q.blockAt(i)
		if err != nil {
			return err
		}
		if at != 0 || !c.any(i*per, per) {
			continue
		}
		if i >= int64(len(q.table)) {
			return errors.New("its refcount table is too small: qemu-img check -r all repairs it")
		}
		for free < int64(len(c.counts)) && c.counts[free] != 0 {
			free++
		}
		if free == int64(len(c.counts)) {
			c.counts = append(c.counts, 0)
		}
		c.counts[free] = 1
		at = free << q.h.ClusterBits
		if _, err := q.blocks.create(at); err != nil {
			return err
		}
		q.table[i] = uint64(at)
		q.newBlocks[int(i/sectorEntries)] = true
		i = min(i, free/per) - 1
	}
	return nil
}

// any reports whether there are references to one of n clusters.
func (c *checker) any(first, n int64) bool {
	for k := first; k < min(first+n, int64(len(c.counts))); k++ {
		if c.counts[k] != 0 {
			return true
		}
	}
	return false
}
