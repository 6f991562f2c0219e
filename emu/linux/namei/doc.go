// Package namei finds out what the paths of a guest mean.
//
// # Problem
//
// The host's /proc/self is the emulator. So the host must never be the one to
// follow a path of the guest into it, whatever names, links, mounts or
// descriptors lead there.
//
// # Idea
//
// Three facts make that cheap. A link that the host follows by itself, as those of
// /proc/PID/fd, is refused by openat2 with RESOLVE_NO_MAGICLINKS. Without them a path
// that goes into a procfs ends in one, which shows by the device number of what was
// opened. And a name in a directory that is not in a procfs, not followed, is safe
// by itself.
//
// So a path is opened by the host first: for good by open, as a handle (O_PATH) by
// the other calls, which then use the handle, or a handle of the parent directory.
// When the host refuses or what it opened lies in a procfs, the path is walked here,
// name by name. The walk knows two kinds of places: a directory of the host, and a
// path in the guest's /proc. Any procfs, wherever it is mounted, is the guest's /proc.
//
// # Invariants
//
//   - A Target that is Walked, or has a Node, has no link left that the host could
//     follow.
//   - What is opened on the way is open until Unpin, and not longer.
//
// What is in the guest's /proc, and which directory a path is relative to, the
// personality knows.
package namei
