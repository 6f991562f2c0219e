package qcow2

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"panda/emu/dev/backend"
)

// killedImage names the image that this process is to write until it is killed.
const killedImage = "PANDA_TEST_KILLED_IMAGE"

const (
	killSize  = 8 << 20
	killPiece = 3 * 512
)

func TestMain(m *testing.M) {
	if path := os.Getenv(killedImage); path != "" {
		writeForever(path)
	}
	os.Exit(m.Run())
}

// writeForever writes pieces with increasing numbers, and says after each flush up to which
// number they were flushed.
func writeForever(path string) {
	f, err := backend.OpenFile(path, false)
	if err != nil {
		panic(err)
	}
	q, err := Open(f, path, Options{})
	if err != nil {
		panic(err)
	}
	r := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	for n := uint64(1); ; n++ {
		at := r.Int64N(killSize / killPiece)
		if err := q.Write(at*killPiece, piece(n)); err != nil {
			panic(err)
		}
		fmt.Println("w", n, at)
		if r.IntN(16) == 0 {
			if err := q.Flush(); err != nil {
				panic(err)
			}
			fmt.Println("f", n)
		}
		if r.IntN(100) == 0 {
			name := fmt.Sprint("s", r.IntN(2))
			if err := q.SaveState(Snapshot{Name: name}, strings.NewReader(strings.Repeat("state", 1000))); err != nil {
				panic(err)
			}
		}
	}
}

// piece is what is written as number n.
func piece(n uint64) []byte {
	b := make([]byte, 0, killPiece)
	for len(b) < killPiece {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return b
}

// TestKill: a writer that is killed leaves a consistent image, with all that was flushed.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	for name, o := range map[string]CreateOptions{"v3": {}, "v2": {Version: 2, ClusterSize: 4096}, "lazy": {LazyRefcounts: true, ClusterSize: 512}} {
		path := filepath.Join(dir, name)
		if err := Create(path, killSize, o); err != nil {
			t.Fatal(err)
		}
		latest, flushed := map[int64]uint64{}, map[int64]uint64{}
		for range rounds(4, 200) {
			kill(t, path, latest, flushed)
			survived(t, path, flushed)
		}
	}
}

// kill runs a writer for a while. It notes what was written last and what was flushed last.
func kill(t *testing.T, path string, latest, flushed map[int64]uint64) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), killedImage+"="+path)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Duration(20+rand.IntN(200))*time.Millisecond, func() { _ = c.Process.Kill() })
	defer timer.Stop()
	clear(latest)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		words := strings.Fields(lines.Text())
		n, _ := strconv.ParseUint(words[min(1, len(words)-1)], 10, 64)
		switch {
		case words[0] == "w" && len(words) == 3:
			at, _ := strconv.ParseInt(words[2], 10, 64)
			latest[at] = n
		case words[0] == "f":
			for at, n := range latest {
				flushed[at] = n
			}
		}
	}
	_ = c.Wait()
}

// survived looks at what is left. What is there then is flushed for the next writer.
func survived(t *testing.T, path string, flushed map[int64]uint64) {
	t.Helper()
	leaksAlone(t, path)
	f, err := backend.OpenFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	q, err := Open(f, path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, q, true)
	for at, want := range flushed {
		b := make([]byte, killPiece)
		if err := q.Read(at*killPiece, b); err != nil {
			t.Fatal(err)
		}
		for ; len(b) > 0; b = b[512:] {
			if got := binary.LittleEndian.Uint64(b); got < want {
				t.Fatalf("piece %d has %d, and %d was flushed", at, got, want)
			}
		}
	}
	clear(flushed)
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	leaksAlone(t, path)
}

// leaksAlone asks qemu-img about an image that does not say itself that it needs repair. In
// version 2 nothing can say that a snapshot was being taken, and the marks that are left then
// are mistakes to QEMU, which do no harm.
func leaksAlone(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("qemu-img"); err != nil || b[7] == 2 || b[atIncompatible+7]&incompatibleDirty != 0 {
		return
	}
	out, err := exec.Command("qemu-img", "check", "-f", "qcow2", path).CombinedOutput()
	if err != nil && !strings.Contains(err.Error(), "exit status 3") {
		t.Fatalf("qemu-img check: %v\n%s", err, out)
	}
}
