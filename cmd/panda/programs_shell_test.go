package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// slow is set by "make programs".
var slow = flag.Bool("slow", false, "run the programs that take long")

// shellProgram is a shell script that leads one or several programs through what
// they are for. It runs in an empty directory.
type shellProgram struct {
	name, needs string // all programs that must be there
	script      string
}

// gitEnv makes git say the same in every run.
const gitEnv = `export HOME=$PWD GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE=@1000000000+0000 GIT_COMMITTER_DATE=@1000000000+0000
	export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=b@c GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=b@c
`

var shellPrograms = []shellProgram{
	{"coreutils", "seq tac shuf join paste expand fold nl od csplit tsort numfmt", `seq 30 | tac | paste - - - | expand | fold -w 9 | nl | tail -5; seq 9 | shuf --random-source=/bin/ls | sort -n | od -c | head -3
		printf '1 a\n2 b\n' > x; printf '1 c\n2 d\n' > y; join x y; comm x y; csplit -s x 2; cat xx01; echo a b b c | tsort; numfmt --to=iec 123456789; factor 1234567890
		cp -a x z; ln -s x l; ln x h; stat -c '%n %s %h %F' x l h; chmod 640 z; mv z d1; install -m 700 -D y d/e/y; find d -printf '%p %m\n'; du -b d/e/y; touch -d @0 x; date -u -r x; ls -l --time-style=+%s x
		dd if=/dev/zero bs=100 count=3 status=none | tr '\0' x | wc; head -c 20 /dev/zero | base64; md5sum x; split -n 3 y; cat xa?; truncate -s 5 y; cmp x y; mktemp -u XX | wc -c; timeout 0.05 sleep 9; echo $?
		id -u; nproc > n; test -s n; echo $?; printf %s\\n *; tee a b < x > c; sha512sum a b c; mkfifo p; (echo through > p &); cat p; env -i A=1 env; expr 6 \* 7; pr -t -2 x | cat -A; sum x; cksum x`},
	{"bash", "bash", `declare -A m=([a]=1 [b]=2); for k in a b; do echo $k=${m[$k]}; done; x=hello; echo ${x^^} ${x:1:3} ${x/l/L} $((2**40 % 7)); f() { local n=$1; ((n < 2)) && echo 1 && return; echo $((n * $(f $((n - 1))))); }; f 6
		coproc cat; echo to >&${COPROC[1]}; read r <&${COPROC[0]}; echo $r; exec 7<> <(:); diff <(seq 3) <(seq 2); mapfile -t l < <(seq 4); echo ${#l[@]}; [[ abc =~ b(.) ]] && echo ${BASH_REMATCH[1]}
		(exit 4) | (exit 5); echo ${PIPESTATUS[@]}; set -o pipefail; false | true; echo $?; sleep 9 & kill $!; wait $! 2> /dev/null; echo $?; read -t 0.05 z < <(sleep 1); echo $?; ulimit -n 50; ulimit -n; printf '%(%Y)T\n' 0; exec 9>&1; echo nine >&9
		times | wc -l; kill -l 15; umask 027; umask -S; echo $BASH_SUBSHELL $(echo $BASH_SUBSHELL); set -m; sleep 0.01 & fg > /dev/null; echo $?; (trap 'echo int; exit 3' INT; kill -INT $BASHPID); echo $?; trap 'echo exit' EXIT`},
	{"perl", "perl", `perl -MPOSIX -MSocket -e '$| = 1; my $p = fork; if (!$p) { exec "sh", "-c", "exit 4" } wait; print $? >> 8, "\n"; $SIG{ALRM} = sub { print "alarm\n" }; POSIX::setitimer(0, 0) if 0; alarm 1; pause;
		print POSIX::strftime("%Y", gmtime(0)), "\n"; open P, "-|", "seq 5"; print <P>; socketpair A, B, AF_UNIX, SOCK_STREAM, 0; syswrite A, "over"; sysread B, $x, 9; print "$x\n"; my %w; $w{$_ % 17} .= $_ for 1 .. 3000;
		print join(",", map { length $w{$_} } sort { $a <=> $b } keys %w), "\n"; $_ = "the cat sat on the mat" x 50; print scalar(() = /(\w+)at/g), "\n"; eval { die { code => 7 } }; print $@->{code}, "\n"; printf "%.15g %s\n", exp(1), 2**70; local $SIG{CHLD} = sub { print "child\n" }; system "true"; exit 9'`},
	{"python3-threads", "/usr/bin/python3", `/usr/bin/python3 -c '
import threading, queue, concurrent.futures, time
q, r = queue.Queue(), []
def work():
    while (x := q.get()) is not None: r.append(x * x)
ts = [threading.Thread(target=work) for _ in range(4)]
for t in ts: t.start()
for i in range(50): q.put(i)
for t in ts: q.put(None)
for t in ts: t.join()
print(sum(r))
b, e = threading.Barrier(3), threading.Event()
ts = [threading.Thread(target=b.wait) for _ in range(2)]
for t in ts: t.start()
b.wait(); print(e.wait(0.01)); [t.join() for t in ts]
with concurrent.futures.ThreadPoolExecutor(3) as x: print(list(x.map(lambda n: n + 1, range(9))))'`},
	{"python3-subprocess", "/usr/bin/python3", `/usr/bin/python3 -c '
import subprocess, os, signal, tempfile, mmap, select, resource
print(subprocess.run(["sh", "-c", "cat; echo err >&2; exit 3"], input=b"hello", capture_output=True))
p = subprocess.Popen(["sleep", "9"], start_new_session=True); os.killpg(p.pid, signal.SIGTERM); print(p.wait())
try: subprocess.run(["sleep", "9"], timeout=0.05)
except subprocess.TimeoutExpired: print("timeout")
try: subprocess.run(["nothing"])
except FileNotFoundError as e: print(e)
r, w = os.pipe(); pid = os.fork()
if not pid: os.write(w, b"child"); os._exit(5)
print(os.read(r, 9), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
m = mmap.mmap(-1, 100); pid = os.fork()
if not pid: m[:3] = b"map"; os._exit(0)
os.wait(); print(m[:3]); signal.signal(signal.SIGUSR1, lambda *a: print("usr1")); os.kill(os.getpid(), 10)
signal.setitimer(signal.ITIMER_REAL, 0.01); signal.signal(signal.SIGALRM, lambda *a: print("alarm")); signal.pause()
print(select.select([r], [w], [], 0)[1] == [w], resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime > 0)'`},
	{"python3-asyncio", "/usr/bin/python3", `/usr/bin/python3 -c '
import asyncio
async def echo(rd, wr):
    while d := await rd.readline(): wr.write(d.upper()); await wr.drain()
    wr.close()
async def main():
    s = await asyncio.start_server(echo, "127.0.0.1", 0)
    rd, wr = await asyncio.open_connection("127.0.0.1", s.sockets[0].getsockname()[1])
    wr.write(b"abc\n"); print(await rd.readline()); wr.close(); s.close()
    p = await asyncio.create_subprocess_exec("tr", "a-z", "A-Z", stdin=-1, stdout=-1); print(await p.communicate(b"sub"))
    await asyncio.gather(*(asyncio.sleep(0.001 * i) for i in range(5)))
    try: await asyncio.wait_for(asyncio.sleep(10), 0.02)
    except asyncio.TimeoutError: print("timeout")
    q = asyncio.Queue(); t = asyncio.create_task(q.get()); await q.put(1); print(await t, await asyncio.to_thread(sum, [1, 2]))
asyncio.run(main())'`},
	{"python3-sockets", "/usr/bin/python3", `/usr/bin/python3 -c '
import socket, threading, selectors, os, array
a, b = socket.socketpair(); a.sendall(b"xyz"); print(b.recv(10)); f = open("f", "w+"); f.write("passed"); f.flush()
socket.send_fds(a, [b"fd"], [f.fileno()]); m, fds, _, _ = socket.recv_fds(b, 9, 1); print(m, os.pread(fds[0], 9, 0))
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("127.0.0.1", 0)); u.sendto(b"datagram", u.getsockname()); print(u.recv(9))
s = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(s.getsockname()); d, _ = s.accept()
t = threading.Thread(target=lambda: (c.sendall(b"x" * 1000000), c.shutdown(1))); t.start(); n = 0
while x := d.recv(65536): n += len(x)
t.join(); print(n, d.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)); d.settimeout(0.01); e = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); e.bind("sock"); e.listen()
g = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); g.connect("sock"); h, _ = e.accept(); g.send(b"packet"); print(h.recv(3), h.getsockopt(1, 17, 12)[:4] == os.getpid().to_bytes(4, "little"))
try: e.settimeout(0.01); e.accept()
except TimeoutError: print("timeout")
sel = selectors.DefaultSelector(); sel.register(b, selectors.EVENT_READ); a.send(b"!"); print(len(sel.select(1)))
try: socket.create_connection(("127.0.0.1", 1))
except ConnectionRefusedError as e: print(e)'`},
	{"python3-pty", "/usr/bin/python3", `/usr/bin/python3 -c '
import pty, os, sys, termios, fcntl, struct, time, signal
def shell(script): # whatever this test was started from ignores
    for s in signal.SIGHUP, signal.SIGINT, signal.SIGQUIT: signal.signal(s, signal.SIG_DFL)
    os.execlp("bash", "bash", "-c", script)
pid, fd = pty.fork()
if pid == 0: shell("trap \"stty size\" WINCH; trap \"trap - INT; kill -INT $$\" INT; stty size; echo ready; while :; do sleep 0.02; done")
def until(w):
    b = b""
    while not b.endswith(w): b += os.read(fd, 1)
    return b
print(until(b"ready\r\n")); fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 44, 0, 0)); print(until(b"44\r\n"))
print(os.tcgetpgrp(fd) == pid); os.write(fd, b"\x03"); print(until(b"^C")); print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
pid, fd = pty.fork()
if pid == 0: shell("trap \"exit 6\" HUP; echo ready; while :; do sleep 0.02; done")
until(b"ready\r\n"); os.close(fd); print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))'`},
	{"sqlite3", "sqlite3", `sqlite3 x.db 'pragma journal_mode=wal; create table t(a integer primary key, b text); with recursive c(x) as (select 1 union all select x + 1 from c where x < 500) insert into t select x, hex(x * x % 97) from c;
		create index i on t(b); select b, count(*), sum(a) from t group by b order by 2 desc, 1 limit 5; update t set b = b || a where a % 7 = 0; delete from t where a % 3 = 0; vacuum; pragma integrity_check; select json_group_array(b) from t where a < 9;'
		sqlite3 -csv x.db 'select * from t order by b limit 3'; sqlite3 x.db .dump | cksum; echo '1,2' > c.csv; sqlite3 x.db '.mode csv' 'create table u(p, q);' '.import c.csv u' 'select p + q from u;'; sqlite3 x.db 'select nothing'; echo $?; ls`},
	{"git", "git", gitEnv + `git init -q -b main r; cd r; seq 200 > f; git add .; git commit -qm one; seq 100 >> f; git commit -qam two; git log --stat; git checkout -qb side HEAD~1; echo x > g; git add g; git commit -qm three; git merge -qm merged main
		git log --graph --format=%h:%s; git gc -q; git fsck; git diff HEAD~1 | cksum; git blame -s f | tail -1; git stash list; git grep -c 7 f; git archive HEAD | tar t; git clone -q . ../c; ls ../c; git rev-parse HEAD; git bisect start -q HEAD main~1; git status | head -2`},
	{"compressors", "xz gzip zstd bzip2", `seq 4000 > f; for c in "xz -9" gzip zstd bzip2 "xz -1 -T2" "zstd -19 -q"; do $c -c f > g; ${c%% *} -t g && ${c%% *} -dc g | cmp - f && wc -c < g; done; head -c 50 g > h; gzip -t h; xz -t h; zstd -qt h; echo $?`},
	{"tar", "tar xz", `mkdir -p d/e; seq 99 > d/f; ln d/f d/h; ln -s ../f d/e/l; chmod 750 d/e; touch -d @1 d/f; for z in "" z j J; do tar c${z}f t --sort=name d && tar x${z}f t --one-top-level=o$z && diff -r d o$z/d && rm -r o$z; done; tar tvf t --numeric-owner --full-time | sort | cut -c1-11,60-; tar --delete -f t d/f; echo $?
		tar cf - d | tar tf - --wildcards '*l'; tar cf t --transform s/d/x/ --sort=name d; tar tf t; cd d; tar cf - . | (mkdir ../u; cd ../u; tar xpf -); stat -c %a ../u/e`},
	{"openssl", "openssl", `head -c 1000 /bin/ls > i; openssl enc -aes-256-cbc -pbkdf2 -iter 10 -pass pass:x -S 0102030405060708 -in i -a | tee e | cksum; openssl enc -d -aes-256-cbc -pbkdf2 -iter 10 -pass pass:x -S 0102030405060708 -in e -a | cmp - i
		openssl dgst -sha3-256 -r e; openssl enc -chacha20 -K 00112233445566778899aabbccddeeff -iv 00112233445566778899aabbccddeeff -in i 2>&1 | cksum
		openssl genrsa -out k 512 2> /dev/null; openssl rsa -in k -pubout -out p 2> /dev/null; openssl dgst -sha256 -sign k -out s e; openssl dgst -sha256 -verify p -signature s e; openssl dgst -sha256 -verify p -signature s p 2> /dev/null; echo $?`},
	{"httpd", "busybox curl wget", `seq 3000 > big; busybox httpd -f -p 127.0.0.1:$PORT & until curl -so /dev/null http://127.0.0.1:$PORT/; do sleep 0.02; done; curl -s http://127.0.0.1:$PORT/big | cksum; wget -qO- http://127.0.0.1:$PORT/big | tail -1
		curl -s -o /dev/null -w '%{http_code} %{size_download}\n' -r 10-19 http://127.0.0.1:$PORT/big; curl -sf http://127.0.0.1:$PORT/none; echo $?; busybox wget -qO- http://127.0.0.1:$PORT/big | wc -l; kill $!; wait $!; echo $?; curl -s http://127.0.0.1:$PORT/; echo $?`},
	{"luajit", "luajit", `luajit -e 'local s = 0 for i = 1, 300000 do s = (s + i * i) % 1000003 end print(s) local ffi = require "ffi" ffi.cdef "int abs(int); double pow(double, double);" print(ffi.C.abs(-5), ffi.C.pow(2, 10), jit.status())
		local t = {} for i = 1, 2000 do t[i] = (i * 7919) % 2003 end table.sort(t) print(t[1], t[2000]) local b = {} for i = 1, 500 do b[#b + 1] = ("%d:%s"):format(i, ("x"):rep(i % 7)) end print(#table.concat(b)) print(select(2, pcall(error, {}))  ~= nil)
		local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) print(co(), co()) local a = ffi.new("int[100]") for r = 1, 200 do for i = 0, 99 do a[i] = a[i] + i end end print(a[99], bit.bxor(0xff, 0x0f))'`},
	{"go-version", "go", `go version; go env GOARCH GOOS`},
}

