package qcow2

import "panda/emu/dev/backend"

// mostRun is how much is written to new clusters in one piece, if they are not larger.
const mostRun = 1 << 20

// Write writes b.
func (q *Image) Write(off int64, b []byte) error {
	if err := backend.CheckWrite(q, off, int64(len(b))); err != nil {
		return err
	}
	if err := q.writable(); err != nil {
		return err
	}
	for len(b) > 0 {
		n, err := q.writePiece(off, b)
		if err != nil {
			return err
		}
		off, b = off+n, b[n:]
	}
	return q.bound()
}

// inPlace reports whether what an entry refers to can be written where it is.
func inPlace(x extent) bool { return x.kind == data && x.entry&flagCopied != 0 }

// writePiece writes what is in place, or what is not, from an offset on.
func (q *Image) writePiece(off int64, b []byte) (int64, error) {
	first, err := q.extent1(q.l1, off)
	if err != nil {
		return 0, err
	}
	n, most := first.n, int64(len(b))
	if !inPlace(first) {
		most = min(most, first.n+max(0, mostRun-q.cluster), q.leafEnd(off)-off)
	}
	for n < most {
		x, err := q.extent1(q.l1, off+n)
		if err != nil {
			return 0, err
		}
		if inPlace(x) != inPlace(first) || inPlace(x) && x.host != first.host+n {
			break
		}
		n += x.n
	}
	n = min(n, most)
	if !inPlace(first) {
		return n, q.writeNew(off, b[:n])
	}
	if err := q.ofData(first.host, n); err != nil {
		return 0, err
	}
	return n, q.writeHost(b[:n], first.host)
}

// ofData is an error unless there may be data in bytes of the file.
func (q *Image) ofData(host, n int64) error {
	if what := q.vital(host, n); what != "" {
		return q.corrupt("data at %#x is said to be where its %s is", host, what)
	}
	return nil
}

// leafEnd is where on the disk the L2 table of an offset ends.
func (q *Image) leafEnd(off int64) int64 {
	bits := q.l2Bits + q.h.ClusterBits
	return (off>>bits + 1) << bits
}

// writeNew writes to clusters, of one L2 table, that are not in place.
func (q *Image) writeNew(off int64, b []byte) error {
	if _, err := q.leaf(off); err != nil {
		return err
	}
	start := off &^ (q.cluster - 1)
	n := (off + int64(len(b)) - start + q.cluster - 1) >> q.h.ClusterBits
	hosts, err := q.hosts(start, n)
	if err != nil {
		return err
	}
	if err := q.writeHosts(off, b, hosts); err != nil {
		q.takeBack(start, hosts)
		return err
	}
	if err := q.link(start, hosts); err != nil {
		q.takeBack(start, hosts)
		return err
	}
	return nil
}

// reused is where a cluster of zeros has a cluster of the file for itself, 0 if it has none.
func reused(x extent) int64 {
	if x.kind == zero && x.entry&flagCopied != 0 {
		return x.host
	}
	return 0
}

// hosts finds a cluster of the file for each of n clusters of the disk.
func (q *Image) hosts(start, n int64) ([]int64, error) {
	hosts := make([]int64, 0, n)
	for k := range n {
		x, err := q.extent1(q.l1, start+k*q.cluster)
		at := reused(x)
		if err == nil && at == 0 {
			at, err = q.allocate()
		}
		if err != nil {
			q.takeBack(start, hosts)
			return nil, err
		}
		hosts = append(hosts, at)
	}
	return hosts, nil
}

// takeBack frees what hosts found, and nothing refers to.
func (q *Image) takeBack(start int64, hosts []int64) {
	for k, at := range hosts {
		if x, err := q.extent1(q.l1, start+int64(k)*q.cluster); err == nil && x.host != at {
			q.uncount(at, 1)
		}
	}
}

// writeHosts writes new clusters, run by run.
func (q *Image) writeHosts(off int64, b []byte, hosts []int64) error {
	for lo := off &^ (q.cluster - 1); len(hosts) > 0; {
		n := contiguous(hosts, q.cluster)
		hi := lo + int64(n)*q.cluster
		from, to := max(lo, off), min(hi, off+int64(len(b)))
		if err := q.writeRun(hosts[0], lo, hi, from, b[from-off:to-off]); err != nil {
			return err
		}
		lo, hosts = hi, hosts[n:]
	}
	return nil
}

