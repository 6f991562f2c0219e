package qcow2

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// fixed is the header of version 2 (spec, "Header"), and what version 3 has besides.
type (
	fixed struct {
		Magic, Version  uint32
		BackingOffset   uint64
		BackingSize     uint32
		ClusterBits     uint32
		Size            uint64
		Crypt           uint32
		L1Size          uint32
		L1Offset        uint64
		TableOffset     uint64
		TableClusters   uint32
		Snapshots       uint32
		SnapshotsOffset uint64
	}
	fixed3 struct {
		Incompatible, Compatible, Autoclear uint64
		RefcountOrder, Length               uint32
	}
)

const (
	magic       = 'Q'<<24 | 'F'<<16 | 'I'<<8 | 0xfb
	lengthV2    = 72
	lengthV3    = 104
	compression = 104 // where the field compression_type is
)

// Where the fields are that are written one by one.
const (
	atSize         = 24
	atL1           = 36 // l1_size, l1_table_offset
	atTable        = 48 // refcount_table_offset, refcount_table_clusters
	atSnapshots    = 60 // nb_snapshots, snapshots_offset
	atIncompatible = 72
	atAutoclear    = 88
)

// Types of header extensions (spec, "Header extensions").
const (
	extEnd           = 0
	extBackingFormat = 0xe2792aca
	extFeatureNames  = 0x6803f857
	extBitmaps       = 0x23852875
)

// Limits of what an image may ask for. Those of L1 and refcount tables, clusters, snapshots
// and names are QEMU's own, so that no image it writes is refused.
const (
	leastClusterBits = 9
	mostClusterBits  = 21
	mostL1           = 32 << 20 / 8 // entries
	mostTable        = 8 << 20 / 8  // entries
	mostSnapshots    = 1 << 16
	mostSnapshotSize = 64 << 20 // bytes of the snapshot table
	mostExtra        = 1024     // bytes of extra data of a snapshot
	mostBackingName  = 1023
	mostSize         = 1 << 62
)

// header is all of the first cluster that matters.
type header struct {
	fixed
	fixed3
	compression   byte
	backing       string
	backingFormat string
	names         []featureName
	bitmaps       []byte // the bitmaps extension
}

// Probe reports whether a file begins like a qcow2 image.
func Probe(b []byte) bool { return len(b) >= 4 && binary.BigEndian.Uint32(b) == magic }

// parseHeader reads a header from the beginning of a file.
func parseHeader(b []byte) (*header, error) {
	h := &header{fixed3: fixed3{RefcountOrder: 4, Length: lengthV2}}
	if !Probe(b) {
		return nil, errors.New("it does not begin as one")
	}
	if _, err := binary.Decode(b, binary.BigEndian, &h.fixed); err != nil {
		return nil, errTruncated
	}
	if h.Version < 2 || h.Version > 3 {
		return nil, fmt.Errorf("it is of version %d, and 2 and 3 are known: qemu-img convert -O qcow2 makes a new image of it", h.Version)
	}
	if h.ClusterBits < leastClusterBits || h.ClusterBits > mostClusterBits {
		return nil, fmt.Errorf("clusters of 2^%d bytes; there are such of 2^%d to 2^%d", h.ClusterBits, leastClusterBits, mostClusterBits)
	}
	if h.Version == 3 {
		if err := h.parse3(b); err != nil {
			return nil, err
		}
	}
	b = b[:min(len(b), 1<<h.ClusterBits)]
	if err := h.parseExtensions(b); err != nil {
		return nil, err
	}
	if err := h.parseBacking(b); err != nil {
		return nil, err
	}
	return h, h.check()
}

var errTruncated = errors.New("the file ends within its header")

func (h *header) parse3(b []byte) error {
	if _, err := binary.Decode(b[lengthV2:], binary.BigEndian, &h.fixed3); err != nil {
		return errTruncated
	}
	if h.Length < lengthV3 || h.Length%8 != 0 || h.Length > 1<<h.ClusterBits {
		return fmt.Errorf("a header of %d bytes", h.Length)
	}
	if int(h.Length) > len(b) {
		return errTruncated
	}
	if h.Length > compression {
		h.compression = b[compression]
	}
	return nil
}

// parseExtensions reads the header extensions, which end where the backing file's name begins.
func (h *header) parseExtensions(b []byte) error {
	if h.BackingOffset != 0 && h.BackingOffset < uint64(len(b)) {
		b = b[:h.BackingOffset]
	}
	for at := int(h.Length); at+8 <= len(b); {
		kind, n := binary.BigEndian.Uint32(b[at:]), int(binary.BigEndian.Uint32(b[at+4:]))
		at += 8
		if kind == extEnd {
			return nil
		}
		if n > len(b)-at {
			return fmt.Errorf("the header extension %#x has %d bytes, which are not there", kind, n)
		}
		h.extension(kind, b[at:at+n])
		at += (n + 7) &^ 7
	}
	return nil
}

func (h *header) extension(kind uint32, b []byte) {
	switch kind {
	case extBackingFormat:
		h.backingFormat = string(b)
	case extFeatureNames:
		h.names = parseFeatureNames(b)
	case extBitmaps:
		h.bitmaps = append([]byte{}, b...)
	}
}

func (h *header) parseBacking(b []byte) error {
	if h.BackingOffset == 0 {
		return nil
	}
	if h.BackingSize > mostBackingName || h.BackingOffset > uint64(len(b)) || uint64(h.BackingSize) > uint64(len(b))-h.BackingOffset {
		return fmt.Errorf("the name of its backing file, %d bytes at %#x, is not in its header", h.BackingSize, h.BackingOffset)
	}
	h.backing = string(b[h.BackingOffset:][:h.BackingSize])
	return nil
}

// check refuses what cannot be read, and sizes that are out of bounds.
func (h *header) check() error {
	if err := h.checkFeatures(); err != nil {
		return err
	}
	cluster := uint64(1) << h.ClusterBits
	covered := cluster * (cluster / 8)
	for _, c := range []struct {
		bad  bool
		what string
	}{
		{h.RefcountOrder > 6, fmt.Sprintf("refcounts of 2^%d bits; there are such of 64 at most", h.RefcountOrder)},
		{h.Size > mostSize || h.Size%512 != 0, fmt.Sprintf("a disk of %d bytes", h.Size)},
		{h.L1Size > mostL1, fmt.Sprintf("an L1 table of %d entries; %d is the most", h.L1Size, mostL1)},
		{(h.Size+covered-1)/covered > uint64(h.L1Size), fmt.Sprintf("an L1 table of %d entries, too few for %d bytes", h.L1Size, h.Size)},
		{uint64(h.TableClusters) > mostTable*8/cluster, fmt.Sprintf("a refcount table of %d clusters", h.TableClusters)},
		{h.TableClusters == 0, "no refcount table"},
		{h.Snapshots > mostSnapshots, fmt.Sprintf("%d snapshots; %d is the most", h.Snapshots, mostSnapshots)},
	} {
		if c.bad {
			return errors.New("it has " + c.what)
		}
	}
	for _, t := range []struct {
		at   uint64
		what string
	}{{h.L1Offset, "L1 table"}, {h.TableOffset, "refcount table"}, {h.SnapshotsOffset, "snapshot table"}} {
		if t.at%cluster != 0 || t.at > offsetMask {
			return fmt.Errorf("its %s is at %#x, which is no cluster", t.what, t.at)
		}
	}
	return nil
}