// slowPrograms take more than a few seconds each.
var slowPrograms = []shellProgram{
	{"gcc", "gcc", `for f in a b; do echo "int $f(int x) { return x * 3 + $f(0, x); }" | sed "s/$f(0, x)/1/" > $f.c; done; printf '#include <stdio.h>\nint a(int), b(int); int main(void) { printf("%%d\\n", a(b(2))); }' > m.c
		gcc -O2 -o m a.c b.c m.c; ./m; sha256sum m; gcc -O0 -S -o - a.c; gcc -c bad.c; echo $?; echo 'int f( {' > bad.c; gcc -c bad.c; echo $?; ar rc l.a a.c; nm m | grep ' T ' | cut -c18-`},
	{"gcc-big", "gcc", `{ echo '#include <stdio.h>'; for i in $(seq 200); do echo "static double f$i(double *a, int n) { double s = $i; for (int i = 0; i < n; i++) { s += a[i] * (i % $i + 1); if (s > 1e9) s /= $i + 1.5; } return s; }"; done
		echo 'int main(void) { double a[64], s = 0; for (int i = 0; i < 64; i++) a[i] = i; '; for i in $(seq 200); do echo "s += f$i(a, 64);"; done; echo 'printf("%.9g\n", s); }'; } > big.c; gcc -O2 -Wall -o big big.c; ./big; sha256sum big`},
	{"go-build", "go", `printf 'package main\n\nimport (\n\t"fmt"\n\t"sort"\n)\n\nfunc main() { s := []int{3, 1, 2}; sort.Ints(s); fmt.Println(s) }\n' > main.go; CGO_ENABLED=0 GO111MODULE=off GOFLAGS= go build -o prog main.go; echo $?; ./prog; CGO_ENABLED=0 GO111MODULE=off go vet main.go; echo $?`},
	{"node", "node", `node -e 'const fs = require("fs"), cp = require("child_process"), { Worker } = require("worker_threads"), http = require("http"), zlib = require("zlib");
		let s = 0; for (let i = 0; i < 2e6; i++) s = (s + i * i) % 1000003; console.log(s, [3, 1, 2].sort().join(), JSON.stringify({ a: [1, { b: 2 }] }));
		console.log(cp.execSync("echo sub").toString(), require("crypto").createHash("sha256").update("panda").digest("hex"), zlib.gunzipSync(zlib.gzipSync("zip")).toString());
		new Worker("require(\"worker_threads\").parentPort.postMessage(6 * 7)", { eval: true }).on("message", m => { console.log(m);
			const srv = http.createServer((q, r) => r.end("served")).listen(0, "127.0.0.1", () => http.get({ port: srv.address().port, host: "127.0.0.1" }, r => r.on("data", d => console.log(d.toString())).on("end", () => srv.close()))); });
		Promise.all([1, 2].map(async x => { await new Promise(r => setTimeout(r, x)); return x })).then(console.log); process.on("exit", c => console.log("exit", c))'`},
	{"java", "java", `java -version; printf 'import java.util.*; public class T { public static void main(String[] a) throws Exception { Thread[] t = new Thread[3]; int[] n = new int[1]; for (int i = 0; i < 3; i++) { t[i] = new Thread(() -> { for (int j = 0; j < 1000; j++) synchronized (n) { n[0]++; } }); t[i].start(); } for (Thread x : t) x.join(); System.gc(); System.out.println(n[0]); try { Object o = null; o.hashCode(); } catch (NullPointerException e) { System.out.println("npe"); } try { f(0); } catch (StackOverflowError e) { System.out.println("deep"); } } static int f(int n) { return f(n + 1) + 1; } }' > T.java; java T.java; echo $?`},
}

