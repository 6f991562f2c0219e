package linux

import (
	"slices"
	"strconv"
)

// ProcView is a file of the guest's /proc, for who shows it in place of the
// host's.
type ProcView struct {
	Link  string   // where a link leads
	Text  string   // content of a file
	Names []string // of a directory
	Dir   bool
}

// ProcView describes what the guest sees at a clean path: /proc itself with the
// names of processes, and the files below /proc/PID that tell about a guest
// process. Others are unknown.
func (k *Kernel) ProcView(name string) (v ProcView, ok bool) {
	if k.cur == nil || k.first == nil {
		return v, false
	}
	if name == "/proc" {
		return ProcView{Dir: true, Names: k.procNames()}, true
	}
	node := k.cur.procNode(name)
	switch {
	case node == nil:
		return v, false
	case node.text != nil:
		return ProcView{Text: node.text(k.cur.owner(name))}, true
	case node.list != nil:
		return ProcView{Dir: true, Names: node.list()}, true
	case node.link != "":
		return ProcView{Link: node.link}, true
	case node.host == "/proc/self":
		return ProcView{Dir: true, Names: procDirNames()}, true
	}
	return v, false
}

func (k *Kernel) procNames() []string {
	names := []string{"self", "thread-self"}
	for _, p := range k.procs {
		names = append(names, strconv.Itoa(p.pid))
	}
	return names
}

// procDirNames are the names in the directory of a process.
func procDirNames() []string {
	names := []string{"cwd", "exe", "fd", "root", "task"}
	for name := range procTexts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
