package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// treeOf is names, modes, times and contents below a directory.
func treeOf(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		text := ""
		if fi.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text = string(content)
		}
		fmt.Fprintf(&b, "%s %v %v %q\n", path, fi.Mode(), fi.ModTime(), text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const sandboxC = `#include <stdio.h>
#include <string.h>
static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
int main(int argc, char **argv) { printf("%d %s\n", fib(15), argc > 1 ? argv[1] : ""); return 3; }
`

// sandboxed are shell scripts that write; each prints what it made.
var sandboxed = []struct{ name, needs, script string }{
	{"shell", "bash", `for i in 1 2 3; do echo $i > f$i; done; cat f*; echo more >> a; cat a; mkdir -p x/y; mv f1 x/y/z; ln -s ../f2 x/l; ln f3 x/h
		cat x/l x/h; ls -R; rm -r x; ls; cat <<< here; chmod 600 a; stat -c %a a; umask 077; touch p; stat -c %a p; mv d e; ls e; rmdir e; echo $?; rm a; cat a; echo $?
		truncate -s 3 f2; wc -c f2; touch -d @5 f2; stat -c %Y f2; cp f2 copy; cmp f2 copy; test -e nothing || echo none; cat < e/b; (cd e; echo *; pwd -P | grep -c /e)`},
	{"sort", "sort", `seq 6000 | sort -R --random-source=/bin/ls | sort -n -S 16K -T . | cksum; ls`},
	{"gcc", "gcc", `gcc -o prog src.c && ./prog hello; echo $?; strip prog; ./prog again; ls`},
	{"git", "git", `export HOME=$PWD GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE=@1000000000+0000 GIT_COMMITTER_DATE=@1000000000+0000
		git init -q -b main r && cd r && cp ../a . && git add a && git -c user.name=a -c user.email=b@c commit -qm first && git log --format='%H %an %s'
		echo change >> a; git diff --stat; git commit -qam second --author='x <y@z>' 2>&1 | head -1; git status --short; git fsck; ls -A`},
	{"sqlite3", "sqlite3", `sqlite3 x.db "create table t(a); insert into t values (1), (2); select sum(a) from t; pragma journal_mode=wal; insert into t values (5); select sum(a) from t;"
		sqlite3 x.db "begin; delete from t; rollback; select count(*) from t; vacuum;"; ls`},
	{"tar", "tar", `mkdir t; cp a src.c t; ln t/a t/h; ln -s a t/l; tar --sort=name -cf t.tar t; tar tf t.tar; tar czf t.tgz t; rm -r t; tar xzf t.tgz; cat t/l; ls -A t; stat -c %h t/a`},
	{"fifo", "bash", `mkfifo p; cat p & echo through > p; wait; cat <(echo one) <(echo two); exec 5<>p; echo x >&5; read y <&5; echo $y`},
	{"perl", "perl", `perl -e 'open F, "+>", "f" or die; print F "x" x 10000; seek F, 5000, 0; print F "middle"; close F; print -s "f", "\n"; rename "f", "g"; opendir D, "."; print join(" ", sort readdir D), "\n";
		unlink "g"; print -e "g" ? "there" : "gone", "\n"; symlink "a", "s"; print readlink "s", "\n"; flock(STDIN, 2); print((stat "a")[7], "\n")' < a`},
}

// TestSandboxPrograms compares programs that write with their native run, and
// looks whether the host's files are what they were.
func TestSandboxPrograms(t *testing.T) {
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	fill := func(t *testing.T) string {
		dir := t.TempDir()
		write(t, dir, "a", "alpha\n")
		write(t, dir, "src.c", sandboxC)
		if err := os.Mkdir(filepath.Join(dir, "d"), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "d"), "b", "beta\n")
		return dir
	}
	for _, p := range sandboxed {
		t.Run(p.name, func(t *testing.T) {
			need(t, p.needs)
			t.Parallel()
			want := execute(t, fill(t), "", "bash", "-c", p.script)
			dir := fill(t)
			before := treeOf(t, dir)
			got := execute(t, dir, "", binary, "-sandbox", "-allow", ".", "bash", "-c", p.script)
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if after := treeOf(t, dir); after != before {
				t.Errorf("the host's files changed:\n%s\nbefore:\n%s", after, before)
			}
		})
	}
}

