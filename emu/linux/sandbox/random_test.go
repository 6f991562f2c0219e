package sandbox

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/hostsys"
)

// TestRandom makes random calls in a directory of the host and in a sandbox that
// was granted a copy of it: results and what is left are the same.
func TestRandom(t *testing.T) {
	for seed := range uint64(100) {
		randomRun(t, seed)
		if t.Failed() {
			return
		}
	}
}

func randomRun(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	h, err := hostsys.Real(false)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	top := t.TempDir()
	t.Cleanup(func() { // directories that nobody may enter could not be removed
		filepath.WalkDir(top, func(path string, d fs.DirEntry, _ error) error {
			if d != nil && d.IsDir() {
				os.Chmod(path, 0o755)
			}
			return nil
		})
	})
	for _, dir := range []string{"real", "granted"} {
		fillRandom(t, filepath.Join(top, dir))
	}
	granted := filepath.Join(top, "granted")
	s, err := New(Config{Allow: []string{granted}, Dir: granted}, h)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sides := [2]*side{{Host: h}, {Host: &hostsys.Host{Door: s}}}
	for i, name := range []string{"real", "granted"} {
		if sides[i].dir, _ = sides[i].Openat(unix.AT_FDCWD, filepath.Join(top, name), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); sides[i].dir < 0 {
			t.Fatal("no directory")
		}
		defer sides[i].Close(sides[i].dir)
	}
	var log []string
	for range 150 {
		what, call := randomCall(r)
		want, got := call(sides[0]), call(sides[1])
		log = append(log, what+" = "+want)
		if got != want {
			t.Errorf("seed %d:\n%s\nthe sandbox says %s", seed, strings.Join(log, "\n"), got)
			return
		}
	}
	if want, got := sides[0].tree(""), sides[1].tree(""); want != got {
		t.Errorf("seed %d:\n%s\nleft:\n%s\nin the sandbox:\n%s", seed, strings.Join(log, "\n"), want, got)
	}
}

func fillRandom(t *testing.T, dir string) {
	t.Helper()
	for _, d := range []string{"a", "b", "a/c"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"d", "a/d", "a/c/e", "b/f"} {
		if err := os.WriteFile(filepath.Join(dir, f), []byte("host "+f), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"e": "a/c", "b/a": "../d", "b/e": "nothing"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
}

// side is one of the two worlds.
type side struct {
	*hostsys.Host
	dir int
}

// randomPath is one that may or may not exist.
func randomPath(r *rand.Rand) string {
	names := []string{"a", "b", "c", "d", "e", "f", "a", "b", "."}
	p := names[r.IntN(6)]
	for r.IntN(3) > 0 {
		p += "/" + names[r.IntN(len(names))]
	}
	switch r.IntN(16) {
	case 0:
		p += "/"
	case 1:
		p += "/."
	case 2:
		p = "a/../" + p
	}
	return p
}

// randomCall is a call with its text, to be made on both sides.
func randomCall(r *rand.Rand) (string, func(s *side) string) {
	p, q := randomPath(r), randomPath(r)
	flags := []int{0, unix.O_TRUNC, unix.O_APPEND, unix.O_EXCL, unix.O_NOFOLLOW}[r.IntN(5)]
	rename := []int{0, 0, 0, unix.RENAME_NOREPLACE, unix.RENAME_EXCHANGE}[r.IntN(5)]
	text := fmt.Sprint("text", r.IntN(1000))
	mode, size := uint32(r.IntN(0o1000)), int64(r.IntN(20))
	switch r.IntN(12) {
	case 0:
		return "mkdir " + p, func(s *side) string { return s.Mkdirat(s.dir, p, 0o755).Error() }
	case 1:
		return "unlink " + p, func(s *side) string { return s.Unlinkat(s.dir, p, 0).Error() }
	case 2:
		return "rmdir " + p, func(s *side) string { return s.Unlinkat(s.dir, p, unix.AT_REMOVEDIR).Error() }
	case 3, 4:
		return fmt.Sprint("rename ", p, " ", q, " ", rename), func(s *side) string { return s.Renameat2(s.dir, p, s.dir, q, rename).Error() }
	case 5:
		return "link " + p + " " + q, func(s *side) string { return s.Linkat(s.dir, p, s.dir, q, 0).Error() }
	case 6:
		return "symlink " + p + " " + q, func(s *side) string { return s.Symlinkat(p, s.dir, q).Error() }
	case 7, 8:
		return fmt.Sprintf("write %s %#x %s", p, flags, text), func(s *side) string { return s.put(p, flags, text) }
	case 9:
		return fmt.Sprint("chmod ", p, mode), func(s *side) string { return s.Fchmodat(s.dir, p, mode).Error() }
	case 10:
		return fmt.Sprint("truncate ", p, size), func(s *side) string {
			fd, e := s.Openat(s.dir, p, unix.O_RDWR|unix.O_CLOEXEC, 0)
			if e == 0 {
				e = s.Ftruncate(fd, size)
				s.Close(fd)
			}
			return e.Error()
		}
	}
	return "show " + p, func(s *side) string { return s.show(p) }
}

func (s *side) put(p string, flags int, text string) string {
	fd, e := s.Openat(s.dir, p, flags|unix.O_CREAT|unix.O_WRONLY|unix.O_CLOEXEC, 0o644)
	if e != 0 {
		return e.Error()
	}
	defer s.Close(fd)
	n, e := s.Write(fd, []byte(text))
	return fmt.Sprint(n, e)
}

// show is what can be seen of a path.
func (s *side) show(p string) string {
	st, e := s.Fstatat(s.dir, p, unix.AT_SYMLINK_NOFOLLOW)
	if e != 0 {
		return e.Error()
	}
	text := fmt.Sprintf("%o %d", st.Mode, st.Nlink)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		target, e := s.Readlinkat(s.dir, p)
		return fmt.Sprint(text, target, e)
	case unix.S_IFREG:
		fd, e := s.Openat(s.dir, p, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if e != 0 {
			return e.Error()
		}
		defer s.Close(fd)
		b := make([]byte, 100)
		n, e := s.Preadv2(fd, [][]byte{b}, 0, 0)
		return fmt.Sprint(text, st.Size, string(b[:max(n, 0)]), e)
	}
	return text
}

// tree shows a directory with all that is in it.
func (s *side) tree(dir string) string {
	fd, e := s.Openat(s.dir, "./"+dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if e != 0 {
		return dir + ": " + e.Error() + "\n"
	}
	defer s.Close(fd)
	text := ""
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		p := dir + name
		text += p + " " + s.show(p) + "\n"
		if st, e := s.Fstatat(s.dir, p, unix.AT_SYMLINK_NOFOLLOW); e == 0 && st.Mode&unix.S_IFMT == unix.S_IFDIR {
			text += s.tree(p + "/")
		}
	}
	return text
}

// TestRows: every call that hostsys can make has a row, or is refused on purpose.
func TestRows(t *testing.T) {
	refused := map[string]bool{"SYS_SETPRIORITY": true}
	table, err := os.ReadFile("table.go")
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob("../hostsys/*.go")
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`unix\.(SYS_\w+)`).FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(string(table), "unix."+name[1]+":") && !refused[name[1]] {
				t.Errorf("%s: %s has no row", f, name[1])
			}
		}
	}
}
