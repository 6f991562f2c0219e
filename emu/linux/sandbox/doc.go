// Package sandbox keeps a guest away from the host. It is a hostsys.Door that
// stands before the real one: the personality calls it as it calls the host, and
// it answers most calls itself.
//
// What the guest sees as its file system is a tree of names of the sandbox's own
// (tree.go). A name is there because the guest made it, because the view has it
// (view.go), or because a directory that was granted holds it on the host
// (lower.go). A path is followed in that tree component by component (walk.go):
// links, "..", /proc and /dev are the tree's, so that no path of the guest ever
// reaches the host. What the host is given are single names that were found
// before, below the descriptor of a granted directory, with openat2 and all of
// RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS. The host's
// files are opened for reading only.
//
// A file that is written is first copied into a memory file (copyup.go), from
// then on all its openers have that one. Directories, links, attributes and
// removals are changes of the tree. Export writes the changes as a tar.
//
// Rows (table.go) say what happens to a host call. A call without a row fails:
// what nobody thought of is refused. Descriptors are checked against those that
// the sandbox itself gave out; others do not exist.
//
// Confine (confine.go) asks the kernel to hold the whole emulator to the same
// bounds, in case that the sandbox has a hole.
//
// The package knows nothing of guest processes: in its /proc are the files that tell
// about the machine. What is below /proc/PID the personality makes.
//
// Known differences to a real file system: a read-only mapping of a host file
// does not follow writes to that file; nothing can be watched with inotify; each
// written or created file takes a descriptor of the emulator while it exists; a map
// of a file with holes needs room for all of them.
package sandbox
