package hostsys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

func pollBytes(fds []unix.PollFd) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(fds))), len(fds)*int(unsafe.Sizeof(unix.PollFd{})))
}

// Ifconf lists the network interfaces into b and returns the length; with b
// empty it returns the length needed.
func (h *Host) Ifconf(fd int, b []byte) (int, Errno) { return h.open(SysIfconf, num(fd), out(b)) }

// hostEvent is the size of the host's struct epoll_event.
const hostEvent = int(unsafe.Sizeof(unix.EpollEvent{}))
