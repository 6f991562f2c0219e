package qcow2

import "encoding/binary"

// An entry of an L1 or an L2 table (spec, "Cluster mapping").
//
//	 63     62       61      56 55          9 8      1  0
//	copied packed    reserved     offset      reserved zero
const (
	flagCopied = 1 << 63 // its cluster's refcount is one: it can be written in place
	flagPacked = 1 << 62 // a compressed cluster: the bits below mean something else
	flagZero   = 1       // it reads as zeros, whatever the cluster has

	offsetMask = 1<<56 - 1<<9
	// reserved are bits that a standard entry never has.
	reserved = 1<<62 - 1<<56 | 1<<9 - 1<<1
)

// kind is what a cluster of the disk is.
type kind uint8

const (
	missing kind = iota // the backing file has it, or it is zeros
	zero
	data
	packed
)

// decode is the kind of an entry of an L2 table, and where its cluster is in the file.
func (q *Image) decode(e uint64) (kind, int64, error) {
	if e&flagPacked != 0 {
		at, _ := q.packedAt(e)
		return packed, at, nil
	}
	at := int64(e & offsetMask)
	if e&reserved != 0 || at&(q.cluster-1) != 0 || e&flagZero != 0 && q.h.Version < 3 {
		return 0, 0, q.corrupt("an entry of an L2 table is %#x", e)
	}
	switch {
	case e&flagZero != 0:
		return zero, at, nil
	case at == 0:
		return missing, 0, nil
	}
	return data, at, nil
}

// packedAt is where a compressed cluster is, and the most bytes that it has (spec,
// "Compressed Clusters Descriptor").
func (q *Image) packedAt(e uint64) (at, n int64) {
	x := 62 - (q.h.ClusterBits - 8)
	at = int64(e & (1<<x - 1) & (1<<56 - 1))
	sectors := int64(e & (1<<62 - 1) >> x)
	return at, (sectors+1)*512 - at%512
}

// each calls f for each cluster of the file that an entry of an L2 table refers to.
func (q *Image) each(e uint64, f func(cluster int64) error) error {
	k, at, err := q.decode(e)
	if err != nil || at == 0 {
		return err
	}
	n := int64(1)
	if k == packed {
		_, n = q.packedAt(e)
	}
	for c := at >> q.h.ClusterBits; c <= (at+n-1)>>q.h.ClusterBits; c++ {
		if err := f(c); err != nil {
			return err
		}
	}
	return nil
}

// l1Entry is where the L2 table of an entry of an L1 table is, 0 for none.
func (q *Image) l1Entry(e uint64) (int64, error) {
	at := int64(e & offsetMask)
	if e&^(flagCopied|offsetMask) != 0 || at&(q.cluster-1) != 0 || at >= q.end && at != 0 && q.l2.m[at] == nil {
		return 0, q.corrupt("an entry of an L1 table is %#x", e)
	}
	return at, nil
}

func (t *table) entry(i int64) uint64 { return binary.BigEndian.Uint64(t.b[i*8:]) }

func (t *table) setEntry(i int64, e uint64) {
	binary.BigEndian.PutUint64(t.b[i*8:], e)
	t.changed(int(i*8), 8)
}
