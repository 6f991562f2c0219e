package linux

import (
	"slices"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// Problem: a message in a socket holds the files that it passes. They count, and so
// does what they keep in memory; but the host does not tell when it throws a message
// away together with its socket.
//
// Idea: in a sandbox no socket leads to another program, so the host need not have
// the files at all. A message takes a ticket in their place: the writing end of a
// pipe whose reading end stays here, with the files. Who receives the ticket gets
// the files themselves. When the message is gone, nobody has the writing end, and
// the reading end says so.
//
// Invariant: what a message holds is open (openFiles.open), and the descriptor that
// keeps its ticket counts as well.
//
// A socket that only a message in itself holds stays, which Linux finds out; the
// limits are the bound.

// flight is the files of a message.
type flight struct {
	fd    int    // reading end of the ticket
	id    fileID // of the ticket
	files []*File
}

// maxPassed is how many files a message may pass (SCM_MAX_FD).
const maxPassed = 253

// takeOff keeps files for a message and makes its ticket, which the caller closes
// once the host has it.
func (t *Thread) takeOff(files []*File) (fl *flight, ticket int, e errno) {
	k := t.k
	if len(files) > maxPassed {
		return nil, 0, abi.EINVAL
	}
	if k.files.open >= k.limits.Files {
		k.landAll() // messages may have been received without their files
	}
	if k.files.open >= k.limits.Files {
		k.refused("files", uint64(k.limits.Files), "another open file")
		return nil, 0, abi.ETOOMANYREFS
	}
	ends, e := k.host.Pipe(unix.O_CLOEXEC | unix.O_NONBLOCK)
	if e != 0 {
		return nil, 0, abi.ETOOMANYREFS
	}
	fl, ticket = &flight{fd: int(ends[0]), files: files}, int(ends[1])
	if ticket >= t.maxFD() || fl.fd >= t.maxFD() {
		k.host.Close(fl.fd)
		k.host.Close(ticket)
		return nil, 0, abi.ETOOMANYREFS
	}
	fl.id, _ = k.identity(ticket)
	for _, f := range files {
		f.refs++
	}
	k.files.open++
	k.sockets.flights = append(k.sockets.flights, fl)
	return fl, ticket, 0
}

// closeTicket gives up the ticket after the host had a chance to take it.
func (k *Kernel) closeTicket(fl *flight, ticket int) {
	if fl != nil {
		k.host.Close(ticket)
		k.land(fl)
	}
}

// collect gives up a ticket that was received for its files. A look at a message gets them
// too, and leaves it where it is.
func (k *Kernel) collect(ticket int) (files []*File) {
	id, ok := k.identity(ticket)
	k.host.Close(ticket)
	for _, fl := range k.sockets.flights {
		if ok && fl.id == id {
			files = slices.Clone(fl.files)
			for _, f := range files {
				f.refs++
			}
			k.land(fl)
			break
		}
	}
	return files
}

// land ends a flight whose message is gone.
func (k *Kernel) land(fl *flight) {
	if !polls(k.host, fl.fd, 0) {
		return
	}
	k.sockets.flights = remove(k.sockets.flights, fl)
	k.host.Close(fl.fd)
	k.files.open--
	k.drop(fl.files)
}

// endFlights ends all flights.
func (k *Kernel) endFlights() {
	flights := k.sockets.flights
	k.sockets.flights = nil
	for _, fl := range flights {
		k.host.Close(fl.fd)
		k.drop(fl.files)
	}
}

// landAll ends the flights whose messages went with a socket, and those in the
// sockets that these messages held.
func (k *Kernel) landAll() {
	if k.sockets.landing {
		return // the loop goes on
	}
	k.sockets.landing = true
	defer func() { k.sockets.landing = false }()
	for more := true; more; {
		fds := make([]unix.PollFd, len(k.sockets.flights))
		for i, fl := range k.sockets.flights {
			fds[i].Fd = int32(fl.fd)
		}
		n, _ := k.host.Ppoll(fds, 0)
		more = n > 0
		for i, fl := range slices.Clone(k.sockets.flights) {
			if more && fds[i].Revents != 0 {
				k.land(fl)
			}
		}
	}
}

// identity is what a host file can be recognised by.
func (k *Kernel) identity(fd int) (fileID, bool) {
	st, e := k.host.Fstat(fd)
	return fileID{st.Dev, st.Ino}, e == 0
}