// writeRun writes clusters lo to hi of the disk to the file, with b at an offset among them,
// and around it what was there before. Zeros need not be written beyond the end of the file.
func (q *Image) writeRun(host, lo, hi, from int64, b []byte) error {
	to := from + int64(len(b))
	if err := q.ofData(host, hi-lo); err != nil {
		return err
	}
	if from == lo && to == hi {
		return q.writeHost(b, host)
	}
	before, err := q.isZero(lo, from)
	if err != nil {
		return err
	}
	after, err := q.isZero(to, hi)
	if err != nil {
		return err
	}
	if before && after && host >= q.end {
		return q.writeHost(b, host+from-lo)
	}
	whole := q.buffer(hi - lo)
	if err := q.read(lo, whole[:from-lo]); err != nil {
		return err
	}
	if err := q.read(to, whole[to-lo:]); err != nil {
		return err
	}
	copy(whole[from-lo:], b)
	return q.writeHost(whole, host)
}

// buffer is memory for what is written around something. It is at most mostRun, or a cluster.
func (q *Image) buffer(n int64) []byte {
	if int64(len(q.scratch)) < n {
		q.scratch = make([]byte, n)
	}
	return q.scratch[:n]
}

// isZero reports whether bytes of the disk are known to be zeros without a look at them. They
// are in one cluster.
func (q *Image) isZero(off, end int64) (bool, error) {
	if off == end {
		return true, nil
	}
	x, err := q.extent1(q.l1, off)
	return x.kind == zero || x.kind == missing && off >= q.below(), err
}

// link makes an L2 table refer to new clusters, and gives up what it referred to.
func (q *Image) link(start int64, hosts []int64) error {
	t, err := q.leaf(start)
	if err != nil {
		return err
	}
	i := start >> q.h.ClusterBits & (1<<q.l2Bits - 1)
	for k, at := range hosts {
		if err := q.replace(t, i+int64(k), uint64(at)|flagCopied); err != nil {
			return err
		}
	}
	return nil
}

// replace changes an entry of an L2 table, and gives up what it referred to and does not any
// more.
func (q *Image) replace(t *table, i int64, e uint64) error {
	old := t.entry(i)
	if _, at, err := q.decode(old); err != nil {
		return err
	} else if old&flagPacked != 0 || at != int64(e&offsetMask) {
		if err := q.each(old, q.giveUp); err != nil {
			return err
		}
	}
	t.setEntry(i, e)
	return nil
}

// leaf is the L2 table for an offset of the disk, which then can be changed.
func (q *Image) leaf(off int64) (*table, error) {
	i := off >> (q.l2Bits + q.h.ClusterBits)
	old, err := q.l1Entry(q.l1[i])
	if err != nil {
		return nil, err
	}
	if q.l1[i]&flagCopied != 0 && old != 0 {
		if what := q.vital(old, q.cluster); what != "" {
			return nil, q.corrupt("an L2 table is said to be where its %s is", what)
		}
		return q.l2.get(old)
	}
	at, err := q.allocate()
	if err != nil {
		return nil, err
	}
	t, err := q.copyLeaf(old, at)
	if err != nil {
		q.uncount(at, 1)
		return nil, err
	}
	if old != 0 {
		q.given = append(q.given, old>>q.h.ClusterBits)
	}
	q.setL1(int(i), uint64(at)|flagCopied)
	return t, nil
}

// copyLeaf is a new L2 table, with what an old one has.
func (q *Image) copyLeaf(old, at int64) (*table, error) {
	if old == 0 {
		return q.l2.create(at)
	}
	from, err := q.l2.get(old)
	if err != nil {
		return nil, err
	}
	t, err := q.l2.create(at)
	if err == nil {
		copy(t.b, from.b)
	}
	return t, err
}

func (q *Image) setL1(i int, e uint64) {
	q.l1[i] = e
	q.l1Dirty[i/sectorEntries] = true
}
