package sandbox

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// exported are the entries of an export by the last part of their names, what was
// said, and how long it is. Of a file at most a megabyte is read.
func (b *box) exported() (files map[string]*tar.Header, text map[string]string, said []string, size int) {
	b.t.Helper()
	var out bytes.Buffer
	b.must(b.s.Export(&out, func(format string, a ...any) { said = append(said, fmt.Sprintf(format, a...)) }))
	files, text, size = map[string]*tar.Header{}, map[string]string{}, out.Len()
	for r := tar.NewReader(&out); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files, text, said, size
		}
		b.must(err)
		name := strings.TrimSuffix(h.Name, "/")
		name = name[strings.LastIndexByte(name, '/')+1:]
		data, err := io.ReadAll(io.LimitReader(r, 1<<20))
		b.must(err)
		files[name], text[name] = h, string(data)
	}
}

// TestExportSparse: holes are not written.
func TestExportSparse(t *testing.T) {
	b := newBox(t)
	put := func(name, text string, at int64, size int64) {
		fd := b.open(name, unix.O_WRONLY|unix.O_CREAT)
		if _, e := b.Pwritev2(fd, [][]byte{[]byte(text)}, at, 0); e != 0 {
			t.Fatalf("%s: %v", name, e)
		}
		b.want("truncate "+name, b.Ftruncate(fd, size), 0)
		b.Close(fd)
	}
	put("start", "first", 0, 1<<40)
	put("middle", "second", 100_000, 1<<40)
	put("end", "third", 1<<40, 1<<40+5)
	put("small", "fourth", 70_000, 70_006)
	put("whole", strings.Repeat("x", 5000), 0, 5000)
	fd := b.open("nothing", unix.O_WRONLY|unix.O_CREAT)
	b.want("truncate", b.Ftruncate(fd, 1<<42), 0)
	b.Close(fd)
	b.want("setxattr", b.Setxattr("start", false, "user.mark", []byte("a\x00b"), 0), 0)
	b.want("chmod", b.Fchmodat(unix.AT_FDCWD, "start", 0o741), 0)
	files, text, said, size := b.exported()
	if size > 200<<10 || len(said) != 0 {
		t.Errorf("%d bytes, %q", size, said)
	}
	for name, want := range map[string]int64{"start": 1 << 40, "middle": 1 << 40, "end": 1<<40 + 5, "nothing": 1 << 42, "small": 70_006, "whole": 5000} {
		if h := files[name]; h == nil || h.Size != want || h.Typeflag != tar.TypeReg {
			t.Errorf("%s: %+v", name, h)
		}
	}
	if !strings.HasPrefix(text["start"], "first\x00") || text["middle"][100_000:100_007] != "second\x00" ||
		text["small"] != strings.Repeat("\x00", 70_000)+"fourth" || text["whole"] != strings.Repeat("x", 5000) {
		t.Errorf("start %.10q, middle %.10q, small ends %q", text["start"], text["middle"][100_000:], text["small"][69_990:])
	}
	for name, h := range files { // each by itself
		if _, has := h.PAXRecords["size"]; has {
			t.Errorf("%s: a record has the size: Python's tarfile then looks for the next file too far on", name)
		}
	}
	h := files["start"]
	if h.Mode != 0o741 || h.PAXRecords["SCHILY.xattr.user.mark"] != "a\x00b" || h.ModTime.Unix() != b.stat("start").Mtim.Sec {
		t.Errorf("%+v", h)
	}
}

// TestExportAttributes: an attribute that a tar cannot hold is left out and said.
func TestExportAttributes(t *testing.T) {
	b := newBox(t)
	b.write("f", "text", 0)
	for _, key := range []string{"user.good", "user.a=b", "user.\xff"} {
		b.want("setxattr", b.Setxattr("f", false, key, []byte("1"), 0), 0)
	}
	for i := range 12 {
		b.want("setxattr", b.Setxattr("f", false, fmt.Sprintf("user.large%02d", i), make([]byte, 60_000), 0), 0)
	}
	files, _, said, _ := b.exported()
	var keys []string
	for k := range files["f"].PAXRecords {
		keys = append(keys, strings.TrimPrefix(k, "SCHILY.xattr."))
	}
	if !slices.Contains(keys, "user.good") || slices.Contains(keys, "user.large11") {
		t.Errorf("%q", keys)
	}
	text := strings.Join(said, "\n")
	for _, want := range []string{`"user.a=b" of `, `"user.\xff" of `, `"user.large11" of `} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not said:\n%s", want, text)
		}
	}
}

// TestExportMarks: a file whose name says that another one was removed is left out,
// with all below it, and said.
func TestExportMarks(t *testing.T) {
	b := newBox(t)
	b.write(".wh.a", "no mark", 0)
	b.want("mkdir", b.Mkdirat(unix.AT_FDCWD, "new", 0o755), 0)
	b.want("mkdir", b.Mkdirat(unix.AT_FDCWD, "new/.wh..wh..opq", 0o755), 0)
	b.write("new/.wh..wh..opq/below", "text", 0)
	b.write("new/whole", "text", 0)
	b.want("unlink", b.Unlinkat(unix.AT_FDCWD, "d/b", 0), 0)
	files, text, said, _ := b.exported()
	if len(said) != 2 || !strings.Contains(said[0], "/.wh.a") || !strings.Contains(said[1], "/new/.wh..wh..opq") {
		t.Errorf("%q", said)
	}
	if files[".wh.a"] != nil || files[".wh..wh..opq"] != nil || files["below"] != nil || text["whole"] != "text" || files[".wh.b"] == nil {
		t.Errorf("%v", slices.Sorted(maps.Keys(files)))
	}
}

// TestExportDeep: folders within each other take space that grows with their
// number. What cannot be opened by its path is left out and said.
func TestExportDeep(t *testing.T) {
	b := newBox(t)
	const levels = 5000
	at := unix.AT_FDCWD
	for range levels {
		b.want("mkdir", b.Mkdirat(at, "d0123456789", 0o755), 0)
		fd, e := b.Openat(at, "d0123456789", unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if e != 0 {
			t.Fatal(e)
		}
		if at != unix.AT_FDCWD {
			b.Close(at)
		}
		at = fd
	}
	b.Close(at)
	_, _, said, size := b.exported()
	if size > 5<<20 {
		t.Errorf("%d bytes for %d folders", size, levels)
	}
	if len(said) != 1 || !strings.Contains(said[0], "longer than 4095 bytes were left out") {
		t.Errorf("%q", said)
	}
}
