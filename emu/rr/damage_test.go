package rr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/hostsys"
)

// small makes a recording of a few hundred bytes with frames of all kinds.
func small(t *testing.T) (data []byte, recorded *side, script func(s *side)) {
	script = func(s *side) {
		for i := range 8 {
			s.do(unix.SYS_READ, i, make(out, 20), 20)
			s.do(unix.SYS_WRITE, 1, []byte("output"), 6)
			s.do(unix.SYS_READ, i, make(out, PageSize), PageSize)
			if r, ok := s.door.(*Recorder); ok {
				r.mu.Lock()
				r.flush()
				r.mu.Unlock()
			}
		}
	}
	name, recorded := recordScript(t, &fakeDoor{answer: func(c *hostsys.Call) {
		if c.Ret = int64(c.Args[2].Num); c.Nr == unix.SYS_READ {
			copy(c.Args[1].Buf, bytes.Repeat([]byte{byte(c.Args[0].Num)}, len(c.Args[1].Buf)))
		}
	}}, script)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data, recorded, script
}

// beginning plays damaged bytes, which must be refused, or give a beginning and say that
// it is one.
func beginning(t *testing.T, data []byte, recorded *side, script func(s *side)) (whole bool) {
	t.Helper()
	r, err := open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return false
	}
	defer r.Close()
	s, err := playOpened(t, r, script)
	if len(s.got) > len(recorded.got) || !slices.Equal(s.got, recorded.got[:len(s.got)]) {
		t.Fatal("what is replayed is not what was recorded")
	}
	if err == nil && len(s.got) < len(recorded.got) {
		t.Fatal("a beginning is taken for all")
	}
	if _, ok := caughtAs[*Divergence](err); ok {
		t.Fatal(err)
	}
	return err == nil && r.Summary != nil
}

// TestCutAnywhere: a recording that is cut off is a beginning.
func TestCutAnywhere(t *testing.T) {
	data, recorded, script := small(t)
	for n := range data {
		if beginning(t, data[:n], recorded, script) {
			t.Errorf("%d of %d bytes are taken for all", n, len(data))
		}
	}
	if !beginning(t, data, recorded, script) {
		t.Error("the whole is not whole")
	}
}

// TestFlippedBits: no bit of a recording can change without a word.
func TestFlippedBits(t *testing.T) {
	data, recorded, script := small(t)
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 1 << (i % 8)
		if beginning(t, bad, recorded, script) {
			t.Errorf("byte %d of %d has another bit, and nothing is said", i, len(data))
		}
	}
}

// TestOtherVersion: a recording of another format is refused by name.
func TestOtherVersion(t *testing.T) {
	data, _, _ := small(t)
	binary.LittleEndian.PutUint32(data[len(magic):], Version+7)
	if _, err := open(bytes.NewReader(data), int64(len(data))); err == nil || err.Error() != "this recording has format 8; this panda reads format 1" {
		t.Error(err)
	}
}

// TestNoRecording: what is none is refused, and nobody waits for it.
func TestNoRecording(t *testing.T) {
	dir := t.TempDir()
	fifo := dir + "/fifo"
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	empty := atFile(t, nil)
	for name, want := range map[string]string{
		dir + "/missing": "no such file or directory", dir: "is no file", fifo: "is no file", empty: "this is no recording of panda",
		"/proc/self/exe": "this is no recording of panda",
	} {
		if _, err := Open(name); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fullDisk is a file of which only a part finds room.
type fullDisk struct {
	*os.File
	room int64
}

func (d *fullDisk) Write(b []byte) (int, error) {
	at, err := d.Seek(0, io.SeekCurrent)
	if err != nil || at+int64(len(b)) <= d.room {
		n, _ := d.File.Write(b)
		return n, err
	}
	n, _ := d.File.Write(b[:d.room-at])
	return n, &os.PathError{Op: "write", Path: d.Name(), Err: unix.ENOSPC}
}

// unlike answers each call with other bytes.
func unlike(c *hostsys.Call) {
	c.Ret = int64(copy(c.Args[1].Buf, bytesAt(int(c.Args[0].Num), 2000)))
}

// TestFullDisk: when no more can be written the guest goes on, and what was written is a
// beginning that says why it is one if there is room to.
func TestFullDisk(t *testing.T) {
	long := func(s *side) {
		for i := range 1000 {
			s.do(unix.SYS_READ, i, make(out, PageSize-1), 1000)
		}
	}
	for _, room := range []int64{300_000, 1_000_000, 1_500_000} {
		name := t.TempDir() + "/full.rr"
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w, err := newWriter(&fullDisk{f, room})
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewRecorder(w, &Manifest{Stdio: [3]int{-1, 1, 2}}, t.Logf)
		if err != nil {
			t.Fatal(err)
		}
		recorded := &side{t: t, door: r.Door(&fakeDoor{answer: unlike}), thread: 1}
		r.At(recorded.now())
		long(recorded)
		if err := r.Close(Summary{Instructions: recorded.icount, Ended: true}); !errors.Is(err, unix.ENOSPC) || strings.Contains(err.Error(), name) {
			t.Error(err)
		}
		if r.Inputs() != 1000 {
			t.Errorf("%d inputs", r.Inputs())
		}
		played, err := playScript(t, name, long)
		if _, over := caughtAs[*OverError](err); !over || !strings.Contains(err.Error(), "its recorder could not write any more (no space left on device)") {
			t.Error(err)
		}
		if n := len(played.got); n < 50 || n == len(recorded.got) || !slices.Equal(played.got, recorded.got[:n]) {
			t.Errorf("%d of %d are played", n, len(recorded.got))
		}
		opened, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		c := opened.Contents()
		opened.Close()
		if want := fmt.Sprintf("its recorder could not write any more (no space left on device); its last input is at icount %d", c.Instructions); c.End != want || c.Inputs == 0 || c.Instructions == 0 || c.Instructions == recorded.icount || c.Threads != 1 {
			t.Errorf("%+v, want %s", c, want)
		}
	}
}

// TestPrintable: what a recording says does nothing to a terminal.
func TestPrintable(t *testing.T) {
	for s, want := range map[string]string{"plain \u00fc": "plain \u00fc", "a\nb\x1b[2J\xff": `a\nb\x1b[2J\xff`, "\u202e'": `\u202e'`} { // each by itself
		if got := Printable(s); got != want {
			t.Errorf("%q: %q", s, got)
		}
	}
}

// TestKeep: a recording gets a name that nothing has, or in place of what has it; one that
// is discarded leaves nothing.
func TestKeep(t *testing.T) {
	dir := t.TempDir()
	name := dir + "/run.rr"
	for _, overwrite := range []bool{false, false, true} {
		w, err := Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = os.Stat(name)
		taken := err == nil && !overwrite
		if err := w.Keep(name, overwrite); errors.Is(err, os.ErrExist) != taken || err != nil && !taken {
			t.Error(err)
		}
		if !taken {
			w.Close(nil)
		} else if err := w.Discard(); err != nil {
			t.Error(err)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
			t.Error(files, err)
		}
	}
}
