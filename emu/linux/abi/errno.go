package abi

import (
	"io/fs"
	"strconv"
)

// Errno is an error of a system call, positive.
type Errno int

// Name returns the constant's name, "ENOENT".
func (e Errno) Name() string {
	if r, ok := errnos[e]; ok {
		return r.name
	}
	return "E" + strconv.Itoa(int(e))
}

// Text returns the description, "No such file or directory".
func (e Errno) Text() string {
	if r, ok := errnos[e]; ok {
		return r.text
	}
	return "Unknown error " + strconv.Itoa(int(e))
}

func (e Errno) Error() string { return e.Name() + " (" + e.Text() + ")" }

// Is makes errors.Is work with the errors of package io/fs.
func (e Errno) Is(target error) bool {
	switch target {
	case fs.ErrNotExist:
		return e == ENOENT
	case fs.ErrPermission:
		return e == EACCES || e == EPERM
	}
	return false
}

// MaxErrno bounds the results that mean an error: -MaxErrno … -1.
const MaxErrno = 4095

// IsError reports whether a call's result is an error, and which.
func IsError(ret int64) (Errno, bool) {
	if ret < 0 && ret >= -MaxErrno {
		return Errno(-ret), true
	}
	return 0, false
}
