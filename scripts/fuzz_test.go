package scripts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// parser crashes for inputs that begin with "BUG" and leaves a trail in memory
// that a run must not see of another.
const parser = `
#include <stdio.h>
#include <string.h>
static int runs;
static char last[64];
__attribute__((noinline)) int parse(const char *s, long n) {
	if (runs++) return -1;
	if (n > 0 && n < 60) memcpy(last, s, n);
	if (n > 0 && s[0] == 'B')
		if (n > 1 && s[1] == 'U')
			if (n > 2 && s[2] == 'G') return *(volatile int *)0;
	return n > 3 && s[3] == '!';
}
int main(void) {
	int r = parse("AAAA", 4);
	printf("%d %d %s\n", r, runs, last);
	return 0;
}`

func TestFuzz(t *testing.T) {
	path := compile(t, "parser", parser, "-O0", "-Wl,-z,now")
	dir := filepath.Join(t.TempDir(), "crashes")
	p := play(t, "fuzz", args(t, "function=parse,n=5000,crashes="+dir), path)
	if p.guest != "0 1 AAAA\n" || p.status != 0 {
		t.Errorf("the program saw something of it: %+v", p)
	}
	like(t, "fuzz", p.printed, `fuzz: …parse+0x… with "BUG…, in …/crash-1
fuzz: 5000 runs of parse, … inputs kept, … blocks, … crash…
`)
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if input, err := os.ReadFile(filepath.Join(dir, files[0].Name())); err != nil || !strings.HasPrefix(string(input), "BUG") {
		t.Errorf("%q %v", input, err)
	}
	if again := play(t, "fuzz", args(t, "function=parse,n=5000,crashes="+dir), path); again.printed != p.printed {
		t.Errorf("another run differs: %s", again.printed)
	}
}

const forked = `
#include <stdio.h>
__attribute__((noinline)) static int left(int n) { return n * 3; }
__attribute__((noinline)) static int right(int n) { return n + 7; }
int main(int argc, char **argv) { printf("%d\n", argc > 1 ? left(argc) : right(argc)); return 0; }`

func TestCovdiff(t *testing.T) {
	path := compile(t, "forked", forked, "-O1")
	base, second := filepath.Join(t.TempDir(), "base"), filepath.Join(t.TempDir(), "second")
	run(t, "coverage", args(t, "module=forked,file="+base), path)
	out := run(t, "covdiff", args(t, "module=forked,base="+base+",file="+second), path, "x")
	like(t, "covdiff", out, "covdiff: … block… only in this run\n…\n… forked left\n…\ncovdiff: … block… only in the earlier run\n…\n… forked right\n…\n")
	if out := run(t, "covdiff", args(t, "module=forked,base="+second), path, "x"); out != "covdiff: 0 blocks only in this run\ncovdiff: 0 blocks only in the earlier run\n" {
		t.Error(out)
	}
	for text, want := range map[string]string{"": "base= names", "base=/does/not/exist": "No such file", "base=" + path: "no list of blocks"} {
		if err := loadError(t, "covdiff", args(t, text)...); err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(want)) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
