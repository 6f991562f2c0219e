package qcow2

import (
	"bytes"
	"errors"
	"fmt"
)

// Bits of the header's incompatible features (spec, "Header").
const (
	incompatibleDirty = 1 << iota
	incompatibleCorrupt
	incompatibleDataFile
	incompatibleCompression
	incompatibleExtendedL2
)

// compatibleLazy is the bit of lazy refcounts among the compatible features, and
// autoclearBitmaps that of consistent bitmaps among the features that a writer clears.
const (
	compatibleLazy   = 1
	autoclearBitmaps = 1
)

// feature is a bit of the header's.
type feature struct {
	kind, bit byte
	name      string
	// refused says why an image with it is not opened, and what to do.
	refused string
}

// featureTable has the features that are known. An image that is made here names them, as
// the spec asks for, to those who do not know them.
var featureTable = []feature{
	{0, 0, "dirty bit", ""},
	{0, 1, "corrupt bit", ""},
	{0, 2, "external data file", "its data is in a file of its own, which is not supported: qemu-img convert -O qcow2 makes an image of both"},
	{0, 3, "compression type", ""},
	{0, 4, "extended L2 entries", "it has extended L2 entries, which are not supported: qemu-img convert -O qcow2 -o extended_l2=off makes an image without"},
	{1, 0, "lazy refcounts", ""},
	{2, 0, "bitmaps", ""},
	{2, 1, "raw external data", ""},
}

// featureName is an entry of an image's own table of names.
type featureName struct {
	kind, bit byte
	name      string
}

// featureNameSize is the size of such an entry (spec, "Feature name table").
const featureNameSize = 48

func parseFeatureNames(b []byte) (names []featureName) {
	for ; len(b) >= featureNameSize; b = b[featureNameSize:] {
		name, _, _ := bytes.Cut(b[2:featureNameSize], []byte{0})
		names = append(names, featureName{b[0], b[1], string(name)})
	}
	return names
}

// checkFeatures refuses an image with a feature that it cannot be read without.
func (h *header) checkFeatures() error {
	if h.Crypt != 0 {
		return errors.New("it is encrypted, which is not supported: qemu-img convert makes an image without")
	}
	unknown := h.Incompatible
	for _, f := range featureTable {
		if f.kind == 0 && h.Incompatible>>f.bit&1 == 1 {
			if f.refused != "" {
				return errors.New(f.refused)
			}
			unknown &^= 1 << f.bit
		}
	}
	for bit := range 64 {
		if unknown>>bit&1 == 1 {
			return fmt.Errorf("it cannot be read without the feature %s, which is not known here: qemu-img convert may make an image without", h.featureName(byte(bit)))
		}
	}
	typed := h.Incompatible&incompatibleCompression != 0
	if typed != (h.compression != 0) || int(h.compression) >= len(inflaters) {
		return fmt.Errorf("its clusters are compressed by method %d, which is not known here: qemu-img convert -O qcow2 makes an image without", h.compression)
	}
	return nil
}

// featureName is what the image itself calls an incompatible feature.
func (h *header) featureName(bit byte) string {
	for _, n := range h.names {
		if n.kind == 0 && n.bit == bit {
			return fmt.Sprintf("%q (bit %d)", n.name, bit)
		}
	}
	return fmt.Sprintf("of bit %d, which it has no name for", bit)
}
