package qcow2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"os"

	"panda/emu/dev/backend"
)

// CreateOptions say what a new image is like. What is zero is as usual.
type CreateOptions struct {
	ClusterSize   int64 // a power of two; 64 KiB
	Version       int   // 2 or 3; 3
	RefcountBits  int   // a power of two up to 64; 16
	LazyRefcounts bool
	// Backing is the name of the backing file, relative to the folder of the image, and
	// BackingFormat the format of that.
	Backing, BackingFormat string
}

// Create makes a new image of a disk of that many bytes.
func Create(path string, size int64, o CreateOptions) error {
	f, err := backend.CreateFile(path)
	if err != nil {
		return err
	}
	err = Format(f, path, size, o)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(path)
	}
	return err
}

// Format makes an empty file an image.
func Format(f backend.File, name string, size int64, o CreateOptions) error {
	if err := format(f, name, size, o); err != nil {
		return fmt.Errorf("make the qcow2 image %s: %w", name, err)
	}
	return nil
}

func format(f backend.File, name string, size int64, o CreateOptions) error {
	h, err := o.header()
	if err != nil {
		return err
	}
	leaf := int64(1) << (2*h.ClusterBits - 3)
	if size < 0 || size%backend.SectorSize != 0 {
		return fmt.Errorf("a disk of %d bytes: it must be a multiple of %d", size, backend.SectorSize)
	}
	if size > mostL1*leaf || size > mostSize {
		return fmt.Errorf("a disk of %d bytes is too large for clusters of %d bytes: larger clusters allow more", size, 1<<h.ClusterBits)
	}
	if err := writeFirst(f, h); err != nil {
		return err
	}
	// What is there now is an image of an empty disk, which can allocate.
	q, err := load(f, name, Options{})
	if err != nil {
		return err
	}
	if err := q.firstL1(max(1, (size+leaf-1)/leaf)); err != nil {
		return err
	}
	return q.setField(atSize, uint64(size))
}

// header is the header of an image with such options, of an empty disk.
func (o CreateOptions) header() (*header, error) {
	if o.ClusterSize == 0 {
		o.ClusterSize = 1 << 16
	}
	if o.Version == 0 {
		o.Version = 3
	}
	if o.RefcountBits == 0 {
		o.RefcountBits = 16
	}
	switch {
	case bits.OnesCount64(uint64(o.ClusterSize)) != 1 || o.ClusterSize < 1<<leastClusterBits || o.ClusterSize > 1<<mostClusterBits:
		return nil, fmt.Errorf("clusters of %d bytes: powers of two from %d to %d are possible", o.ClusterSize, 1<<leastClusterBits, 1<<mostClusterBits)
	case o.Version != 2 && o.Version != 3:
		return nil, fmt.Errorf("version %d: 2 and 3 are possible", o.Version)
	case bits.OnesCount(uint(o.RefcountBits)) != 1 || o.RefcountBits < 1 || o.RefcountBits > 64:
		return nil, fmt.Errorf("refcounts of %d bits: powers of two up to 64 are possible", o.RefcountBits)
	case o.Version == 2 && (o.RefcountBits != 16 || o.LazyRefcounts):
		return nil, errors.New("version 2 has refcounts of 16 bits, and none that are lazy")
	case len(o.Backing) > mostBackingName:
		return nil, fmt.Errorf("the name of the backing file has %d bytes; %d is the most", len(o.Backing), mostBackingName)
	}
	h := &header{backing: o.Backing, backingFormat: o.BackingFormat}
	h.Magic, h.Version = magic, uint32(o.Version)
	h.ClusterBits = uint32(bits.TrailingZeros64(uint64(o.ClusterSize)))
	h.RefcountOrder = uint32(bits.TrailingZeros(uint(o.RefcountBits)))
	h.TableOffset, h.TableClusters = uint64(o.ClusterSize), 1
	if o.LazyRefcounts {
		h.Compatible = compatibleLazy
	}
	return h, nil
}

// encode is the first cluster of an image.
func (h *header) encode() ([]byte, error) {
	extensions := h.encodeExtensions()
	h.Length = lengthV2
	if h.Version >= 3 {
		h.Length = lengthV3 + 8 // with the compression type and what pads it
	}
	if h.backing != "" {
		h.BackingOffset, h.BackingSize = uint64(int(h.Length)+len(extensions)), uint32(len(h.backing))
	}
	b, err := binary.Append(nil, binary.BigEndian, &h.fixed)
	if err == nil && h.Version >= 3 {
		b, err = binary.Append(b, binary.BigEndian, &h.fixed3)
	}
	if err != nil {
		return nil, err
	}
	b = append(b, make([]byte, int(h.Length)-len(b))...)
	b = append(append(b, extensions...), h.backing...)
	if len(b) > 1<<h.ClusterBits {
		return nil, fmt.Errorf("the name of the backing file, %s, is too long for clusters of %d bytes", h.backing, 1<<h.ClusterBits)
	}
	return append(b, make([]byte, 1<<h.ClusterBits-len(b))...), nil
}

func (h *header) encodeExtensions() (b []byte) {
	extension := func(kind uint32, data []byte) {
		b = binary.BigEndian.AppendUint32(b, kind)
		b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
		b = append(append(b, data...), make([]byte, -len(data)&7)...)
	}
	if h.backing != "" && h.backingFormat != "" {
		extension(extBackingFormat, []byte(h.backingFormat))
	}
	// The smallest clusters have no room for names of features.
	if h.Version >= 3 && h.ClusterBits >= 12 {
		var names []byte
		for _, f := range featureTable {
			entry := make([]byte, featureNameSize)
			entry[0], entry[1] = f.kind, f.bit
			copy(entry[2:], f.name)
			names = append(names, entry...)
		}
		extension(extFeatureNames, names)
	}
	extension(extEnd, nil)
	return b
}

// writeFirst writes three clusters: the header, a refcount table, and a refcount block.
func writeFirst(f backend.File, h *header) error {
	head, err := h.encode()
	if err != nil {
		return err
	}
	cluster := int64(len(head))
	table, block := make([]byte, cluster), make([]byte, cluster)
	binary.BigEndian.PutUint64(table, uint64(2*cluster))
	for c := range int64(3) {
		setCount(block, c, h.RefcountOrder, 1)
	}
	for i, b := range [][]byte{head, table, block} {
		if _, err := f.WriteAt(b, int64(i)*cluster); err != nil {
			return err
		}
	}
	return nil
}

// firstL1 gives an image that has none an L1 table.
func (q *Image) firstL1(n int64) error {
	at, _, err := q.writeNewTable(make([]byte, n*8))
	if err != nil {
		return err
	}
	if err := q.flushRefcounts(); err != nil {
		return err
	}
	field := binary.BigEndian.AppendUint32(nil, uint32(n))
	return q.setHeader(atL1, binary.BigEndian.AppendUint64(field, uint64(at)))
}
