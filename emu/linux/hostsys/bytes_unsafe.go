package hostsys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

func pollBytes(fds []unix.PollFd) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(fds))), len(fds)*int(unsafe.Sizeof(unix.PollFd{})))
}
