// Package image opens disk images by what they are: raw ones, qcow2 ones and the backing files
// of those. Each is a backend.Disk then. It knows nothing of the machine.
package image

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"panda/emu/dev/backend"
	"panda/emu/dev/backend/overlay"
	"panda/emu/dev/backend/qcow2"
	"panda/emu/dev/backend/raw"
)

// Options say how an image is opened.
type Options struct {
	// Format is "raw" or "qcow2"; "" finds out.
	Format   string
	ReadOnly bool
	// Snapshot keeps writes apart: they are gone with the disk unless they are committed,
	// which the disk, an *overlay.Disk, does.
	Snapshot bool
	// Memory keeps the writes of a Snapshot in memory, not in a temporary file, and Dir is
	// the folder of that file, "" for the system's.
	Memory bool
	Dir    string
	// Warn is told, in a sentence, what the user should know. It may be nil.
	Warn func(sentence string)
}

// mostDeep is how many images a chain of backing files has at most.
const mostDeep = 64

// format is one that can be opened.
type format struct {
	name string
	is   func(head []byte) bool
	open func(c *chain, f *backend.HostFile) (backend.Disk, error)
}

// formats are all of them. What is nothing else is raw.
func formats() []format {
	return []format{
		{"qcow2", qcow2.Probe, (*chain).qcow2},
		{"raw", func([]byte) bool { return true }, (*chain).raw},
	}
}

// foreign are the magics of formats that cannot be opened, and would be taken for raw ones.
var foreign = []struct {
	at          int
	magic, name string
}{
	{0, "KDMV", "VMDK"},
	{0, "COWD", "VMDK"},
	{0, "# Disk DescriptorFile", "VMDK"},
	{0x40, "\x7f\x10\xda\xbe", "VDI"},
	{0, "vhdxfile", "VHDX"},
	{0, "conectix", "VHD"},
	{0, "QED\x00", "QED"},
	{0, "WithoutFreeSpace", "Parallels"},
	{0, "WithouFreSpacExt", "Parallels"},
	{0, "LUKS\xba\xbe", "LUKS"},
}

// chain is the images that are open on the way from the uppermost one down.
type chain struct {
	o     Options
	files []*backend.HostFile
}

// Open opens an image.
func Open(path string, o Options) (backend.Disk, error) {
	if !o.Snapshot {
		return open(path, o)
	}
	below := o
	below.Snapshot, below.ReadOnly = false, true
	reopen := func(readOnly bool) (backend.Disk, error) {
		again := below
		again.ReadOnly = readOnly
		return open(path, again)
	}
	d, err := reopen(true)
	if err != nil {
		return nil, err
	}
	if o.ReadOnly {
		reopen = nil
	}
	over, err := overlay.New(d, overlay.Options{Memory: o.Memory, Dir: o.Dir, Reopen: reopen})
	if err != nil {
		d.Close()
		return nil, err
	}
	return over, nil
}

func open(path string, o Options) (backend.Disk, error) { return (&chain{o: o}).open(path) }

// open opens an image and what is below it.
func (c *chain) open(path string) (d backend.Disk, err error) {
	if slices.ContainsFunc(c.files, func(f *backend.HostFile) bool { return f.Is(path) }) {
		return nil, fmt.Errorf("%s is a backing file of itself", path)
	}
	if len(c.files) == mostDeep {
		return nil, fmt.Errorf("%s has more than %d backing files below one another: qemu-img rebase or convert makes them fewer", c.files[0].Name(), mostDeep)
	}
	f, err := backend.OpenFile(path, c.o.ReadOnly)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	c.files = append(c.files, f)
	head := make([]byte, backend.SectorSize)
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	for _, format := range formats() {
		if format.name == c.o.Format || c.o.Format == "" && format.is(head) {
			return format.open(c, f)
		}
	}
	return nil, fmt.Errorf("the format %q of %s is not known: raw and qcow2 are, and qemu-img convert -O qcow2 makes one of any other", c.o.Format, path)
}

func (c *chain) warn(format string, args ...any) {
	if c.o.Warn != nil {
		c.o.Warn(fmt.Sprintf(format, args...))
	}
}

func (c *chain) raw(f *backend.HostFile) (backend.Disk, error) {
	d, err := raw.New(f, f.Name(), c.o.ReadOnly)
	if err != nil {
		return nil, err
	}
	if size, _ := f.Size(); size != d.Size() {
		c.warn("the size of %s, %d, is no multiple of %d: it is padded with zeros", f.Name(), size, backend.SectorSize)
	}
	if c.o.Format != "" {
		return d, nil
	}
	head := make([]byte, min(backend.SectorSize, d.Size()))
	if err := d.Read(0, head); err != nil {
		return nil, err
	}
	if name := foreignFormat(head); name != "" {
		return nil, fmt.Errorf("%s is an image of the format %s, which is not supported: qemu-img convert -O qcow2 makes an image of it that is", f.Name(), name)
	}
	return &guarded{d}, nil
}

// foreignFormat is the name of a format that an image begins like.
func foreignFormat(head []byte) string {
	for _, f := range foreign {
		if len(head) > f.at && bytes.HasPrefix(head[f.at:], []byte(f.magic)) {
			return f.name
		}
	}
	return ""
}

func (c *chain) qcow2(f *backend.HostFile) (backend.Disk, error) {
	return qcow2.Open(f, f.Name(), qcow2.Options{
		ReadOnly: c.o.ReadOnly,
		Warn:     c.o.Warn,
		Backing: func(name, format string) (backend.Disk, error) {
			path, err := backingPath(f.Name(), name)
			if err != nil {
				return nil, err
			}
			below := &chain{o: Options{Format: format, ReadOnly: true, Warn: c.o.Warn}, files: c.files}
			return below.open(path)
		},
	})
}

// backingPath is where the backing file of an image is. A name without a folder of its own is
// of the folder of the image.
func backingPath(image, name string) (string, error) {
	if rest, ok := strings.CutPrefix(name, "file:"); ok {
		name = rest
	} else if before, _, ok := strings.Cut(name, ":"); ok && !strings.Contains(before, "/") {
		return "", fmt.Errorf("%s names the backing file %s, which is not a file: qemu-img rebase makes it name one", image, name)
	}
	if filepath.IsAbs(name) {
		return name, nil
	}
	return filepath.Join(filepath.Dir(image), name), nil
}

// Create makes a qcow2 image of a disk of that many bytes. For 0 and a backing file it is as
// large as that.
func Create(path string, size int64, o qcow2.CreateOptions) error {
	if o.Backing != "" {
		below, err := backingPath(path, o.Backing)
		if err != nil {
			return err
		}
		d, err := open(below, Options{Format: o.BackingFormat, ReadOnly: true})
		if err != nil {
			return fmt.Errorf("the backing file of %s: %w", path, err)
		}
		if size == 0 {
			size = d.Size()
		}
		if err := d.Close(); err != nil {
			return err
		}
	}
	return qcow2.Create(path, size, o)
}
