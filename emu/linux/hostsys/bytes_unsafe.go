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
func (h *Host) Ifconf(fd int, b []byte) (int, Errno) {
	conf := new(struct {
		n   int32
		_   int32
		buf *byte
	})
	conf.n, conf.buf = int32(len(b)), unsafe.SliceData(b)
	_, e := h.IoctlBuf(fd, unix.SIOCGIFCONF, unsafe.Slice((*byte)(unsafe.Pointer(conf)), unsafe.Sizeof(*conf)))
	return int(conf.n), e
}

// hostEvent is the size of the host's struct epoll_event.
const hostEvent = int(unsafe.Sizeof(unix.EpollEvent{}))
