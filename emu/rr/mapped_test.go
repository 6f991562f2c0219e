package rr

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"panda/emu/linux/hostsys"
)

// memfd is a file in memory.
func memfd(t *testing.T, data []byte) int {
	t.Helper()
	fd, err := unix.MemfdCreate("test", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if _, err := unix.Write(fd, data); err != nil {
		t.Fatal(err)
	}
	return fd
}

// mapping is a map of a file that is kept.
type mapping struct {
	s   *side
	own int
	mem []byte
}

// keep keeps a descriptor as mmu.Group does.
func (s *side) keep(fd int) int {
	s.t.Helper()
	c := newCall(hostsys.SysMappedKeep, fd, 0, 0)
	s.icount++
	if s.door.Do(c); c.Err != 0 {
		s.t.Fatal(c.Err)
	}
	return int(c.Ret)
}

// mmap maps a part of a kept file.
func (s *side) mmap(own, off, n, flags int) *mapping {
	s.t.Helper()
	prot := unix.PROT_READ
	if flags&unix.MAP_SHARED == 0 || flags&writable != 0 {
		prot |= unix.PROT_WRITE
	}
	c := newCall(hostsys.SysMap, own, off, n, prot, flags&^writable)
	s.icount++
	if s.door.Do(c); c.Err != 0 {
		s.t.Fatal(c.Err)
	}
	p := uintptr(c.Ret)
	m := &mapping{s, own, unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&p))), n)}
	s.t.Cleanup(func() { unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(m.mem)), uintptr(n)) })
	return m
}

const writable = 1 << 30 // of a shared map, in flags

// look notes what a map shows.
func (m *mapping) look() {
	for at := 0; at < len(m.mem); at += PageSize {
		n, ok := sumSafe(m.mem[at:min(at+PageSize, len(m.mem))])
		m.s.log("page %d: %x %v", at/PageSize, n, ok)
	}
}

func (s *side) size(own int) {
	c := newCall(hostsys.SysMappedSize, own)
	s.door.Do(c)
	s.log("size %d", c.Ret)
}

func (s *side) drop(own int) { s.door.Do(newCall(hostsys.SysMappedClose, own)) }

func (s *side) open(path string, flags int) int {
	return s.ok(unix.SYS_OPENAT, -100, path, flags, 0o600)
}

