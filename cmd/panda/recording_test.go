package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// recorded is a recording of testdata/c/recorded.c, and what it wrote.
func recorded(t *testing.T, args ...string) (dir string, data []byte, output string) {
	t.Helper()
	prog := buildC(t, "recorded", "-O1", "-nostdlib", "-static", "-fno-stack-protector", "-fcf-protection=none")
	dir = t.TempDir()
	r := panda(t, dir, append([]string{"record", "-o", "run", prog}, args...)...)
	data, err := os.ReadFile(filepath.Join(dir, "run.rr"))
	if err != nil || r.status != 7 || len(r.stdout) != 8*33 {
		t.Fatalf("%v %+v", err, r)
	}
	return dir, data, r.stdout
}

// recordingFrame is a frame of a recording: see emu/rr/file.go.
type recordingFrame struct {
	kind byte
	body []byte
}

const recordingHeader = 12

// framesOf takes a recording to pieces.
func framesOf(t *testing.T, data []byte) (frames []recordingFrame) {
	t.Helper()
	dec, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	for b := data[recordingHeader:]; len(b) > 16; {
		n, raw := binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
		body := bytes.Clone(b[16 : 16+n])
		if n != raw {
			if body, err = dec.DecodeAll(body, nil); err != nil {
				t.Fatal(err)
			}
		}
		frames = append(frames, recordingFrame{b[0], body})
		b = b[16+n:]
	}
	return frames
}

// recordingOf puts one together again, with sums that are right.
func recordingOf(header []byte, frames []recordingFrame) []byte {
	out := bytes.Clone(header[:recordingHeader])
	last := 0
	for _, f := range frames {
		last = len(out)
		head := make([]byte, 16)
		head[0] = f.kind
		binary.LittleEndian.PutUint32(head[4:], uint32(len(f.body)))
		binary.LittleEndian.PutUint32(head[8:], uint32(len(f.body)))
		sum := crc32.Checksum(append(bytes.Clone(head[:12]), f.body...), crc32.MakeTable(crc32.Castagnoli))
		binary.LittleEndian.PutUint32(head[12:], sum)
		out = append(append(out, head...), f.body...)
	}
	return append(binary.LittleEndian.AppendUint64(out, uint64(last)), "panda.ok"...)
}

// withManifest changes what a recording says of its run.
func withManifest(t *testing.T, data []byte, changes map[string]any) []byte {
	t.Helper()
	frames := framesOf(t, data)
	said := map[string]json.RawMessage{}
	if err := json.Unmarshal(frames[0].body, &said); err != nil {
		t.Fatal(err)
	}
	for name, value := range changes {
		if _, ok := said[name]; !ok {
			t.Fatalf("a manifest has no %s", name)
		}
		said[name], _ = json.Marshal(value)
	}
	frames[0].body, _ = json.Marshal(said)
	return recordingOf(data, frames)
}

// replayBytes replays a recording of bytes.
func replayBytes(t *testing.T, dir string, data []byte, args ...string) result {
	t.Helper()
	name := filepath.Join(dir, "bad.rr")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	r := panda(t, dir, append([]string{"replay", "bad"}, args...)...)
	if strings.Contains(r.stderr, "goroutine") || strings.Contains(r.stderr, "panic") || strings.Contains(r.stderr, "BUG") {
		t.Fatalf("%.3000s", r.stderr)
	}
	return r
}

// sentence is the first line of what was said.
func sentence(r result) string {
	line, _, _ := strings.Cut(r.stderr, "\n")
	return line
}

// underLimit runs panda with files that may be no larger than so many blocks of 512 bytes.
func underLimit(t *testing.T, dir, blocks string, args ...string) result {
	t.Helper()
	path, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	need(t, "sh")
	if out, err := exec.Command("sh", "-c", "ulimit -f "+blocks).CombinedOutput(); err != nil {
		t.Skipf("no limits of files: %s", out)
	}
	return execute(t, dir, "", append([]string{"sh", "-c", `ulimit -f ` + blocks + `; exec "$0" "$@"`, path}, args...)...)
}
