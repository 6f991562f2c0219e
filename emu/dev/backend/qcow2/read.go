package qcow2

import "panda/emu/dev/backend"

// extent is bytes of the disk that are found in one piece.
type extent struct {
	kind  kind
	entry uint64 // of its first cluster
	host  int64  // where its first byte is in the file, of data
	n     int64
}

// lookup is the entry of an L2 table for a cluster of the disk, below an L1 table.
func (q *Image) lookup(l1 []uint64, g int64) (uint64, error) {
	i := g >> q.l2Bits
	if i >= int64(len(l1)) || l1[i] == 0 {
		return 0, nil
	}
	at, err := q.l1Entry(l1[i])
	if at == 0 || err != nil {
		return 0, err
	}
	t, err := q.l2.get(at)
	if err != nil {
		return 0, err
	}
	return t.entry(g & (1<<q.l2Bits - 1)), nil
}

// extent1 is the extent that ends with a cluster, from an offset of the disk on.
func (q *Image) extent1(l1 []uint64, off int64) (x extent, err error) {
	if x.entry, err = q.lookup(l1, off>>q.h.ClusterBits); err != nil {
		return x, err
	}
	in := off & (q.cluster - 1)
	x.kind, x.host, err = q.decode(x.entry)
	x.host += in
	x.n = q.cluster - in
	return x, err
}

// extentAt is the longest extent at an offset of the disk, of at most that many bytes.
func (q *Image) extentAt(l1 []uint64, off, most int64) (extent, error) {
	x, err := q.extent1(l1, off)
	for err == nil && x.n < most && x.kind != packed {
		var y extent
		y, err = q.extent1(l1, off+x.n)
		if y.kind != x.kind || x.kind == data && y.host != x.host+x.n {
			break
		}
		x.n += y.n
	}
	x.n = min(x.n, most)
	return x, err
}

// Read fills b.
func (q *Image) Read(off int64, b []byte) error {
	if err := backend.CheckRange(q, off, int64(len(b))); err != nil {
		return err
	}
	return q.read(off, b)
}

// read reads what may lie beyond the end of the disk as well, in its last cluster.
func (q *Image) read(off int64, b []byte) error {
	for len(b) > 0 {
		x, err := q.extentAt(q.l1, off, int64(len(b)))
		if err == nil {
			err = q.readExtent(x, off, b[:x.n])
		}
		if err != nil {
			return err
		}
		off, b = off+x.n, b[x.n:]
	}
	return nil
}

func (q *Image) readExtent(x extent, off int64, b []byte) error {
	switch x.kind {
	case missing:
		return q.readBacking(off, b)
	case zero:
		clear(b)
	case data:
		return q.readHost(b, x.host, x.host&^(q.cluster-1))
	case packed:
		whole, err := q.inflate(x.entry)
		if err != nil {
			return err
		}
		copy(b, whole[off&(q.cluster-1):])
	}
	return nil
}

// readBacking reads from the backing file, with zeros beyond its end.
func (q *Image) readBacking(off int64, b []byte) error {
	n := min(int64(len(b)), max(0, q.below()-off))
	clear(b[n:])
	if n == 0 {
		return nil
	}
	return q.backing.Read(off, b[:n])
}

// below is the size of the disk below; 0 if there is none.
func (q *Image) below() int64 {
	if q.backing == nil {
		return 0
	}
	return q.backing.Size()
}
