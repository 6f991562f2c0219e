package qcow2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"panda/emu/dev/backend"
)

// Options say how an image is opened.
type Options struct {
	ReadOnly bool
	// Backing opens the backing file that an image names, in the format it names, which may
	// be "". Without it an image that has one is refused.
	Backing func(name, format string) (backend.Disk, error)
	// Warn is told, in a sentence, what the user should know. It may be nil.
	Warn func(sentence string)
}

// Image is a disk in an image.
type Image struct {
	name    string
	f       backend.File
	h       *header
	o       Options
	backing backend.Disk // nil for none
	cluster int64        // the size of one
	l2Bits  uint32       // an L2 table has 1<<l2Bits entries
	end     int64        // the size of the file

	l1            []uint64
	l1Dirty       map[int]bool // sectors of the L1 table that differ from the file
	l2            *cache
	table         []uint64     // the refcount table
	newBlocks     map[int]bool // sectors of it that differ from the file
	blocks        *cache       // refcount blocks
	hint          int64        // no cluster below it is free
	given         []int64      // clusters to which a reference is gone, but maybe not on disk
	unsynced      bool         // something was written since the last Sync
	touched       bool         // the header says that the image is being written
	dirty         bool         // the dirty bit is set in the file: its refcounts may be wrong
	unclean       bool         // it stays so even then, for the image needs repair
	lazy          bool         // and stays so until Close: refcounts need not be written before
	snapshots     []*snapshot
	snapshotBytes int64 // the size of their table in the file

	inflater   inflater
	inflated   []byte // the last compressed cluster that was read
	inflatedAt uint64 // its entry; 0 for none

	scratch []byte
	broken  error // why nothing is written any more
}

// Open opens the image in a file, which is the image's from then on, unless there is an
// error. The name is for what is said of it.
func Open(f backend.File, name string, o Options) (*Image, error) {
	q, err := load(f, name, o)
	if err == nil {
		err = q.start()
	}
	if err != nil {
		if q != nil && q.backing != nil {
			q.backing.Close()
		}
		return nil, fmt.Errorf("open the qcow2 image %s: %w", name, err)
	}
	return q, nil
}

// load reads what an image begins with.
func load(f backend.File, name string, o Options) (*Image, error) {
	end, err := f.Size()
	if err != nil {
		return nil, err
	}
	b := make([]byte, min(end, 1<<mostClusterBits))
	if _, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	h, err := parseHeader(b)
	if err != nil {
		return nil, err
	}
	q := &Image{
		name: name, f: f, h: h, o: o, end: end,
		cluster: 1 << h.ClusterBits, l2Bits: h.ClusterBits - 3,
		l1Dirty: map[int]bool{}, newBlocks: map[int]bool{},
	}
	q.l2 = newCache(q, q.flushTables)
	q.blocks = newCache(q, q.flushRefcounts)
	q.dirty = h.Incompatible&incompatibleDirty != 0
	if q.l1, err = q.readTable(int64(h.L1Offset), int64(h.L1Size), "L1 table"); err != nil {
		return nil, err
	}
	if q.table, err = q.readTable(int64(h.TableOffset), int64(h.TableClusters)*q.cluster/8, "refcount table"); err != nil {
		return nil, err
	}
	return q, q.readSnapshots()
}

// start makes ready for use what was loaded.
func (q *Image) start() error {
	if q.h.backing != "" {
		if q.o.Backing == nil {
			return fmt.Errorf("it has the backing file %s, which cannot be opened here", q.h.backing)
		}
		d, err := q.o.Backing(q.h.backing, q.h.backingFormat)
		if err != nil {
			return fmt.Errorf("its backing file: %w", err)
		}
		q.backing = d
	}
	switch {
	case q.o.ReadOnly:
		return nil
	case q.h.Incompatible&incompatibleCorrupt != 0:
		return errors.New("it is marked as corrupt, and so can only be read; qemu-img check -r all repairs what can be")
	case q.dirty:
		return q.repair()
	}
	return nil
}

