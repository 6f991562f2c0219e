package scripts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"panda/emu/plugin"
)

const reader = `
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
	char buf[100], *secret = malloc(16), scrambled[] = "tbdubs";
	chdir(argv[1]);
	int in = open("in", O_RDONLY), dir = open(".", O_RDONLY | O_DIRECTORY), pair[2];
	pipe(pair);
	dup2(pair[1], 77);
	openat(dir, "sub/none", O_RDONLY);
	open("in/x", O_RDONLY);
	int out = openat(dir, "out", O_WRONLY | O_CREAT, 0666);
	int n = read(in, buf, sizeof buf);
	write(out, buf, n);
	struct iovec v[2] = {{"two par", 7}, {"ts\1abc", 6}};
	writev(77, v, 2);
	for (int i = 0; i < 7; i++) secret[i] = i < 6 ? scrambled[i] ^ 7 : 0;
	close(in);
	if (fork() == 0) {
		read(pair[0], buf, sizeof buf);
		in = open("in", O_RDONLY);
		read(in, buf, 2);
		_exit(5);
	}
	wait(0);
	execl("/bin/sh", "sh", "-c", "exit 3", (char *)0);
}`

// readerDir is a directory with the file that the reader reads.
func readerDir(t *testing.T) string {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "in"), "first line\nx\nlast\x00line")
	return dir
}

func TestOpens(t *testing.T) {
	path, dir := compile(t, "reader", reader, "-O0"), readerDir(t)
	p := play(t, "opens", nil, path, dir)
	if p.status != 3 {
		t.Errorf("%+v", p)
	}
	like(t, "opens", p.printed, `reader[…] opened 1 file:
  1  ok  in
sh[…] opened 7 files:
  2  ok       /etc/ld.so.cache
  2  ok       …/libc.so.6
  1  ok       in
  1  ok       .
  1  ENOENT   ./sub/none
  1  ENOTDIR  in/x
  1  ok       ./out
`)
	p = play(t, "opens", args(t, "failed,name=*in*"), path, dir)
	like(t, "opens failed", p.printed, "sh[…] opened 1 file:\n  1  ENOTDIR  in/x\n")
}

func TestIolog(t *testing.T) {
	path, dir := compile(t, "reader", reader, "-O0"), readerDir(t)
	p := play(t, "iolog", nil, path, dir)
	like(t, "iolog", p.printed, `reader[…]:
  file  reads  bytes  writes  bytes
  pipe      1     13       0      0
  in        1      2       0      0
sh[…]:
  file…  reads  bytes  writes  bytes
…
  in…      1     22       0      0
  ./out…      0      0       1     22
  pipe…      0      0       1     13
…
`)
	p = play(t, "iolog", args(t, "by=fd"), path, dir)
	like(t, "iolog by fd", p.printed, "…\n  77 pipe…      0      0       1     13\n…\n")
}

func TestStrings(t *testing.T) {
	path, dir := compile(t, "reader", reader, "-O0"), readerDir(t)
	log, read := file(t, "log.txt")
	play(t, "strings", args(t, "file="+log), path, dir)
	like(t, "strings", read(), "write ./out: first line\nwrite ./out: last\nwrite ./out: line\nwrite pipe: two parts\n")
	play(t, "strings", args(t, "min=5,reads,memory,file="+log), path, dir)
	like(t, "strings of memory", read(), `read in: first line
write ./out: first line
write pipe: two parts
put main+0x…: secret
read pipe: two parts
get main+0x…: tbdubs
`)
}

func TestProcs(t *testing.T) {
	path, dir := compile(t, "reader", reader, "-O0"), readerDir(t)
	p := play(t, "procs", nil, path, dir)
	like(t, "procs", p.printed, "… "+path+" "+dir+" -> sh -c 'exit 3': exit 3\n  … (fork): exit 5\n")
	p = play(t, "procs", args(t, "width=30"), "/bin/sh", "-c", `/bin/echo "it's" one two three four five; (kill -9 $$; /bin/true); exit 4`)
	if p.status != 137 {
		t.Errorf("%+v", p)
	}
	like(t, "procs", p.printed, `… /bin/sh -c '/bin/echo "it'\''s...: killed by SIGKILL
  … /bin/echo 'it'\''s' one two th...: exit 0
  … /bin/true: exit 0
`)
}

// TestHelp: each script says what it takes.
func TestHelp(t *testing.T) {
	files, err := filepath.Glob("*.lua")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, f := range files {
		name := strings.TrimSuffix(f, ".lua")
		if err := loadError(t, name, plugin.Arg{Key: "help", Flag: true}); err == nil || !strings.Contains(err.Error(), "plugin "+name+":\n") {
			t.Errorf("%s:help: %v", name, err)
		}
	}
	if left, _ := os.ReadDir("."); len(left) > 1 {
		t.Errorf("NAME:help made %v", left)
	}
}
