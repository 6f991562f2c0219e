package rr

import (
	"cmp"
	"fmt"
	"runtime"
	"sync"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// ownNames are those of the calls that are none of a kernel's.
var ownNames = map[uintptr]string{
	hostsys.SysSignals: "signals", hostsys.SysOrphaned: "orphaned", hostsys.SysStop: "stop", hostsys.SysMappedStat: "stat-mapped",
	hostsys.SysMappedKeep: "keep-mapped", hostsys.SysMemory: "memory", hostsys.SysMappedSize: "size-mapped", hostsys.SysMap: "map",
	hostsys.SysPunch: "punch", hostsys.SysMappedClose: "close-mapped", hostsys.SysResident: "resident", hostsys.SysFileRoom: "file-room",
	hostsys.SysMappedRead: "read-mapped", hostsys.SysIfconf: "ifconf",
}

// hostNames are the names of the host's calls.
var hostNames = sync.OnceValue(func() map[uintptr]string {
	names := map[uintptr]string{}
	if runtime.GOARCH == "amd64" { // others have no table here
		for i := range abi.X86_64 {
			names[uintptr(abi.X86_64[i].Number)] = abi.X86_64[i].Name
		}
	}
	return names
})

// callName names a call of the door.
func callName(nr uintptr) string {
	if name, ok := ownNames[nr]; ok {
		return name
	}
	return cmp.Or(hostNames()[nr], fmt.Sprintf("call %d", nr))
}