func TestSandboxExport(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	if err := os.MkdirAll(filepath.Join(in, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"keep", "change", "remove", "move"} {
		write(t, in, name, name)
	}
	write(t, filepath.Join(in, "sub"), "x", "inner")
	removed := ""
	if os.Getuid() == 0 {
		removed = "; rm /usr/bin/cat"
	}
	r := panda(t, dir, "-sandbox", "-sandbox-export", "out.tar", "-allow", "in", "bash", "-c",
		"cd in; echo more >> change; rm remove; mv move moved; cat keep > new; ln new hard; ln -s new soft; mkdir d; mkfifo d/p; mv sub renamed; mkdir sub"+removed)
	if r.status != 0 || r.stderr != "" {
		t.Fatalf("%+v", r)
	}
	f, err := os.Open(filepath.Join(dir, "out.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	prefix := strings.TrimPrefix(in, "/") + "/"
	var got []string
	for tr := tar.NewReader(f); ; {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(tr)
		got = append(got, fmt.Sprintf("%c %s %s %s", h.Typeflag, strings.Replace(h.Name, prefix, "@", 1), strings.Replace(h.Linkname, prefix, "@", 1), text))
	}
	want := []string{
		"5 @  ", "0 @change  changemore\n", "5 @d/  ", "6 @d/p  ", "0 @hard  keep", "0 @moved  move", "1 @new @hard ", "5 @renamed/  ", "0 @renamed/x  inner",
		"2 @soft new ", "5 @sub/  ", "0 @sub/.wh..wh..opq  ", "0 @.wh.move  ", "0 @.wh.remove  ",
	}
	if removed != "" {
		want = append(want, "5 usr/bin/  ", "0 usr/bin/.wh.cat  ")
	}
	for _, line := range want {
		if !strings.Contains(strings.Join(got, "\n")+"\n", line) {
			t.Errorf("no %q", line)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d entries, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
}

// showGo prints a file. Linked statically, it needs nothing of a sysroot.
const showGo = `package main

import "os"

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
	os.Stdout.Write(text)
}
`

// sysroot is a directory with bin/show.
func sysroot(t *testing.T) string {
	t.Helper()
	root, src := t.TempDir(), t.TempDir()
	write(t, src, "show.go", showGo)
	build := exec.Command("go", "build", "-o", filepath.Join(root, "bin", "show"), filepath.Join(src, "show.go"))
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return root
}

// TestSandboxView: what a program may read, by default and with options.
func TestSandboxView(t *testing.T) {
	dir, root := t.TempDir(), sysroot(t)
	if _, err := builtBinary(); err != nil { // before its environment changes
		t.Fatal(err)
	}
	t.Setenv("HOME", "/home/panda")
	write(t, dir, "mine", "mine\n")
	write(t, dir, "prog", "#!/bin/sh\ncat mine; echo *; pwd\n")
	for _, c := range []struct {
		args         []string
		stdout, errs string
	}{
		{[]string{"-sandbox", "./prog"}, "prog\n" + dir + "\n", "cat: mine: No such file or directory\n"},
		{[]string{"-sandbox", "-allow", "mine", "./prog"}, "mine\nmine prog\n" + dir + "\n", ""},
		{[]string{"-sandbox", "-allow", ".", "./prog"}, "mine\nmine prog\n" + dir + "\n", ""},
		{[]string{"-sandbox", "-L", root, "-allow", dir, "/bin/show", "/bin/.." + dir + "/mine"}, "mine\n", ""},
		{[]string{"-sandbox", "-L", root, "/bin/show", root}, "", "open " + root + ": no such file or directory\n"},
		{[]string{"-sandbox", "sh", "-c", "echo x > /tmp/y; cat /tmp/y; ls /tmp; ls -d /etc/pa*"}, "x\n" + strings.Split(dir, "/")[2] + "\ny\n/etc/passwd\n", ""},
	} {
		r := panda(t, dir, c.args...)
		if r.stdout != c.stdout || r.stderr != c.errs {
			t.Errorf("%q:\nstdout %q\nwant   %q\nstderr %q\nwant   %q", c.args, r.stdout, c.stdout, r.stderr, c.errs)
		}
	}
	for _, c := range [][]string{{"-allow", "x", "ls"}, {"-sandbox-export", "x", "ls"}, {"-allow-write", "x", "ls"}} {
		if r := panda(t, dir, c...); r.status != exitUsage || !strings.Contains(r.stderr, "need -sandbox") {
			t.Errorf("%q: %+v", c, r)
		}
	}
	if r := panda(t, dir, "-sandbox", "-allow", "nothing", "ls"); r.status == 0 || !strings.Contains(r.stderr, "allow nothing") {
		t.Errorf("%+v", r)
	}
}

// TestSandboxConfine: the emulator itself is confined. Scripts write where the
// user is, or where an option says.
func TestSandboxConfine(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	script := `panda.on("syscall_enter", { name = "exit_group" }, function()
  for _, p in ipairs { "here", "` + other + `/there", "/etc/panda-test" } do print(p:match("[^/]*$"), io.open(p, "w") ~= nil) end
  print("read", io.open("/etc/shadow") ~= nil) end)`
	r := panda(t, dir, "-v", "-sandbox", "-e", script, "/bin/true")
	if strings.Contains(r.stderr, "no landlock") {
		t.Skip("the kernel has no landlock")
	}
	if !strings.Contains(r.stderr, "confined by landlock") {
		t.Errorf("stderr %q", r.stderr)
	}
	if want := "here\ttrue\nthere\tfalse\npanda-test\tfalse\nread\tfalse\n"; r.stdout != want {
		t.Errorf("got %q, want %q", r.stdout, want)
	}
	r = panda(t, dir, "-sandbox", "-allow-write", other, "-e", script, "/bin/true")
	if want := "here\tfalse\nthere\ttrue\npanda-test\tfalse\nread\tfalse\n"; r.stdout != want {
		t.Errorf("-allow-write: got %q, want %q", r.stdout, want)
	}
	panda(t, dir, "record", "-o", "run", "/bin/true")
	r = panda(t, dir, "replay", "run", "-sandbox", "-allow-write", other, "-e", script)
	if want := "here\tfalse\nthere\ttrue\npanda-test\tfalse\nread\tfalse\n"; r.stdout != want {
		t.Errorf("a replay: got %q, want %q", r.stdout, want)
	}
}

// TestSandboxUser runs as a user without rights: permission bits count.
func TestSandboxUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "panda-user")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(binary), 0o755)); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "roots", "root's\n")
	const script = `echo x > /usr/bin/x; echo x >> roots; echo x > new; cat roots; cd /tmp; umask 0; echo mine > m; chmod 000 m; cat m; chmod 600 m; cat m; mkdir d; chmod 500 d; touch d/f; rm roots; chown 0 m; id -u`
	run := func(args ...string) string {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C", "HOME=/tmp")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	got := run(binary, "-sandbox", "-allow", "roots", "sh", "-c", script)
	const want = "sh: 1: cannot create /usr/bin/x: Permission denied\nsh: 1: cannot create roots: Permission denied\nsh: 1: cannot create new: Permission denied\nroot's\n" +
		"cat: m: Permission denied\nmine\ntouch: cannot touch 'd/f': Permission denied\nrm: cannot remove 'roots': No such file or directory\n" +
		"chown: changing ownership of 'm': Operation not permitted\n65534\n"
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// TestSandboxTerminal: the program knows its terminal, and no other.
func TestSandboxTerminal(t *testing.T) {
	if _, err := exec.LookPath("script"); err != nil {
		t.Skip(err)
	}
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	r := execute(t, t.TempDir(), "", "script", "-qec", binary+` -sandbox sh -c 'test -c "$(tty)" && echo named; echo out > /dev/tty; ls /dev/pts | wc -l'`, "/dev/null")
	if want := "named\r\nout\r\n1\r\n"; !strings.HasSuffix(r.stdout, want) {
		t.Errorf("got %q, want %q", r.stdout, want)
	}
}
