package sandbox

import (
	"archive/tar"
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// A file with holes is written as GNU tar does in its PAX format 1.0: records that
// tell the name and the size, then an entry that holds a map of the extents, as
// numbers in lines, and the bytes of the extents. The standard library reads this
// format and does not write it.

// extent is a part of a file that is no hole.
type extent struct{ off, size int64 }

const tarBlock = 512

// extents are the parts of a file that have bytes; ok is false when the file has no
// hole, or its file system does not tell.
func (x *exporter) extents(fd int, size int64) (all []extent, ok bool) {
	var held int64
	for off := int64(0); off < size; {
		data, e := x.s.host.Lseek(fd, off, unix.SEEK_DATA)
		if e == abi.ENXIO {
			break
		}
		hole, e2 := x.s.host.Lseek(fd, data, unix.SEEK_HOLE)
		if e != 0 || e2 != 0 || data < off || hole <= data {
			return nil, false
		}
		hole = min(hole, size)
		if data >= size {
			break
		}
		all = append(all, extent{data, hole - data})
		held += hole - data
		off = hole
	}
	return all, held < size
}

// sparse writes a file of which only the extents are there.
func (x *exporter) sparse(fd int, h *tar.Header, parts []extent) error {
	var table bytes.Buffer
	listed := append(slices.Clip(parts), extent{h.Size, 0}) // so that a hole at the end counts
	fmt.Fprintf(&table, "%d\n", len(listed))
	stored := int64(0)
	for _, p := range listed {
		fmt.Fprintf(&table, "%d\n%d\n", p.off, p.size)
		stored += p.size
	}
	pad(&table)
	stored += int64(table.Len())
	records := map[string]string{
		"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": h.Name, "GNU.sparse.realsize": strconv.FormatInt(h.Size, 10),
		"uid": strconv.Itoa(h.Uid), "gid": strconv.Itoa(h.Gid),
		"mtime": fmt.Sprintf("%d.%09d", h.ModTime.Unix(), h.ModTime.Nanosecond()),
	}
	if stored >= 1<<33 { // it has no room in the header. Some readers take a record of the size for that without the map.
		records["size"] = strconv.FormatInt(stored, 10)
	}
	for k, v := range h.PAXRecords { // a map again
		records[k] = v
	}
	var head bytes.Buffer
	for _, k := range sortedKeys(records) {
		head.WriteString(paxRecord(k, records[k]))
	}
	size := head.Len()
	pad(&head)
	entry := rawHeader{name: "GNUSparseFile.0/" + lastName(h.Name), typ: tar.TypeReg, mode: h.Mode, size: stored, mtime: h.ModTime.Unix()}
	if err := x.w.Flush(); err != nil {
		return err
	}
	ext := rawHeader{name: "PaxHeaders.0/" + lastName(h.Name), typ: tar.TypeXHeader, mode: 0o644, size: int64(size)}
	for _, b := range [][]byte{ext.bytes(), head.Bytes(), entry.bytes(), table.Bytes()} {
		if _, err := x.out.Write(b); err != nil {
			return err
		}
	}
	for _, p := range parts {
		if err := x.content(fd, p, x.out); err != nil {
			return err
		}
	}
	_, err := x.out.Write(make([]byte, -stored&(tarBlock-1)))
	return err
}

func pad(b *bytes.Buffer) { b.Write(make([]byte, -b.Len()&(tarBlock-1))) }

func lastName(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	return name[:min(len(name), 60)]
}

// paxRecord is "LENGTH KEY=VALUE\n", whose length counts its own digits.
func paxRecord(k, v string) string {
	n := len(k) + len(v) + 3
	total := n + len(strconv.Itoa(n))
	if len(strconv.Itoa(total)) != len(strconv.Itoa(n)) {
		total++
	}
	return fmt.Sprintf("%d %s=%s\n", total, k, v)
}

// rawHeader is a block that stands before an entry (POSIX.1-1988 ustar). What its
// fields are too small for stands in records before it.
type rawHeader struct {
	name              string
	typ               byte
	mode, size, mtime int64
}

func (h *rawHeader) bytes() []byte {
	b := make([]byte, tarBlock)
	octal := func(at, n int, v int64) {
		if s := strconv.FormatInt(v, 8); v >= 0 && len(s) < n {
			copy(b[at:], strings.Repeat("0", n-1-len(s))+s)
		} else {
			copy(b[at:], strings.Repeat("0", n-1))
		}
	}
	copy(b[:100], h.name)
	octal(100, 8, h.mode)
	octal(108, 8, 0)
	octal(116, 8, 0)
	octal(124, 12, h.size)
	octal(136, 12, h.mtime)
	copy(b[148:156], "        ")
	b[156] = h.typ
	copy(b[257:], "ustar\x0000")
	sum := int64(0)
	for _, c := range b {
		sum += int64(c)
	}
	octal(148, 7, sum)
	b[154], b[155] = 0, ' '
	return b
}
