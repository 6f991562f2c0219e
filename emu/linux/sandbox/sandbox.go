package sandbox

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

type errno = abi.Errno

// Config says what the guest may see of the host.
type Config struct {
	Root    string   // host directory that is the guest's /; empty for the default view
	Allow   []string // host files and directories that may be read, at their own place
	Program string   // host path of the program, which may always be read
	Dir     string   // working directory; the emulator's own when empty
	Home    string   // directory that exists, empty, when it is not granted
	Memory  int64    // how many bytes the guest's files may take; 0 for no limit
	Log     *slog.Logger
}

// Sandbox is a Door that keeps the guest to itself.
type Sandbox struct {
	inner hostsys.Door
	host  *hostsys.Host // typed names for the inner door
	cfg   Config
	log   *slog.Logger
	self  int // the emulator's process id
	user  user

	// mu guards all below. It is not held while the host may keep us waiting.
	mu      sync.Mutex
	view    view
	cwd     *entry // where AT_FDCWD is
	umask   uint32
	open    map[int]*file
	budget  budget
	devices map[string]int // host descriptors by name
	sockets sockets
}

// view is the tree of files.
type view struct {
	root    *entry
	proc    *entry
	linked  map[fileID]*inode
	granted []grant
	mounts  []*mount
	nextIno uint64
}

// budget is what files take of Config.Memory.
type budget struct {
	spent       int64                                           // at most
	beyond      map[fileID]bool                                 // memory files that may have bytes after their end
	mapped      func(dev, ino, end uint64) (all, within uint64) // see OnMapped
	mappedFiles func() []int
}

// user is who the emulator is to the host's files.
type user struct {
	uid, gid uint32
	groups   []uint32
}

// New makes a sandbox before the door of host. Wake is passed on in polls.
func New(cfg Config, host *hostsys.Host) (*Sandbox, error) {
	s := &Sandbox{
		inner: host.Door, cfg: cfg, log: cfg.Log, open: map[int]*file{}, devices: map[string]int{},
		view: view{linked: map[fileID]*inode{}, nextIno: firstIno}, budget: budget{beyond: map[fileID]bool{}},
	}
	s.host = &hostsys.Host{Door: host.Door, Wake: host.Wake}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.self = s.host.ID(unix.SYS_GETPID)
	s.user = user{uint32(s.host.ID(unix.SYS_GETEUID)), uint32(s.host.ID(unix.SYS_GETEGID)), nil}
	if gs, e := s.host.Getgroups(); e == 0 {
		s.user.groups = append(s.user.groups, gs...)
	}
	s.umask = s.host.Umask(0)
	s.host.Umask(s.umask)
	if e := s.sockets.init(s.host); e != 0 {
		return nil, fmt.Errorf("sandbox: a name for sockets: %w", e)
	}
	if err := s.buildView(); err != nil {
		s.Close()
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	for fd := range 3 {
		if _, e := s.host.Fcntl(fd, unix.F_GETFD, 0); e == 0 {
			s.adopt(fd, &file{kind: stdio, number: uint64(fd)})
		}
	}
	return s, nil
}

// Close gives up the host's descriptors. The guest must be gone.
func (s *Sandbox) Close() {
	for _, m := range s.view.mounts {
		s.host.Close(m.fd)
	}
	for _, fd := range s.devices { // each by itself
		s.host.Close(fd)
	}
	if s.view.root != nil {
		s.release(s.view.root.ino)
	}
}

// release gives up the contents at and below a file.
func (s *Sandbox) release(n *inode) {
	if n == nil {
		return
	}
	for _, e := range n.children { // each by itself
		s.release(e.ino)
	}
	n.children = nil
	s.freeContent(n)
}

func (s *Sandbox) freeContent(n *inode) {
	if n.data >= 0 {
		s.host.Close(n.data)
		n.data = -1
	}
	if n.fifo != nil {
		s.host.Close(n.fifo.fd)
		n.fifo = nil
	}
}

// Clock reads the host's clock: time is no secret.
func (s *Sandbox) Clock(clock int) (ns int64, ok bool) { return s.inner.Clock(clock) }

// Pending implements hostsys.Door.
func (s *Sandbox) Pending() *atomic.Bool { return s.inner.Pending() }

// Do answers a call of the personality.
func (s *Sandbox) Do(c *hostsys.Call) {
	r, ok := rows[c.Nr]
	if !ok {
		s.log.Debug("sandbox: refused", "call", c.Nr)
		fail(c, abi.EPERM)
		return
	}
	e, done := s.answer(c, &r)
	if e != 0 {
		fail(c, e)
		return
	}
	if done {
		return
	}
	s.inner.Do(c)
	if r.made != nil && c.Err == 0 {
		s.mu.Lock()
		r.made(s, c)
		s.mu.Unlock()
	}
}

// answer checks a call and does it, unless it is the host's. It works on a copy,
// so that no answer is half written.
func (s *Sandbox) answer(c *hostsys.Call, r *row) (e errno, done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e = s.check(c, r); e != 0 || r.do == nil {
		return e, false
	}
	own := *c
	ret, e := r.do(s, &own)
	c.Ret, c.Err, c.Msg = ret, 0, own.Msg
	return e, true
}

func fail(c *hostsys.Call, e errno) { c.Ret, c.Err = -1, e }

// check holds the descriptors of a call against those that were given out.
func (s *Sandbox) check(c *hostsys.Call, r *row) errno {
	for _, i := range r.fds {
		f := s.open[fdArg(c, int(i))]
		switch {
		case f == nil:
			return abi.EBADF
		case f.kind == pathOnly && !r.anyKind:
			return abi.EBADF
		case f.kind == directory && !r.anyKind:
			return r.onDir
		}
	}
	if r.may != nil {
		return r.may(s, c)
	}
	return 0
}

// fdArg, strArg and so on decode arguments.
func fdArg(c *hostsys.Call, i int) int     { return int(int32(c.Args[i].Num)) }
func numArg(c *hostsys.Call, i int) uint32 { return uint32(c.Args[i].Num) }
func intArg(c *hostsys.Call, i int) int    { return int(int32(c.Args[i].Num)) }
func strArg(c *hostsys.Call, i int) string { return unix.ByteSliceToString(c.Args[i].Buf) }
func (s *Sandbox) direct(c *hostsys.Call) (int64, errno) {
	s.inner.Do(c)
	return c.Ret, c.Err
}
