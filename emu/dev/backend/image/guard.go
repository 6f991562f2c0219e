package image

import (
	"errors"

	"panda/emu/dev/backend"
	"panda/emu/dev/backend/qcow2"
	"panda/emu/dev/backend/raw"
)

// guarded is a raw image that was taken for one because it looked like nothing else. Its
// guest must not make it look like something else: opened the next time, it could name any
// file of the host as its backing file.
type guarded struct{ *raw.Disk }

var errMagic = errors.New("the guest may not make a raw image begin like one of another format: open it with format=raw if it shall")

// Write writes b.
func (g *guarded) Write(off int64, b []byte) error {
	if off == 0 && (qcow2.Probe(b) || foreignFormat(b[:min(len(b), backend.SectorSize)]) != "") {
		return errMagic
	}
	return g.Disk.Write(off, b)
}
