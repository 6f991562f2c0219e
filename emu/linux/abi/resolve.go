package abi

// Resolve finds the calls that those of i386 mean which pass their arguments in memory:
// mmap and select of old, socketcall, ipc. It returns the call that is meant and
// its arguments. Any other call, and one whose arguments cannot be read, is
// returned as it is.
func Resolve(m Memory, c *Call, args [6]uint64, ptrSize int) (*Call, [6]uint64) {
	if ptrSize != 4 || len(c.Args) == 0 {
		return c, args
	}
	var to *Call
	var got [6]uint64
	switch c.Args[0].Type {
	case TMmapArgs:
		to, got = memoryArgs(m, &oldMmap, args[0])
	case TSelectArgs:
		to, got = memoryArgs(m, &oldSelect, args[0])
	case TSocketCall:
		if n := uint32(args[0]); n > 0 && int(n) < len(socketCalls) {
			to, got = memoryArgs(m, socketCall(socketCalls[n]), args[1])
		}
	case TIPCCall:
		to, got = ipcArgs(m, args)
	}
	if to == nil {
		return c, args
	}
	return to, got
}

// oldMmap and oldSelect are what the calls take once their block is unpacked;
// the offset of mmap is in bytes.
var (
	oldMmap   = Call{90, "mmap", args{{"addr", TPtr}, {"length", TSize}, {"prot", TProt}, {"flags", TMapFlags}, {"fd", TFD}, {"offset", THex}}, RHex}
	oldSelect = Call{82, "select", args{{"nfds", TInt}, {"readfds", TFDSet | By0}, {"writefds", TFDSet | By0}, {"exceptfds", TFDSet | By0}, {"timeout", TTimeval}}, RSelect}
)

// memoryArgs reads as many words as the call has arguments.
func memoryArgs(m Memory, c *Call, addr uint64) (*Call, [6]uint64) {
	var regs [6]uint64
	b := make([]byte, 4*len(c.Args))
	if m.Read(addr, b) != nil {
		return nil, regs
	}
	for i := range c.Args {
		regs[i] = Uint(b[4*i:], 4)
	}
	return c, regs
}

// socketCalls are the subcalls of socketcall.
var socketCalls = [...]string{
	SYS_SOCKET: "socket", SYS_BIND: "bind", SYS_CONNECT: "connect", SYS_LISTEN: "listen",
	SYS_ACCEPT: "accept", SYS_GETSOCKNAME: "getsockname", SYS_GETPEERNAME: "getpeername",
	SYS_SOCKETPAIR: "socketpair", SYS_SEND: "send", SYS_RECV: "recv", SYS_SENDTO: "sendto",
	SYS_RECVFROM: "recvfrom", SYS_SHUTDOWN: "shutdown", SYS_SETSOCKOPT: "setsockopt",
	SYS_GETSOCKOPT: "getsockopt", SYS_SENDMSG: "sendmsg", SYS_RECVMSG: "recvmsg",
	SYS_ACCEPT4: "accept4", SYS_RECVMMSG: "recvmmsg", SYS_SENDMMSG: "sendmmsg",
}

// socketOnly are subcalls that have no number of their own.
var socketOnly = []Call{
	{-1, "accept", args{{"sockfd", TFD}, {"addr", TOutSockaddr | By2}, {"addrlen", TSockLen}}, RFD},
	{-1, "send", args{{"sockfd", TFD}, {"buf", TBuf | By2}, {"len", TSize}, {"flags", TMsgFlags}}, RInt},
	{-1, "recv", args{{"sockfd", TFD}, {"buf", TOutBuf | By2}, {"len", TSize}, {"flags", TMsgFlags}}, RInt},
}

func socketCall(name string) *Call {
	if c := LookupName(socketOnly, name); c != nil {
		return c
	}
	return LookupName(I386, name)
}

// ipcCall is a subcall of ipc: which of ipc's words (call, first, second, third,
// ptr, fifth) are its arguments, in order.
type ipcCall struct {
	name  string
	words []int
}

var ipcCalls = map[uint32]ipcCall{
	IPCOP_semop:      {"semop", []int{1, 4, 2}},
	IPCOP_semget:     {"semget", []int{1, 2, 3}},
	IPCOP_semctl:     {"semctl", []int{1, 2, 3, 4}},
	IPCOP_semtimedop: {"semtimedop", []int{1, 4, 2, 5}},
	IPCOP_msgsnd:     {"msgsnd", []int{1, 4, 2, 3}},
	IPCOP_msgget:     {"msgget", []int{1, 2}},
	IPCOP_msgctl:     {"msgctl", []int{1, 2, 4}},
	IPCOP_shmdt:      {"shmdt", []int{4}},
	IPCOP_shmget:     {"shmget", []int{1, 2, 3}},
	IPCOP_shmctl:     {"shmctl", []int{1, 2, 4}},
}

// ipcOnly are the subcalls of ipc that have no number of their own on i386, and
// semctl, whose last argument is passed by a pointer here and printed so.
var ipcOnly = []Call{
	{-1, "semop", args{{"semid", TInt}, {"sops", TSembufs | By2}, {"nsops", TUint}}, RInt},
	{-1, "semtimedop", args{{"semid", TInt}, {"sops", TSembufs | By2}, {"nsops", TUint}, {"timeout", TTimespec}}, RInt},
	{-1, "semctl", args{{"semid", TInt}, {"semnum", TInt}, {"cmd", TSemctlCmd}, {"arg", TSemun}}, RInt},
}

func ipcArgs(m Memory, words [6]uint64) (*Call, [6]uint64) {
	var regs [6]uint64
	row, ok := ipcCalls[uint32(words[0])&0xffff]
	if !ok {
		return nil, regs
	}
	for i, w := range row.words {
		regs[i] = words[w]
	}
	if row.name == "semctl" {
		b := make([]byte, 4)
		if m.Read(regs[3], b) != nil {
			return nil, regs
		}
		regs[3] = Uint(b, 4)
	}
	if c := LookupName(ipcOnly, row.name); c != nil {
		return c, regs
	}
	return LookupName(I386, row.name), regs
}