// atFile makes a file for a script.
func atFile(t *testing.T, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// fileScripts are what a guest may do with a file of 5 pages and a bit that it maps.
var fileScripts = map[string]func(s *side, path string){
	"private": func(s *side, path string) {
		own := s.keep(s.open(path, unix.O_RDONLY))
		s.mmap(own, 0, 8*PageSize, unix.MAP_PRIVATE).look()
		s.mmap(own, 2*PageSize, PageSize, unix.MAP_PRIVATE).look()
		s.size(own)
	},
	"part": func(s *side, path string) {
		own := s.keep(s.open(path, unix.O_RDONLY))
		s.mmap(own, 2*PageSize, PageSize, unix.MAP_PRIVATE).look()
		s.mmap(own, 0, 6*PageSize, unix.MAP_PRIVATE).look()
	},
	"writes": func(s *side, path string) {
		fd := s.open(path, unix.O_RDWR)
		m := s.mmap(s.keep(fd), 0, 12*PageSize, unix.MAP_SHARED)
		m.look()
		s.ok(unix.SYS_WRITE, fd, []byte("first"), 5)
		m.look()
		s.ok(unix.SYS_LSEEK, fd, 3*PageSize-2, 0)
		s.ok(unix.SYS_WRITE, fd, []byte("over a border"), 13)
		m.look()
		pw := newCall(unix.SYS_PWRITEV2, fd, 0, 1, 9*PageSize)
		pw.Args[1].Dir, pw.Vec = hostsys.VecIn, [][]byte{[]byte("far away")}
		s.call(pw)
		m.look()
		s.size(m.own)
		s.ok(unix.SYS_FTRUNCATE, fd, 100)
		m.look()
		s.ok(unix.SYS_FTRUNCATE, fd, 7*PageSize)
		m.look()
		s.size(m.own)
		s.ok(unix.SYS_FALLOCATE, fd, 0, 0, 11*PageSize)
		m.look()
	},
	"append": func(s *side, path string) {
		fd := s.open(path, unix.O_RDWR|unix.O_APPEND)
		m := s.mmap(s.keep(fd), 0, 12*PageSize, unix.MAP_PRIVATE)
		s.ok(unix.SYS_WRITE, fd, bytesAt(3, 2*PageSize), 2*PageSize)
		m.look()
		pw := newCall(unix.SYS_PWRITEV2, fd, 0, 1, 0)
		pw.Args[1].Dir, pw.Vec = hostsys.VecIn, [][]byte{[]byte("at the end")}
		s.call(pw)
		m.look()
	},
	"holes": func(s *side, path string) {
		fd := s.open(path, unix.O_RDWR)
		m := s.mmap(s.keep(fd), 0, 6*PageSize, unix.MAP_PRIVATE)
		m.look()
		s.ok(unix.SYS_FALLOCATE, fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, PageSize+10, 2*PageSize)
		m.look()
		s.icount++
		s.door.Do(newCall(hostsys.SysPunch, m.own, 0, 2*PageSize))
		m.look()
		s.ok(unix.SYS_WRITE, fd, bytesAt(8, 2*PageSize), 2*PageSize)
		m.look()
	},
	"stores": func(s *side, path string) { // the old page comes back after the guest has changed it
		fd := s.open(path, unix.O_RDWR)
		m := s.mmap(s.keep(fd), 0, 6*PageSize, unix.MAP_SHARED|writable)
		old := append([]byte(nil), m.mem[:2*PageSize]...)
		copy(m.mem, "stored")
		clear(m.mem[PageSize:][:PageSize])
		m.look()
		s.ok(unix.SYS_WRITE, fd, old, len(old))
		m.look()
		copy(m.mem[4*PageSize:], "stored")
		s.ok(unix.SYS_FALLOCATE, fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 4*PageSize, PageSize)
		m.look()
	},
	"two descriptors": func(s *side, path string) {
		a, b := s.open(path, unix.O_RDWR), s.open(path, unix.O_RDWR)
		x, y := s.mmap(s.keep(a), 0, 6*PageSize, unix.MAP_SHARED), s.mmap(s.keep(b), PageSize, 2*PageSize, unix.MAP_PRIVATE)
		s.ok(unix.SYS_WRITE, a, bytesAt(4, 2*PageSize), 2*PageSize)
		x.look()
		y.look()
		s.drop(x.own)
		s.ok(unix.SYS_WRITE, b, []byte("by the other"), 12)
		x.look()
		y.look()
		s.size(y.own)
	},
	"dropped and mapped again": func(s *side, path string) {
		fd := s.open(path, unix.O_RDWR)
		own := s.keep(fd)
		s.mmap(own, 0, 6*PageSize, unix.MAP_PRIVATE).look()
		s.drop(own)
		s.ok(unix.SYS_WRITE, fd, []byte("meanwhile"), 9)
		s.ok(unix.SYS_FTRUNCATE, fd, 2*PageSize+1)
		m := s.mmap(s.keep(fd), 0, 6*PageSize, unix.MAP_PRIVATE)
		m.look()
		s.size(m.own)
	},
	"emptied": func(s *side, path string) {
		m := s.mmap(s.keep(s.open(path, unix.O_RDWR)), 0, 6*PageSize, unix.MAP_PRIVATE)
		s.open(path, unix.O_RDWR|unix.O_TRUNC)
		m.look()
		s.ok(unix.SYS_TRUNCATE, path, 3*PageSize)
		m.look()
	},
	"copied into": func(s *side, path string) {
		from, to := s.open(path, unix.O_RDONLY), s.open(path+"2", unix.O_RDWR|unix.O_CREAT|unix.O_TRUNC)
		m := s.mmap(s.keep(to), 0, 6*PageSize, unix.MAP_SHARED)
		s.ok(unix.SYS_SENDFILE, to, from, make(inout, 0), 3*PageSize+7)
		m.look()
		s.ok(unix.SYS_COPY_FILE_RANGE, from, inout{0, 0, 0, 0, 0, 0, 0, 0}, to, inout{0, 16, 0, 0, 0, 0, 0, 0}, PageSize, 0)
		m.look()
	},
	"memory file": func(s *side, path string) {
		fd := s.ok(unix.SYS_MEMFD_CREATE, "guest's", 0)
		s.ok(unix.SYS_WRITE, fd, bytesAt(6, 3*PageSize+9), 3*PageSize+9)
		own := s.keep(fd)
		m := s.mmap(own, 0, 5*PageSize, unix.MAP_SHARED|writable)
		m.look()
		copy(m.mem[100:], "stored")
		s.ok(unix.SYS_FTRUNCATE, fd, 5*PageSize)
		m.look()
		s.mmap(own, 0, 5*PageSize, unix.MAP_PRIVATE).look()
		s.ok(unix.SYS_LSEEK, fd, 0, 0)
		s.ok(unix.SYS_WRITE, fd, bytesAt(6, PageSize), PageSize)
		m.look()
		s.drop(own)
		s.ok(unix.SYS_WRITE, fd, bytesAt(7, PageSize), PageSize)
		s.mmap(s.keep(fd), 0, 5*PageSize, unix.MAP_SHARED).look()
	},
	"sparse": func(s *side, path string) {
		fd := s.ok(unix.SYS_MEMFD_CREATE, "guest's", 0)
		s.ok(unix.SYS_FTRUNCATE, fd, 1<<62)
		own := s.keep(fd)
		s.ok(unix.SYS_LSEEK, fd, 1<<61, 0)
		s.ok(unix.SYS_WRITE, fd, bytesAt(6, 2*PageSize+9), 2*PageSize+9)
		m := s.mmap(own, 1<<61-PageSize, 5*PageSize, unix.MAP_SHARED|writable)
		m.look()
		s.ok(unix.SYS_FALLOCATE, fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 1<<61, 1<<61)
		m.look()
		s.ok(unix.SYS_FTRUNCATE, fd, math.MaxInt64)
		s.size(own)
		s.ok(unix.SYS_FALLOCATE, fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, 1<<61)
		s.ok(unix.SYS_FTRUNCATE, fd, 3)
		s.size(own)
		m.look()
	},
	"zero device": func(s *side, _ string) {
		own := s.keep(s.open("/dev/zero", unix.O_RDWR))
		a, b := s.mmap(own, 0, 2*PageSize, unix.MAP_PRIVATE), s.mmap(own, 0, 2*PageSize, unix.MAP_SHARED|writable)
		copy(b.mem, "its own")
		a.look()
		b.look()
		s.size(own)
		s.drop(own)
	},
}

// TestMappedFiles: maps show what they showed, though the files are gone.
func TestMappedFiles(t *testing.T) {
	for what, script := range fileScripts {
		t.Run(what, func(t *testing.T) {
			path := atFile(t, bytesAt(1, 5*PageSize+100))
			run := func(s *side) {
				script(s, path)
				if s.world {
					os.Remove(path)
				}
			}
			_, recorded, played := same(t, realDoor(t), run)
			if len(recorded.notes)+len(played.got) == 0 || len(recorded.notes) > 0 {
				t.Error(recorded.notes)
			}
		})
	}
}

// TestForeignGrowth: what somebody else adds to a file that is mapped is there in a replay
// when the guest knows of it, by any call.
func TestForeignGrowth(t *testing.T) {
	for what, learn := range map[string]func(s *side, fd int){
		"read": func(s *side, fd int) { s.do(unix.SYS_READ, fd, out(make([]byte, 10)), 10) },
		"size": func(s *side, fd int) { s.do(unix.SYS_LSEEK, fd, 0, unix.SEEK_END) },
	} {
		t.Run(what, func(t *testing.T) {
			path := atFile(t, bytesAt(1, 5*PageSize))
			same(t, realDoor(t), func(s *side) {
				fd := s.open(path, unix.O_RDONLY)
				m := s.mmap(s.keep(fd), 0, 8*PageSize, unix.MAP_PRIVATE)
				m.look()
				if s.world {
					if err := os.WriteFile(path, bytesAt(1, 7*PageSize), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				learn(s, fd)
				m.look()
				if s.world {
					os.Remove(path)
				}
			})
		})
	}
}

// TestForeignShared: of a file that the guest's stores change it is noted that others may
// have written to it, and said where it can be seen.
func TestForeignShared(t *testing.T) {
	for _, more := range []string{"", "more"} {
		path := atFile(t, bytesAt(1, PageSize))
		name, s := recordScript(t, realDoor(t), func(s *side) {
			own := s.keep(s.open(path, unix.O_RDWR))
			s.mmap(own, 0, PageSize, unix.MAP_SHARED)
			s.drop(own) // once more is not another file
			s.mmap(s.keep(s.open(path, unix.O_RDWR)), 0, PageSize, unix.MAP_SHARED).look()
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString(more)
			}
			if err != nil {
				t.Fatal(err)
			}
			f.Close()
		})
		r, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if sum := r.Summary; len(sum.Shared) != 1 || sum.Shared[0] != path || (len(sum.Notes) > 0) != (more != "") {
			t.Errorf("%+v, %q", r.Summary, s.notes)
		}
		if lines := r.Summary.doubts(); !strings.HasPrefix(lines[len(lines)-1], path+" was mapped shared") {
			t.Errorf("%q", lines)
		}
		r.Close()
	}
}

// TestForeignWrite: what somebody else writes to a file that is mapped is told of.
func TestForeignWrite(t *testing.T) {
	for _, how := range []int{unix.MAP_PRIVATE, unix.MAP_SHARED} {
		drop := how == unix.MAP_SHARED
		path := atFile(t, bytesAt(1, 5*PageSize))
		name, s := recordScript(t, realDoor(t), func(s *side) {
			own := s.keep(s.open(path, unix.O_RDONLY))
			s.mmap(own, 0, 5*PageSize, how).look()
			if err := os.WriteFile(path, []byte("other"), 0o600); err != nil {
				t.Fatal(err)
			}
			later := time.Now().Add(time.Hour)
			if err := os.Chtimes(path, later, later); err != nil {
				t.Fatal(err)
			}
			if drop {
				s.drop(own)
			}
		})
		r, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		want := path + ", which the program maps, was written by another process: a replay may go another way"
		if strings.Join(s.notes, "\n") != want || r.Summary == nil || strings.Join(r.Summary.Notes, "\n") != want {
			t.Errorf("%q, %+v", s.notes, r.Summary)
		}
		r.Close()
	}
}

// TestOwnRecording: a program that opens the recording of it is told, once each of reading
// and of writing.
func TestOwnRecording(t *testing.T) {
	for mode, want := range map[int]string{unix.O_RDONLY: "script.rr, which is the recording of it: that grows by what is read of it", unix.O_WRONLY: "script.rr, which is the recording of it: what is written there damages that"} { // each by itself
		_, s := recordScript(t, realDoor(t), func(s *side) {
			own := s.door.(*Recorder).w.path
			for range 2 {
				s.ok(unix.SYS_CLOSE, s.ok(unix.SYS_OPENAT, -100, filepath.Dir(own), unix.O_RDONLY, 0))
				s.ok(unix.SYS_CLOSE, s.ok(unix.SYS_OPENAT, -100, own, mode, 0))
			}
		})
		if len(s.notes) != 1 || !strings.Contains(s.notes[0], want) || !strings.HasSuffix(s.notes[0], "; give -o a place that the program does not touch") {
			t.Errorf("%q, want %s", s.notes, want)
		}
	}
}

// TestManyRuns: what is in a file fits frames, whatever it is.
func TestManyRuns(t *testing.T) {
	const pages = mostRuns + 1000
	path := filepath.Join(t.TempDir(), "file")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	two := append(bytesAt(1, PageSize), bytesAt(2, PageSize)...)
	for i := 0; i < pages/2; i += 64 { // every other page anew, in an order that no run has
		b := make([]byte, 0, 64*len(two))
		for range 64 {
			b = append(append(b, two[PageSize:]...), two[:PageSize]...)
		}
		if _, err := f.Write(b); err != nil {
			t.Skip(err)
		}
	}
	f.Close()
	same(t, realDoor(t), func(s *side) {
		m := s.mmap(s.keep(s.open(path, unix.O_RDONLY)), 0, pages*PageSize, unix.MAP_PRIVATE)
		n, _ := sumSafe(m.mem)
		s.log("%x", n)
	})
}
