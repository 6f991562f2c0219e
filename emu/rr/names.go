package rr

import (
	"fmt"

	"panda/emu/linux/hostsys"
)

// ownNames are those of the calls that are none of a kernel's.
var ownNames = map[uintptr]string{
	hostsys.SysSignals: "signals", hostsys.SysOrphaned: "orphaned", hostsys.SysStop: "stop", hostsys.SysMappedStat: "stat-mapped",
	hostsys.SysMappedKeep: "keep-mapped", hostsys.SysMemory: "memory", hostsys.SysMappedSize: "size-mapped", hostsys.SysMap: "map",
	hostsys.SysPunch: "punch", hostsys.SysMappedClose: "close-mapped", hostsys.SysResident: "resident", hostsys.SysFileRoom: "file-room",
}

// callName names a call of the door.
func callName(nr uintptr) string {
	if name, ok := ownNames[nr]; ok {
		return name
	}
	return fmt.Sprintf("call %d", nr)
}