func TestShellPrograms(t *testing.T) { runScripts(t, shellPrograms) }

// TestSlowPrograms and TestSlowSandbox are for "make programs".
func TestSlowPrograms(t *testing.T) {
	if !*slow {
		t.Skip("they take long: make programs")
	}
	runScripts(t, slowPrograms)
}

// outside are the programs that use what a sandbox has not: the network, or the
// user's own files.
var outside = map[string]bool{"httpd": true, "python3-asyncio": true, "python3-sockets": true, "python3-pty": true, "node": true, "go-build": true}

// TestSlowSandbox runs all programs in a sandbox, where they may do what they do
// outside, and looks whether they left something on the host.
func TestSlowSandbox(t *testing.T) {
	if !*slow {
		t.Skip("they take long: make programs")
	}
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append(shellPrograms[:len(shellPrograms):len(shellPrograms)], slowPrograms...) {
		t.Run(p.name, func(t *testing.T) {
			if outside[p.name] {
				t.Skip("it needs what a sandbox has not")
			}
			need(t, p.needs)
			t.Parallel()
			want := execute(t, t.TempDir(), "", "bash", "-c", p.script)
			dir := t.TempDir()
			if got := execute(t, dir, "", binary, "-sandbox", "-allow", ".", "bash", "-c", p.script); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
				t.Errorf("left on the host: %v %v", left, err)
			}
		})
	}
}

func runScripts(t *testing.T, list []shellProgram) {
	for _, p := range list {
		t.Run(p.name, func(t *testing.T) {
			need(t, p.needs)
			t.Parallel()
			sameAsNative(t, "", "bash", "-c", fmt.Sprintf("PORT=%d\n", freePort(t))+p.script)
		})
	}
}

// need skips the test unless all programs are there.
func need(t *testing.T, programs string) {
	t.Helper()
	for _, name := range strings.Fields(programs) {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(err)
		}
	}
}

// freePort is a port of the loopback device on which nobody listens.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