// readTable reads a table of entries, which must be in the file as a whole: a hostile image
// shall not cost more memory than it has bytes.
func (q *Image) readTable(at, n int64, what string) ([]uint64, error) {
	if at > q.end || n*8 > q.end-at {
		return nil, fmt.Errorf("its %s, %d entries at %#x, lies beyond the end of the file: has the file been truncated?", what, n, at)
	}
	b := make([]byte, n*8)
	if _, err := q.f.ReadAt(b, at); err != nil && !(errors.Is(err, io.EOF) && n == 0) {
		return nil, fmt.Errorf("read its %s: %w", what, err)
	}
	return decodeTable(b), nil
}

func decodeTable(b []byte) []uint64 {
	es := make([]uint64, len(b)/8)
	for i := range es {
		es[i] = binary.BigEndian.Uint64(b[i*8:])
	}
	return es
}

func encodeTable(es []uint64) []byte {
	b := make([]byte, 0, len(es)*8)
	for _, e := range es {
		b = binary.BigEndian.AppendUint64(b, e)
	}
	return b
}

func (q *Image) warn(format string, args ...any) {
	if q.o.Warn != nil {
		q.o.Warn(fmt.Sprintf("qcow2 image "+q.name+": "+format, args...))
	}
}

// corrupt notes that the image contradicts itself. From then on nothing is written, because
// what it says of free clusters may be wrong as well.
func (q *Image) corrupt(format string, args ...any) error {
	err := fmt.Errorf("the qcow2 image %s is corrupt: "+format, append([]any{q.name}, args...)...)
	q.fail(err)
	return err
}

// fail stops all further writes.
func (q *Image) fail(err error) {
	if q.broken == nil {
		q.broken = fmt.Errorf("nothing is written any more to the qcow2 image %s: %w", q.name, err)
	}
}

// readHost fills b from the file, with zeros beyond its end, where however the cluster must
// not begin.
func (q *Image) readHost(b []byte, at, cluster int64) error {
	if cluster > q.end {
		return q.corrupt("a cluster at %#x lies beyond the end of the file: has it been truncated?", cluster)
	}
	if err := backend.ReadPadded(q.f, b, at); err != nil {
		return fmt.Errorf("read the qcow2 image %s at %#x: %w", q.name, at, err)
	}
	return nil
}

func (q *Image) writeHost(b []byte, at int64) error {
	if q.broken != nil {
		return q.broken
	}
	q.unsynced = true
	n, err := q.f.WriteAt(b, at)
	q.end = max(q.end, at+int64(n))
	if err != nil {
		return fmt.Errorf("write the qcow2 image %s at %#x: %w", q.name, at, err)
	}
	return nil
}

// sync waits until all that was written is on its medium. What a host that fails to do so
// has written, and what not, nobody knows: so nothing is written after that.
func (q *Image) sync() error {
	if q.broken != nil || !q.unsynced {
		return q.broken
	}
	if err := q.f.Sync(); err != nil {
		q.fail(err)
		return err
	}
	q.unsynced = false
	return nil
}

// Size is the size of the disk.
func (q *Image) Size() int64 { return int64(q.h.Size) }

// ReadOnly reports how it was opened.
func (q *Image) ReadOnly() bool { return q.o.ReadOnly }

// Backing is the disk below, or nil.
func (q *Image) Backing() backend.Disk { return q.backing }

// Flush returns when what was written would outlast a crash of the host.
func (q *Image) Flush() error {
	if q.o.ReadOnly {
		return nil
	}
	if err := q.flushTables(); err != nil {
		return err
	}
	if err := q.sync(); err != nil || q.lazy {
		return err
	}
	// Smaller refcounts are not needed: without them there are leaks.
	return q.flushRefcounts()
}

// Close flushes the image and closes the file, after an error of the flush as well.
func (q *Image) Close() error {
	err := q.finish()
	if q.backing != nil {
		err = errors.Join(err, q.backing.Close())
	}
	return errors.Join(err, q.f.Close())
}

// finish leaves the image as one that nobody has open.
func (q *Image) finish() error {
	if q.o.ReadOnly {
		return nil
	}
	if err := q.Flush(); err != nil {
		return err
	}
	if q.dirty && !q.unclean {
		return q.setDirty(false)
	}
	return nil
}
